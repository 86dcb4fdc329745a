"""What is alike at all places beyond this machine: the marker believed and adopted, the lease taken and released.

A kind of place says how its marker is read and written, whose disks it lies on, and where a lease is pinned.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from fonoteca.core.place import Identity, Traits
from fonoteca.errors import Away, Conflict, Denied
from fonoteca.locations.identity import FORMAT, Marker, judge, parse_marker
from fonoteca.locations.keys import MARKER
from fonoteca.locations.lease import Board, Held, Sightings, release, take


class ServerSite(ABC):
    """The half of `base.Site` that all of them share. `expected` is who it should be; None may only be read.

    `anywhere`: a bare location may also be a copy of one, elsewhere than its marker says. `sightings`: which leases of
    others were seen before.
    """

    def __init__(
        self,
        name: str,
        expected: Identity | None,
        *,
        anywhere: bool = False,
        sightings: Sightings | None = None,
    ) -> None:
        self.name = name
        self.expected = expected
        self.anywhere = anywhere and expected is None
        self.sightings = sightings if sightings is not None else Sightings()

    # what a kind of place says

    @abstractmethod
    def read_marker(self) -> bytes | None:
        """The text of the marker, None where there is none. Raises LocationError."""

    @abstractmethod
    def board(self) -> Board:
        """Where its lease is pinned."""

    @abstractmethod
    def absence(self) -> str:
        """What a place without a marker is, for a sentence."""

    @abstractmethod
    def where(self) -> str:
        """See `base.Site`."""

    @abstractmethod
    def probe(self) -> Traits:
        """See `base.Site`."""

    @abstractmethod
    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""

    @abstractmethod
    def disconnect(self) -> None:
        """Let go of what connects us. Never raises; the next use begins anew."""

    # what they share

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        data = self.read_marker()
        return parse_marker(self.name, data).identity if data is not None else None

    def new_identity(self, naming: str) -> Identity:
        """See `base.Site`."""
        return Identity(secrets.token_hex(16), secrets.token_hex(16), self.where(), FORMAT, naming)

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`. What stands there stays untouched; another location's marker is Conflict."""
        self.expect_free(identity)
        here = self.where()
        if here != identity.file_system:
            raise Away(self.name, f"it lies on {here}, not on {identity.file_system}")
        found = traits if traits is not None else self.probe()
        self.mark(identity, found)
        return found

    def expect_free(self, identity: Identity) -> None:
        """Raises Conflict where the marker of another location stands."""
        standing = self.peek()
        if standing is not None and (standing.id, standing.nonce) != (identity.id, identity.nonce):
            raise Conflict(self.name, MARKER, f"says that this is another location ({standing.id})")

    def believed(self) -> tuple[Marker, bytes]:
        """The marker that stands there, and its text. Raises Away where it is another one or none, Foreign."""
        data = self.read_marker()
        if data is None:
            raise Away(
                self.name,
                self.absence(),
                f"Look there and run this again; for a new place, run `fonoteca location add {self.name}`.",
            )
        marker = parse_marker(self.name, data)
        if not self.anywhere:
            judge(self.name, marker.identity, self.where(), self.expected)
        return marker, data

    @contextmanager
    def admitted(self, *, write: bool) -> Iterator[tuple[Marker, bytes]]:
        """The gate: what stands there is believed; at the end the connection is let go. Raises LocationError."""
        if write and self.expected is None:
            raise Denied(
                self.name, "nobody knows yet whose place it is", f"Run `fonoteca location adopt {self.name}`."
            )
        try:
            yield self.believed()
        finally:
            self.disconnect()

    @contextmanager
    def leased(self, *, write: bool) -> Iterator[Held | None]:
        """The lease of a place that is written, None of one that is read. Raises Locked when another run writes."""
        lease = take(self.board(), self.sightings) if write else None
        try:
            yield lease
        finally:
            if lease is not None:
                lease.release()

    def release(self) -> str | None:
        """See `base.Site`."""
        try:
            self.believed()
            return release(self.board())
        finally:
            self.disconnect()
