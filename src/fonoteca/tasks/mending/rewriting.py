"""Putting recorded bytes back at one location: source checked as it is read, staged, flushed, read back, published.

What stood there goes to quarantine under the same act. No intent is written: the manifest says already what should
stand, so whenever a run dies, the key holds the bad bytes, nothing, or the good ones, and the next run sees which.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fonoteca.core.copy import Level
from fonoteca.core.digest import fast_digest
from fonoteca.core.manifest.layout import quarantine_key
from fonoteca.core.place import Key
from fonoteca.core.plan.repair import Bad, Source
from fonoteca.errors import Conflict, Refused
from fonoteca.locations.base import Batch, OpenLocation, Staged
from fonoteca.tasks.checking.rereading import Rereader, Trouble
from fonoteca.tasks.copying.predecessor import ABOUT_ONE
from fonoteca.tasks.mending.supply import Supply, Tried

BATCH_FILES = 256
BATCH_BYTES = 256 << 20
"""So many files or bytes are flushed and published together."""


class Mended(NamedTuple):
    """What became of one bad copy. `level` is None where it is as bad as before: `trouble` says how, `why` the rest.

    `source` is None where it was right after all.
    """

    bad: Bad
    level: Level | None
    source: Source | None = None
    kept: Key | None = None
    """Where the bad bytes are."""
    tried: tuple[Tried, ...] = ()
    trouble: Trouble | None = None
    why: str = ""


class _Half(NamedTuple):
    """Staged, and not yet in its place."""

    bad: Bad
    staged: Staged
    source: Source
    xxh3_128: bytes
    tried: tuple[Tried, ...]
    trouble: Trouble


@dataclass(slots=True)
class Mender:
    """Works at one location that is open for writing. `run`: a name for this run's quarantine."""

    place: OpenLocation
    supply: Supply
    run: str = field(default_factory=lambda: os.urandom(16).hex())
    _count: int = 0

    def mend(self, some: Iterable[Bad]) -> Iterator[Mended]:
        """Look at each again, and put right what is still bad; outcomes come when they are durable.

        Raises LocationError when the place fails; what was said stands.
        """
        for together in _batches(some):
            yield from self._together(together)

    def _together(self, some: list[Bad]) -> Iterator[Mended]:
        done: list[Mended] = []
        halves: list[_Half] = []
        rereader = Rereader(self.place)
        with self.place.batch() as batch:
            for bad in some:
                ((_, level, trouble),) = rereader.look([bad])
                if trouble is None:  # the finding was old, or somebody was faster
                    done.append(Mended(bad, level))
                    continue
                found = self._staged(batch, bad, trouble)
                if isinstance(found, _Half):
                    halves.append(found)
                else:
                    done.append(found)
            batch.flush()
            done += self._published(batch, halves)
        yield from done

    def _staged(self, batch: Batch, bad: Bad, trouble: Trouble) -> _Half | Mended:
        key = Key(bad.key)
        try:
            there = self.place.stat(key)
        except ABOUT_ONE as error:
            return Mended(
                bad, None, trouble=trouble, why=f"what stands there cannot be replaced: {error.reason}"
            )
        self._count += 1
        keep = quarantine_key(self.run, self._count, bad.path) if there is not None else None
        over = there.stamp if there is not None else None
        filled = self.supply.fill(
            bad, lambda size: batch.create(key, size, bad.mtime_ns, over=over, keep=keep)
        )
        if filled.source is None:
            return Mended(bad, None, tried=filled.tried, trouble=trouble)
        return _Half(bad, filled.staged, filled.source, filled.xxh3_128, filled.tried, trouble)

    def _published(self, batch: Batch, halves: list[_Half]) -> Iterator[Mended]:
        proven: dict[Key, tuple[_Half, Level]] = {}
        for half in halves:
            try:
                with batch.read(half.staged) as reading:
                    right, level = fast_digest(reading) == half.xxh3_128, reading.level
            except Refused as error:
                yield _failed(half, error.reason)
                continue
            if right:
                proven[half.staged.key] = half, level
            else:
                yield _failed(half, "what was written there reads back differently; it was not put in place")
        for outcome in batch.publish([half.staged for half, _ in proven.values()]):
            half, level = proven[outcome.key]
            if outcome.error is None:
                yield Mended(half.bad, level, half.source, half.staged.keep, half.tried, half.trouble)
            elif isinstance(outcome.error, Conflict | Refused):
                yield _failed(half, outcome.error.reason)
            else:
                raise outcome.error


def _failed(half: _Half, why: str) -> Mended:
    return Mended(half.bad, None, tried=half.tried, trouble=half.trouble, why=why)


def _batches(some: Iterable[Bad]) -> Iterator[list[Bad]]:
    together: list[Bad] = []
    size = 0
    for bad in some:
        together.append(bad)
        size += bad.size
        if len(together) >= BATCH_FILES or size >= BATCH_BYTES:
            yield together
            together, size = [], 0
    if together:
        yield together
