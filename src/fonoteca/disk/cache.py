"""Whether bytes come from the device or from memory: what the level `media` rests on.

Pages are dropped from the page cache, and then the kernel is asked how many of the whole file are left:
`cachestat` (Linux ≥ 6.5), else `mincore`. None left: the next reading has to come from the device, however it
is done. Some left (a player maps them, they are dirty): only direct reading helps, and only where the kernel
says that this file's direct reads skip the cache (ext4 and Btrfs quietly serve some from it).
"""

from __future__ import annotations

import errno
import os
from functools import cache

from fonoteca.disk import calls

_NO_CACHESTAT = frozenset({errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP, errno.EINVAL})


def evict(fd: int, size: int) -> bool:
    """Drop the file's clean pages from the cache; True when it is shown that none is left. `size` in
    bytes."""
    calls.advise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    return is_uncached(fd, size)


def is_uncached(fd: int, size: int) -> bool:
    """True when it is shown that no page of the file is in the cache; an empty file has none."""
    if size == 0:
        return True
    try:
        return _cached(fd, size) == 0
    except OSError:
        return False  # not shown, so not claimed


def _cached(fd: int, size: int) -> int:
    if _has_cachestat():
        try:
            return calls.cached_pages(fd)
        except OSError as error:
            if error.errno not in _NO_CACHESTAT:
                raise
    return calls.mapped_pages(fd, size)


@cache
def _has_cachestat() -> bool:
    release = os.uname().release.split(".")
    try:
        return (int(release[0]), int(release[1])) >= (6, 5)
    except (ValueError, IndexError):
        return False
