"""fonoteca as a person runs it: the command, with a config and a catalogue of its own in a scratch folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from measure import Contender, discard, run
from memory import Peak, Sampler


class Fonoteca:
    """One throw-away archive: a library, two locations, a config and a catalogue under `home`."""

    def __init__(self, home: Path, library: Path) -> None:
        self.home = home
        self.library = library
        self.places = (home / "place-a", home / "place-b")
        self.env = os.environ | {
            "FONOTECA_CONFIG": str(home / "config.toml"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
        }
        # An installed program is compiled: a shell that forbids it would have us measure Python's compiler.
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, *words: str | Path) -> str:
        """The output of `fonoteca WORDS`."""
        return run(*command(), *words, env=self.env)

    def peak(self, *words: str | Path) -> Peak:
        """The most memory that `fonoteca WORDS` took, all its processes together."""
        line = [*command(), *map(str, words)]
        process = subprocess.Popen(line, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with Sampler(process.pid) as sampler:
            code = process.wait()
        if code:
            sys.exit(f"{' '.join(line)} ended with {code}")
        return sampler.peak

    def protect(self) -> None:
        """The main job: the library to both places."""
        self.run("protect", self.library, "--to", self.places[0], "--to", self.places[1], "--quiet")

    def clear(self) -> None:
        """As if it had never run."""
        discard(self.home)
        for place in self.places:
            place.mkdir(parents=True)

    def protecting(self) -> Contender:
        """The main job, from nothing."""
        return Contender("fonoteca", self.protect, self.clear)


def command() -> list[str]:
    """The `fonoteca` beside this interpreter, as installed; or the package as a module."""
    installed = Path(sys.executable).parent / "fonoteca"
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "fonoteca"]
