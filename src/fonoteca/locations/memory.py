"""A location in memory that keeps the whole contract: for tests, and to try the contract's tests on.

    place = MemoryLocation("red", identity)
    place.adopt(identity)
    place.shelf.away = True               # from now on everything raises Away

What is staged is lost when its batch is left, like anywhere. Faults are switched on `shelf` by name.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from fonoteca.core.copy import Level
from fonoteca.core.digest import Block
from fonoteca.core.place import Identity, Key, Space, Stamp, Stat, Traits
from fonoteca.errors import Away, Broken, Conflict, Denied, Full, LocationError, Locked
from fonoteca.locations.base import Outcome, Promise, Staged
from fonoteca.locations.copying import copied_here
from fonoteca.locations.keys import check_over, checked, is_listed

_BLOCK = 1 << 20


@dataclass(slots=True)
class Item:
    """One object. `serial` makes its stamp unique."""

    data: bytes
    mtime_ns: int
    serial: int

    @property
    def stat(self) -> Stat:
        """As the contract wants it."""
        return Stat(len(self.data), self.mtime_ns, Stamp(f"{len(self.data)}:{self.mtime_ns}:{self.serial}"))


@dataclass(slots=True)
class Shelf:
    """What the place holds, and what is wrong with it."""

    items: dict[bytes, Item] = field(default_factory=dict)
    identity: Identity | None = None
    traits: Traits = field(default_factory=Traits)
    capacity: int = 1 << 40
    away: bool = False
    read_only: bool = False
    broken: frozenset[bytes] = frozenset()
    """Keys whose bytes cannot be read."""
    writer: bool = False
    serials: Iterator[int] = field(default_factory=itertools.count)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def used(self) -> int:
        """Bytes held."""
        return sum(len(item.data) for item in self.items.values())

    def put(self, key: bytes, data: bytes, mtime_ns: int = 0) -> Stat:
        """Lay an object there, past the contract: what a stranger, or rot, would do."""
        self.items[key] = Item(data, mtime_ns, next(self.serials))
        return self.items[key].stat


class MemoryLocation:
    """See `base.Location`."""

    def __init__(self, name: str, expected: Identity | None, shelf: Shelf | None = None) -> None:
        self.name = name
        self.expected = expected
        self.shelf = shelf if shelf is not None else Shelf()

    @contextmanager
    def open(self, *, write: bool) -> Iterator[OpenMemory]:
        """See `base.Location`."""
        found = self.peek()
        if found is None:
            raise Away(self.name, "it carries no marker")
        if self.expected is not None and (found.id, found.nonce) != (self.expected.id, self.expected.nonce):
            raise Away(self.name, "another location is in its place")
        if write and (self.shelf.read_only or self.expected is None):
            raise Denied(self.name, "it takes no writes")
        if write and self.shelf.writer:
            raise Locked(f"The location {self.name}", None)
        self.shelf.writer = self.shelf.writer or write
        try:
            yield OpenMemory(self.name, self.shelf, found, writing=write)
        finally:
            self.shelf.writer = self.shelf.writer and not write

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`."""
        standing = self.peek()
        if standing is not None and (standing.id, standing.nonce) != (identity.id, identity.nonce):
            raise Conflict(self.name, Key(b".fonoteca/location.json"), "says that this is another location")
        self.shelf.identity = identity
        self.shelf.traits = traits if traits is not None else self.shelf.traits
        return self.shelf.traits

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        if self.shelf.away:
            raise Away(self.name, "it is not there")
        return self.shelf.identity


