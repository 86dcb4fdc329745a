"""`backup`: look at the libraries, plan, read once, copy to every location, seal, report.

    for event in backup(archive):
        ...

What only adds, acts: new files are copied, written files become new versions and what they had is kept; copies of what
is gone become versions. No content is ever removed. What nobody accounts for goes nowhere, and a mass change waits for
a person's word (`guarding`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from fonoteca.archive import Archive
from fonoteca.catalogue import analyses, libraries, pending, places, standing
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.event import Event, LibraryFailed, LocationFailed, Phase, Warned
from fonoteca.core.spots import Spot
from fonoteca.errors import LibraryError, LocationError
from fonoteca.tasks.checking.survey import is_due, survey
from fonoteca.tasks.ending import end_findings
from fonoteca.tasks.foresight import foresee, make_sure_of_room
from fonoteca.tasks.foretelling import foretell, is_stopped, would_move, would_retire
from fonoteca.tasks.guarding.guard import Guarding
from fonoteca.tasks.looking.inside import tell
from fonoteca.tasks.looking.sidecars import hold_against
from fonoteca.tasks.manifest.closing import close_chain, put_snapshots, restate
from fonoteca.tasks.manifest.recover import enrol
from fonoteca.tasks.moving.relocation import relocate
from fonoteca.tasks.moving.retiming import retime
from fonoteca.tasks.moving.retiring import retire
from fonoteca.tasks.places.founding import expect_memory, expect_parts
from fonoteca.tasks.places.opening import Opened, chosen, failure, open_all
from fonoteca.tasks.resting import leave_restless
from fonoteca.tasks.run import run
from fonoteca.tasks.scan import Rests, always_rests, look

if TYPE_CHECKING:
    from fonoteca.tasks.copying.transfer import Transfer

SECOND_READING_NS = 6 * 3600 * 1_000_000_000
"""A content read once is read again, past the cache, by the first run after so long (6 h): within a day."""


def backup(
    archive: Archive,
    places: Sequence[str] | None = None,
    libraries: Sequence[str] | None = None,
    *,
    dry_run: bool = False,
    read: bool = False,
    rests: Callable[[str], Rests] = lambda library: always_rests,
) -> Iterator[Event]:
    """Bring the libraries to the locations (all, or the named ones). See the module.

    `dry_run` judges by stat and writes nothing at any location; with `read` it reads the files too. `rests` tells
    for each library whether a file in it is still: one that is not is left for another run.
    Raises UsageError for unknown names, Interrupted when the user stopped it.
    """
    job = Job(archive, places is not None, rests=rests)
    return run(archive, "backup", job.events(places, list(libraries) if libraries else None, dry_run, read))


def scan(archive: Archive, libraries: Sequence[str] | None = None) -> Iterator[Event]:
    """Look at the libraries, read what is new or changed, and record it; no location is touched."""
    job = Job(archive, named=False)
    return run(
        archive, "scan", job.events((), list(libraries) if libraries else None, dry_run=False, read=False)
    )


@dataclass(slots=True)
class Job:
    """One backup run."""

    archive: Archive
    named: bool
    spots: Mapping[str, Sequence[Spot]] | None = None
    """Where to look, by library; None: everywhere."""
    rests: Callable[[str], Rests] = lambda library: always_rests
    papers: bool = True
    looked_at: dict[str, frozenset[bytes] | None] = field(default_factory=dict)
    """The folders of each library that were looked at, None for all."""
    opened: list[Opened] = field(default_factory=list)
    started_ns: int = 0

    def events(
        self, names: Sequence[str] | None, library_names: list[str] | None, dry_run: bool, read: bool
    ) -> Iterator[Event]:
        """The whole of it."""
        archive = self.archive
        self.started_ns = archive.now()
        expect_parts(archive, copying=names is None)
        expect_memory(archive)
        configs = chosen(archive, names)
        wanted = archive.library_configs(library_names)
        standing.begin(archive.catalogue)
        with ExitStack() as stack:
            for found in open_all(archive, configs, stack, write=not dry_run, named=self.named):
                if isinstance(found, Opened):
                    self.opened.append(found)
                else:
                    yield found
            present = yield from self._present(wanted)
            if not dry_run:
                yield from self._enrol(present)
            for config, row in present:
                yield from self._library(config, row, dry_run=dry_run, read=read)
            if not dry_run:
                yield from self._close(present)

    def _present(
        self, wanted: list[LibraryConfig]
    ) -> Generator[Event, None, list[tuple[LibraryConfig, LibraryRow]]]:
        present = []
        for config in wanted:
            try:
                present.append((config, self.archive.library(config)[0]))
            except LibraryError as error:
                yield LibraryFailed(config.name, type(error).__name__, str(error))
        return present

    # before

    def _enrol(self, present: list[tuple[LibraryConfig, LibraryRow]]) -> Iterator[Event]:
        """Every location agrees with us about every library before anything is copied."""
        for one in self.alive():
            try:
                for _, library in present:
                    yield from enrol(self.archive, one.place, one.row, library)
                    chain = places.chain(self.archive.catalogue, one.row.id, library.id)
                    if chain is not None and chain.damaged:
                        yield from restate(self.archive, one.place, one.row, library)
                row = places.by_name(self.archive.catalogue, one.config.name)
                if row is not None and self.spots is None and is_due(row, self.archive.now()):
                    yield Phase("list", location=one.config.name)
                    yield from survey(self.archive, one.place, one.row)
            except LocationError as error:
                yield self._fail(one, error)

    def alive(self) -> list[Opened]:
        """Locations that have not failed."""
        return [one for one in self.opened if not one.failed]

    def _fail(self, one: Opened, error: LocationError) -> LocationFailed:
        one.failed = True
        return failure(self.archive, one.config, error, named=self.named)

    # each library

    def _library(
        self, config: LibraryConfig, row: LibraryRow, *, dry_run: bool, read: bool
    ) -> Iterator[Event]:
        try:
            self.looked_at[config.name] = yield from look(
                self.archive,
                config,
                read=read or not dry_run,
                spots=None if self.spots is None else self.spots.get(config.name, ()),
                rests=self.rests(config.name),
            )
        except LibraryError as error:
            yield LibraryFailed(config.name, type(error).__name__, str(error))
            return
        guarding = Guarding(self.archive, config, row, self.started_ns)
        yield from guarding.before(partial(self._weigh, config, row) if read or not dry_run else None)
        yield from self._bring(config, row, dry_run=dry_run, read=read)
        yield from guarding.after()

    def _weigh(self, config: LibraryConfig, row: LibraryRow, files: int) -> Generator[Event, None, Transfer]:
        """A transfer to nowhere, which only judges."""
        from fonoteca.tasks.guarding.weighing import Weighing

        transfer = yield from self._make(config, row, [], files)
        transfer.recorder = Weighing(self.archive.catalogue, row, [], self.started_ns)
        return transfer

    def _bring(self, config: LibraryConfig, row: LibraryRow, *, dry_run: bool, read: bool) -> Iterator[Event]:
        if not dry_run:
            yield from self._follow(row)
        numbers = [one.row.id for one in self.alive()]
        if numbers:
            pending.add_lacking(self.archive.catalogue, row.id, numbers)
            leave_restless(self.archive.catalogue, config, self.rests(config.name))
        for one in self.alive():
            yield from foresee(self.archive, one)
        if dry_run and not read:
            yield from foretell(self.archive, self.alive(), row)
            return
        if dry_run:
            yield from would_move(self.archive, self.alive(), row)
            yield from would_retire(self.archive, self.alive(), row)
        if self.spots is None:
            pending.add_due(self.archive.catalogue, row.id, self.archive.now() - SECOND_READING_NS)
        yield from self._room(row)
        yield from self._transfer(config, row, dry_run=dry_run)

    def _follow(self, row: LibraryRow) -> Iterator[Event]:
        """Copies follow their entries, or become versions where these are gone; later, where a location was away."""
        retires = not is_stopped(self.archive, row)
        for one in self.alive():
            try:
                yield from relocate(self.archive, one.place, one.row, row)
                yield from retime(self.archive, one.place, one.row, row)
                if retires:
                    yield from retire(self.archive, one.place, one.row, row)
            except LocationError as error:
                yield self._fail(one, error)

    def _room(self, row: LibraryRow) -> Iterator[Event]:
        """A location without room for what it still needs fails before anything is sent."""
        for one in self.alive():
            try:
                yield from make_sure_of_room(self.archive, one, row)
            except LocationError as error:
                yield self._fail(one, error)

    def _transfer(self, config: LibraryConfig, row: LibraryRow, *, dry_run: bool) -> Iterator[Event]:
        totals = pending.totals(self.archive.catalogue)
        files = sum(count for count, _ in totals.values())
        if not files or (self.opened and not dry_run and not self.alive()):
            return  # nothing is read for nobody
        yield Phase(
            "copy" if self.opened and not dry_run else "read", files, sum(size for _, size in totals.values())
        )
        transfer = yield from self._make(config, row, [] if dry_run else self.alive(), files)
        for event in transfer.run():
            if isinstance(event, LocationFailed):
                self._mark_failed(event.location)
            yield event

    def _make(
        self, config: LibraryConfig, row: LibraryRow, targets: list[Opened], files: int
    ) -> Generator[Event, None, Transfer]:
        # Here, because a run that finds nothing to copy is to end in a moment: these are half of all that is loaded.
        from fonoteca.tasks.copying.making import make_transfer

        making = make_transfer(self.archive, config, row, targets, files, self.started_ns)
        for one, error in making.failed:
            yield self._fail(one, error)
        return making.transfer

    def _mark_failed(self, name: str) -> None:
        for one in self.opened:
            if one.config.name == name:
                one.failed = True

    # after

    def _close(self, present: list[tuple[LibraryConfig, LibraryRow]]) -> Iterator[Event]:
        for config, row in present:
            yield from _analysed(self.archive, config, row)
            yield from hold_against(self.archive, config, row)
            names = [one.row.name for one in self.alive()]
            end_findings(self.archive, row, names, self.started_ns, self.looked_at.get(config.name, ()))
        for one in self.alive():
            try:
                for _, row in present:
                    yield from close_chain(self.archive, one.place, one.row, row)
                fresh = places.by_name(self.archive.catalogue, one.config.name)
                if fresh is not None and fresh.sums_stale and self.papers:
                    from fonoteca.tasks.manifest.papers import write_papers

                    yield Phase("seal", location=one.config.name)
                    yield from write_papers(self.archive, one.place, fresh)
            except LocationError as error:
                yield self._fail(one, error)
        if self.spots is None:
            yield from self._snapshots(present)

    def _snapshots(self, present: list[tuple[LibraryConfig, LibraryRow]]) -> Iterator[Event]:
        for one in self.alive():
            row = places.by_name(self.archive.catalogue, one.config.name)
            if row is None or not present:
                continue
            try:
                put_snapshots(self.archive, [(one.place, row)], present[0][1])
            except LocationError as error:
                yield self._fail(one, error)
            except OSError as error:
                yield Warned(
                    f"No snapshot of the catalogue was put to {one.config.name}: {error.strerror or error}."
                )


def _analysed(archive: Archive, config: LibraryConfig, row: LibraryRow) -> Iterator[Event]:
    """Look into what nobody has looked into yet; what that takes is loaded only then."""
    if analyses.count_lacking(archive.catalogue, row.id)[0]:
        from fonoteca.tasks.looking.analyse import analyse

        yield from analyse(archive, config, row)
    else:
        yield from tell(archive, row)


__all__ = ["backup", "libraries", "scan"]
