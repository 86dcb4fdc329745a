"""A location that the user's own rclone reaches: a cloud, a WebDAV or SMB share, whatever it has a remote for.

    location = RcloneLocation("drive", Address("gdrive:music"), expected)
    with location.open(write=True) as place: ...

rclone runs while the place is open (`daemon`), with the user's own config, which is never read here. Who the place is
follows from the marker and from what the remote's settings say of whose disks it is on (`account`). One run writes at a
time (`lease`).
"""

from __future__ import annotations

import secrets
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from fonoteca.core.place import OWN, Identity, Traits
from fonoteca.errors import Away, Conflict, Denied, LocationError
from fonoteca.locations.identity import FORMAT, Marker, judge, marker_bytes, parse_marker
from fonoteca.locations.keys import INCOMING, MARKER
from fonoteca.locations.rclone.account import where
from fonoteca.locations.rclone.address import Address
from fonoteca.locations.rclone.client import CHANGE_S, LIMIT_S, Client
from fonoteca.locations.rclone.lease import Lease, release, take
from fonoteca.locations.rclone.open import OpenRclone
from fonoteca.locations.rclone.probing import probe
from fonoteca.locations.rclone.remote import Remote


class RcloneLocation:
    """See `base.Location` and `base.Site`. `expected` is who it should be; None can be opened for reading only.

    `anywhere`: a bare location may also be a copy of one, elsewhere than its marker says.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        expected: Identity | None,
        *,
        anywhere: bool = False,
        limit_s: float = LIMIT_S,
        change_s: float = CHANGE_S,
    ) -> None:
        self.name = name
        self.address = address
        self.expected = expected
        self.anywhere = anywhere and expected is None
        self._remote = Remote(name, Client(name, address, limit_s, change_s))
        self._made_root = False
        weakref.finalize(self, self._remote.close)

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenRclone]:
        """See `base.Location`. Raises Away, Denied, Foreign; Locked when another run writes here."""
        if write and self.expected is None:
            raise Denied(
                self.name, "nobody knows yet whose place it is", f"Run `fonoteca location adopt {self.name}`."
            )
        try:
            marker, data = self._believed()
            lease = take(self._remote) if write else None
            try:
                if lease is not None:
                    self._sweep(lease)
                place = OpenRclone(self._remote, marker, data, lease)
                try:
                    yield place
                finally:
                    place.close()
            finally:
                if lease is not None:
                    lease.release()
        finally:
            self._remote.close()

    def _believed(self) -> tuple[Marker, bytes]:
        data = self._remote.read_small(MARKER)
        if data is None:
            raise Away(
                self.name,
                f"{self.address.remote} carries no fonoteca marker: it is another folder, or another account",
                f"Look there and run this again; for a new place, run `fonoteca location add {self.name}`.",
            )
        marker = parse_marker(self.name, data)
        if not self.anywhere:
            judge(self.name, marker.identity, self.where(), self.expected)
        return marker, data

    def _sweep(self, lease: Lease) -> None:
        """Remove what runs that were cut off left staged."""
        for name, item in self._remote.folder(INCOMING):
            if item.get("IsDir"):
                self._remote.purge(name)
            else:
                self._remote.remove(name)
            lease.hold()

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        data = self._remote.read_small(MARKER)
        return parse_marker(self.name, data).identity if data is not None else None

    def where(self) -> str:
        """See `base.Site`."""
        return where(self._remote)

    def holds_manifests(self) -> bool:
        """See `base.Site`."""
        return bool(self._remote.folder(OWN + b"/libraries"))

    def probe(self) -> Traits:
        """See `base.Site`."""
        self._made_root = self._made_root or not self._remote.stands(b"")
        try:
            return probe(self._remote, INCOMING + b"/probe-" + secrets.token_hex(4).encode())
        finally:
            for folder in (INCOMING, OWN):
                self._tidy(folder)  # stays where something was there before us

    def _tidy(self, folder: bytes) -> None:
        try:
            self._remote.remove_folder(folder)
        except LocationError:
            return

    def new_identity(self, naming: str) -> Identity:
        """See `base.Site`."""
        return Identity(secrets.token_hex(16), secrets.token_hex(16), self.where(), FORMAT, naming)

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`. What stands there stays untouched; another location's marker is Conflict."""
        self._expect_free(identity)
        here = self.where()
        if here != identity.file_system:
            raise Away(self.name, f"it lies on {here}, not on {identity.file_system}")
        found = traits if traits is not None else self.probe()
        self.mark(identity, found)
        return found

    def _expect_free(self, identity: Identity) -> None:
        standing = self.peek()
        if standing is not None and (standing.id, standing.nonce) != (identity.id, identity.nonce):
            raise Conflict(self.name, MARKER, f"says that this is another location ({standing.id})")

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`. An upload is all or nothing on most remotes, so it goes over the one that stands."""
        data = marker_bytes(identity, traits)
        self._remote.write_small(MARKER, data, time.time_ns())
        if self._remote.read_small(MARKER) != data:
            raise Denied(self.name, "its marker reads back differently than it was written")

    def release(self) -> str | None:
        """See `base.Site`."""
        try:
            self._believed()
            return release(self._remote)
        finally:
            self._remote.close()

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        self._expect_free(identity)
        for name, _ in self._remote.folder(b""):
            if name != OWN:
                raise Conflict(self.name, name, "stands there, and is not ours")
        self._remote.purge(OWN)
        if self._made_root:
            self._remote.remove_folder(b"")
