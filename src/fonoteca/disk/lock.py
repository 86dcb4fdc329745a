"""Locks that die with their process, also when it is killed: flock(2), by whose grace no lock file ever goes
stale."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from fonoteca.disk import calls
from fonoteca.errors import Locked

_LOCK_EX_NB = 2 | 4  # fcntl.LOCK_EX | fcntl.LOCK_NB


@contextmanager
def hold_lock(path: str, *, clears: bool = False) -> Iterator[None]:
    """Hold the lock file `path` (made if needed, left in place). Raises Locked with the holder's pid,
    OSError. `clears`: the pid is taken out at the end, so that one that stands there unlocked tells of a death."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise Locked(path, _written_pid(path) or holder(path)) from error
    try:
        _write_pid(path)
        yield
        if clears:
            _clear_pid(path)
    finally:
        lock.release()


def _clear_pid(path: str) -> None:
    with calls.opened(os.fsencode(path), os.O_WRONLY) as fd:
        calls.ftruncate(fd, 0)


def left_by(path: str) -> int | None:
    """The pid in a lock file; None where there is none, or it was taken out."""
    return _written_pid(path)


def _write_pid(path: str) -> None:
    with calls.opened(os.fsencode(path), os.O_WRONLY) as fd:
        calls.ftruncate(fd, 0)
        calls.write_all(fd, b"%d\n" % os.getpid())


def _written_pid(path: str) -> int | None:
    try:
        with calls.opened(os.fsencode(path), os.O_RDONLY) as fd:
            return int(os.read(fd, 32))
    except (OSError, ValueError):
        return None  # the other is about to write it, or may not show it


def lock_or_raise(fd: int, what: str) -> None:
    """Take the exclusive lock on an open file; it goes when the descriptor is closed. Raises Locked,
    OSError."""
    try:
        calls.flock(fd, _LOCK_EX_NB)
    except OSError as error:
        if error.errno not in {errno.EAGAIN, errno.EACCES}:
            raise
        raise Locked(what, _holder_of(calls.fstat(fd))) from error


def holder(path: str | bytes) -> int | None:
    """The process that holds the flock on `path`, None where that cannot be told (another machine, a
    container)."""
    try:
        return _holder_of(calls.stat(path))
    except OSError:
        return None


def _holder_of(found: os.stat_result) -> int | None:
    """From /proc/locks (proc_locks(5)): `1: FLOCK  ADVISORY  WRITE 4711 fe:00:131090 0 EOF`.

    Matched by inode first and device second: Btrfs and overlays show another device number there.
    """
    try:
        with calls.opened(b"/proc/locks", os.O_RDONLY) as fd:
            table = os.read(fd, 1 << 20)
    except OSError:
        return None
    line = re.compile(rb"FLOCK\s+ADVISORY\s+WRITE (\d+) ([0-9a-f]+):([0-9a-f]+):%d " % found.st_ino)
    holders = {(int(each[2], 16), int(each[3], 16)): int(each[1]) for each in line.finditer(table)}
    same = holders.get((os.major(found.st_dev), os.minor(found.st_dev)))
    return same or (next(iter(holders.values())) if len(holders) == 1 else None) or None
