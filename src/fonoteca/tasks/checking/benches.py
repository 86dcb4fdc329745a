"""Where a scrub reads: at an open location, or in a library. Looking is done in threads, recording in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from fonoteca.catalogue import journal
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.core.event import Event
from fonoteca.core.finding import FindingKind
from fonoteca.errors import Away
from fonoteca.tasks.checking.expected import Copy, Kept
from fonoteca.tasks.checking.inspection import Inspection
from fonoteca.tasks.checking.originals import Originals, Sight
from fonoteca.tasks.checking.rereading import Rereader, Stoppable
from fonoteca.tasks.checking.turns import Turn
from fonoteca.tasks.guarding import holding
from fonoteca.tasks.places.opening import Opened


class Bench(Protocol):
    """One place, and what is needed to read there. `look` is called in threads, the rest in the main one."""

    @property
    def is_lost(self) -> bool:
        """True when nothing more can be read there in this run."""
        ...

    def serve(self, crew: Stoppable, pace: Callable[[int], None] | None) -> None:
        """Work for `crew` from now on, and tell `pace` of each block."""
        ...

    def look(self, items: list[Any]) -> list[Any]:
        """Read each. Raises Away, Cancelled."""
        ...

    def unread(self, results: list[Any]) -> Iterator[int]:
        """Which of them were not there to be read, as positions."""
        ...

    def take(self, turns: list[Turn], results: list[Any]) -> Iterator[Event]:
        """Record what reading showed, and say it."""
        ...

    def record(self) -> None:
        """Make it durable."""
        ...


class Shown(NamedTuple):
    """What a parcel's reading showed: results as `Bench.look` gives them, or the error that the place is away."""

    bench: Bench
    turns: list[Turn]
    results: list[Any] | Away


@dataclass(slots=True)
class AtLocation:
    """Copies and versions at an open location: see `Bench`."""

    inspection: Inspection
    opened: Opened
    _rereader: Rereader = field(init=False)
    _complained: set[tuple[str | None, bytes | None]] = field(init=False)
    """Library and path of entries that something is open about there."""
    _mended: list[int] = field(default_factory=list)
    """Entries of those, of which a copy or version was right."""

    def __post_init__(self) -> None:
        self._rereader = Rereader(self.inspection.place)
        self._complained = journal.complained_of(
            self.inspection.catalogue, journal.AT_A_COPY, location=self.inspection.row.name
        )

    @property
    def is_lost(self) -> bool:
        """See `Bench`."""
        return self.opened.failed

    def serve(self, crew: Stoppable, pace: Callable[[int], None] | None) -> None:
        """See `Bench`."""
        self._rereader.crew, self._rereader.pace = crew, pace

    def look(self, items: list[Any]) -> list[Any]:
        """See `Bench`."""
        return self._rereader.look(items)

    def unread(self, results: list[Any]) -> Iterator[int]:
        """See `Bench`."""
        for position, (_, _, trouble) in enumerate(results):
            if trouble is not None and trouble.kind is FindingKind.MISSING:
                yield position

    def take(self, turns: list[Turn], results: list[Any]) -> Iterator[Event]:
        """See `Bench`."""
        for turn, (item, level, trouble) in zip(turns, results, strict=True):
            if isinstance(item, Kept):
                yield from self.inspection.take_kept(item, level, trouble)
            elif isinstance(item, Copy):
                yield from self.inspection.take(item, level, trouble)
            if trouble is None and (item.library, item.path) in self._complained:
                self._mended.append(turn.entry)
        self.inspection.record_now_and_then()

    def record(self) -> None:
        """See `Bench`."""
        self.inspection.record()
        catalogue, now = self.inspection.catalogue, self.inspection.archive.now()
        where = (self.inspection.row.id, self.inspection.row.name)
        for entry in self._mended:
            journal.close_mended(catalogue, now, location=where, entry=entry)
        self._mended.clear()


@dataclass(slots=True)
class InLibrary:
    """A library's own files: see `Bench`. What differs though its stat stands still is held, as a scan does."""

    originals: Originals
    row: LibraryRow
    is_lost: bool = False
    _complained: set[tuple[str | None, bytes | None]] = field(init=False)

    def __post_init__(self) -> None:
        self._complained = journal.complained_of(self.originals.catalogue, _IN_LIBRARY, library=self.row.name)

    def serve(self, crew: Stoppable, pace: Callable[[int], None] | None) -> None:
        """See `Bench`."""
        self.originals.crew, self.originals.pace = crew, pace

    def look(self, items: list[Any]) -> list[Any]:
        """See `Bench`."""
        return self.originals.look(items)

    def unread(self, results: list[Any]) -> Iterator[int]:
        """See `Bench`."""
        for position, seen in enumerate(map(self.originals.judged, results)):
            if seen.sight is Sight.WRITTEN:
                yield position

    def take(self, turns: list[Turn], results: list[Any]) -> Iterator[Event]:
        """See `Bench`."""
        yield from self.originals.take(self.row, results)
        for seen in results:
            path = seen.original.path
            if seen.sight is Sight.SAME and (self.row.name, path) in self._complained:
                now = self.originals.archive.now()
                journal.close(
                    self.originals.catalogue, now, kinds=_IN_LIBRARY, library=self.row.name, path=path
                )

    def record(self) -> None:
        """See `Bench`."""
        self.originals.commit()


_IN_LIBRARY = (*holding.KINDS.values(), FindingKind.UNREADABLE)
