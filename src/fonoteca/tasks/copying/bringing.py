"""Bringing libraries to some locations: to all local ones from one reading, or to one beyond this machine.

What a scan found is planned and judged before; here it is copied, sealed and written down. A location that fails is
said, and takes no further part.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from fonoteca.archive import Archive
from fonoteca.catalogue import pending, places
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig, LocationConfig
from fonoteca.core.event import Event, LocationFailed, Phase, Warned
from fonoteca.errors import CatalogueUnwritable, LocationError, Lost
from fonoteca.locations.patience import Patience
from fonoteca.tasks.checking.survey import is_due, survey
from fonoteca.tasks.copying.extent import Extent
from fonoteca.tasks.copying.resting import leave_restless
from fonoteca.tasks.ending import end_findings
from fonoteca.tasks.foresight import foresee, make_sure_of_room
from fonoteca.tasks.foretelling import is_stopped
from fonoteca.tasks.manifest.closing import close_chain, put_snapshots, restate
from fonoteca.tasks.manifest.neighbours import listen
from fonoteca.tasks.manifest.recover import enrol
from fonoteca.tasks.moving.relocation import relocate
from fonoteca.tasks.moving.retiming import retime
from fonoteca.tasks.moving.retiring import retire
from fonoteca.tasks.places.opening import Opened, failure, open_all

if TYPE_CHECKING:
    from fonoteca.tasks.copying.transfer import Transfer

Present = list[tuple[LibraryConfig, LibraryRow]]
"""Libraries that are there."""


@dataclass(slots=True)
class Bringing:
    """Some locations that are served together, in one run."""

    archive: Archive
    named: bool
    started_ns: int
    opened: list[Opened] = field(default_factory=list)
    part: str = ""
    """Whose plan it is, as `pending` has it."""
    turns: bool = False
    """Others are served beside it: see `Transfer.turns`."""
    extent: Extent = field(default_factory=Extent)

    def alive(self) -> list[Opened]:
        """Locations that have not failed."""
        return [one for one in self.opened if not one.failed]

    def fail(self, one: Opened, error: LocationError) -> LocationFailed:
        """It takes no further part: the event that says so."""
        one.failed = True
        return failure(self.archive, one.config, error, named=self.named)

    def open(self, configs: Sequence[LocationConfig], stack: ExitStack, *, write: bool) -> Iterator[Event]:
        """Open those that are there; `stack` closes them."""
        for found in open_all(self.archive, configs, stack, write=write, named=self.named):
            if isinstance(found, Opened):
                self.opened.append(found)
            else:
                yield found

    # before

    def enrol(self, present: Present) -> Iterator[Event]:
        """Every location agrees with us about every library before anything is copied."""
        for one in self.alive():
            try:
                for _, library in present:
                    yield from self._patiently(partial(self._agree, one, library))
                mine = {library.id for _, library in present}
                yield from listen(self.archive, one.place, one.row, mine)
                row = places.by_name(self.archive.catalogue, one.config.name)
                if row is not None and self.extent.is_whole and is_due(row, self.archive.now()):
                    yield Phase("list", location=one.config.name)
                    yield from survey(self.archive, one.place, one.row)
            except LocationError as error:
                yield self.fail(one, error)

    def _agree(self, one: Opened, library: LibraryRow) -> Iterator[Event]:
        yield from enrol(self.archive, one.place, one.row, library)
        chain = places.chain(self.archive.catalogue, one.row.id, library.id)
        if chain is not None and chain.damaged:
            yield from restate(self.archive, one.place, one.row, library)

    def _patiently(self, step: Callable[[], Iterator[Event]]) -> Iterator[Event]:
        """A step outside of a lane, which a later run would simply take again: so does this one, where a connection
        breaks off.
        """
        began = monotonic()
        try:
            yield from step()
        except Lost:
            patience = Patience()
            if monotonic() - began > patience.enough_s:
                raise  # it stalls: others wait
            self.archive.pause_point()
            patience.pause(1)
            yield from step()

    # each library

    def follow(self, row: LibraryRow) -> Iterator[Event]:
        """Copies follow their entries, or become versions where these are gone; later, where a location was away."""
        retires = not is_stopped(self.archive, row)
        for one in self.alive():
            try:
                yield from relocate(self.archive, one.place, one.row, row)
                yield from retime(self.archive, one.place, one.row, row)
                if retires:
                    yield from retire(self.archive, one.place, one.row, row)
            except LocationError as error:
                yield self.fail(one, error)

    def plan(self, config: LibraryConfig, row: LibraryRow) -> Iterator[Event]:
        """Add to the plan what these locations lack, and say what that will take there."""
        numbers = [one.row.id for one in self.alive()]
        if numbers:
            pending.add_lacking(self.archive.catalogue, row.id, numbers, part=self.part)
            rests = self.extent.rests(config.name)
            leave_restless(self.archive.catalogue, config, rests, part=self.part)
        for one in self.alive():
            yield from foresee(self.archive, one, part=self.part)

    def room(self, row: LibraryRow) -> Iterator[Event]:
        """A location without room for what it still needs fails before anything is sent."""
        for one in self.alive():
            try:
                yield from make_sure_of_room(self.archive, one, row, part=self.part)
            except LocationError as error:
                yield self.fail(one, error)

    def transfer(self, config: LibraryConfig, row: LibraryRow, *, dry_run: bool = False) -> Iterator[Event]:
        """Read what is planned, and bring it."""
        totals = pending.totals(self.archive.catalogue, part=self.part)
        files = sum(count for count, _ in totals.values())
        if not files or (self.opened and not dry_run and not self.alive()):
            return  # nothing is read for nobody
        name = "copy" if self.opened and not dry_run else "read"
        size = sum(size for _, size in totals.values())
        yield Phase(name, files, size, self.opened[0].config.name if self.part else None)
        transfer = yield from self.make(config, row, [] if dry_run else self.alive(), files)
        for event in transfer.run():
            if isinstance(event, LocationFailed):
                self._mark_failed(event.location)
            yield event

    def make(
        self, config: LibraryConfig, row: LibraryRow, targets: list[Opened], files: int
    ) -> Generator[Event, None, Transfer]:
        """A transfer to `targets`; those that cannot take part are said."""
        # Here, because a run that finds nothing to copy is to end in a moment: these are half of all that is loaded.
        from fonoteca.tasks.copying.making import make_transfer

        making = make_transfer(self.archive, config, row, targets, files, self.started_ns, part=self.part)
        for one, error in making.failed:
            yield self.fail(one, error)
        making.transfer.turns = self.turns
        return making.transfer

    def _mark_failed(self, name: str) -> None:
        for one in self.opened:
            if one.config.name == name:
                one.failed = True

    # after

    def seal(self, present: Present) -> Iterator[Event]:
        """Close what is open, and write down for people and for other machines what stands there."""
        names = [one.row.name for one in self.alive()]
        for config, row in present:
            folders = self.extent.looked_at.get(config.name, ())
            end_findings(self.archive, row, names, self.started_ns, folders)
        for one in self.alive():
            try:
                yield from self._patiently(partial(self._seal, one, present))
            except LocationError as error:
                yield self.fail(one, error)
        if self.extent.is_whole:
            yield from self._snapshots(present)

    def _seal(self, one: Opened, present: Present) -> Iterator[Event]:
        for _, row in present:
            yield from close_chain(self.archive, one.place, one.row, row)
        fresh = places.by_name(self.archive.catalogue, one.config.name)
        if fresh is not None and fresh.sums_stale and self.extent.papers:
            from fonoteca.tasks.manifest.papers import write_papers

            yield Phase("seal", location=one.config.name)
            yield from write_papers(self.archive, one.place, fresh)

    def _snapshots(self, present: Present) -> Iterator[Event]:
        for one in self.alive():
            row = places.by_name(self.archive.catalogue, one.config.name)
            if row is None or not present:
                continue
            try:
                put_snapshots(self.archive, [(one.place, row)], present[0][1])
            except LocationError as error:
                yield self.fail(one, error)
            except (OSError, CatalogueUnwritable) as error:
                why = error.reason if isinstance(error, CatalogueUnwritable) else error.strerror or error
                yield Warned(f"No snapshot of the catalogue was put to {one.config.name}: {why}.")
