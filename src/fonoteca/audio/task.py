"""What runs inside the process that can be killed: limits, the stat sandwich, one file after another.

Each worker process imports this module anew, so it imports nothing heavy.
"""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType

from fonoteca.audio.border import Ticket, pack
from fonoteca.audio.model import Changed, Outcome, Unreadable
from fonoteca.audio.read import read_tags, reason_of
from fonoteca.audio.source import SMALL, Source
from fonoteca.core.entry import storable_inode, storable_ns

_BUFFER = 1 << 15
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
"""Opening says: it went away, or a link or a device stands in its place."""


class OutOfTime(BaseException):
    """The alarm rang. Not an `Exception`: a parser that swallows those must not swallow this one."""


def limit_memory(limit: int) -> None:
    """Give this process at most `limit` bytes of address space; what goes beyond is a MemoryError."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    with suppress(OSError, ValueError):  # a sandbox may forbid it; the time limits still hold
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def read_batch(tickets: Sequence[Ticket], seconds: float) -> bytes:
    """Packed outcomes of the first tickets: of all, or of as many as were begun within `seconds`.

    Each file has `seconds` (wall clock). As nothing is begun after that time, a batch ends within twice of
    it even when every file in it hangs; the caller hands in the rest again.
    """
    done: list[tuple[int, Outcome]] = []
    started = monotonic()
    with _alarm():
        for ticket in tickets:
            done.append((ticket[5], _within(seconds, ticket)))
            if monotonic() - started > seconds:
                break
    return pack(done)


def read_file(ticket: Ticket) -> Outcome:
    """The outcome for one file, read by the descriptor that its stat was compared with, before and after."""
    path, *expected, _ = ticket
    try:
        # O_NONBLOCK: a FIFO that took the file's place must not hold us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        return Changed() if error.errno in _GONE else Unreadable(reason_of(error))
    try:
        if _stat(descriptor) != expected:
            return Changed()
        outcome = _read(descriptor, path, expected[0])
        return outcome if _stat(descriptor) == expected else Changed()
    except OSError as error:
        return Unreadable(reason_of(error))
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: bytes, size: int) -> Outcome:
    name = path.rpartition(b"/")[2]
    if size <= SMALL:
        return read_tags(Source(io.BytesIO(_whole(descriptor, size)), name, size))
    with open(descriptor, "rb", buffering=_BUFFER, closefd=False) as file:
        return read_tags(Source(file, name, size))


def _whole(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size + 1)
    while len(data) < size and (more := os.read(descriptor, size - len(data))):
        data += more
    return data


def _stat(descriptor: int) -> list[int] | None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        return None
    return [
        found.st_size,
        storable_ns(found.st_mtime_ns),
        storable_ns(found.st_ctime_ns),
        storable_inode(found.st_ino),
    ]


def _within(seconds: float, ticket: Ticket) -> Outcome:
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return read_file(ticket)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except OutOfTime:
        return Unreadable(f"reading its tags took longer than {seconds:g} s")
    except MemoryError:
        return Unreadable("reading it takes more memory than is allowed")


@contextmanager
def _alarm() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, _ring)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(number: int, frame: FrameType | None) -> None:
    raise OutOfTime
