"""An SFTP location that is open: its identity was checked, and a lease taken where it is written.

Everything here may be asked again after the connection broke off (`Lost`): the next call connects anew, and `check`
looks whether it is still the same place and the lease still ours.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from fonoteca.core.place import Identity, Key, Space, Stat, StoreDigest, Traits
from fonoteca.disk.folders import split
from fonoteca.errors import Away, Denied
from fonoteca.locations.base import Outcome
from fonoteca.locations.identity import Marker
from fonoteca.locations.keys import INCOMING, MARKER, checked, is_listed
from fonoteca.locations.sftp.batch import SftpBatch
from fonoteca.locations.sftp.changing import Changing
from fonoteca.locations.sftp.digesting import Digester
from fonoteca.locations.sftp.lease import Lease
from fonoteca.locations.sftp.packets import Attributes
from fonoteca.locations.sftp.reading import SftpReading
from fonoteca.locations.sftp.remote import Remote
from fonoteca.locations.sftp.stat import object_stat, seconds

TOGETHER = 256
"""So many names are changed between two flushes when moving, retiming or deleting."""

FOLDERS_AHEAD = 16
"""So many folders are listed at once: the way to the server is paid once for all."""

T = TypeVar("T")
Some: TypeAlias = list[T]


class OpenSftp:
    """See `base.OpenLocation`. Made by `SftpLocation.open`; usable from several threads."""

    def __init__(
        self,
        remote: Remote,
        marker: Marker,
        data: bytes,
        lease: Lease | None,
        digester: Digester | None = None,
    ) -> None:
        self.name = remote.place
        self.remote = remote
        self.session = INCOMING + b"/" + secrets.token_hex(4).encode()
        """Where batches of this opening are staged, each in a folder with a number."""
        self._marker = marker
        self._data = data
        self._lease = lease
        self._digester = digester
        self._numbers = itertools.count(1)

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return self._marker.identity

    @property
    def traits(self) -> Traits:
        """What it can do, as probed when it was adopted."""
        return self._marker.traits

    def check(self) -> None:
        """See `base.OpenLocation`: the marker still says the same, and the lease is still ours."""
        data = self.remote.read_small(MARKER)
        if data != self._data:
            reason = "its marker is gone" if data is None else "its marker changed while it was in use"
            raise Away(
                self.name, reason, "What was finished stands. Look what happened there, and run this again."
            )
        if self._lease is not None:
            self._lease.hold()

    def alive(self) -> None:
        """Said between blocks of a long upload: the lease is held on to. Raises Away."""
        if self._lease is not None:
            self._lease.hold()

    @contextmanager
    def batch(self) -> Iterator[SftpBatch]:
        """See `base.OpenLocation`."""
        self._for_writing()
        self.check()
        folder = self.session + b"-%d" % next(self._numbers)
        self.remote.make_folders(folder)
        batch = SftpBatch(self, folder, self.remote.link.shared("staging"), self.remote.piece)
        try:
            yield batch
        finally:
            batch.discard()

    def _for_writing(self) -> None:
        if self._lease is None:
            raise Denied(self.name, "it was opened for reading only")

    def seconds(self, mtime_ns: int) -> int:
        """The mtime as a server keeps it."""
        return seconds(mtime_ns)

    def read(self, key: Key, *, start: int = 0) -> SftpReading:
        """See `base.OpenLocation`."""
        return SftpReading(self.remote, checked(self.name, key), key, start)

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`. A folder, a link or another odd thing is no object: None."""
        return object_stat(self.remote.lstat(checked(self.name, key)))

    # listing

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`. Links and odd files are no objects."""
        pending: list[tuple[bytes, Stat | None]] = [(split(prefix)[0], None)]
        ahead: dict[bytes, list[tuple[bytes, Attributes]]] = {}
        while pending:
            path, found = pending.pop()
            if found is not None:
                yield Key(path), found
                continue
            if path not in ahead:
                later = [name for name, stat in reversed(pending) if stat is None]
                wanted = [path, *itertools.islice(later, FOLDERS_AHEAD - 1)]
                ahead.update(zip(wanted, self.remote.folders(wanted), strict=True))
            pending.extend(reversed(_ordered(path, ahead.pop(path), prefix)))
        self.check()

    # changing

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`. Folders that a move leaves empty are removed."""
        return self._change(pairs, lambda some: Changing(self).move(some))

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self._change(times, lambda some: Changing(self).retime(some))

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """See `base.OpenLocation`. Folders that become empty are removed."""
        return self._change(keys, lambda some: Changing(self).delete(some))

    def _change(
        self, items: Iterable[T], change: Callable[[Some[T]], Iterator[Outcome]]
    ) -> Iterator[Outcome]:
        """Change names, some hundreds at a time; outcomes come when they are flushed."""
        self._for_writing()
        rest = iter(items)
        while some := [*itertools.islice(rest, TOGETHER)]:
            self.check()
            yield from tuple(change(some))

    def digest(self, key: Key) -> StoreDigest | None:
        """See `base.OpenLocation`. Made over there, where the user allows it."""
        name = checked(self.name, key)
        return self._digester.of(name) if self._digester is not None else None

    def space(self) -> Space | None:
        """See `base.OpenLocation`."""
        disk = self.remote.disk()
        return disk.space if disk is not None else None


def _ordered(
    folder: bytes, names: list[tuple[bytes, Attributes]], prefix: bytes
) -> list[tuple[bytes, Stat | None]]:
    """What a folder holds that begins with `prefix`, folders with None: in byte order of the whole keys."""
    found: list[tuple[bytes, bytes, Stat | None]] = []
    for name, attributes in names:
        if name in (b".", b".."):
            continue
        key = folder + b"/" + name if folder else name
        if attributes.is_folder:
            if _may_hold(key + b"/", prefix):
                found.append((key + b"/", key, None))
            continue
        stat = object_stat(attributes)
        if stat is not None and key.startswith(prefix) and is_listed(key, prefix):
            found.append((key, key, stat))
    # A folder sorts as its keys will: with its slash, so that `a.b` comes before `a/b`.
    found.sort(key=lambda each: each[0])
    return [(key, stat) for _, key, stat in found]


def _may_hold(folder: bytes, prefix: bytes) -> bool:
    return (folder.startswith(prefix) or prefix.startswith(folder)) and is_listed(folder, prefix)
