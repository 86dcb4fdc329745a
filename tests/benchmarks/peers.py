"""Today's tools at the same job: two copies of a folder, each checked. Those that are installed take part."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from measure import Contender, discard, run


def peers(home: Path, source: Path) -> list[Contender]:
    """Every peer that is installed, each with two folders of its own under `home`."""
    found = []
    for name, program, prepare, work in _KNOWN:
        if shutil.which(program):
            found.append(_contender(name, home / name, source, prepare, work))
    return found


def rsync_update(home: Path, source: Path) -> None:
    """`rsync -a` to two folders."""
    for place in ("a", "b"):
        run("rsync", "-a", f"{source}/", f"{home / place}/")


def _rsync(home: Path, source: Path) -> None:
    rsync_update(home, source)
    for place in ("a", "b"):
        if run("rsync", "-acn", "--itemize-changes", f"{source}/", f"{home / place}/"):
            sys.exit("rsync -c found differences")


def _rclone(home: Path, source: Path) -> None:
    for place in ("a", "b"):
        run("rclone", "--config", "/dev/null", "copy", source, home / place)
        run("rclone", "--config", "/dev/null", "check", source, home / place)


def _borg(home: Path, source: Path) -> None:
    env = os.environ | {
        "BORG_BASE_DIR": str(home / "base"),
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
    }
    for place in ("a", "b"):
        run("borg", "init", "--encryption", "none", home / place, env=env)
        run("borg", "create", "--compression", "none", f"{home / place}::music", source, env=env)
        run("borg", "check", "--verify-data", home / place, env=env)


def _restic(home: Path, source: Path) -> None:
    env = os.environ | {"RESTIC_PASSWORD": "benchmark", "RESTIC_CACHE_DIR": str(home / "cache")}
    for place in ("a", "b"):
        run("restic", "init", "--repo", home / place, env=env)
        run("restic", "backup", "--repo", home / place, source, env=env)
        run("restic", "check", "--read-data", "--repo", home / place, env=env)


def _annex_prepare(home: Path, source: Path) -> None:
    """git-annex takes files over into its own repository: the copy that it needs for that is not timed."""
    work = home / "work"
    shutil.copytree(source, work)
    _annex(home, "init", program="git")
    _annex(home, "init", "benchmark")
    for place in ("a", "b"):
        (home / place).mkdir()
        options = ["type=directory", f"directory={home / place}", "encryption=none"]
        _annex(home, "initremote", place, *options)


def _annex_work(home: Path, source: Path) -> None:
    _annex(home, "add", ".", "--quiet")
    for place in ("a", "b"):
        _annex(home, "copy", "--to", place, "--quiet")
        _annex(home, "fsck", "--from", place, "--quiet")


def _annex(home: Path, *words: str, program: str = "git-annex") -> None:
    me = {f"GIT_{role}_{part}": "benchmark" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    run(program, *words, env=os.environ | me | {"HOME": str(home)}, cwd=home / "work")


def _nothing(home: Path, source: Path) -> None:
    """No preparation needed."""


_Step = Callable[[Path, Path], None]
_KNOWN: list[tuple[str, str, _Step, _Step]] = [
    ("rsync", "rsync", _nothing, _rsync),
    ("rclone", "rclone", _nothing, _rclone),
    ("borg", "borg", _nothing, _borg),
    ("restic", "restic", _nothing, _restic),
    ("git-annex", "git-annex", _annex_prepare, _annex_work),
]


def _contender(name: str, home: Path, source: Path, prepare: _Step, work: _Step) -> Contender:
    def clear() -> None:
        discard(home)
        home.mkdir(parents=True)
        prepare(home, source)

    def do() -> None:
        work(home, source)

    return Contender(name, do, clear)
