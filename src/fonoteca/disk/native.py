"""System calls of Linux that Python 3.11 does not offer, by ctypes. Each raises OSError as `os` functions do.

Numbers of `openat2` (437) and `cachestat` (451) are the same on every architecture that Debian has,
except alpha and mips; there, and on kernels without them, they answer ENOSYS and callers take another way.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_OPENAT2, _CACHESTAT = (437, 451) if os.uname().machine not in {"alpha", "mips", "mips64"} else (-1, -1)

_IOPRIO_SET = {
    "x86_64": 251,
    "i686": 289,
    "armv6l": 314,
    "armv7l": 314,
    "ppc64le": 273,
    "s390x": 282,
    "aarch64": 30,
    "riscv64": 30,
    "loongarch64": 30,
}.get(os.uname().machine, -1)
"""ioprio_set's number differs: 30 is that of the generic table."""

RENAME_NOREPLACE = 1
_AT_EMPTY_PATH = 0x1000
_STATX_DIOALIGN = 0x2000
_STATX_BTIME = 0x800
_AT_FDCWD, _AT_SYMLINK_NOFOLLOW = -100, 0x100
_SYNC_FILE_RANGE_WRITE = 2
_RESOLVE_NO_XDEV, _RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x01, 0x02, 0x04, 0x08
_PROT_READ, _MAP_SHARED = 1, 1
PAGE = os.sysconf("SC_PAGESIZE")


class _OpenHow(ctypes.Structure):
    """`struct open_how` (openat2(2))."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class _Range(ctypes.Structure):
    """`struct cachestat_range`: zero length means up to the end."""

    _fields_ = (("offset", ctypes.c_uint64), ("length", ctypes.c_uint64))


class _CacheStat(ctypes.Structure):
    """`struct cachestat`, all in pages."""

    _fields_ = tuple(
        (name, ctypes.c_uint64) for name in ("cached", "dirty", "writeback", "evicted", "recent")
    )


class _Statx(ctypes.Structure):
    """`struct statx`, as far as the direct I/O alignment (bytes 152 to 160 of 256)."""

    _fields_ = (
        ("mask", ctypes.c_uint32),
        ("skipped", ctypes.c_uint8 * 148),
        ("dio_mem_align", ctypes.c_uint32),
        ("dio_offset_align", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 96),
    )


def _prototype(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_libc, name, None)
    if function is None:
        return None
    function.restype = result
    function.argtypes = arguments
    return function


_int, _size, _pointer, _text = ctypes.c_int, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_char_p
_renameat2 = _prototype("renameat2", _int, _int, _text, _int, _text, ctypes.c_uint)
_syncfs = _prototype("syncfs", _int, _int)
_sync_file_range = _prototype("sync_file_range", _int, _int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
_statx = _prototype("statx", _int, _int, _text, _int, ctypes.c_uint, _pointer)
_mmap = _prototype("mmap", _pointer, _pointer, _size, _int, _int, _int, ctypes.c_long)
_munmap = _prototype("munmap", _int, _pointer, _size)
_mincore = _prototype("mincore", _int, _pointer, _size, _pointer)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_WHOLE = ctypes.byref(_Range(0, 0))


def _raise(path: bytes | None = None) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), path)


def rename_noreplace(source: bytes, target: bytes, *, src_dir_fd: int, dst_dir_fd: int) -> None:
    """renameat2(RENAME_NOREPLACE). EEXIST when `target` stands; EINVAL or ENOSYS where it is not offered."""
    if _renameat2(src_dir_fd, source, dst_dir_fd, target, RENAME_NOREPLACE):
        raise _raise(target)


def syncfs(fd: int) -> None:
    """Flush the whole file system of `fd`. On Linux ≥ 5.8 raises the write-back errors since `fd` was
    opened."""
    if _syncfs(fd):
        raise _raise()


def start_writeback(fd: int) -> None:
    """Let the device begin with the written bytes. A hint that promises nothing: a later flush reports
    errors."""
    _sync_file_range(fd, 0, 0, _SYNC_FILE_RANGE_WRITE)


def open_beneath(root_fd: int, path: bytes, flags: int) -> int:
    """openat2 that never leaves `root_fd`, follows no link and enters no other mount (ELOOP, EXDEV)."""
    how = _OpenHow(
        flags | os.O_CLOEXEC,
        0,
        _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_XDEV,
    )
    fd: int = _syscall(_OPENAT2, root_fd, path, ctypes.byref(how), ctypes.sizeof(how))
    if fd < 0:
        raise _raise(path)
    return fd


def trim_memory() -> None:
    """Give back to the system what was freed (malloc_trim(3)); nothing where the C library has no such call."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def set_io_priority(priority_class: int, level: int) -> None:
    """ioprio_set(2) for the calling thread: class 3 is idle, 2 best effort with `level` 0 (first) to 7 (last)."""
    if _syscall(_IOPRIO_SET, 1, 0, priority_class << 13 | level) < 0:
        raise _raise()


