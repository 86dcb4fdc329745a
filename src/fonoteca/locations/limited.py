"""A place that is not served faster than a person allowed: any place, in this one wrapper.

    location = Limited(SftpLocation(…), Rate(windows=((Window(480, 1380), 2_000_000),)))

What goes there and what is read back are counted apart: a line has two directions. Where the timetable says *paused*,
opening and whatever is under way raise `Paused`; what was finished stands.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fonoteca.core.copy import Level
from fonoteca.core.digest import Block
from fonoteca.core.flow import Allowance, after, resumes
from fonoteca.core.place import Identity, Key, Space, Stamp, Stat, StoreDigest, Traits
from fonoteca.core.policy import Rate
from fonoteca.errors import Paused
from fonoteca.locations.base import Batch, OpenLocation, Outcome, Promise, Reading, Site, Staged, Writing

PIECE = 64 << 10
"""Bytes that go at once: a slow line flows evenly, and a stop is heard between two pieces."""

NAP_S = 1.0
"""The longest single wait: after each the timetable is looked at again."""


def minute_of_day() -> int:
    """Local time, in minutes since midnight."""
    now = time.localtime()
    return now.tm_hour * 60 + now.tm_min


@dataclass(slots=True)
class Flow:
    """One direction. Usable from several threads."""

    place: str
    rate: Rate
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    minute: Callable[[], int] = lambda: minute_of_day()
    _allowed: Allowance = field(default_factory=Allowance)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def expect_open(self) -> None:
        """Raises Paused where nothing may flow now."""
        until = resumes(self.rate, self.minute())
        if until is not None:
            raise Paused(self.place, until)

    def take(self, size: int) -> None:
        """So many bytes are to go: wait until they may. Raises Paused."""
        self.expect_open()
        speed = self.rate.at(self.minute())
        if not speed:
            return
        with self._changing:
            self._allowed = after(self._allowed, now_s=self.clock(), size=size, speed=speed)
            mine = self._allowed
        while (wait := mine.wait_s(self.clock())) > 0:
            self.sleep(min(wait, NAP_S))
            self.expect_open()


@dataclass(slots=True)
class Limited:
    """See the module, and `base.Site`."""

    inner: Site
    rate: Rate
    there: Flow = field(init=False)
    back: Flow = field(init=False)

    def __post_init__(self) -> None:
        self.there = Flow(self.inner.name, self.rate)
        self.back = Flow(self.inner.name, self.rate)

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.inner.name

    @contextmanager
    def open(self, *, write: bool) -> Iterator[LimitedPlace]:
        """See `base.Location`. Raises Paused."""
        self.there.expect_open()
        with self.inner.open(write=write) as place:
            yield LimitedPlace(place, self.there, self.back)

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`."""
        return self.inner.adopt(identity, traits)

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        return self.inner.peek()

    def where(self) -> str:
        """See `base.Site`."""
        return self.inner.where()

    def holds_manifests(self) -> bool:
        """See `base.Site`."""
        return self.inner.holds_manifests()

    def probe(self) -> Traits:
        """See `base.Site`."""
        return self.inner.probe()

    def new_identity(self, naming: str) -> Identity:
        """See `base.Site`."""
        return self.inner.new_identity(naming)

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""
        self.inner.mark(identity, traits)

    def release(self) -> str | None:
        """See `base.Site`."""
        return self.inner.release()

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        self.inner.unmake(identity)


@dataclass(slots=True)
class LimitedPlace:
    """An open place: see `base.OpenLocation`."""

    inner: OpenLocation
    there: Flow
    back: Flow

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.there.place

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return self.inner.identity

    @property
    def traits(self) -> Traits:
        """What it can do."""
        return self.inner.traits

    def check(self) -> None:
        """See `base.OpenLocation`."""
        self.inner.check()

    @contextmanager
    def batch(self) -> Iterator[LimitedBatch]:
        """See `base.OpenLocation`."""
        with self.inner.batch() as batch:
            yield LimitedBatch(batch, self.there, self.back)

    def read(self, key: Key, *, start: int = 0) -> Reading:
        """See `base.OpenLocation`."""
        return LimitedReading(self.inner.read(key, start=start), self.back)

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`."""
        return self.inner.stat(key)

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`."""
        return self.inner.list(prefix)

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self.inner.move(pairs)

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self.inner.retime(times)

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self.inner.delete(keys)

    def digest(self, key: Key) -> StoreDigest | None:
        """See `base.OpenLocation`."""
        return self.inner.digest(key)

    def space(self) -> Space | None:
        """See `base.OpenLocation`."""
        return self.inner.space()


@dataclass(slots=True)
class LimitedBatch:
    """See `base.Batch`."""

    inner: Batch
    there: Flow
    back: Flow

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> Writing:
        """See `base.Batch`."""
        return LimitedWriting(self.inner.create(key, size, mtime_ns, over=over, keep=keep), self.there)

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`. Nothing goes there for it."""
        return self.inner.borrow(source, promise)

    def flush(self) -> None:
        """See `base.Batch`."""
        self.inner.flush()

    def read(self, staged: Staged) -> Reading:
        """See `base.Batch`."""
        return LimitedReading(self.inner.read(staged), self.back)

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`."""
        return self.inner.publish(proven)


@dataclass(slots=True)
class LimitedWriting:
    """See `base.Writing`."""

    inner: Writing
    flow: Flow

    def write(self, block: Block) -> None:
        """See `base.Writing`."""
        view = memoryview(block)
        for start in range(0, len(view), PIECE):
            piece = view[start : start + PIECE]
            self.flow.take(len(piece))
            self.inner.write(piece)

    def finish(self) -> Staged:
        """See `base.Writing`."""
        return self.inner.finish()

    def abort(self) -> None:
        """See `base.Writing`."""
        self.inner.abort()


@dataclass(slots=True)
class LimitedReading:
    """See `base.Reading`."""

    inner: Reading
    flow: Flow

    @property
    def level(self) -> Level:
        """What reading it reaches."""
        return self.inner.level

    @property
    def size(self) -> int:
        """In bytes."""
        return self.inner.size

    def __enter__(self) -> LimitedReading:
        return self

    def __exit__(self, *exc: object) -> None:
        self.inner.__exit__(*exc)

    def __iter__(self) -> Iterator[Block]:
        for block in self.inner:
            self.flow.take(len(block))
            yield block
