"""`fonoteca demo`: a small library is made, protected, damaged, checked and restored, each command shown.

What is shown is what runs, in a process of its own, so that it can be repeated as it stands.
Nothing outside one temporary folder is touched.
"""

from __future__ import annotations

import filecmp
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence

from fonoteca.core.report import ExitCode
from fonoteca.tasks.songs import make_library

Say = Callable[[str], object]

_PATIENCE_S = 120


class _Unexpected(Exception):
    """A step did not end as it should; the sentence says how."""


def demo(say: Say, folder: str | None = None) -> int:
    """Play it all, sentence by sentence to `say`; gives the exit code. `folder`: an empty one to use.

    The folder stays, so that every command can be repeated; the last sentence says how to delete it.
    """
    home = folder or tempfile.mkdtemp(prefix="fonoteca-demo-")
    try:
        _play(say, home)
    except _Unexpected as error:
        say(f"The demo went wrong: {error} All of it stays in {home}.")
        return ExitCode.INTERNAL
    say("")
    say(f"That is all. Everything lies in {home}; look at it, repeat the commands, and then delete it:")
    say(f"  $ rm -r {shlex.quote(home)}")
    return ExitCode.DONE


def _play(say: Say, home: str) -> None:
    music, red, blue, back = (os.path.join(home, name) for name in ("music", "red", "blue", "restored"))
    songs = make_library(music)
    say(f"Made a library of {len(songs)} generated songs, with covers and playlists, in {music}")
    run = _Runner(say, os.path.join(home, "config.toml"))
    run.heading("Protect it: a config is written, and every file is copied to two places and read back.")
    run.fonoteca(["protect", music, "--to", red, "--to", blue])
    run.heading("What is known of one song:")
    run.fonoteca(["show", os.path.join(music, songs[0])])
    victim = os.path.join(red, "music", songs[0])
    run.heading("Now one byte of a copy goes bad, as it happens on old disks:")
    run.shell(_flip(victim))
    run.heading("Verify reads every copy again, and finds it (exit code 4: damage that can be repaired):")
    run.fonoteca(["verify", "red"], expected=(ExitCode.REPAIRABLE,))
    run.heading("Backup puts a good copy in its place:")
    run.fonoteca(["backup", "red"], expected=(ExitCode.DONE, ExitCode.REPAIRABLE))
    run.heading("And restore brings the whole library back, each song from the best copy:")
    run.fonoteca(["restore", "--to", back])
    differing = _differences(music, back)
    if differing:
        raise _Unexpected(f"{differing[0]} was not restored as it was.")
    say(f"Compared {music} with {back}: every file is the same, bit for bit.")


def _flip(path: str) -> str:
    """The shell command that flips the lowest bit of the byte in the middle of a file."""
    place = os.path.getsize(path) // 2
    with open(path, "rb") as file:
        file.seek(place)
        changed = file.read(1)[0] ^ 1
    return f"printf '\\{changed:03o}' | dd of={shlex.quote(path)} bs=1 seek={place} conv=notrunc status=none"


def _differences(one: str, other: str) -> list[str]:
    """Paths below `one` that `other` has not, or has otherwise."""
    found = []
    for folder, _, names in os.walk(one):
        for name in names:
            path = os.path.join(folder, name)
            twin = os.path.join(other, os.path.relpath(path, one))
            if not os.path.exists(twin) or not filecmp.cmp(path, twin, shallow=False):
                found.append(os.path.relpath(path, one))
    return found


class _Runner:
    """Shows a command, runs it, and shows what it said."""

    def __init__(self, say: Say, config: str) -> None:
        self._say = say
        self._config = config

    def heading(self, sentence: str) -> None:
        self._say("")
        self._say(sentence)

    def fonoteca(self, words: Sequence[str], expected: Sequence[int] = (ExitCode.DONE,)) -> None:
        """One command of ours. Raises _Unexpected when it ends otherwise than expected."""
        given = ["--config", self._config, *words]
        self._say(f"  $ {shlex.join(['fonoteca', *given])}")
        self._run([sys.executable, "-m", "fonoteca", *given], expected)

    def shell(self, line: str) -> None:
        """A line for the shell."""
        self._say(f"  $ {line}")
        self._run(["sh", "-c", line], (ExitCode.DONE,))

    def _run(self, command: Sequence[str], expected: Sequence[int]) -> None:
        try:
            ended = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_PATIENCE_S,
                check=False,
                env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1"},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _Unexpected(f"a command could not be run ({error}).") from error
        for line in ended.stdout.decode("utf-8", "replace").splitlines():
            self._say(f"    {line}")
        if ended.returncode not in expected:
            wanted = " or ".join(str(int(code)) for code in expected)
            raise _Unexpected(f"the last command ended with {ended.returncode}, not with {wanted}.")