def io_priority() -> tuple[int, int]:
    """ioprio_get(2) of the calling thread: class and level."""
    found = int(_syscall(_IOPRIO_SET + 1, 1, 0))
    if found < 0:
        raise _raise()
    return found >> 13, found & 0x1FFF


def cached_pages(fd: int) -> int:
    """How many pages of the file are in the page cache (cachestat, Linux ≥ 6.5). EPERM for files of
    others."""
    answer = _CacheStat()
    if _syscall(_CACHESTAT, fd, _WHOLE, ctypes.byref(answer), 0):
        raise _raise()
    return int(answer.cached)


def mapped_pages(fd: int, size: int) -> int:
    """The same count by mincore, any kernel. Files that we neither own nor may write count as wholly
    cached."""
    address = _mmap(None, size, _PROT_READ, _MAP_SHARED, fd, 0)
    if address in {None, ctypes.c_void_p(-1).value}:
        raise _raise()
    try:
        pages = ctypes.create_string_buffer(-(-size // PAGE))
        if _mincore(address, size, pages):
            raise _raise()
        return sum(byte & 1 for byte in pages.raw)
    finally:
        _munmap(address, size)


def direct_alignment(fd: int) -> int:
    """Alignment (bytes) at which O_DIRECT on this very file skips the cache; 0 where it does not, or nobody
    says.

    Linux ≥ 6.1: ext4, XFS, F2FS. Of them ext4 answers 0 for journalled, inline, encrypted and verity files,
    whose direct reads it serves from the cache. Btrfs, which does that for compressed and inline data, never
    answers.
    """
    answer = _Statx()
    if _statx is None or _statx(fd, b"", _AT_EMPTY_PATH, _STATX_DIOALIGN, ctypes.byref(answer)):
        return 0
    if not answer.mask & _STATX_DIOALIGN or not answer.dio_mem_align:
        return 0
    return int(max(answer.dio_mem_align, answer.dio_offset_align))


def birth_ns(path: bytes) -> int | None:
    """When the file at `path` was made (ns since 1970), None where the file system does not say. Raises OSError."""
    if _statx is None:
        return None
    answer = ctypes.create_string_buffer(256)
    if _statx(_AT_FDCWD, path, _AT_SYMLINK_NOFOLLOW, _STATX_BTIME, ctypes.byref(answer)):
        raise _raise()
    if not int.from_bytes(answer.raw[:4], sys.byteorder) & _STATX_BTIME:
        return None
    # struct statx: the mask first, `stx_btime` at byte 80 (64 bits of seconds, 32 of nanoseconds)
    seconds = int.from_bytes(answer.raw[80:88], sys.byteorder, signed=True)
    return seconds * 1_000_000_000 + int.from_bytes(answer.raw[88:92], sys.byteorder)
