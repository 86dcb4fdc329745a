"""A folder location that is open: its identity was checked, its root is held by a handle."""

from __future__ import annotations

import errno
import itertools
import os
import stat as modes
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from fonoteca.core.place import OWN, Identity, Key, Space, Stat, Traits
from fonoteca.disk import calls
from fonoteca.disk.files import read_whole
from fonoteca.disk.folders import split
from fonoteca.disk.mounts import FileSystem
from fonoteca.disk.names import Names
from fonoteca.disk.reading import DiskReading, reading_again
from fonoteca.disk.space import space
from fonoteca.disk.staging import Stage
from fonoteca.errors import Away, Conflict, Denied, LocationError
from fonoteca.locations.base import Outcome
from fonoteca.locations.batch import FolderBatch, stat_of
from fonoteca.locations.border import Border
from fonoteca.locations.identity import Marker
from fonoteca.locations.keys import INCOMING, MARKER, checked, is_listed

TOGETHER = 1000
"""So many names are changed between two flushes when moving, retiming or deleting."""

T = TypeVar("T")
Listing: TypeAlias = list[tuple[bytes, Stat | None]]
"""Keys with what stands there, folders with None."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_ABSENT = (FileNotFoundError, NotADirectoryError)


class OpenFolder:
    """See `base.OpenLocation`. Made by `FolderLocation.open`; usable from several threads."""

    def __init__(
        self,
        name: str,
        path: bytes,
        root_fd: int,
        where: FileSystem,
        marker: Marker,
        data: bytes,
        *,
        writing: bool,
    ) -> None:
        self.name = name
        self._path = path
        self._root_fd = root_fd
        self._where = where
        self._marker = marker
        self._data = data
        self._writing = writing
        self._numbers = itertools.count(1)
        found = os.fstat(root_fd)
        self._root = (found.st_dev, found.st_ino)

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return self._marker.identity

    @property
    def traits(self) -> Traits:
        """What it can do, as probed when it was adopted."""
        return self._marker.traits

    @property
    def where(self) -> FileSystem:
        """The file system below."""
        return self._where

    def check(self) -> None:
        """See `base.OpenLocation`: the path still leads to the folder we hold, and its marker still says the
        same."""
        try:
            found = calls.stat(self._path)
            same = (found.st_dev, found.st_ino) == self._root
            if same and read_whole(MARKER, dir_fd=self._root_fd) == self._data:
                return
        except PermissionError as error:
            raise Denied(self.name, "its marker may no longer be read") from error
        except OSError as error:
            raise self._gone(f"it no longer answers ({error.strerror})") from error
        raise self._gone(
            "its marker changed while it was in use" if same else "something else is in its place now"
        )

    def _gone(self, reason: str) -> Away:
        return Away(self.name, reason, "What was finished stands. Mount it and run this again.")

    def border(self, key: bytes | None = None, *, needed: int = 0) -> Border:
        """The border for one call about `key`."""
        return Border(self.name, key, needed=needed, free=self._free, recheck=self.check)

    def _free(self) -> int | None:
        try:
            return space(self._root_fd).usable
        except OSError:
            return None

    @contextmanager
    def batch(self) -> Iterator[FolderBatch]:
        """See `base.OpenLocation`."""
        self._for_writing()
        self.check()
        folder = INCOMING + b"/%d" % next(self._numbers)
        sets_mtime = self.traits.mtime_precision_ns is not None
        with self.border():
            stage = Stage(self._root_fd, folder, self._where, sets_mtime=sets_mtime)
        with stage:
            yield FolderBatch(self, stage, self._names)

    def _names(self) -> Names:
        return Names(self._root_fd, together=self._where.flushes_together)

    def _for_writing(self) -> None:
        if not self._writing:
            raise Denied(self.name, "it was opened for reading only")

    def read(self, key: Key, *, start: int = 0) -> DiskReading:
        """See `base.OpenLocation`."""
        checked(self.name, key)
        border = self.border(key)
        with border:
            fd = calls.open_beneath(self._root_fd, key, _READ)
            if not modes.S_ISREG(calls.fstat(fd).st_mode):
                calls.close(fd)
                raise Conflict(self.name, key, "is not a regular file")
            reading = reading_again(fd, media=self._where.shows_media, start=start)
        reading.translate = border.seen
        return reading

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`. A folder, a link or another odd thing is no object: None."""
        checked(self.name, key)
        with self.border(key):
            try:
                fd = calls.open_beneath(self._root_fd, key, os.O_PATH | os.O_NOFOLLOW)
            except _ABSENT:
                return None
            except OSError as error:
                if error.errno == errno.ELOOP:  # a link stands in place of one of its folders
                    return None
                raise
            try:
                found = calls.fstat(fd)
            finally:
                calls.close(fd)
        return stat_of(found) if modes.S_ISREG(found.st_mode) else None

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`. Links and odd files are no objects. Raises Away when the place went
        meanwhile."""
        pending: Listing = [(split(prefix)[0], None)]
        while pending:
            path, found = pending.pop()
            if found is not None:
                yield Key(path), found
                continue
            with self.border(path):
                pending.extend(reversed(self._listed(path, prefix)))
        self.check()

    def _listed(self, folder: bytes, prefix: bytes) -> Listing:
        """What a folder holds that begins with `prefix`, folders with None: in byte order of the whole
        keys."""
        try:
            fd = calls.open_beneath(self._root_fd, folder or b".", os.O_RDONLY | os.O_DIRECTORY)
        except _ABSENT:
            return []  # nothing begins so, or it was removed since its parent was listed
        found: list[tuple[bytes, bytes, Stat | None]] = []
        try:
            with calls.scandir(fd) as names:
                for entry in names:
                    key = os.fsencode(entry.name) if not folder else folder + b"/" + os.fsencode(entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        if _may_hold(key + b"/", prefix):
                            found.append((key + b"/", key, None))
                    elif entry.is_file(follow_symlinks=False) and key.startswith(prefix):
                        found.append((key, key, stat_of(entry.stat(follow_symlinks=False))))
        finally:
            calls.close(fd)
        # A folder sorts as its keys will: with its slash, so that `a.b` comes before `a/b`.
        found.sort(key=lambda each: each[0])
        return [(key, stat) for _, key, stat in found]

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`. Folders that a move leaves empty are removed."""
        return self._change(pairs, self._move)

    def _move(self, names: Names, pair: tuple[Key, Key]) -> Outcome:
        key, target = pair
        try:
            with self.border(key):
                names.stat(checked(self.name, key))
            with self.border(target):
                names.move(key, checked(self.name, target))
                found = names.stat(target)
        except LocationError as error:
            return Outcome(target, error)
        _prune(names, key)
        return Outcome(target, None, stat_of(found))

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self._change(times, self._retime)

    def _retime(self, names: Names, time: tuple[Key, int]) -> Outcome:
        key, mtime_ns = time
        try:
            with self.border(key):
                checked(self.name, key)
                if self.traits.mtime_precision_ns is None:
                    names.settle(key)
                    return Outcome(key, None, stat_of(names.stat(key)))
                return Outcome(key, None, stat_of(names.retime(key, mtime_ns)))
        except LocationError as error:
            return Outcome(key, error)

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """See `base.OpenLocation`. Folders that become empty are removed."""
        return self._change(keys, self._delete)

    def _delete(self, names: Names, key: Key) -> Outcome:
        try:
            with self.border(key):
                names.remove(checked(self.name, key))
        except LocationError as error:
            return Outcome(key, error)
        _prune(names, key)
        return Outcome(key)

    def _change(self, items: Iterable[T], change: Callable[[Names, T], Outcome]) -> Iterator[Outcome]:
        """Change names, some hundreds at a time; outcomes come when they are durable."""
        self._for_writing()
        rest = iter(items)
        while some := list(itertools.islice(rest, TOGETHER)):
            self.check()
            with self.border(), self._names() as names:
                outcomes = [change(names, item) for item in some]
                names.flush()
            yield from outcomes

    def digest(self, key: Key) -> None:
        """See `base.OpenLocation`. A folder keeps none."""
        checked(self.name, key)

    def space(self) -> Space | None:
        """See `base.OpenLocation`."""
        with self.border():
            return space(self._root_fd)


def _may_hold(folder: bytes, prefix: bytes) -> bool:
    return (folder.startswith(prefix) or prefix.startswith(folder)) and is_listed(folder, prefix)


def _prune(names: Names, key: bytes) -> None:
    if not key.startswith(OWN + b"/"):
        names.prune(split(key)[0])
