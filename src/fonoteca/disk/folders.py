"""Folders below a root, each opened once and reached through handles: never through a link, never on another
mount.

Bytes for a drive that was unmounted under us then cannot land on the disk beneath its mount point, and
looking up a name costs one step instead of the whole path.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import cache

from fonoteca.disk import calls

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FOLDER_MODE = 0o755


def open_root(path: bytes) -> int:
    """A handle of the folder `path`, links in it followed. Raises OSError."""
    return calls.open_(path, _FOLDER)


def split(path: bytes) -> tuple[bytes, bytes]:
    """Folder (`b""` for the root) and name.

    >>> split(b"music/Nina Simone/01.flac")
    (b'music/Nina Simone', b'01.flac')
    """
    folder, _, name = path.rpartition(b"/")
    return folder, name


class Folders:
    """Handles of folders below `root_fd`, for one thread. Close it; the root stays the caller's.

    `touched` names every folder whose entries were changed through here, newly made ones and their parents
    with them: what has to be flushed where one flush for all cannot be trusted.
    """

    __slots__ = ("_handles", "_limit", "_root_fd", "touched")

    def __init__(self, root_fd: int, *, limit: int = 64) -> None:
        self._root_fd = root_fd
        self._limit = max(limit, 4)
        self._handles: OrderedDict[bytes, int] = OrderedDict()
        self.touched: set[bytes] = set()

    def __enter__(self) -> Folders:
        return self

    def __exit__(self, *exc: object) -> None:
        while self._handles:
            calls.close(self._handles.popitem()[1])

    def get(self, folder: bytes, *, make: bool = False) -> int:
        """A handle, good until 3 more are asked for. `make`: folders that are missing are made. Raises
        OSError."""
        if not folder:
            return self._root_fd
        fd = self._handles.get(folder)
        if fd is not None:
            self._handles.move_to_end(folder)
            return fd
        return self._remember(folder, self._open(folder, make=make))

    def forget(self, folder: bytes) -> None:
        """Look for the folder by its name again next time."""
        fd = self._handles.pop(folder, None)
        if fd is not None:
            calls.close(fd)

    def _remember(self, folder: bytes, fd: int) -> int:
        self._handles[folder] = fd
        if len(self._handles) > self._limit:
            calls.close(self._handles.popitem(last=False)[1])
        return fd

    def _open(self, folder: bytes, *, make: bool) -> int:
        try:
            return calls.open_beneath(self._root_fd, folder, _FOLDER)
        except FileNotFoundError:
            if not make:
                raise
        parent, name = split(folder)
        parent_fd = self.get(parent, make=True)
        try:
            calls.mkdir(name, FOLDER_MODE, dir_fd=parent_fd)
        except FileExistsError:
            pass  # another thread was faster
        self.touched.update((parent, folder))
        fd = calls.open_beneath(self._root_fd, folder, _FOLDER)
        if umask() & FOLDER_MODE:
            calls.fchmod(fd, FOLDER_MODE)
        return fd


@cache
def umask() -> int:
    """This process's umask, read without changing it."""
    with calls.opened(b"/proc/self/status", os.O_RDONLY) as fd:
        for line in os.read(fd, 1 << 14).splitlines():
            if line.startswith(b"Umask:"):
                return int(line.split()[1], 8)
    return 0o777  # not told: set the mode of everything we make
