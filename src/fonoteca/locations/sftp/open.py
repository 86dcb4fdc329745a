"""An SFTP location that is open: its identity was checked, and a lease taken where it is written.

Everything here may be asked again after the connection broke off (`Lost`): the next call connects anew, and `check`
looks whether it is still the same place and the lease still ours.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from fonoteca.core.place import Key, Space, Stat, StoreDigest
from fonoteca.disk.folders import split
from fonoteca.locations.held import HeldPlace
from fonoteca.locations.identity import Marker
from fonoteca.locations.keys import INCOMING, MARKER, checked, is_listed
from fonoteca.locations.lease import Held
from fonoteca.locations.sftp.batch import SftpBatch
from fonoteca.locations.sftp.changing import Changing
from fonoteca.locations.sftp.digesting import Digester
from fonoteca.locations.sftp.packets import Attributes
from fonoteca.locations.sftp.reading import SftpReading
from fonoteca.locations.sftp.remote import Remote
from fonoteca.locations.sftp.stat import object_stat, seconds

FOLDERS_AHEAD = 16
"""So many folders are listed at once: the way to the server is paid once for all."""

T = TypeVar("T")
Some: TypeAlias = list[T]


class OpenSftp(HeldPlace):
    """See `base.OpenLocation`. Made by `SftpLocation.open`; usable from several threads."""

    def __init__(
        self,
        remote: Remote,
        marker: Marker,
        data: bytes,
        lease: Held | None,
        digester: Digester | None = None,
    ) -> None:
        super().__init__(remote.place, marker, data, lease)
        self.remote = remote
        self.session = INCOMING + b"/" + secrets.token_hex(4).encode()
        """Where batches of this opening are staged, each in a folder with a number."""
        self._digester = digester
        self._numbers = itertools.count(1)

    def read_marker(self) -> bytes | None:
        """See `held.HeldPlace`."""
        return self.remote.read_small(MARKER)

    def changing(self) -> Changing:
        """See `held.HeldPlace`."""
        return Changing(self)

    @contextmanager
    def batch(self) -> Iterator[SftpBatch]:
        """See `base.OpenLocation`."""
        self.expect_writing()
        self.check()
        folder = self.session + b"-%d" % next(self._numbers)
        self.remote.make_folders(folder)
        batch = SftpBatch(self, folder, self.remote.link.shared("staging"), self.remote.piece)
        try:
            yield batch
        finally:
            batch.discard()

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
