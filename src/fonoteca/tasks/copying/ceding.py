"""A place beyond this machine that lets other jobs go on while it is waited for: see `turns`.

Threads that have no baton (lanes, readings) use it as if this were not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from fonoteca.core.copy import Level
from fonoteca.core.digest import Block
from fonoteca.core.place import Identity, Key, Space, Stamp, Stat, StoreDigest, Traits
from fonoteca.locations.base import Batch, OpenLocation, Outcome, Promise, Reading, Staged, Writing
from fonoteca.tasks.copying.turns import Baton

T = TypeVar("T")


@dataclass(slots=True)
class Ceding:
    """See `base.OpenLocation`."""

    inner: OpenLocation
    baton: Baton

    @property
    def name(self) -> str:
        """What the user calls it."""
        return getattr(self.inner, "name", "the location")

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
        with self.baton.ceded():
            self.inner.check()

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """See `base.OpenLocation`."""
        with _ceded(self.inner.batch(), self.baton) as batch:
            yield _CedingBatch(batch, self.baton)

    def read(self, key: Key, *, start: int = 0) -> Reading:
        """See `base.OpenLocation`."""
        with self.baton.ceded():
            return _CedingReading(self.inner.read(key, start=start), self.baton)

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`."""
        with self.baton.ceded():
            return self.inner.stat(key)

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`."""
        return _each(self.inner.list(prefix), self.baton)

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return _each(self.inner.move([*pairs]), self.baton)

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return _each(self.inner.retime([*times]), self.baton)

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return _each(self.inner.delete([*keys]), self.baton)

    def digest(self, key: Key) -> StoreDigest | None:
        """See `base.OpenLocation`."""
        with self.baton.ceded():
            return self.inner.digest(key)

    def space(self) -> Space | None:
        """See `base.OpenLocation`."""
        with self.baton.ceded():
            return self.inner.space()


@dataclass(slots=True)
class _CedingBatch:
    """See `base.Batch`. Staging sends, and may wait as long as anything else."""

    inner: Batch
    baton: Baton

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> Writing:
        """See `base.Batch`."""
        with self.baton.ceded():
            return _CedingWriting(self.inner.create(key, size, mtime_ns, over=over, keep=keep), self.baton)

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`."""
        with self.baton.ceded():
            return self.inner.borrow(source, promise)

    def flush(self) -> None:
        """See `base.Batch`."""
        with self.baton.ceded():
            self.inner.flush()

    def read(self, staged: Staged) -> Reading:
        """See `base.Batch`."""
        with self.baton.ceded():
            return _CedingReading(self.inner.read(staged), self.baton)

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`."""
        return _each(self.inner.publish([*proven]), self.baton)


@dataclass(slots=True)
class _CedingWriting:
    """See `base.Writing`."""

    inner: Writing
    baton: Baton

    def write(self, block: Block) -> None:
        """See `base.Writing`."""
        with self.baton.ceded():
            self.inner.write(block)

    def finish(self) -> Staged:
        """See `base.Writing`."""
        with self.baton.ceded():
            return self.inner.finish()

    def abort(self) -> None:
        """See `base.Writing`."""
        with self.baton.ceded():
            self.inner.abort()


class _CedingReading:
    """See `base.Reading`."""

    def __init__(self, inner: Reading, baton: Baton) -> None:
        self._inner = inner
        self._baton = baton
        self.size = inner.size

    @property
    def level(self) -> Level:
        """What reading it reaches."""
        return self._inner.level

    def __enter__(self) -> _CedingReading:
        return self

    def __exit__(self, *exc: object) -> None:
        with self._baton.ceded():
            self._inner.__exit__(*exc)

    def __iter__(self) -> Iterator[Block]:
        return _each(self._inner, self._baton)


def _each(items: Iterable[T], baton: Baton) -> Iterator[T]:
    """The same items; what each of them takes, others have."""
    rest = iter(items)
    while True:
        with baton.ceded():
            some = [*islice(rest, 1)]
        if not some:
            return
        yield some[0]


@contextmanager
def _ceded(context: AbstractContextManager[T], baton: Baton) -> Iterator[T]:
    """The context, entered and left while others may work; what is done inside is not ceded by this."""
    with ExitStack() as stack:
        with baton.ceded():
            entered = context.__enter__()
        stack.push(lambda *error: _leave(context, baton, *error))
        yield entered


def _leave(context: AbstractContextManager[object], baton: Baton, *error: object) -> bool:
    with baton.ceded():
        return bool(context.__exit__(*error))  # type: ignore[arg-type]  # as ExitStack gives them
