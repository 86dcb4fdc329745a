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
from fonoteca.errors import Conflict, Denied, LocationError
from fonoteca.locations.identity import marker_bytes
from fonoteca.locations.keys import INCOMING, MARKER
from fonoteca.locations.lease import Held, Sightings
from fonoteca.locations.rclone.account import where
from fonoteca.locations.rclone.address import Address
from fonoteca.locations.rclone.client import CHANGE_S, LIMIT_S, Client
from fonoteca.locations.rclone.lease import RcloneBoard
from fonoteca.locations.rclone.open import OpenRclone
from fonoteca.locations.rclone.probing import probe
from fonoteca.locations.rclone.remote import Remote
from fonoteca.locations.site import ServerSite


class RcloneLocation(ServerSite):
    """See `base.Location` and `base.Site`, and `ServerSite` for `expected`, `anywhere` and `sightings`."""

    def __init__(
        self,
        name: str,
        address: Address,
        expected: Identity | None,
        *,
        anywhere: bool = False,
        limit_s: float = LIMIT_S,
        change_s: float = CHANGE_S,
        sightings: Sightings | None = None,
    ) -> None:
        super().__init__(name, expected, anywhere=anywhere, sightings=sightings)
        self.address = address
        self._remote = Remote(name, Client(name, address, limit_s, change_s))
        self._made_root = False
        weakref.finalize(self, self._remote.close)

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenRclone]:
        """See `base.Location`. Raises Away, Denied, Foreign; Locked when another run writes here."""
        with self.admitted(write=write) as (marker, data), self.leased(write=write) as lease:
            if lease is not None:
                self._sweep(lease)
            place = OpenRclone(self._remote, marker, data, lease)
            try:
                yield place
            finally:
                place.close()

    def disconnect(self) -> None:
        """See `ServerSite`."""
        self._remote.close()

    def read_marker(self) -> bytes | None:
        """See `ServerSite`."""
        return self._remote.read_small(MARKER)

    def board(self) -> RcloneBoard:
        """See `ServerSite`."""
        return RcloneBoard(self._remote)

    def absence(self) -> str:
        """See `ServerSite`."""
        return f"{self.address.remote} carries no fonoteca marker: it is another folder, or another account"

    def _sweep(self, lease: Held) -> None:
        """Remove what runs that were cut off left staged."""
        for name, item in self._remote.folder(INCOMING):
            if item.get("IsDir"):
                self._remote.purge(name)
            else:
                self._remote.remove(name)
            lease.hold()

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

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`. An upload is all or nothing on most remotes, so it goes over the one that stands."""
        data = marker_bytes(identity, traits)
        self._remote.write_small(MARKER, data, time.time_ns())
        if self._remote.read_small(MARKER) != data:
            raise Denied(self.name, "its marker reads back differently than it was written")

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        self.expect_free(identity)
        for name, _ in self._remote.folder(b""):
            if name != OWN:
                raise Conflict(self.name, name, "stands there, and is not ours")
        self._remote.purge(OWN)
        if self._made_root:
            self._remote.remove_folder(b"")
