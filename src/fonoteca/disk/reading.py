"""Reading local files: a source once, in large blocks; a copy again, past the cache where that can be shown.

    with open_source(b"/home/ana/Music/a.flac") as fd: ...         # a regular file, never a FIFO, never
    through a link with reading_again(fd, media=True) as reading:                 # takes the descriptor over
        for block in reading: ...                                  # reading.level is already known

Large files are read directly (O_DIRECT, blocks of 1 MiB: measured 0.15 s of processor time for 800 MB, half
of what the cache costs, and what a player or the scan has cached stays); up to 128 KiB through the emptied
cache.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import stat as modes
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fonoteca.core.copy import Level
from fonoteca.disk import cache, calls
from fonoteca.disk.mounts import FileSystem, file_system_of

BLOCK_BYTES = 1 << 20
ALIGNMENT = 4096
"""Offsets and lengths of direct reads are multiples of this: the largest block size of devices in use."""
SMALL_BYTES = 128 << 10
"""Up to here a file is read in one call through the emptied cache: direct reading would wait for the device
each time."""

_SOURCE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


class NotRegular(OSError):
    """What stands there is not a regular file, or is a symbolic link: it was not read."""

    def __init__(self, path: bytes) -> None:
        super().__init__(errno.EINVAL, "not a regular file", path)


@contextmanager
def open_source(path: bytes, *, dir_fd: int | None = None) -> Iterator[int]:
    """A descriptor of a regular file, closed at the end. Raises NotRegular, OSError. Its access time stays if
    we own it.

    Nothing blocks: a FIFO that took the file's place since it was listed is opened without waiting, and
    refused.
    """
    fd = open_regular(path, dir_fd)
    try:
        if not modes.S_ISREG(calls.fstat(fd).st_mode):
            raise NotRegular(path)
        yield fd
    finally:
        calls.close(fd)


def open_regular(path: bytes, dir_fd: int | None = None) -> int:
    """A descriptor of what stands at `path`, opened without waiting; the caller makes sure that it is a
    regular file."""
    try:
        return calls.open_(path, _SOURCE | os.O_NOATIME, dir_fd=dir_fd)
    except PermissionError:  # O_NOATIME is the owner's privilege
        pass
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link; a socket or a FIFO
            raise NotRegular(path) from error
        raise
    return calls.open_(path, _SOURCE, dir_fd=dir_fd)


class DiskReading:
    """A file's blocks, once, each a view that the next overwrites. A context manager; closes its descriptor.

    Keeps the shape of `locations.base.Reading`, but raises OSError unless `translate` is set. `size` is the
    whole file's, in bytes.
    """

    __slots__ = ("_buffer", "_fd", "_start", "level", "size", "translate")

    def __init__(self, fd: int, size: int, level: Level, start: int = 0) -> None:
        self.translate: Callable[[OSError], Exception] | None = None
        """What to raise instead of an OSError: how a location keeps its border without a wrapper a block."""
        self._fd = fd
        self._start = start
        self._buffer: memoryview | None = None
        self.size = size
        self.level = level

    def __enter__(self) -> DiskReading:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._buffer is not None:
            _give_back(self._buffer)
            self._buffer = None
        if self._fd >= 0:
            calls.close(self._fd)
            self._fd = -1

    def __iter__(self) -> Iterator[memoryview]:
        offset = self._start - self._start % ALIGNMENT
        skip = self._start - offset
        buffer = self._buffer = _borrow()
        while True:
            want = min(BLOCK_BYTES, _aligned(self.size - offset))
            count = self._read(buffer[:want], offset) if want > 0 else 0
            if count > skip:
                yield buffer[skip:count]
            offset += count
            skip = 0
            # A count off the alignment is the end of the file; direct reading could not go on from there
            # anyway.
            if offset >= self.size or count == 0 or count % ALIGNMENT:
                return

    def _read(self, buffer: memoryview, offset: int) -> int:
        try:
            return calls.read_into(self._fd, buffer, offset)
        except OSError as error:
            if self.translate is None:
                raise
            raise self.translate(error) from error


def _aligned(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT


_buffers: list[memoryview] = []
"""Free buffers. `append` and `pop` of a list are atomic, so threads share it; as many stay as ever read at
once."""


def _borrow() -> memoryview:
    try:
        return _buffers.pop()
    except IndexError:
        # Page-aligned, as direct reading needs; private, or a process forked from this one would read into it too.
        return memoryview(mmap.mmap(-1, BLOCK_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


def _give_back(buffer: memoryview) -> None:
    _buffers.append(buffer)


def reading_again(fd: int, *, media: bool, start: int = 0) -> DiskReading:
    """Read `fd` again, past the cache if possible; closes it in the end, also when this raises OSError.

    `media`: its file system is one on which that can be shown (`FileSystem.shows_media`). The level is
    `media` only when it was shown for this file, now; else `bytes`.
    """
    try:
        size = calls.fstat(fd).st_size
        if not media:
            calls.advise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            return DiskReading(fd, size, Level.BYTES, start)
        return DiskReading(fd, size, _past_cache(fd, size), start)
    except OSError:
        calls.close(fd)
        raise


def _past_cache(fd: int, size: int) -> Level:
    if cache.evict(fd, size):
        _read_directly(fd)  # for speed: with no page cached, either way reads from the device
        return Level.MEDIA
    if 0 < calls.direct_alignment(fd) <= ALIGNMENT and _read_directly(fd):
        return Level.MEDIA
    return Level.BYTES


def _read_directly(fd: int) -> bool:
    try:
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_DIRECT)
    except OSError:
        return False  # this file system has no direct reading; the caller then claims less
    return True


def read_evicted(fd: int, size: int) -> DiskReading:
    """Read a file whose pages were just shown to be out of the cache (`staging` does so for whole
    batches)."""
    return DiskReading(fd, size, Level.MEDIA)


def read_past_cache(path: bytes, where: FileSystem | None = None) -> Iterator[memoryview]:
    """The blocks of a regular file, past the cache if possible. Raises NotRegular, OSError."""
    with open_source(path) as fd:
        place = where if where is not None else file_system_of(fd)
        with reading_again(os.dup(fd), media=place.shows_media) as reading:
            yield from reading


def read_up_to(fd: int, buffer: memoryview) -> int:
    """Fill `buffer` from the beginning of a file that should be a byte shorter; how many bytes came."""
    size = 0
    while size < len(buffer) and (count := calls.read_into(fd, buffer[size:], size)):
        size += count
        if size == len(buffer) - 1:
            break  # as long as its stat says; one byte more would have shown that it grew
    return size
