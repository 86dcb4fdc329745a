"""The one seam between fonoteca and local file systems.

All of `disk/`, and whoever else touches a local file, calls these names *through the module*
(`calls.fsync(fd)`), so a test that replaces one attribute cuts, counts or kills at the n-th call of the real
program. Most are `os` functions by another name and cost one attribute look-up (0.03 µs). Paths are bytes;
all raise OSError; Python repeats calls that a signal interrupts (PEP 475).
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fonoteca.disk import native

if TYPE_CHECKING:
    from fonoteca.core.digest import Block

open_ = os.open
read = os.read
close = os.close
stat = os.stat
lstat = os.lstat
fstat = os.fstat
statvfs = os.statvfs
scandir = os.scandir
readlink = os.readlink
mkdir = os.mkdir
rmdir = os.rmdir
unlink = os.unlink
rename = os.rename
link = os.link
symlink = os.symlink
utime = os.utime
fchmod = os.fchmod
fchown = os.fchown
listxattr = os.listxattr
getxattr = os.getxattr
setxattr = os.setxattr
ftruncate = os.ftruncate
fsync = os.fsync
advise = os.posix_fadvise
flock = fcntl.flock

syncfs = native.syncfs
rename_noreplace = native.rename_noreplace
start_writeback = native.start_writeback
cached_pages = native.cached_pages
mapped_pages = native.mapped_pages
direct_alignment = native.direct_alignment
openat2 = native.open_beneath
set_io_priority = native.set_io_priority
birth_ns = native.birth_ns


def read_into(fd: int, buffer: memoryview, offset: int) -> int:
    """Read at `offset` into `buffer`; how many bytes came, 0 at the end. May be fewer than fit."""
    return os.preadv(fd, (buffer,), offset)


def write_all(fd: int, block: Block) -> None:
    """Write the whole block at the descriptor's position: a short write is continued."""
    written = os.write(fd, block)
    if written == len(block):
        return
    rest = memoryview(block)[written:]
    while rest:
        rest = rest[os.write(fd, rest) :]


_NO_OPENAT2 = frozenset({errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.E2BIG})
"""Kernels before 5.6 say ENOSYS; a container's filter may say EPERM."""


def open_beneath(root_fd: int, path: bytes, flags: int) -> int:
    """Open `path` (no `..`, not absolute) below `root_fd`: through no symbolic link (ELOOP), onto no mount
    (EXDEV)."""
    try:
        return openat2(root_fd, path, flags)
    except OSError as error:
        if error.errno not in _NO_OPENAT2:
            raise
    return _open_by_steps(root_fd, path, flags)


def _open_by_steps(root_fd: int, path: bytes, flags: int) -> int:
    *folders, name = path.split(b"/")
    device = fstat(root_fd).st_dev
    current = root_fd
    try:
        for folder in folders:
            step = open_(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
            current = _stepped(current, step, root_fd)
            if fstat(current).st_dev != device:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
        return open_(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
    finally:
        _stepped(current, root_fd, root_fd)


def _stepped(current: int, following: int, root_fd: int) -> int:
    if current != root_fd:
        close(current)
    return following


@contextmanager
def opened(path: bytes, flags: int, *, dir_fd: int | None = None) -> Iterator[int]:
    """A descriptor for one with-block."""
    fd = open_(path, flags | os.O_CLOEXEC, dir_fd=dir_fd)
    try:
        yield fd
    finally:
        close(fd)
