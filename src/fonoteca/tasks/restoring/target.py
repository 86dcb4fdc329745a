"""The folder that a restore fills: staged beside, proven, then given its name; what stands there is never
lost.

Files are written into `.fonoteca-restore-<id>/` in the folder itself, flushed, and renamed to names that
nothing has. Nothing is followed: a symbolic link on the way to a name is refused. What a restore replaces
goes to `.fonoteca-replaced/<time>/`.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from fonoteca.core.digest import Hasher
from fonoteca.core.place import Space
from fonoteca.disk import calls
from fonoteca.disk.files import flush_folder, make_folders
from fonoteca.disk.folders import Folders, open_root, split
from fonoteca.disk.mounts import FileSystem, file_system_of
from fonoteca.disk.names import Names
from fonoteca.disk.space import space
from fonoteca.disk.staging import Stage, sweep
from fonoteca.errors import UsageError
from fonoteca.locations.border import Border

STAGING = b".fonoteca-restore-"
REPLACED = b".fonoteca-replaced"
_MARKER = b".fonoteca/location.json"
_LOCK = 2 | 4  # LOCK_EX | LOCK_NB
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_BLOCK = 1 << 20


class InTheWay(Exception):
    """Something on the way to a name cannot be passed or replaced: a link, a folder, another file system."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What has a name already. `is_file` False: a link or an odd thing."""

    size: int
    is_file: bool


@dataclass(slots=True)
class TargetFolder:
    """The open folder. Usable from several threads; each works in an `Allotment` of its own."""

    path: bytes
    root_fd: int
    where: FileSystem
    staging: bytes
    aside: bytes
    """The folder for what is replaced in this run."""
    was_empty: bool

    @property
    def name(self) -> str:
        """As it is shown."""
        return self.path.decode("utf-8", "backslashreplace")

    def border(self, path: bytes | None = None, needed: int = 0) -> Border:
        """Turns OSErrors into errors that say what to do."""
        return Border(self.name, path, needed=needed, free=lambda: self.space().free)

    def space(self) -> Space:
        """Room there."""
        return space(self.root_fd)

    @contextmanager
    def allot(self, number: int) -> Iterator[Allotment]:
        """A staging folder for one thread's parcel."""
        with (
            Stage(self.root_fd, self.staging + b"/%d" % number, self.where) as stage,
            Names(self.root_fd, together=self.where.flushes_together) as names,
            Folders(self.root_fd) as folders,
        ):
            yield Allotment(folders, self, stage, names)


@dataclass(slots=True)
class Looking:
    """What stands in the folder, seen through handles; one thread's own."""

    folders: Folders

    def standing(self, path: bytes) -> Standing | None:
        """What stands at `path`, None when nothing does. Raises InTheWay."""
        folder, name = split(path)
        try:
            found = calls.lstat(name, dir_fd=self._folder(folder))
        except FileNotFoundError:
            return None
        if modes.S_ISDIR(found.st_mode):
            raise InTheWay("a folder of this name stands there")
        return Standing(found.st_size, modes.S_ISREG(found.st_mode))

    def sha256(self, path: bytes) -> bytes:
        """The digest of the regular file that stands at `path`."""
        folder, name = split(path)
        hasher = Hasher()
        with calls.opened(name, _LOOK, dir_fd=self._folder(folder)) as fd:
            buffer = memoryview(bytearray(_BLOCK))
            while count := calls.read_into(fd, buffer, hasher.size):
                hasher.update(buffer[:count])
        return hasher.digests().sha256

    def link_at(self, path: bytes) -> bytes | None:
        """Where the symbolic link at `path` points; None for anything else."""
        folder, name = split(path)
        try:
            return os.fsencode(calls.readlink(name, dir_fd=self._folder(folder)))
        except OSError:
            return None

    def _folder(self, folder: bytes, *, make: bool = False) -> int:
        try:
            return self.folders.get(folder, make=make)
        except OSError as error:
            why = _WAYS.get(error.errno or 0)
            if why is None:
                raise
            raise InTheWay(why) from error


@dataclass(slots=True)
class Allotment(Looking):
    """What one thread needs to bring files in."""

    target: TargetFolder
    stage: Stage
    names: Names

    def put_aside(self, path: bytes) -> bool:
        """Give what stands at `path` a second name in `aside`, or move it there; True when it was moved."""
        kept = self.target.aside + b"/" + path
        if self.names.keep(path, kept):
            return False
        self.names.move(path, kept)
        return True

    def make_link(self, path: bytes, link: bytes) -> None:
        """A symbolic link, its target verbatim. Raises FileExistsError, InTheWay."""
        folder, name = split(path)
        self._folder(folder, make=True)
        calls.symlink(link, name, dir_fd=self.folders.get(folder, make=True))
        self.folders.touched.add(folder)

    def make_folder(self, path: bytes) -> None:
        """An empty folder. Raises InTheWay."""
        self._folder(path, make=True)

    def flush(self) -> None:
        """Make names durable, those of links and folders too."""
        self.names.flush()
        if self.folders.touched:
            for folder in sorted(self.folders.touched):
                calls.fsync(self.folders.get(folder))
            self.folders.touched.clear()


_WAYS = {
    errno.ENOTDIR: "a file stands where a folder of its path should be",
    errno.EACCES: "a folder of its path may not be entered",
    errno.ELOOP: "a symbolic link stands in its path, and links are not followed",
    errno.EXDEV: "another file system is mounted in its path",
}


@contextmanager
def open_target(path: bytes, *, now_text: str) -> Iterator[TargetFolder]:
    """Make the folder if it is not there, and hold it. Raises LocationError for a folder that refuses.

    What an earlier restore that was killed left staged here is removed; one that still runs keeps its own.
    """
    shown = path.decode("utf-8", "backslashreplace")
    with Border(shown):
        make_folders(path)
        root_fd = open_root(path)
    try:
        with Border(shown):
            was_empty = not _names_in(root_fd)
            _sweep_leftovers(root_fd)
            staging = STAGING + os.urandom(8).hex().encode()
            calls.mkdir(staging, 0o700, dir_fd=root_fd)
            lock = calls.open_(staging, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root_fd)
            calls.flock(lock, _LOCK)
            where = file_system_of(root_fd)
        try:
            yield TargetFolder(path, root_fd, where, staging, REPLACED + b"/" + now_text.encode(), was_empty)
        finally:
            calls.close(lock)
            with suppress(OSError):  # what stays is swept by the next restore
                sweep(root_fd, staging)
                calls.rmdir(staging, dir_fd=root_fd)
                flush_folder(b".", dir_fd=root_fd)
    finally:
        calls.close(root_fd)


def _names_in(root_fd: int) -> list[bytes]:
    with calls.scandir(root_fd) as found:
        return [os.fsencode(entry.name) for entry in found]


def _sweep_leftovers(root_fd: int) -> None:
    for name in _names_in(root_fd):
        if not name.startswith(STAGING):
            continue
        with suppress(OSError):  # in use by another restore, or not a folder of ours
            fd = calls.open_(
                name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root_fd
            )
            try:
                calls.flock(fd, _LOCK)
                sweep(root_fd, name)
                calls.rmdir(name, dir_fd=root_fd)
            finally:
                calls.close(fd)


def refuse_locations(path: bytes) -> None:
    """Raises UsageError when `path` lies in a location: its manifest would not know what a restore writes
    there.
    """
    folder = os.path.realpath(path)
    while True:
        if os.path.lexists(os.path.join(folder, _MARKER)):
            shown = folder.decode("utf-8", "backslashreplace")
            raise UsageError(f"{shown} is a location: restore into another folder, for example beside it.")
        if folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)
