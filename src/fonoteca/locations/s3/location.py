"""A location that is a bucket, or a prefix in one: AWS, Ceph, Backblaze, Wasabi, Garage, MinIO and the like.

    location = S3Location("cloud", Address("ana-music", "archive", endpoint="https://s3.example.org"), expected)
    with location.open(write=True) as place: ...

One run writes at a time (`lease`). What a run that was cut off left staged is removed when the next one opens.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from fonoteca.core.place import OWN, Identity, Key, Traits
from fonoteca.errors import Away, Conflict, Denied
from fonoteca.locations.identity import marker_bytes
from fonoteca.locations.keys import INCOMING, MARKER
from fonoteca.locations.lease import Held, Sightings
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.changing import end_moves
from fonoteca.locations.s3.lease import CLAIMS, S3Board
from fonoteca.locations.s3.naming import undo
from fonoteca.locations.s3.open import OpenS3
from fonoteca.locations.s3.probing import probe
from fonoteca.locations.s3.store import Store
from fonoteca.locations.site import ServerSite

_FORGOTTEN = timedelta(hours=24)
"""An upload that was begun so long ago and never completed is nobody's any more."""

_SKEW = timedelta(minutes=15)
"""A server whose clock differs by more refuses us (RequestTimeTooSkewed)."""


class S3Location(ServerSite):
    """See `base.Location` and `base.Site`, and `ServerSite` for `expected`, `anywhere` and `sightings`."""

    def __init__(
        self,
        name: str,
        address: Address,
        expected: Identity | None,
        *,
        anywhere: bool = False,
        limit_s: float | None = None,
        sightings: Sightings | None = None,
    ) -> None:
        super().__init__(name, expected, anywhere=anywhere, sightings=sightings)
        self.address = address
        self._store = Store(name, address, limit_s=limit_s)
        weakref.finalize(self, self._store.close)

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenS3]:
        """See `base.Location`. Raises Away, Denied, Foreign; Locked when another run writes here."""
        with self.admitted(write=write) as (marker, data):
            self._store.conditions = marker.traits.conditional_write
            self._store.holds_to_md5 = marker.traits.atomic_upload
            self._store.digests = marker.traits.store_digest == "sha256"
            with self.leased(write=write) as lease:
                place = OpenS3(self._store, marker, data, lease)
                try:
                    if lease is not None:
                        self._sweep(lease)
                    yield place
                finally:
                    place.close()

    def disconnect(self) -> None:
        """See `ServerSite`."""
        self._store.close()

    def read_marker(self) -> bytes | None:
        """See `ServerSite`."""
        return self._store.read_small(MARKER)

    def board(self) -> S3Board:
        """See `ServerSite`."""
        return S3Board(self._store)

    def absence(self) -> str:
        """See `ServerSite`."""
        return (
            f"{self.address.shown} at {self.address.server} carries no fonoteca marker: "
            f"the bucket or the prefix is another"
        )

    def _sweep(self, lease: Held) -> None:
        """Remove what runs that were cut off left: staged objects, and uploads that never ended.

        Others may upload into the same bucket just now: so only uploads among our own files, those begun while the dead
        run held the lease, and those of yesterday.
        """
        own = Key(CLAIMS + lease.owner.encode())
        left = [key for key, _ in self._store.list(INCOMING + b"/") if key != own]
        if left:
            end_moves(self._store, left)
            undo(self._store, left)
            self._store.delete(left)
        old = datetime.now(UTC) - _FORGOTTEN
        dead = lease.replaced
        since = datetime.fromtimestamp(dead.since, UTC) - _SKEW if dead is not None and dead.since else None
        with suppress(Denied, Missing):  # not every server lists them, and not everybody may
            for upload, begun in list(self._store.uploads()):
                ours = upload.key.startswith(OWN + b"/") or (since is not None and begun >= since)
                if ours or begun < old:
                    self._store.abort(upload)

    def where(self) -> str:
        """See `base.Site`: the server by its name. Two buckets there are taken to lie on the same disks."""
        region = self.address.region if self.address.endpoint is None else None
        return f"s3:{self.address.server}" + (f"/{region}" if region else "")

    def holds_manifests(self) -> bool:
        """See `base.Site`."""
        return next(iter(self._store.list(OWN + b"/libraries/")), None) is not None

    def probe(self) -> Traits:
        """See `base.Site`."""
        return probe(self._store)

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""
        data = marker_bytes(identity, traits)
        try:
            self._store.put(MARKER, data)
        except Unmet as error:
            raise Conflict(self.name, MARKER, "changed while it was written") from error
        if self._store.read_small(MARKER) != data:
            raise Away(self.name, "its marker reads back differently from what was written")

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        self.expect_free(identity)
        keys = [key for key, _ in self._store.list(b"")]
        strange = [key for key in keys if not key.startswith(OWN + b"/")]
        if strange:
            raise Conflict(self.name, strange[0], "stands there, and is not ours")
        with suppress(Denied, Missing):  # not every server lists them, and not everybody may
            for upload, _ in list(self._store.uploads()):
                if upload.key.startswith(OWN + b"/"):
                    self._store.abort(upload)
        for key, error in self._store.delete(keys).items():
            raise Conflict(self.name, key, "cannot be removed") from error
