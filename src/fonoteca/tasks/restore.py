"""`restore`: the music back into a folder, each file from the best copy that proves right.

    for event in restore(archive, b"/home/ana/Restored", source=None, patterns=["Nina Simone/**"], ...):
        ...

One library comes as `DIR/<path>`, several as `DIR/<library>/<path>`. Whatever has a live copy comes back:
entries that are gone from their library too. What was done stands; running again goes on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fonoteca.archive import Archive, Stop
from fonoteca.catalogue import copies, libraries, places
from fonoteca.core.event import Event, Found, LocationFailed, Phase, Restored, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.pattern import Pattern, join, matches, pattern
from fonoteca.errors import Full
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.bare import BareArchive, bare_archive
from fonoteca.tasks.crew import Crew
from fonoteca.tasks.places.opening import Opened, chosen, open_all
from fonoteca.tasks.restoring.dissemination import journaled
from fonoteca.tasks.restoring.filling import Brought, Filler, Overwrite, Shelves
from fonoteca.tasks.restoring.newer import newer
from fonoteca.tasks.restoring.past import Earlier, stock_of
from fonoteca.tasks.restoring.rehearsal import rehearse
from fonoteca.tasks.restoring.sources import Note, Stock, Wanted
from fonoteca.tasks.restoring.target import open_target, refuse_locations
from fonoteca.tasks.run import run

__all__ = ["Overwrite", "restore", "restore_bare"]

THREADS = 4
PARCEL_FILES = 256
PARCEL_BYTES = 64 << 20
"""So many files or bytes are flushed and named together."""

SAID = 20
"""Reasons for conflicts that are said; all are counted."""


def restore(
    archive: Archive,
    target: bytes,
    *,
    source: str | None = None,
    patterns: Sequence[str] = (),
    overwrite: Overwrite = Overwrite.NEVER,
    dry_run: bool = False,
    earlier: Earlier | None = None,
) -> Iterator[Event]:
    """Bring everything, or what `patterns` mean, into the folder `target`; from one location where `source`
    names it; `earlier`: as it was at a time, or one earlier content.

    Raises UsageError for a folder inside a location and an unknown version, LocationError when the folder
    refuses or is full, Interrupted.
    """
    path = os.path.abspath(os.path.expanduser(target))
    refuse_locations(path)
    archive.hurries = True
    wanted = [pattern(text) for text in patterns]
    job = Restoring(archive, path, source, wanted, list(patterns), overwrite, earlier)
    happening = job.events(dry_run=dry_run)
    if isinstance(archive, BareArchive):
        return run(archive, "restore", happening)
    return run(archive, "restore", journaled(archive, path, happening))


def restore_bare(
    place: str,
    target: bytes,
    *,
    patterns: Sequence[str] = (),
    overwrite: Overwrite = Overwrite.NEVER,
    dry_run: bool = False,
    stop: Stop | None = None,
    earlier: Earlier | None = None,
) -> Iterator[Event]:
    """The same from a location that no config knows; it is only read. Raises UsageError, LocationError,
    Interrupted.
    """
    refuse_locations(os.path.abspath(os.path.expanduser(target)))
    with bare_archive(place, stop=stop) as archive:
        yield from restore(
            archive,
            target,
            source=archive.name,
            patterns=patterns,
            overwrite=overwrite,
            dry_run=dry_run,
            earlier=earlier,
        )


@dataclass(slots=True)
class Restoring:
    """One restore."""

    archive: Archive
    path: bytes
    source: str | None
    patterns: list[Pattern]
    words: list[str]
    overwrite: Overwrite
    earlier: Earlier | None = None
    hits: set[int] = field(default_factory=set)
    conflicts: int = 0

    def events(self, *, dry_run: bool) -> Iterator[Event]:
        """Everything. See `restore`."""
        with ExitStack() as stack:
            opened: list[Opened] = []
            for each in open_all(
                self.archive,
                chosen(self.archive, None if self.source is None else [self.source]),
                stack,
                write=False,
                named=self.source is not None,
            ):
                if isinstance(each, Opened):
                    opened.append(each)
                else:
                    yield self._excused(each)
            if isinstance(self.archive, BareArchive):
                yield from self.archive.notes
                yield from map(Found, self.archive.findings)
            else:
                yield from newer(self.archive, opened)
            if self.source is None or opened:
                yield from self._from(opened, dry_run=dry_run)

    def _excused(self, event: Event) -> Event:
        """A location that is away weighs only when it was named, or when something of it is lacking in the
        end.
        """
        if isinstance(event, LocationFailed) and self.source is None:
            return replace(event, asked=False)
        return event

    def _from(self, opened: list[Opened], *, dry_run: bool) -> Iterator[Event]:
        nearness = {each.row.id: int(each.config.offsite) for each in opened}
        source = opened[0].row.id if self.source is not None else None
        stock = stock_of(self.archive.catalogue, source, nearness, self.earlier)
        shown = stock.libraries()
        files, size = self._totals(stock)
        yield Phase("restore", files, size)
        if dry_run:
            notes = (note for note in stock.notes(stock.libraries()) if self._means(note.path))
            coming = self._wanted(stock, copies=False)
            yield from rehearse(self.archive, self.path, coming, notes, self.overwrite, self.source)
        else:
            yield from self._fill(stock, opened, size)
        yield from self._unmatched()
        if self.source is None and not self.patterns and (lacking := stock.without_copies()):
            yield Warned(f"{lacking:,} entries have no copy at any location yet, so they were not restored.")
        if not shown:
            yield Found(Finding(FindingKind.NOT_RESTORED, "nothing is recorded there that could be restored"))

    # what is meant

    def _means(self, path: bytes) -> bool:
        if not self.patterns:
            return True
        found = {number for number, each in enumerate(self.patterns) if matches(each, path)}
        self.hits |= found
        return bool(found)

    def _wanted(self, stock: Stock, *, copies: bool = True) -> Iterator[Wanted]:
        shown = stock.libraries()
        return (wanted for wanted in stock.wanted(shown, copies=copies) if self._means(wanted.path))

    def _totals(self, stock: Stock) -> tuple[int, int]:
        files = size = 0
        for wanted in self._wanted(stock, copies=False):
            files += 1
            size += wanted.size
        return files, size

    def _unmatched(self) -> Iterator[Event]:
        for number, word in enumerate(self.words):
            if number not in self.hits:
                detail = f"nothing that could be restored matches the pattern {word}"
                yield Found(Finding(FindingKind.NOT_RESTORED, detail))

    # doing it

    def _fill(self, stock: Stock, opened: list[Opened], size: int) -> Iterator[Event]:
        moment = datetime.fromtimestamp(self.archive.now() / 1e9, UTC).strftime("%Y-%m-%dT%H%M%SZ")
        with open_target(self.path, now_text=moment) as target:
            free = target.space().free
            if size > free and (needed := size if target.was_empty else self._lacking(stock)) > free:
                raise Full(target.name, needed, free)
            filler = Filler(target, self._shelves(opened), self.overwrite)
            crew: Crew[list[Wanted], list[Brought]] = Crew(filler.bring, THREADS)
            filler.crew = crew
            said: set[int] = set()
            for results in crew.run(_parcels(self._wanted(stock)), self.archive.pause_point):
                for brought in results:
                    yield from self._taken(brought)
                yield from self._lost(filler.shelves, said)
            yield from self._notes(stock, filler)

    def _lacking(self, stock: Stock) -> int:
        """Bytes that a folder which holds something already still needs; judged by size: no reading."""
        lacking = 0
        for wanted in self._wanted(stock, copies=False):
            try:
                stands = os.lstat(join(self.path, wanted.target)).st_size == wanted.size
            except OSError:
                stands = False
            lacking += 0 if stands else wanted.size
        return lacking

    def _shelves(self, opened: list[Opened]) -> Shelves:
        places: dict[int, tuple[str, OpenLocation]] = {
            each.row.id: (each.row.name, each.place) for each in opened
        }
        rows = self.archive.catalogue.execute("SELECT id, name FROM locations").fetchall()
        away = {number: name for number, name in rows if number not in places and self.source is None}
        own: dict[str, bytes] = {}
        if self.source is None:
            own = {row.name: row.path for row in libraries.every(self.archive.catalogue) if row.path}
        return Shelves(places, own, away)

    def _taken(self, brought: Brought) -> Iterator[Event]:
        wanted = brought.wanted
        for location, trouble in brought.troubles:
            yield Found(
                Finding(
                    trouble.kind,
                    trouble.detail,
                    wanted.library,
                    location,
                    wanted.path,
                    self._is_repairable(location, brought),
                )
            )
        if brought.how is None:
            yield Found(Finding(FindingKind.NOT_RESTORED, brought.why, wanted.library, None, wanted.path))
            return
        if brought.how == "kept":
            yield from self._conflict(wanted.library, wanted.path, brought.why)
        yield Restored(wanted.library, wanted.path, wanted.size, brought.how, brought.source)

    def _is_repairable(self, location: str, brought: Brought) -> bool | None:
        """A copy that failed here: does what it should hold stand elsewhere? Not known of a bare location."""
        if isinstance(self.archive, BareArchive):
            return None
        if self.earlier is not None:
            return brought.how is not None
        row = places.by_name(self.archive.catalogue, location)
        known = row is not None and copies.is_repairable(self.archive.catalogue, row.id, brought.wanted.entry)
        return known or brought.how is not None

    def _conflict(self, library: str, path: bytes, why: str) -> Iterator[Event]:
        self.conflicts += 1
        shown = path.decode("utf-8", "backslashreplace")
        if self.conflicts < SAID:
            yield Warned(f"{library}/{shown} was not restored: {why}.")
        elif self.conflicts == SAID:
            yield Warned("More was not restored for such reasons; --json lists all.")

    def _lost(self, shelves: Shelves, said: set[int]) -> Iterator[Event]:
        for number, error in list(shelves.lost.items()):
            if number not in said:
                said.add(number)
                yield LocationFailed(shelves.places[number][0], "Away", str(error))

    def _notes(self, stock: Stock, filler: Filler) -> Iterator[Event]:
        """Links and empty folders, last: what stands in a folder decides whether it is empty."""
        meant = [note for note in stock.notes(stock.libraries()) if self._means(note.path)]
        if not meant:
            return
        done: list[tuple[Note, str, str]] = []
        with filler.target.border(), filler.target.allot(0) as place:
            for note in meant:
                done.append((note, *filler.note(place, note)))
            place.flush()
        for note, how, why in done:
            if how == "kept":
                yield from self._conflict(note.library, note.path, why or "something else stands there")
            yield Restored(note.library, note.path, 0, how, self.source, note.what)


def _parcels(wanted: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    parcel: list[Wanted] = []
    size = 0
    for each in wanted:
        parcel.append(each)
        size += each.size
        if len(parcel) >= PARCEL_FILES or size >= PARCEL_BYTES:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel
