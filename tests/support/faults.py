"""Damage made on purpose, by name: at the one seam (`fonoteca.disk.calls`), in files, and whole places that
fail.

with recorded(monkeypatch) as log: …                      # every call of the seam, in order
fail_at(monkeypatch, "fsync", errno.EIO, nth=2)
install_from_environment()                                 # in a child: FONOTECA_TEST_KILL_AT=37
"""

from __future__ import annotations

import functools
import inspect
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from fonoteca.core.place import Identity
from fonoteca.disk import calls
from fonoteca.locations.memory import MemoryLocation

KILL_AT = "FONOTECA_TEST_KILL_AT"

CHANGING = (
    "write_all",
    "fsync",
    "syncfs",
    "rename",
    "rename_noreplace",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "utime",
)
"""Calls that change what a power cut or a kill would find."""


def seam() -> dict[str, Callable[..., Any]]:
    """Every call of the seam by its name."""
    return {
        name: each
        for name, each in vars(calls).items()
        if callable(each)
        and not name.startswith("_")
        and not inspect.isclass(each)
        and name != "contextmanager"
    }


@dataclass
class Log:
    """What went through the seam: names with their arguments, in order."""

    entries: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def names(self, *only: str) -> list[str]:
        """The names in order, only those asked for when any are."""
        return [name for name, _ in self.entries if not only or name in only]


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Record every call of the seam inside the block."""
    log = Log()
    with monkeypatch.context() as patch:
        for name, real in seam().items():
            patch.setattr(calls, name, _recording(log, name, real))
        yield log


def _recording(log: Log, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **named: Any) -> Any:
        log.entries.append((name, args))
        return real(*args, **named)

    return call


def fail_at(
    monkeypatch: pytest.MonkeyPatch, name: str, number: int, *, nth: int = 1, always: bool = False
) -> None:
    """Let the n-th call of `name` from now on raise OSError(number); with `always` also all later ones."""
    real = getattr(calls, name)
    count = itertools.count(1)

    def call(*args: Any, **named: Any) -> Any:
        turn = next(count)
        if turn == nth or (always and turn > nth):
            raise OSError(number, os.strerror(number))
        return real(*args, **named)

    monkeypatch.setattr(calls, name, call)


def leave_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let a call do nothing and report success: the mutation that a durability test has to notice."""
    monkeypatch.setattr(calls, name, lambda *args, **named: None)


def install_from_environment() -> None:
    """Kill this process (SIGKILL) at the n-th changing call, n from FONOTECA_TEST_KILL_AT; in the middle of a
    write."""
    limit = int(os.environ.get(KILL_AT, "0"))
    if not limit:
        return
    count = itertools.count(1)
    for name in CHANGING:
        setattr(calls, name, _killing(getattr(calls, name), name, count, limit))


def _killing(real: Callable[..., Any], name: str, count: Iterator[int], limit: int) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> Any:
        if next(count) == limit:
            if name == "write_all":
                fd, block = args
                os.write(fd, memoryview(block)[: len(block) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **named)

    return call


def flip_bit(path: str | os.PathLike[str] | bytes, offset: int = 0) -> None:
    """Change one bit of a file and put its times back, as rot would."""
    before = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes((byte ^ 1,)))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut_short(path: str | os.PathLike[str] | bytes, size: int) -> None:
    """Truncate a file and put its times back."""
    before = os.stat(path)
    os.truncate(path, size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


IDENTITY = Identity("0" * 32, "1" * 32, "memory:")


def memory_location(name: str = "red") -> MemoryLocation:
    """A healthy place in memory, adopted."""
    location = MemoryLocation(name, IDENTITY)
    location.adopt(IDENTITY)
    return location


def away_location(name: str = "red") -> MemoryLocation:
    """A place that is not there."""
    location = memory_location(name)
    location.shelf.away = True
    return location


def full_location(name: str = "red", capacity: int = 0) -> MemoryLocation:
    """A place with room for `capacity` bytes in all."""
    location = memory_location(name)
    location.shelf.capacity = capacity
    return location


def read_only_location(name: str = "red") -> MemoryLocation:
    """A place that refuses writes."""
    location = memory_location(name)
    location.shelf.read_only = True
    return location
