"""Reading copies again and comparing them with what was recorded, some threads at once.

Small files go through a thread many at a time, since a hand-over costs as much as reading one. A copy that
differs is read a second time, with both digests: so the finding names them, and readings that disagree are
not called damage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import xxhash

from fonoteca.core.copy import Level
from fonoteca.core.digest import Digests, Hasher
from fonoteca.core.finding import FindingKind
from fonoteca.core.place import Key
from fonoteca.errors import Away, Conflict, LocationError
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.crew import Cancelled

PARCEL_FILES = 32
PARCEL_BYTES = 8 << 20
"""So many files, or so many bytes, go to a thread together."""


class Trouble(NamedTuple):
    """What is wrong with one copy, as a finding's kind and detail. `found` is what was read, where anything
    was.
    """

    kind: FindingKind
    detail: str
    found: Digests | None = None


class Sought(Protocol):
    """What is looked for under a key. `xxh3_128` is empty where only SHA-256 is known.

    `decided` is what is known without reading: it is handed through.
    """

    @property
    def key(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> bytes: ...
    @property
    def xxh3_128(self) -> bytes: ...
    @property
    def decided(self) -> tuple[Level, Trouble | None] | None: ...


Item = TypeVar("Item", bound=Sought)


class Stoppable(Protocol):
    """Says whether work is still wanted."""

    @property
    def cancelled(self) -> bool: ...


@dataclass(slots=True)
class Rereader:
    """Reads at one open location. `sha256` compares SHA-256 beside XXH3-128. `crew` is asked whether to
    stop.
    """

    place: OpenLocation
    sha256: bool = False
    crew: Stoppable | None = None
    pace: Callable[[int], None] | None = None
    """Told of each block's bytes; it may wait."""
    by_store: bool = False
    """What has its size is compared with the store's own digest, where that has one, instead of being read."""

    def look(self, parcel: list[Item]) -> list[tuple[Item, Level, Trouble | None]]:
        """What each is: the level that was reached, and what is wrong. Raises Away, Cancelled."""
        return [(item, *(self._by_store(item, item.decided) or self._one(item))) for item in parcel]

    def _by_store(
        self, item: Sought, decided: tuple[Level, Trouble | None] | None
    ) -> tuple[Level, Trouble | None] | None:
        """As decided, or better by the store's own digest; None when it has to be read: a digest that differs may be
        the store's mistake.
        """
        if not self.by_store or decided is None or decided[1] is not None:
            return decided
        if self.crew is not None and self.crew.cancelled:
            raise Cancelled
        found = self.place.digest(Key(item.key))
        if found is None or found.kind not in ("sha256", "xxh3_128"):
            return decided
        expected = item.sha256 if found.kind == "sha256" else item.xxh3_128
        return (Level.DIGEST, None) if found.value == expected else None

    def _one(self, item: Sought) -> tuple[Level, Trouble | None]:
        try:
            if self.sha256 or not item.xxh3_128:
                return self._thoroughly(item)
            level, found = self._quickly(item)
            if found == item.xxh3_128:
                return level, None
            return self._again(item, found)
        except Away:
            raise
        except LocationError as error:
            return Level.NONE, self._unread(item, error)

    def _quickly(self, item: Sought) -> tuple[Level, bytes]:
        hasher = xxhash.xxh3_128()
        with self.place.read(Key(item.key)) as reading:
            for block in reading:
                hasher.update(block)
                self._go_on(len(block))
            return reading.level, hasher.digest()

    def _both(self, item: Sought) -> tuple[Level, Digests, int]:
        hasher = Hasher()
        with self.place.read(Key(item.key)) as reading:
            for block in reading:
                hasher.update(block)
                self._go_on(len(block))
            return reading.level, hasher.digests(), hasher.size

    def _go_on(self, size: int) -> None:
        if self.pace is not None:
            self.pace(size)
        if self.crew is not None and self.crew.cancelled:
            raise Cancelled

    def _thoroughly(self, item: Sought) -> tuple[Level, Trouble | None]:
        level, found, _ = self._both(item)
        if found.sha256 == item.sha256 and item.xxh3_128 in (b"", found.xxh3_128):
            return level, None
        return self._again(item, found.xxh3_128)

    def _again(self, item: Sought, first: bytes) -> tuple[Level, Trouble | None]:
        level, found, size = self._both(item)
        if found.xxh3_128 != first:
            detail = (
                f"two readings of it differ (xxh3_128 {first.hex()}, then {found.xxh3_128.hex()}): "
                "the memory, the cable or the disk is to be suspected"
            )
            return level, Trouble(FindingKind.UNREADABLE_COPY, detail)
        return level, Trouble(FindingKind.DAMAGED, _difference(item, found, size), found)

    def _unread(self, item: Sought, error: LocationError) -> Trouble:
        if isinstance(error, Conflict) and self.place.stat(Key(item.key)) is None:
            return Trouble(FindingKind.MISSING, f"expected sha256 {item.sha256.hex()}, found nothing")
        return Trouble(
            FindingKind.UNREADABLE_COPY, f"expected sha256 {item.sha256.hex()}, it cannot be read: {error}"
        )


def _difference(item: Sought, found: Digests, size: int) -> str:
    sizes = f"{item.size:,} bytes, " if size != item.size else ""
    found_size = f"{size:,} bytes, " if size != item.size else ""
    return f"expected {sizes}sha256 {item.sha256.hex()}, found {found_size}sha256 {found.sha256.hex()}"


def parcels(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Neighbours together, as many as are worth one hand-over."""
    parcel: list[Item] = []
    size = 0
    for item in items:
        parcel.append(item)
        size += item.size
        if len(parcel) >= PARCEL_FILES or size >= PARCEL_BYTES:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel
