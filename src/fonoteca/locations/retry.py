"""Patience with a place whose connection breaks off: every verb but a write is asked again, with growing pauses.

    location = Retrying(SftpLocation("nas", address, expected))
    with location.open(write=True) as place: ...          # as any other

Only `Lost` is transient; whatever else is wrong will be wrong a moment later too. A write (`create` to `publish`) is
not repeated here, since its bytes are gone: its lane reads the source again. Every verb may be asked twice, so that a
lost answer does no harm: a move whose source is gone and whose target stands was done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias, TypeVar

from fonoteca.core.place import Identity, Key, Space, Stamp, Stat, StoreDigest, Traits
from fonoteca.errors import Conflict, Lost
from fonoteca.locations.base import Batch, OpenLocation, Outcome, Promise, Reading, Site, Staged, Writing
from fonoteca.locations.patience import About, Patience, RetryingReading, Skipping

T = TypeVar("T")
Some: TypeAlias = list[T]
TOGETHER = 256
"""So many names are changed before their outcomes are told."""


@dataclass(slots=True)
class Retrying:
    """A place asked with patience: see `base.Site`."""

    inner: Site
    patience: Patience = field(default_factory=Patience)

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.inner.name

    @contextmanager
    def open(self, *, write: bool) -> Iterator[RetryingPlace]:
        """See `base.Location`."""
        with ExitStack() as stack:
            place = self.patience.ask(lambda: stack.enter_context(self.inner.open(write=write)))
            yield RetryingPlace(place, self.patience)

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """See `base.Location`."""
        return self.patience.ask(lambda: self.inner.adopt(identity, traits))

    def peek(self) -> Identity | None:
        """See `base.Location`."""
        return self.patience.ask(self.inner.peek)

    def where(self) -> str:
        """See `base.Site`."""
        return self.patience.ask(self.inner.where)

    def holds_manifests(self) -> bool:
        """See `base.Site`."""
        return self.patience.ask(self.inner.holds_manifests)

    def probe(self) -> Traits:
        """See `base.Site`."""
        return self.patience.ask(self.inner.probe)

    def new_identity(self, naming: str) -> Identity:
        """See `base.Site`."""
        return self.patience.ask(lambda: self.inner.new_identity(naming))

    def mark(self, identity: Identity, traits: Traits) -> None:
        """See `base.Site`."""
        self.patience.ask(lambda: self.inner.mark(identity, traits))

    def release(self) -> str | None:
        """See `base.Site`."""
        return self.patience.ask(self.inner.release)

    def unmake(self, identity: Identity) -> None:
        """See `base.Site`."""
        self.patience.ask(lambda: self.inner.unmake(identity))


@dataclass(slots=True)
class RetryingPlace:
    """An open place asked with patience: see `base.OpenLocation`."""

    inner: OpenLocation
    patience: Patience

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
        self.patience.ask(self.inner.check)

    @contextmanager
    def batch(self) -> Iterator[RetryingBatch]:
        """See `base.OpenLocation`."""
        with ExitStack() as stack:
            batch = self.patience.ask(lambda: stack.enter_context(self.inner.batch()))
            yield RetryingBatch(batch, self.patience)

    def read(self, key: Key, *, start: int = 0) -> Reading:
        """See `base.OpenLocation`. One that breaks off goes on where it broke."""
        about = About(self.name, key, self.inner.check)

        def again(offset: int) -> Reading:
            return self.patience.ask(lambda: self.inner.read(key, start=offset), about)

        return RetryingReading(again(start), again, start, self.patience, about)

    @property
    def name(self) -> str:
        """What the user calls it."""
        return getattr(self.inner, "name", "the location")

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`."""
        return self.patience.ask(lambda: self.inner.stat(key))

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`. A listing that breaks off begins anew and leaves out what was told."""
        told: Key | None = None
        tried = 0
        while True:
            try:
                for key, stat in self.inner.list(prefix):
                    if told is None or key > told:
                        told, tried = key, 0
                        yield key, stat
                return
            except Lost:
                tried += 1
                if tried >= self.patience.tries:
                    raise
                self.patience.pause(tried)

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self._change(pairs, self.inner.move, self._was_moved)

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self._change(times, self.inner.retime, lambda item, outcome: outcome)

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self._change(keys, self.inner.delete, lambda item, outcome: outcome)

    def _was_moved(self, pair: tuple[Key, Key], outcome: Outcome) -> Outcome:
        """Asked a second time, a move whose source is gone and whose target stands was done the first time."""
        key, target = pair
        if not isinstance(outcome.error, Conflict) or outcome.error.key != key:
            return outcome
        found = self.stat(target)
        return outcome if found is None else Outcome(target, None, found)

    def _change(
        self,
        items: Iterable[T],
        change: Callable[[Iterable[T]], Iterator[Outcome]],
        repeated: Callable[[T, Outcome], Outcome],
    ) -> Iterator[Outcome]:
        rest = iter(items)
        while some := [*islice(rest, TOGETHER)]:
            yield from self._changed(some, change, repeated)

    def _changed(
        self,
        some: Some[T],
        change: Callable[[Iterable[T]], Iterator[Outcome]],
        repeated: Callable[[T, Outcome], Outcome],
    ) -> Some[Outcome]:
        tries = 0

        def once() -> Some[Outcome]:
            nonlocal tries
            tries += 1
            return [*change(some)]

        outcomes = self.patience.ask(once)
        if tries == 1:
            return outcomes
        return [repeated(item, outcome) for item, outcome in zip(some, outcomes, strict=True)]

    def digest(self, key: Key) -> StoreDigest | None:
        """See `base.OpenLocation`."""
        return self.patience.ask(lambda: self.inner.digest(key))

    def space(self) -> Space | None:
        """See `base.OpenLocation`."""
        return self.patience.ask(self.inner.space)


@dataclass(slots=True)
class RetryingBatch:
    """Reads back with patience; writes go straight through: see `base.Batch`."""

    inner: Batch
    patience: Patience

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> Writing:
        """See `base.Batch`."""
        return self.inner.create(key, size, mtime_ns, over=over, keep=keep)

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`."""
        return self.inner.borrow(source, promise)

    def flush(self) -> None:
        """See `base.Batch`."""
        self.inner.flush()

    def read(self, staged: Staged) -> Reading:
        """See `base.Batch`."""

        def again(offset: int) -> Reading:
            return Skipping(self.patience.ask(lambda: self.inner.read(staged)), offset)

        return RetryingReading(again(0), again, 0, self.patience, About("the location", staged.key))

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`."""
        return self.inner.publish(proven)
