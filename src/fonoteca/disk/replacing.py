"""A file of the user's own, given other content without a moment in which it is half: written beside it, then renamed.

    with Replacement(path, mtime_ns) as new:
        new.write(block)
        level, found = new.finish()          # durable, and read back
        new.swap(expected)                   # looks at the old file once more, then takes its place

Owner, mode, extended attributes (access lists are among them) and access time are the old file's. Leaving it without
`swap` removes what was written. All raise OSError.
"""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from fonoteca.core.copy import Level
from fonoteca.core.digest import fast_digest
from fonoteca.core.entry import FileStat
from fonoteca.disk import calls
from fonoteca.disk.mounts import file_system_of
from fonoteca.disk.reading import reading_again

if TYPE_CHECKING:
    from fonoteca.core.digest import Block

PREFIX = b".fonoteca-repair-"
"""Names that a scan passes over as junk; one that a killed run left is removed by the next repair of the same file."""

_LONGEST_SUFFIX = 16
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_KEPT = ("user.", "system.posix_acl_")


class Moved(OSError):
    """The file is not what it was when it was judged: it was left as it is."""

    def __init__(self, path: bytes) -> None:
        super().__init__(errno.ESTALE, "it was changed meanwhile", path)


class Replacement:
    """New content for the regular file at `path`, with `mtime_ns`. `finish` may be called once."""

    def __init__(self, path: bytes, mtime_ns: int) -> None:
        folder, self._name = os.path.split(path)
        self._path = path
        self._mtime_ns = mtime_ns
        suffix = os.path.splitext(self._name)[1][
            :_LONGEST_SUFFIX
        ]  # tells a reader of its inside what it may be
        self._beside = PREFIX + hashlib.sha256(self._name).hexdigest()[:16].encode("ascii") + suffix
        self._folder = folder
        self._folder_fd = calls.open_(folder, _FOLDER)
        self._fd = -1
        self._swapped = False

    def __enter__(self) -> Replacement:
        try:
            with suppress(FileNotFoundError):
                calls.unlink(self._beside, dir_fd=self._folder_fd)
        except OSError:
            calls.close(self._folder_fd)
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.abort()
        calls.close(self._folder_fd)

    def begin(self) -> Replacement:
        """From the first byte again."""
        self.abort()
        self._fd = calls.open_(self._beside, _NEW, 0o600, dir_fd=self._folder_fd)
        return self

    def write(self, block: Block) -> None:
        """Append the block."""
        calls.write_all(self._fd, block)

    def finish(self) -> tuple[Level, bytes]:
        """Give it the old file's owner, mode and attributes, flush it and read it back: the level, and its XXH3-128."""
        old = calls.lstat(self._name, dir_fd=self._folder_fd)
        new = calls.fstat(self._fd)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            calls.fchown(self._fd, old.st_uid, old.st_gid)
        calls.fchmod(self._fd, old.st_mode & 0o7777)
        self._keep_attributes()
        calls.utime(self._fd, ns=(old.st_atime_ns, self._mtime_ns))
        calls.fsync(self._fd)
        media = file_system_of(self._fd).shows_media
        with reading_again(os.dup(self._fd), media=media) as reading:
            return reading.level, fast_digest(reading)

    @property
    def path(self) -> bytes:
        """Where it is being written."""
        return os.path.join(self._folder, self._beside)

    def stat(self) -> os.stat_result:
        """Of what was written."""
        return calls.fstat(self._fd)

    def swap(self, expected: FileStat) -> os.stat_result:
        """Take the old file's place, durably, if it is still `expected`; the new stat. Raises Moved."""
        found = calls.lstat(self._name, dir_fd=self._folder_fd)
        if FileStat(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino) != expected:
            raise Moved(self._path)
        calls.rename(self._beside, self._name, src_dir_fd=self._folder_fd, dst_dir_fd=self._folder_fd)
        self._swapped = True
        calls.fsync(self._folder_fd)
        return calls.fstat(self._fd)

    def abort(self) -> None:
        """Remove what was written. Never raises: what cannot be removed is junk to a scan."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        with suppress(OSError):
            calls.close(fd)
        if not self._swapped:
            with suppress(OSError):
                calls.unlink(self._beside, dir_fd=self._folder_fd)

    def _keep_attributes(self) -> None:
        with calls.opened(self._name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._folder_fd) as old:
            try:
                names = calls.listxattr(old)
            except OSError as error:
                if error.errno != errno.EOPNOTSUPP:
                    raise
                return
            for name in names:
                if name.startswith(_KEPT):  # others (security labels) are the system's to give
                    calls.setxattr(self._fd, name, calls.getxattr(old, name))
