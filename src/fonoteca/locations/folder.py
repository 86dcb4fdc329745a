"""A location that is a folder: on a drive of this machine, or on a NAS that is mounted.

    location = FolderLocation("usb-red", b"/media/red/music-backup", expected)
    with location.open(write=True) as place: ...

The folder is held by a handle while it is open, so that nothing lands beneath a mount point whose drive went;
nothing stays open on it afterwards, so that the drive can be unmounted. One process writes at a time (flock
on the marker).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fonoteca.core.place import OWN, Identity, Traits
from fonoteca.disk import calls
from fonoteca.disk.files import flush_folder, make_folders, read_descriptor, remove_folders, replace_whole
from fonoteca.disk.folders import Folders, open_root
from fonoteca.disk.lock import lock_or_raise
from fonoteca.disk.mounts import FileSystem, file_system_of
from fonoteca.disk.probing import probe
from fonoteca.disk.staging import sweep
from fonoteca.errors import Away, Broken, Conflict, Denied
from fonoteca.locations.border import Border, Meaning, meaning
from fonoteca.locations.identity import Marker, absent, judge, marker_bytes, new_identity, parse_marker
from fonoteca.locations.keys import INCOMING, MARKER
from fonoteca.locations.open import OpenFolder


class FolderLocation:
    """See `base.Location`. `expected` is who it should be; None (a bare location) can be opened for reading
    only.

    `anywhere`: a bare location may also be a copy of one, on another file system than its marker says.
    """

    def __init__(self, name: str, path: bytes, expected: Identity | None, *, anywhere: bool = False) -> None:
        self.name = name
        self.path = path
        self.expected = expected
        self.anywhere = anywhere and expected is None
        self._made: list[bytes] = []
        """Folders that this object made on its way to the root."""

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenFolder]:
        """See `base.Location`. Raises Away, Denied, Foreign; Locked when another process writes here."""
        if write and self.expected is None:
            raise Denied(
                self.name, "nobody knows yet whose place it is", f"Run `fonoteca location adopt {self.name}`."
            )
        root_fd = self._root()
        try:
            marker_fd = self._marker_fd(root_fd, os.O_RDWR if write else os.O_RDONLY)
            try:
                yield self._opened(root_fd, marker_fd, write)
            finally:
                calls.close(marker_fd)  # and with it the lock goes
        finally:
            calls.close(root_fd)

    def _opened(self, root_fd: int, marker_fd: int, write: bool) -> OpenFolder:
        with self._border():
            if write:
                lock_or_raise(marker_fd, f"The location {self.name}")
            data = read_descriptor(marker_fd)
            where = file_system_of(root_fd)
        marker = parse_marker(self.name, data)
        if not self.anywhere:
            judge(self.name, marker.identity, where.identity, self.expected)
        place = OpenFolder(self.name, self.path, root_fd, where, marker, data, writing=write)
        place.check()
        if write:
            with self._border():
                sweep(root_fd, INCOMING)
        return place

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        root_fd = self._root()
        try:
            marker = self._marker(root_fd)
        finally:
            calls.close(root_fd)
        return marker.identity if marker is not None else None

    def file_system(self) -> FileSystem:
        """Where the folder lies. Raises Away, Denied."""
        root_fd = self._root()
        try:
            with self._border():
                return file_system_of(root_fd)
        finally:
            calls.close(root_fd)

    def where(self) -> str:
        """See `base.Site`."""
        return self.file_system().identity

    def holds_manifests(self) -> bool:
        """See `base.Site`."""
        return os.path.isdir(os.path.join(self.path, OWN, b"libraries"))

    def new_identity(self, naming: str) -> Identity:
        """See `base.Site`."""
        try:
            return new_identity(self.path, naming=naming)
        except OSError as error:
            raise self._unreachable(error) from error

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""
        with self._border(MARKER):
            replace_whole(os.path.join(self.path, MARKER), marker_bytes(identity, traits))

    def release(self) -> None:
        """See `base.Site`. A lock ends with its process, so there is nothing to release."""
        if self.peek() is None:
            raise absent(self.name, os.fsdecode(self.path))
        marker_root = self._root()
        try:
            marker_fd = self._marker_fd(marker_root, os.O_RDWR)
            try:
                lock_or_raise(marker_fd, f"The location {self.name}")
            finally:
                calls.close(marker_fd)
        finally:
            calls.close(marker_root)

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        root_fd = self._root()
        try:
            self._expect_free(root_fd, identity)
            with self._border():
                with calls.scandir(root_fd) as names:
                    found = [os.fsencode(entry.name) for entry in names]
                strange = next((name for name in found if name != OWN), None)
                if strange is not None:
                    raise Conflict(self.name, strange, "stands there, and is not ours")
                sweep(root_fd, OWN)
                calls.rmdir(OWN, dir_fd=root_fd)
        finally:
            calls.close(root_fd)
        made, self._made = self._made, []
        remove_folders(made)

    def probe(self) -> Traits:
        """What this place can do, found out by trying; makes the folder, leaves nothing else. Raises
        LocationError."""
        with self._border():
            self._made += make_folders(self.path)
        root_fd = self._root()
        try:
            return self._probe(root_fd)
        finally:
            calls.close(root_fd)

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`. What stands in the folder stays untouched; another location's marker is
        Conflict.

        `identity.file_system` has to be the one on which the folder lies (`identity.new_identity` says it).
        """
        with self._border():
            self._made += make_folders(self.path)
        root_fd = self._root()
        try:
            self._expect_free(root_fd, identity)
            found = traits if traits is not None else self._probe(root_fd)
            with self._border(MARKER), Folders(root_fd) as folders:
                replace_whole(
                    b"location.json", marker_bytes(identity, found), dir_fd=folders.get(OWN, make=True)
                )
                flush_folder(b".", dir_fd=root_fd)
            return found
        finally:
            calls.close(root_fd)

    def _expect_free(self, root_fd: int, identity: Identity) -> None:
        marker = self._marker(root_fd)
        if marker is not None and (marker.identity.id, marker.identity.nonce) != (
            identity.id,
            identity.nonce,
        ):
            raise Conflict(self.name, MARKER, f"says that this is another location ({marker.identity.id})")
        with self._border():
            where = file_system_of(root_fd).identity
        if where != identity.file_system:
            raise Away(self.name, f"it lies on the file system {where}, not on {identity.file_system}")

    def _probe(self, root_fd: int) -> Traits:
        with self._border():
            traits = probe(root_fd, INCOMING + b"/probe")
            for folder in (INCOMING, OWN):
                with suppress(OSError):  # not empty: it was there before us
                    calls.rmdir(folder, dir_fd=root_fd)
        return traits

    def _root(self) -> int:
        try:
            return open_root(self.path)
        except OSError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: OSError) -> Away | Denied | Broken:
        shown = os.fsdecode(self.path).encode("utf-8", "backslashreplace").decode()
        match meaning(error.errno):
            case Meaning.ABSENT:
                return Away(self.name, f"{shown} is not there", "Mount it and run this again.")
            case Meaning.IN_THE_WAY:
                return Away(self.name, f"{shown} is not a folder")
            case Meaning.DENIED | Meaning.REFUSED:
                return Denied(self.name, f"{shown} may not be entered", "Give yourself permission there.")
            case Meaning.AWAY:
                return Away(
                    self.name, f"{shown} does not answer ({error.strerror})", "Mount it and run this again."
                )
            case _:
                return Broken(self.name, f"{shown}: {error.strerror}")

    def _marker_fd(self, root_fd: int, flags: int) -> int:
        try:
            with self._border(MARKER):
                return calls.open_beneath(root_fd, MARKER, flags | os.O_NOFOLLOW)
        except Conflict as error:
            raise absent(self.name, os.fsdecode(self.path)) from error

    def _marker(self, root_fd: int) -> Marker | None:
        try:
            fd = self._marker_fd(root_fd, os.O_RDONLY)
        except Away:
            return None
        try:
            with self._border():
                data = read_descriptor(fd)
            return parse_marker(self.name, data)
        finally:
            calls.close(fd)

    def _border(self, key: bytes | None = None) -> Border:
        return Border(self.name, key)
