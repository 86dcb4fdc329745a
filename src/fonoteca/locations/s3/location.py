"""A location that is a bucket, or a prefix in one: AWS, Ceph, Backblaze, Wasabi, Garage, MinIO and the like.

    location = S3Location("cloud", Address("ana-music", "archive", endpoint="https://s3.example.org"), expected)
    with location.open(write=True) as place: ...

One run writes at a time (`lease`). What a run that was cut off left staged is removed when the next one opens.
"""

from __future__ import annotations

import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from fonoteca.core.place import OWN, Identity, Key, Traits
from fonoteca.errors import Away, Conflict, Denied
from fonoteca.locations.identity import FORMAT, Marker, judge, marker_bytes, parse_marker
from fonoteca.locations.keys import INCOMING, MARKER
from fonoteca.locations.s3.address import Address
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.changing import end_moves
from fonoteca.locations.s3.lease import CLAIMS, Lease, release, take
from fonoteca.locations.s3.open import OpenS3
from fonoteca.locations.s3.probing import probe
from fonoteca.locations.s3.store import Store

_FORGOTTEN = timedelta(hours=24)
"""An upload that was begun so long ago and never completed is nobody's any more."""

_SKEW = timedelta(minutes=15)
"""A server whose clock differs by more refuses us (RequestTimeTooSkewed)."""


class S3Location:
    """See `base.Location` and `base.Site`. `expected` is who it should be; None can be opened for reading only.

    `anywhere`: a bare location may also be a copy of one, at another server than its marker says.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        expected: Identity | None,
        *,
        anywhere: bool = False,
        limit_s: float | None = None,
    ) -> None:
        self.name = name
        self.address = address
        self.expected = expected
        self.anywhere = anywhere and expected is None
        self._store = Store(name, address, limit_s=limit_s)
        weakref.finalize(self, self._store.close)

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenS3]:
        """See `base.Location`. Raises Away, Denied, Foreign; Locked when another run writes here."""
        if write and self.expected is None:
            raise Denied(
                self.name, "nobody knows yet whose place it is", f"Run `fonoteca location adopt {self.name}`."
            )
        try:
            marker, data = self._believed()
            self._store.conditions = marker.traits.conditional_write
            self._store.holds_to_md5 = marker.traits.atomic_upload
            self._store.digests = marker.traits.store_digest == "sha256"
            lease = take(self._store) if write else None
            place = OpenS3(self._store, marker, data, lease)
            try:
                if lease is not None:
                    self._sweep(lease)
                yield place
            finally:
                place.close()
                if lease is not None:
                    lease.release()
        finally:
            self._store.close()

    def _believed(self) -> tuple[Marker, bytes]:
        data = self._store.read_small(MARKER)
        if data is None:
            raise Away(
                self.name,
                f"{self._shown()} carries no fonoteca marker: the bucket or the prefix is another",
                f"Look there and run this again; for a new place, run `fonoteca location add {self.name}`.",
            )
        marker = parse_marker(self.name, data)
        if not self.anywhere:
            judge(self.name, marker.identity, self.where(), self.expected)
        return marker, data

    def _sweep(self, lease: Lease) -> None:
        """Remove what runs that were cut off left: staged objects, and uploads that never ended.

        Others may upload into the same bucket just now: so only uploads among our own files, those begun while the dead
        run held the lease, and those of yesterday.
        """
        own = Key(CLAIMS + lease.owner.encode())
        left = [key for key, _ in self._store.list(INCOMING + b"/") if key != own]
        if left:
            end_moves(self._store, left)
            self._store.delete(left)
        old = datetime.now(UTC) - _FORGOTTEN
        since = lease.since - _SKEW if lease.since is not None else None
        with suppress(Denied, Missing):  # not every server lists them, and not everybody may
            for upload, begun in list(self._store.uploads()):
                ours = upload.key.startswith(OWN + b"/") or (since is not None and begun >= since)
                if ours or begun < old:
                    self._store.abort(upload)

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        data = self._store.read_small(MARKER)
        return parse_marker(self.name, data).identity if data is not None else None

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

    def new_identity(self, naming: str) -> Identity:
        """See `base.Site`."""
        return Identity(secrets.token_hex(16), secrets.token_hex(16), self.where(), FORMAT, naming)

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`. What stands there stays untouched; another location's marker is Conflict."""
        standing = self.peek()
        if standing is not None and (standing.id, standing.nonce) != (identity.id, identity.nonce):
            raise Conflict(self.name, MARKER, f"says that this is another location ({standing.id})")
        if self.where() != identity.file_system:
            raise Away(self.name, f"it is the server {self.where()}, not {identity.file_system}")
        found = traits if traits is not None else self.probe()
        self.mark(identity, found)
        return found

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""
        data = marker_bytes(identity, traits)
        try:
            self._store.put(MARKER, data)
        except Unmet as error:
            raise Conflict(self.name, MARKER, "changed while it was written") from error
        if self._store.read_small(MARKER) != data:
            raise Away(self.name, "its marker reads back differently from what was written")

    def release(self) -> str | None:
        """See `base.Site`."""
        self._believed()
        try:
            return release(self._store)
        finally:
            self._store.close()

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        standing = self.peek()
        if standing is not None and (standing.id, standing.nonce) != (identity.id, identity.nonce):
            raise Conflict(self.name, MARKER, f"says that this is another location ({standing.id})")
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

    def _shown(self) -> str:
        return f"{self.address.shown} at {self.address.server}"