class OpenMemory:
    """See `base.OpenLocation`."""

    def __init__(self, name: str, shelf: Shelf, identity: Identity, *, writing: bool) -> None:
        self.name = name
        self.shelf = shelf
        self.identity = identity
        self._writing = writing

    @property
    def traits(self) -> Traits:
        """What it can do."""
        return self.shelf.traits

    def check(self) -> None:
        """See `base.OpenLocation`."""
        if self.shelf.away:
            raise Away(self.name, "it is not there")

    @contextmanager
    def batch(self) -> Iterator[MemoryBatch]:
        """See `base.OpenLocation`."""
        self.for_writing()
        yield MemoryBatch(self)

    def for_writing(self) -> None:
        """Raises Away or Denied when nothing can be written now."""
        self.check()
        if not self._writing or self.shelf.read_only:
            raise Denied(self.name, "it takes no writes")

    def read(self, key: Key, *, start: int = 0) -> MemoryReading:
        """See `base.OpenLocation`."""
        return MemoryReading(self, key, self._item(key).data, start)

    def _item(self, key: bytes) -> Item:
        self.check()
        found = self.shelf.items.get(checked(self.name, key))
        if found is None:
            raise Conflict(self.name, Key(key), "is not there")
        return found

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`."""
        self.check()
        found = self.shelf.items.get(checked(self.name, key))
        return found.stat if found is not None else None

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`."""
        for key in sorted(self.shelf.items):
            self.check()
            if key.startswith(prefix) and is_listed(key, prefix):
                yield Key(key), self.shelf.items[key].stat

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        for key, target in pairs:
            self.for_writing()
            yield self._tried(target, partial(self._move, key, target))

    def _move(self, key: Key, target: Key) -> Stat:
        item = self._item(key)
        self._expect_free(target)
        self.shelf.items[target] = self.shelf.items.pop(key)
        return item.stat

    def _expect_free(self, key: Key) -> None:
        if checked(self.name, key) in self.shelf.items:
            raise Conflict(self.name, key, "stands there already")

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        for key, mtime_ns in times:
            self.for_writing()
            yield self._tried(key, partial(self._retime, key, mtime_ns))

    def _retime(self, key: Key, mtime_ns: int) -> Stat:
        item = self._item(key)
        item.mtime_ns = mtime_ns
        return item.stat

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        for key in keys:
            self.for_writing()
            yield self._tried(key, partial(self._delete, key))

    def _delete(self, key: Key) -> None:
        self.shelf.items.pop(checked(self.name, key), None)

    def _tried(self, key: Key, change: Callable[[], Stat | None]) -> Outcome:
        try:
            return Outcome(key, None, change())
        except LocationError as error:
            return Outcome(key, error)

    def digest(self, key: Key) -> None:
        """See `base.OpenLocation`."""
        checked(self.name, key)

    def space(self) -> Space | None:
        """See `base.OpenLocation`."""
        self.check()
        return Space(self.shelf.capacity, max(0, self.shelf.capacity - self.shelf.used))


class MemoryReading:
    """See `base.Reading`."""

    level = Level.BYTES

    def __init__(self, place: OpenMemory, key: Key, data: bytes, start: int) -> None:
        self._place = place
        self._key = key
        self._data = data
        self._start = start
        self.size = len(data)

    def __enter__(self) -> MemoryReading:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def __iter__(self) -> Iterator[Block]:
        for offset in range(self._start, len(self._data), _BLOCK):
            self._place.check()
            if self._key in self._place.shelf.broken:
                raise Broken(self._place.name, "input/output error")
            yield self._data[offset : offset + _BLOCK]


class MemoryWriting:
    """See `base.Writing`."""

    def __init__(self, place: OpenMemory, promise: Promise) -> None:
        self._place = place
        self._promise = promise
        self._data = bytearray()

    def write(self, block: Block) -> None:
        """See `base.Writing`."""
        self._place.for_writing()
        free = self._place.shelf.capacity - self._place.shelf.used
        if len(self._data) + len(block) > free:
            raise Full(self._place.name, self._promise[1], free)
        self._data += block

    def finish(self) -> Staged:
        """See `base.Writing`."""
        self._place.for_writing()
        if len(self._data) != self._promise[1]:
            raise Broken(
                self._place.name, f"{len(self._data):,} bytes came, {self._promise[1]:,} were promised"
            )
        return Staged(*self._promise, bytes(self._data))

    def abort(self) -> None:
        """See `base.Writing`."""
        self._data.clear()


class MemoryBatch:
    """See `base.Batch`."""

    def __init__(self, place: OpenMemory) -> None:
        self._place = place

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> MemoryWriting:
        """See `base.Batch`."""
        self._place.for_writing()
        check_over(self._place.name, key, over, keep)
        return MemoryWriting(self._place, Promise(key, size, mtime_ns, over, keep))

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`."""
        return copied_here(self._place, self, source, promise)

    def flush(self) -> None:
        """See `base.Batch`."""
        self._place.for_writing()

    def read(self, staged: Staged) -> MemoryReading:
        """See `base.Batch`."""
        self._place.check()
        return MemoryReading(self._place, staged.key, staged.token, 0)

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`."""
        for item in list(proven):
            self._place.for_writing()
            try:
                with self._place.shelf.lock:
                    yield Outcome(item.key, None, self._put(item))
            except LocationError as error:
                yield Outcome(item.key, error)

    def _put(self, item: Staged) -> Stat:
        items = self._place.shelf.items
        standing = items.get(item.key)
        if item.over is None and standing is not None:
            raise Conflict(self._place.name, item.key, "stands there already")
        if item.over is not None and (standing is None or standing.stat.stamp != item.over):
            raise Conflict(self._place.name, item.key, "is not what it was when this was decided")
        if standing is not None and item.keep is not None:
            self._keep(item.keep, standing)
        return self._place.shelf.put(item.key, item.token, item.mtime_ns)

    def _keep(self, keep: Key, standing: Item) -> None:
        kept = self._place.shelf.items.setdefault(keep, standing)
        if kept.data != standing.data:
            raise Conflict(self._place.name, keep, "holds other bytes than the version to be kept there")
