"""Bytes that count for nothing yet: written into a folder of their own, flushed, read back.

    with Stage(root_fd, b".fonoteca/incoming/1", where) as stage:
        draft = stage.create(size, mtime_ns)
        draft.write(block)
        staged = draft.finish()
        stage.flush()                        # durable, or OSError
        with stage.read(staged) as reading: ...

Leaving it removes what is still there. Measured on ext4, 4 KB files, 1,000 a flush: see
`docs/performance.md`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from fonoteca.disk import cache as page_cache
from fonoteca.disk import calls
from fonoteca.disk.folders import Folders, umask
from fonoteca.disk.mounts import FileSystem
from fonoteca.disk.reading import SMALL_BYTES, DiskReading, read_evicted, reading_again

if TYPE_CHECKING:
    from fonoteca.core.digest import Block

FILE_MODE = 0o644
EARLY_BYTES = 1 << 20
"""From here on the device is told to begin at once, so that the flush (and Ctrl-C, which waits for it) stays
short."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_AGAIN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class StagedFile:
    """One finished file of a stage. `stat` is what its name will carry: rename moves neither inode nor
    mtime."""

    __slots__ = ("evicted", "name", "stat")

    def __init__(self, name: bytes, stat: os.stat_result) -> None:
        self.name = name
        self.stat = stat
        self.evicted = False
        """True while it is shown that the next reading comes from the device."""


class Draft:
    """A file being staged. After an OSError it is over; `abort` never raises."""

    __slots__ = ("_fd", "_mtime_ns", "_name", "_size", "_stage", "_written")

    def __init__(self, stage: Stage, name: bytes, fd: int, size: int, mtime_ns: int | None) -> None:
        self._stage = stage
        self._name = name
        self._fd = fd
        self._size = size
        self._mtime_ns = mtime_ns
        self._written = 0

    def write(self, block: Block) -> None:
        """Append the block."""
        try:
            calls.write_all(self._fd, block)
        except OSError:
            self.abort()
            raise
        self._written += len(block)

    def finish(self) -> StagedFile:
        """Close it. Raises ValueError when the count of bytes is not the promised one."""
        if self._written != self._size:
            self.abort()
            raise ValueError(f"{self._written:,} bytes came, {self._size:,} were promised")
        try:
            if self._mtime_ns is not None:
                calls.utime(self._fd, ns=(self._mtime_ns, self._mtime_ns))
            self._stage._begin_writeback(self._fd, self._size)
            found = calls.fstat(self._fd)
            fd, self._fd = self._fd, -1
            calls.close(fd)  # network file systems report a failed write only here
        except OSError:
            self.abort()
            raise
        return self._stage._take(StagedFile(self._name, found))

    def abort(self) -> None:
        """Remove it. What cannot be removed is swept with the stage."""
        with suppress(OSError):
            if self._fd >= 0:
                calls.close(self._fd)
        self._fd = -1
        self._stage._discard(self._name)


class Stage:
    """A folder of staged files, for one thread at a time."""

    __slots__ = (
        "_fd",
        "_folder",
        "_left",
        "_media",
        "_next",
        "_root_fd",
        "_sets_mtime",
        "_together",
        "_unflushed",
    )

    def __init__(self, root_fd: int, folder: bytes, where: FileSystem, *, sets_mtime: bool = True) -> None:
        self._root_fd = root_fd
        self._folder = folder
        self._together = where.flushes_together
        self._media = where.shows_media
        self._sets_mtime = sets_mtime
        self._next = 0
        self._left: set[bytes] = set()
        self._unflushed: list[StagedFile] = []
        with Folders(root_fd) as folders:
            self._fd = os.dup(folders.get(folder, make=True))

    @property
    def fd(self) -> int:
        """The folder's handle: names of staged files are relative to it."""
        return self._fd

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *exc: object) -> None:
        for name in sorted(self._left):
            self._discard(name)
        calls.close(self._fd)
        with suppress(OSError):  # swept at the next opening
            calls.rmdir(self._folder, dir_fd=self._root_fd)

    def create(self, size: int, mtime_ns: int) -> Draft:
        """A new file of `size` bytes, 0644 whatever the umask, so that another machine's player may read
        it."""
        name = b"%d" % self._next
        self._next += 1
        fd = calls.open_(name, _CREATE, FILE_MODE, dir_fd=self._fd)
        self._left.add(name)
        if umask() & FILE_MODE:
            calls.fchmod(fd, FILE_MODE)
        return Draft(self, name, fd, size, mtime_ns if self._sets_mtime else None)

    def flush(self) -> None:
        """Make all finished files durable, then empty the cache of small ones so that they can be read back
        as a batch.

        One syncfs where that is sound (each stage has its own descriptor, for syncfs reports an error once a
        descriptor); elsewhere `finish` has flushed each by fsync already, on the descriptor that wrote it.
        """
        if not self._unflushed:
            return
        if self._together:
            calls.syncfs(self._fd)
        if self._media:
            for file in self._unflushed:
                if file.stat.st_size <= SMALL_BYTES:
                    self._evict(file)
        self._unflushed.clear()

    def read(self, file: StagedFile) -> DiskReading:
        """Read it back, past the cache where that is shown."""
        fd = calls.open_(file.name, _AGAIN, dir_fd=self._fd)
        if file.evicted:
            file.evicted = False  # a second reading would come from the cache
            return read_evicted(fd, file.stat.st_size)
        return reading_again(fd, media=self._media)

    def discard(self, file: StagedFile) -> None:
        """Remove a finished file that turned out not to be wanted."""
        if file in self._unflushed:
            self._unflushed.remove(file)
        self._discard(file.name)

    def published(self, file: StagedFile) -> None:
        """The file has a name elsewhere now: not ours to remove."""
        self._left.discard(file.name)

    def _begin_writeback(self, fd: int, size: int) -> None:
        if not self._together:
            calls.fsync(fd)
        elif size >= EARLY_BYTES:
            calls.start_writeback(fd)

    def _take(self, file: StagedFile) -> StagedFile:
        self._unflushed.append(file)
        return file

    def _evict(self, file: StagedFile) -> None:
        """Out of the cache, shown; then ask for all at once, so that the device works on many while we read
        one."""
        fd = calls.open_(file.name, _AGAIN, dir_fd=self._fd)
        try:
            file.evicted = page_cache.evict(fd, file.stat.st_size)
            if file.evicted:
                calls.advise(fd, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            calls.close(fd)

    def _discard(self, name: bytes) -> None:
        with suppress(OSError):  # swept at the next opening
            calls.unlink(name, dir_fd=self._fd)
        self._left.discard(name)


def sweep(root_fd: int, folder: bytes) -> int:
    """Remove everything inside `folder` (below the root, no links followed); how many files went. Raises
    OSError."""
    try:
        fd = calls.open_beneath(root_fd, folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return 0
    try:
        return _sweep(fd)
    finally:
        calls.close(fd)


def _sweep(fd: int) -> int:
    count = 0
    with calls.scandir(fd) as names:
        entries = [(os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)) for entry in names]
    for name, is_folder in entries:
        if is_folder:
            count += sweep(fd, name)
            calls.rmdir(name, dir_fd=fd)
        else:
            calls.unlink(name, dir_fd=fd)
            count += 1
    return count
