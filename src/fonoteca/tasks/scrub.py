"""`scrub`: read again what is most in need of it, as far as a budget reaches; the next run goes on from there.

    for event in scrub(archive, budget=Budget(seconds=1800)):
        ...

A scrub is a verify in another order: what failed before, what was never read again, then the oldest verification first,
over all libraries, copies and kept versions at once. Without a budget it reads everything. Readers are gentle: last in
line for the disk. What each reading showed is recorded with its level as it goes: a run that is stopped loses little.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from fonoteca.archive import Archive
from fonoteca.catalogue import due, readings
from fonoteca.catalogue import places as known_places
from fonoteca.core.event import BudgetReached, Event, LibraryFailed, LocationFailed, Phase, Warned
from fonoteca.core.manifest.lines import Step
from fonoteca.core.plan.scrub import Purse
from fonoteca.core.policy import Budget
from fonoteca.disk.gentle import be_gentle
from fonoteca.errors import Away, LibraryError, LocationError
from fonoteca.tasks.checking.benches import AtLocation, Bench, InLibrary, Shown
from fonoteca.tasks.checking.inspection import THREADS, Inspection
from fonoteca.tasks.checking.originals import Originals
from fonoteca.tasks.checking.pace import Pace
from fonoteca.tasks.checking.rereading import PARCEL_BYTES, PARCEL_FILES
from fonoteca.tasks.checking.turns import Turn, turns
from fonoteca.tasks.crew import Crew
from fonoteca.tasks.manifest.seals import check_chains
from fonoteca.tasks.places.founding import expect_memory
from fonoteca.tasks.places.opening import Opened, failure, open_all
from fonoteca.tasks.run import run
from fonoteca.tasks.verify import meant

WITHOUT_LIMIT = Budget()


def scrub(
    archive: Archive,
    places: Sequence[str] | None = None,
    libraries: Sequence[str] | None = None,
    *,
    budget: Budget = WITHOUT_LIMIT,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Event]:
    """Read again at the named locations and libraries, or everywhere. `clock` gives seconds, for budget and rate.

    Raises UsageError for an unknown name, Interrupted when the user stopped it.
    """
    began = clock()
    purse = Purse(budget, lambda: clock() - began)
    return run(
        archive, "scrub", Scrub(archive, purse, Pace(budget.rate, clock, sleep)).events(places, libraries)
    )


@dataclass(slots=True)
class Scrub:
    """One scrub."""

    archive: Archive
    purse: Purse
    pace: Pace
    benches: dict[tuple[bool, int], Bench] = field(default_factory=dict)
    """What is read, by whether it is a library and the catalogue's number of it."""
    allowances: dict[int, int] = field(default_factory=dict)
    """Bytes that may still be downloaded this month, by location; those without a bound are not named."""

    def events(self, places: Sequence[str] | None, libraries: Sequence[str] | None) -> Iterator[Event]:
        """Everything. See `scrub`."""
        locations, own = meant(self.archive, places, libraries)
        if places is None:
            expect_memory(self.archive)
        with ExitStack() as stack:
            for each in open_all(self.archive, locations, stack, write=False, named=places is not None):
                if isinstance(each, Opened):
                    yield from self._add_location(each)
                else:
                    yield each
            for config in own:
                try:
                    row, _ = self.archive.library(config)
                except LibraryError as error:
                    yield LibraryFailed(config.name, type(error).__name__, str(error))
                    continue
                originals = Originals(self.archive, config, False)
                stack.callback(originals.close)
                self.benches[True, row.id] = InLibrary(originals, row)
            yield from self._read_all()

    def _add_location(self, opened: Opened) -> Iterator[Event]:
        archive, row = self.archive, opened.row
        unfinished: dict[bytes, Step] = {}
        try:
            known_places.seen(archive.catalogue, row.id, archive.now(), row.place)
            yield from check_chains(archive, opened.place, row, unfinished)
        except LocationError as error:
            yield failure(archive, opened.config, error, named=True)
            return
        inspection = Inspection(
            archive, opened.place, row, None, False, False, unfinished, started_ns=archive.now()
        )
        self.benches[False, row.id] = AtLocation(inspection, opened)
        yield from self._allow(opened)

    def _allow(self, opened: Opened) -> Iterator[Event]:
        most = getattr(opened.config, "monthly_download", None)
        if most is None:
            return
        spent = readings.this_month(self.archive.catalogue, opened.row.id, self.archive.now())
        self.allowances[opened.row.id] = most - spent
        if spent >= most:
            yield Warned(
                f"{opened.config.name}: {spent:,} bytes were downloaded to verify this month, and monthly_download "
                f"allows {most:,}: it is read again next month. `fonoteca verify {opened.config.name}` reads it now."
            )

    def _affordable(self, wanted: Iterator[Turn]) -> Iterator[Turn]:
        """Without those at places where this month's downloads are spent."""
        for turn in wanted:
            bounded = turn.kind != due.ORIGINAL and turn.place in self.allowances
            if bounded and self.allowances[turn.place] <= 0:
                continue
            if bounded:
                self.allowances[turn.place] -= turn.size
            yield turn

    # reading

    def _read_all(self) -> Iterator[Event]:
        numbers: dict[bool, list[int]] = {True: [], False: []}
        for is_library, number in self.benches:
            numbers[is_library].append(number)
        files, size = due.gather(self.archive.catalogue, numbers[False], numbers[True])
        most = self.purse.budget.bytes
        yield Phase("scrub", files, size if most is None else min(size, most))
        left = self._affordable(turns(self.archive.catalogue))
        passed = [0, 0]
        try:
            # What turns out not to be there is given back: so the run goes on, until nothing is left or to be spent.
            before = -1
            while before < passed[0] and not self.purse.is_empty:
                before = passed[0]
                yield from self._read(self.purse.take(left), passed)
        finally:
            with suppress(
                sqlite3.ProgrammingError
            ):  # whoever listened went away, and the catalogue is closed
                self._record()
        if passed[0] < files:
            yield BudgetReached(files - passed[0], size - passed[1])

    def _read(self, taken: Iterator[Turn], passed: list[int]) -> Iterator[Event]:
        crew: Crew[tuple[Bench, list[Turn]], Shown] = Crew(_look, THREADS)
        for bench in self.benches.values():
            bench.serve(crew, self.pace.take if self.pace.rate else None)
        self.pace.crew = crew
        for shown in crew.run(self._parcels(taken, passed), self.archive.pause_point):
            if isinstance(shown.results, Away):
                yield from self._lost(shown.bench, shown.results)
                continue
            for each in shown.bench.unread(shown.results):
                self.purse.give_back(shown.turns[each])
            yield from shown.bench.take(shown.turns, shown.results)

    def _lost(self, bench: Bench, error: Away) -> Iterator[LocationFailed]:
        """It went away in the middle: said once, and nothing more of it is read; the others go on."""
        if isinstance(bench, AtLocation) and not bench.opened.failed:
            bench.opened.failed = True
            yield failure(self.archive, bench.opened.config, error, named=True)

    def _parcels(
        self, taken: Iterator[Turn], passed: list[int]
    ) -> Generator[tuple[Bench, list[Turn]], None, None]:
        """Small files of one place go to a thread together, as long as they follow each other closely enough."""
        waiting: dict[tuple[bool, int], list[Turn]] = {}
        for turn in taken:
            passed[0] += 1
            passed[1] += turn.size
            where = (turn.kind == due.ORIGINAL, turn.place)
            if self.benches[where].is_lost:
                continue
            parcel = waiting.setdefault(where, [])
            parcel.append(turn)
            if len(parcel) >= PARCEL_FILES or sum(each.size for each in parcel) >= PARCEL_BYTES:
                yield self.benches[where], waiting.pop(where)
        for where, parcel in waiting.items():
            yield self.benches[where], parcel

    def _record(self) -> None:
        for bench in self.benches.values():
            bench.record()


def _look(parcel: tuple[Bench, list[Turn]]) -> Shown:
    """In a thread of its own, which is gentle and ends with the run."""
    be_gentle()
    bench, wanted = parcel
    try:
        return Shown(bench, wanted, bench.look([each.item for each in wanted]))
    except Away as error:
        return Shown(bench, wanted, error)
