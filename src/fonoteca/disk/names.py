"""Changes of names below one root, and making them durable: publishing, superseding, moving, removing.

    with Names(root_fd, together=where.flushes_together) as names:
        names.put(staging_fd, b"17", b"music/a.flac")       # never replaces
        names.flush()                                        # now the name survives a power cut

All raise OSError; a name that must not stand but does is FileExistsError.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from types import TracebackType

from fonoteca.disk import calls
from fonoteca.disk.folders import Folders, split
from fonoteca.disk.reading import NotRegular

_NOT_OFFERED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL})
"""What link(2) says on FAT and exFAT (EPERM), on others, and of a file that has as many names as it can."""


class Names:
    """Names below `root_fd`, changed by one thread. `together`: one `syncfs` flushes them all, else each
    folder."""

    __slots__ = ("_folders", "_sync_fd", "_together")

    def __init__(self, root_fd: int, *, together: bool) -> None:
        self._folders = Folders(root_fd)
        self._together = together
        # A descriptor of its own: syncfs tells each descriptor once of the errors since it was opened.
        self._sync_fd = calls.open_(b".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root_fd)

    def __enter__(self) -> Names:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folders.__exit__()
        calls.close(self._sync_fd)

    def put(self, staging_fd: int, staged: bytes, path: bytes) -> None:
        """Give the staged file its name; its folders are made. Never replaces."""
        folder, name = split(path)
        try:
            rename_new(staging_fd, staged, self._folders.get(folder, make=True), name)
        except FileNotFoundError:
            # The folder was removed since we opened it. If it is the staged file that is gone, this raises
            # again.
            self._folders.forget(folder)
            rename_new(staging_fd, staged, self._folders.get(folder, make=True), name)
        self._folders.touched.add(folder)

    def keep(self, path: bytes, kept: bytes) -> bool:
        """Give the object at `path` a second name. False where the file system has no hard links; nothing
        changed then."""
        folder, name = split(path)
        kept_folder, kept_name = split(kept)
        target = self._folders.get(kept_folder, make=True)
        try:
            calls.link(
                name,
                kept_name,
                src_dir_fd=self._folders.get(folder),
                dst_dir_fd=target,
                follow_symlinks=False,
            )
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return False
        self._folders.touched.add(kept_folder)
        return True

    def replace(self, staging_fd: int, staged: bytes, path: bytes) -> None:
        """Rename the staged file over the object at `path`, at once."""
        folder, name = split(path)
        calls.rename(staged, name, src_dir_fd=staging_fd, dst_dir_fd=self._folders.get(folder, make=True))
        self._folders.touched.add(folder)

    def move(self, path: bytes, target: bytes) -> None:
        """Rename below the root. Never replaces; folders of the target are made."""
        folder, name = split(path)
        target_folder, target_name = split(target)
        there = self._folders.get(target_folder, make=True)
        rename_new(self._folders.get(folder), name, there, target_name)
        self._folders.touched.update((folder, target_folder))

    def remove(self, path: bytes) -> bool:
        """Remove the file; False when it, or its folder, is not there."""
        folder, name = split(path)
        try:
            calls.unlink(name, dir_fd=self._folders.get(folder))
        except FileNotFoundError:
            return False
        self._folders.touched.add(folder)
        return True

    def prune(self, folder: bytes) -> None:
        """Remove the folder and those above it as long as they are empty. The root stays."""
        while folder:
            parent, name = split(folder)
            self._folders.forget(folder)
            try:
                calls.rmdir(name, dir_fd=self._folders.get(parent))
            except OSError:
                return  # not empty, or somebody else's: it stays, and that is no harm
            self._folders.touched.discard(folder)
            self._folders.touched.add(parent)
            folder = parent

    def retime(self, path: bytes, mtime_ns: int) -> os.stat_result:
        """Set the mtime of a regular file (ns since 1970); its stat afterwards. NotRegular for anything
        else."""
        folder, name = split(path)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = calls.open_(name, flags, dir_fd=self._folders.get(folder))
        try:
            if not modes.S_ISREG(calls.fstat(fd).st_mode):
                raise NotRegular(path)
            calls.utime(fd, ns=(mtime_ns, mtime_ns))
            if not self._together:
                calls.fsync(fd)  # the time lies in the file, not in its folder
            self.settle(path)
            return calls.fstat(fd)
        finally:
            calls.close(fd)

    def settle(self, path: bytes) -> None:
        """Have the next flush make this name durable, though nobody changed it just now: a run that was cut off may
        have made it and the folders above it.
        """
        while path:
            path = split(path)[0]
            self._folders.touched.add(path)

    def stat(self, path: bytes) -> os.stat_result:
        """The lstat of what stands at `path`."""
        folder, name = split(path)
        return calls.lstat(name, dir_fd=self._folders.get(folder))

    def stands(self, path: bytes) -> bool:
        """True when anything stands at `path`."""
        try:
            self.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def flush(self) -> None:
        """Make all changes since the last flush durable."""
        touched = sorted(self._folders.touched)
        if not touched:
            return
        if self._together:
            calls.syncfs(self._sync_fd)
        else:
            for folder in touched:
                calls.fsync(self._folders.get(folder) if folder else self._sync_fd)
        self._folders.touched.clear()


def rename_new(source_fd: int, source: bytes, target_fd: int, target: bytes) -> None:
    """Rename, and raise FileExistsError when the target stands: by the kernel, else by link and unlink, else
    by looking.

    The last way (no renameat2 flags and no hard links: some network and FUSE mounts) leaves a moment in which
    another program could make the target and lose it; nothing better is to be had there.
    """
    try:
        calls.rename_noreplace(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)
        return
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
    try:
        calls.link(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        calls.unlink(source, dir_fd=source_fd)
        return
    _rename_if_absent(source_fd, source, target_fd, target)


def _rename_if_absent(source_fd: int, source: bytes, target_fd: int, target: bytes) -> None:
    try:
        calls.lstat(target, dir_fd=target_fd)
    except FileNotFoundError:
        calls.rename(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd)
        return
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
