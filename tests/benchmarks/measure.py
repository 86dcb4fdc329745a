"""The frame of every benchmark: scratch folder, cold caches, alternating rounds, medians, a Markdown table.

A **contender** is one way of doing the work: `clear` brings back the state before it; only `work` is timed.
Rounds alternate (a b c, a b c, …), so that a slow minute of the machine falls on all of them.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Contender:
    """One way of doing the work."""

    name: str
    work: Callable[[], None]
    clear: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds of each round."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of the full number of files (default 1)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender runs (default 3)")
    parser.add_argument("--scratch", type=Path, help="a folder on the disk to measure (default: $TMPDIR)")
    parser.add_argument("--only", help="comma-separated names of contenders, for example fonoteca,rsync")
    return parser


@contextmanager
def scratch(parent: Path | None) -> Iterator[Path]:
    """An empty folder, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="fonoteca-benchmark-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


MANY = 10_000
"""Files from which a tree is not deleted between two rounds."""


def discard(folder: Path) -> None:
    """Get a tree out of the way, read-only folders (git-annex's objects) included.

    One of many files is only renamed, and goes with the scratch folder in the end: for some time after so many were
    deleted ext4 is slow at making new ones, which would fall on whoever comes next.
    """
    if not folder.exists():
        return
    count = 0
    for path, _, files in os.walk(folder):
        Path(path).chmod(0o700)
        count += len(files)
    if count < MANY:
        shutil.rmtree(folder)
    else:
        folder.rename(tempfile.mkdtemp(prefix=f"{folder.name}-done-", dir=folder.parent) + "/tree")


def chosen(contenders: Sequence[Contender], only: str | None) -> list[Contender]:
    """The contenders that `--only` names, or all. Exits with a sentence when none is left."""
    wanted = only.split(",") if only else [contender.name for contender in contenders]
    left = [contender for contender in contenders if contender.name in wanted]
    if not left:
        names = ", ".join(contender.name for contender in contenders)
        sys.exit(f"nothing to run: {only} is not among {names}")
    return left


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """The output of a command that must succeed; if it does not, its last words end the benchmark."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")[-2000:]
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{said}")
    return done.stdout.decode(errors="replace")


def cold(folder: Path) -> None:
    """Empty the page cache: wholly when we are root, otherwise of the files under `folder`."""
    os.sync()
    if os.geteuid() == 0:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
        return
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def rounds(contenders: Sequence[Contender], count: int, before: Callable[[], None]) -> list[Result]:
    """Every contender `count` times, in turn; `before` (emptying caches) comes right before its work."""
    taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(count):
        for contender in contenders:
            contender.clear()
            before()
            start = time.perf_counter()
            contender.work()
            seconds = time.perf_counter() - start
            taken[contender.name].append(seconds)
            print(f"round {number + 1}: {contender.name} {seconds:.2f} s", file=sys.stderr, flush=True)
    return [Result(name, tuple(seconds)) for name, seconds in taken.items()]


def table(title: str, results: Sequence[Result], against: str | None, target: str) -> str:
    """A Markdown table; ratios are to the median of `against`, where that is given and ran."""
    base = next((result.median for result in results if result.name == against), None)
    lines = [f"### {title}", "", machine(), ""]
    lines += [f"| contender | median | rounds | × {against or '–'} |", "|---|---:|---|---:|"]
    for result in results:
        each = " · ".join(f"{seconds:.2f}" for seconds in result.seconds)
        ratio = f"{result.median / base:.2f}" if base else "–"
        lines.append(f"| {result.name} | {result.median:.2f} s | {each} | {ratio} |")
    return "\n".join([*lines, "", f"To be reached: {target}.", ""])


def machine() -> str:
    """What this was measured on, in one line."""
    cores = os.cpu_count()
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{cores} cores, {gib:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}, "
        f"load {load:.1f} at the end."
    )
