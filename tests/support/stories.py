"""A person at a terminal of their own: the command line from outside, in a process of its own.

ana = Person(tmp_path)
assert ana.types("protect", ana.music, "--to", ana.home / "red").code == 0
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"


@dataclass(frozen=True)
class Told:
    """What a command said, and its exit code."""

    code: int
    raw_out: bytes
    raw_err: bytes

    @property
    def out(self) -> str:
        """Stdout as text."""
        return self.raw_out.decode("utf-8", "surrogateescape")

    @property
    def err(self) -> str:
        """Stderr as text."""
        return self.raw_err.decode("utf-8", "surrogateescape")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What `--json` printed."""
        return [json.loads(line) for line in self.raw_out.splitlines()]

    @property
    def controls(self) -> set[int]:
        """Control bytes that would have reached the terminal, line feeds left out."""
        said = (self.raw_out + self.raw_err).decode("utf-8", "surrogateescape")
        return {ord(char) for char in said if char != "\n" and (ord(char) < 32 or 127 <= ord(char) < 160)}


class Person:
    """Someone with a home folder, some music, and nothing else of ours."""

    def __init__(self, base: Path, name: str = "ana") -> None:
        self.home = base / name
        self.music = self.home / "Music"
        self.music.mkdir(parents=True)

    @property
    def catalogue(self) -> Path:
        """Where the catalogue lies by default."""
        return self.home / ".local/share/fonoteca/catalogue.sqlite"

    @property
    def config(self) -> Path:
        """Where the config lies by default."""
        return self.home / ".config/fonoteca/config.toml"

    def puts(self, path: str | bytes, data: bytes) -> None:
        """Put a file into the music folder."""
        whole = os.fsencode(self.music) + b"/" + os.fsencode(path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as file:
            file.write(data)

    def types(self, *words: str | bytes | Path) -> Told:
        """Run `fonoteca` with these words, no terminal, 80 columns."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "FONOTECA_"))
        }
        done = subprocess.run(
            [sys.executable, "-m", "fonoteca", *words],
            env={**kept, "HOME": str(self.home), "COLUMNS": "80", "PYTHONPATH": str(SOURCE)},
            cwd=self.home,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        return Told(done.returncode, done.stdout, done.stderr)
