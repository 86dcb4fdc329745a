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
from dataclasses import replace
from time import monotonic
from types import FrameType

from fonoteca.audio.border import Ticket, pack
from fonoteca.audio.limits import sound_seconds
from fonoteca.audio.model import Changed, NotAudio, Outcome, Tagged, Unreadable
from fonoteca.audio.read import family_in, read_tags, reason_of
from fonoteca.audio.sound.decode import settled
from fonoteca.audio.sound.read import read_sound
from fonoteca.audio.source import SMALL, Source
from fonoteca.core.entry import storable_inode, storable_ns
from fonoteca.core.sound import Sound

_BUFFER = 1 << 15
_LONG = 3600.0
"""Seconds for a decoder where there is no other limit."""
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


def read_batch(tickets: Sequence[Ticket], seconds: float, hear: bool = True) -> bytes:
    """Packed outcomes of the first tickets: of all, or of as many as were begun within `seconds`.

    Each file's tags have `seconds` (wall clock), its sound has `limits.sound_seconds`; without `hear` the sound is
    left alone. As nothing is begun after `seconds`, a batch ends within these and the limit of its largest file even
    when every file in it hangs; the caller hands in the rest again.
    """
    done: list[tuple[int, Outcome]] = []
    started = monotonic()
    with _alarm():
        for ticket in tickets:
            done.append((ticket[5], read_file(ticket, seconds, hear=hear)))
            if monotonic() - started > seconds:
                break
    return pack(done)


def read_file(ticket: Ticket, seconds: float = 0, *, hear: bool = True) -> Outcome:
    """The outcome for one file, read by the descriptor that its stat was compared with, before and after.

    `seconds` 0: no limit; any other needs the alarm of `read_batch`.
    """
    path, *expected, _ = ticket
    try:
        # O_NONBLOCK: a FIFO that took the file's place must not hold us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        return Changed() if error.errno in _GONE else Unreadable(reason_of(error))
    try:
        if _stat(descriptor) != expected:
            return Changed()
        outcome = _read(descriptor, path, expected[0], seconds, hear=hear)
        return outcome if _stat(descriptor) == expected else Changed()
    except OSError as error:
        return Unreadable(reason_of(error))
    finally:
        os.close(descriptor)


def _read(descriptor: int, path: bytes, size: int, seconds: float, *, hear: bool) -> Outcome:
    name = path.rpartition(b"/")[2]
    if size <= SMALL:
        return _look(Source(io.BytesIO(_whole(descriptor, size)), name, size), seconds, hear=hear)
    with open(descriptor, "rb", buffering=_BUFFER, closefd=False) as file:
        return _look(Source(file, name, size), seconds, hear=hear)


def _look(source: Source, seconds: float, *, hear: bool) -> Outcome:
    """Tags first; whatever comes of the sound, they are kept, and the other way round."""
    outcome = _tags(source, seconds)
    if not hear or isinstance(outcome, NotAudio):
        return outcome
    limit = sound_seconds(seconds, source.size)
    try:
        with _limit(limit):
            return replace(outcome, sound=_sound(source, outcome, limit))
    except OutOfTime:
        return replace(outcome, unheard=f"checking its sound took longer than {limit:.3g} s")
    except MemoryError:
        return replace(outcome, unheard="checking its sound takes more memory than is allowed")
    except Exception as error:  # noqa: BLE001 - foreign bytes; whatever they bring about is about this file alone
        return replace(outcome, unheard=f"its sound cannot be checked ({reason_of(error)})")


def _tags(source: Source, seconds: float) -> Tagged | Unreadable | NotAudio:
    try:
        with _limit(seconds):
            return read_tags(source)
    except OutOfTime:
        return Unreadable(f"reading its tags took longer than {seconds:g} s")
    except MemoryError:
        return Unreadable("reading it takes more memory than is allowed")


def _sound(source: Source, outcome: Tagged | Unreadable, seconds: float) -> Sound | None:
    """None where neither bytes nor name say which family it is."""
    known = outcome.audio.container if isinstance(outcome, Tagged) and outcome.audio is not None else None
    family = known or family_in(source)
    if family is None:
        return None
    sound = read_sound(source, family)
    return settled(source, sound, seconds=seconds or _LONG) if family == "flac" else sound


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


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


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
