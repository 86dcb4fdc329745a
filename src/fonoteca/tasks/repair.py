"""`repair`: the recorded bytes put back from a good copy; the bad ones go to quarantine. Without `apply`, the plan.

    for event in repair(archive, ["red"], source="blue", apply=True):
        ...

The recorded digest decides, never a majority: of the catalogue, which follows the seals, or of a bare location's own
manifest. What is to be repaired is read again first, for a finding may be old. Where nothing good is known, nothing is
touched, and that is said.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from fonoteca.archive import Archive, Stop
from fonoteca.catalogue import events, journal, remedies
from fonoteca.catalogue.database import transaction
from fonoteca.config.model import LibraryConfig, LocationConfig
from fonoteca.core.event import Event, Found, Repaired, Verified, WouldRepair
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.journal import recovery
from fonoteca.core.manifest.lines import Step
from fonoteca.core.plan.repair import Bad, Kind, Source
from fonoteca.errors import LocationError, UsageError
from fonoteca.tasks.bare import BareArchive, bare_archive
from fonoteca.tasks.checking.inspection import Inspection
from fonoteca.tasks.manifest.seals import check_chains
from fonoteca.tasks.mending.origins import Origins, without
from fonoteca.tasks.mending.reinstating import Reinstating
from fonoteca.tasks.mending.rewriting import Mended, Mender
from fonoteca.tasks.mending.supply import Supply, Tried
from fonoteca.tasks.places.opening import Opened, chosen, failure, open_all
from fonoteca.tasks.run import run

_KINDS = {
    "missing": FindingKind.MISSING,
    "damaged": FindingKind.DAMAGED,
    "unreadable": FindingKind.UNREADABLE_COPY,
}


def repair(
    archive: Archive,
    places: Sequence[str] | None = None,
    *,
    source: str | None = None,
    libraries: bool = False,
    apply: bool = False,
) -> Iterator[Event]:
    """Repair at the named locations, or all; with `libraries` the named libraries, or all, too. `source`: only from
    this location.

    Raises UsageError for unknown names, and for a library without `libraries`; Interrupted.
    """
    targets, own = _meant(archive, places, libraries)
    name = chosen(archive, [source])[0].name if source is not None else None  # it may be a path or a URL
    job = Repairing(archive, name, apply, named=places is not None)
    return run(archive, "repair", job.events(targets, own))


def repair_bare(
    place: str, source: str | None = None, *, apply: bool = False, stop: Stop | None = None
) -> Iterator[Event]:
    """The same at a location that no config knows: its own manifest says what should stand, and it is read whole first.

    Raises UsageError when PLACE or `source` is no location, or both are one; LocationError, Interrupted.
    """
    with bare_archive(place, beside=source, writes=apply, stop=stop) as archive:
        name = list(archive.config.locations)[-1] if source is not None else None
        job = Repairing(archive, name, apply, named=True)
        yield from run(archive, "repair", job.events([archive.config.locations[archive.name]], []))


def _meant(
    archive: Archive, words: Sequence[str] | None, libraries: bool
) -> tuple[list[LocationConfig], list[LibraryConfig]]:
    own = [
        word
        for word in words or ()
        if word in archive.config.libraries and word not in archive.config.locations
    ]
    if own and not libraries:
        raise UsageError(
            f"{own[0]} is a library: its files are only written with `fonoteca repair {own[0]} --library`."
        )
    others = None if words is None else [word for word in words if word not in own]
    locations = [] if own and not others else chosen(archive, others)
    return locations, archive.library_configs(own or None) if libraries else []


@dataclass(slots=True)
class Work:
    """One location that is repaired."""

    one: Opened
    unfinished: dict[bytes, Step] = field(default_factory=dict)
    """What a cut-off run was about, by key."""
    seen: set[bytes] = field(default_factory=set)
    """Keys that were tried in this run."""


@dataclass(slots=True)
class Repairing:
    """One repair."""

    archive: Archive
    source: str | None
    apply: bool
    named: bool
    opened: dict[int, Opened] = field(default_factory=dict)
    """What could be opened, by the catalogue's number."""
    origins: Origins = field(init=False)

    def __post_init__(self) -> None:
        self.origins = Origins(self.archive, self.opened, self.source)

    def events(self, locations: list[LocationConfig], own: list[LibraryConfig]) -> Iterator[Event]:
        """Everything. See `repair`."""
        targets = {config.name for config in locations}
        with ExitStack() as stack:
            for config in self.archive.location_configs():
                # Bad bytes of a library's file are kept at a location: any that can be written.
                write = self.apply and (config.name in targets or bool(own))
                named = (self.named and config.name in targets) or config.name == self.source
                for each in open_all(self.archive, [config], stack, write=write, named=named):
                    if isinstance(each, Opened):
                        self.opened[each.row.id] = each
                    elif config.name in targets or config.name == self.source:
                        yield each
            supply = self.origins.supply()
            works = [Work(each) for each in self.opened.values() if each.config.name in targets]
            for work in works:
                yield from self._guarded(work, self._look(work))
            if self.apply:
                yield from self._mend(works, supply)
            else:
                for work in works:
                    yield from self._plan(work, supply)
            for library in own:
                yield from Reinstating(self, library, supply).events()

    def _guarded(self, work: Work, events: Iterator[Event]) -> Iterator[Event]:
        """A location that fails, fails alone."""
        try:
            yield from events
        except LocationError as error:
            work.one.failed = True
            yield failure(self.archive, work.one.config, error, named=True)

    # a location

    def _mend(self, works: list[Work], supply: Supply) -> Iterator[Event]:
        """Everything that is bad, once; also what turns out to be bad while it is read as a source."""
        menders = {work.one.row.id: Mender(work.one.place, supply) for work in works}
        while (found := self._next(works)) is not None:
            work, todo = found
            work.seen.update(bad.key for bad in todo)
            mended = menders[work.one.row.id].mend(todo)
            yield from self._guarded(
                work, (event for each in mended for event in self._taken(work.one, each, supply))
            )

    def _next(self, works: list[Work]) -> tuple[Work, list[Bad]] | None:
        for work in works:
            todo = [] if work.one.failed else [bad for bad in self._bad(work) if bad.key not in work.seen]
            if todo:
                return work, todo
        return None

    def _bad(self, work: Work) -> Iterator[Bad]:
        """What is bad at a location; what a cut-off run was about is left to the next backup."""
        for bad in remedies.bad_at(self.archive.catalogue, work.one.row.id):
            if bad.key not in work.unfinished:
                yield bad

    def _look(self, work: Work) -> Iterator[Event]:
        """What is said about the manifest there; a bare location is read whole, for nobody knows what is bad."""
        archive, one, unfinished = self.archive, work.one, work.unfinished
        if isinstance(archive, BareArchive):
            yield from archive.notes
            yield from map(Found, archive.findings)
            unfinished.update(archive.unfinished)
            inspection = Inspection(archive, one.place, one.row, None, False, True, unfinished, archive.now())
            for event in inspection.events():
                if not (isinstance(event, Found) and event.finding.kind in _KINDS.values()):
                    yield event
        elif self.apply:
            yield from check_chains(archive, one.place, one.row, unfinished)

    def _plan(self, work: Work, supply: Supply) -> Iterator[Event]:
        one = work.one
        for bad in self._bad(work):
            source = next(iter(supply.here(bad)), None)
            if source is None:
                yield self._nothing_good(one, bad, self.origins.of(bad), "")
            else:
                yield WouldRepair(
                    bad.library,
                    bad.path,
                    one.row.name,
                    bad.kind.value,
                    bad.size,
                    bad.state,
                    self.origins.name(source),
                    source.level,
                    source.verified_ns,
                )

    def _taken(self, one: Opened, mended: Mended, supply: Supply) -> Iterator[Event]:
        bad, catalogue, now = mended.bad, self.archive.catalogue, self.archive.now()
        yield from self.said(bad, mended.tried)
        if mended.level is None:
            known = without(self.origins.of(bad), mended.tried)
            yield self._nothing_good(one, bad, known, mended.why)
            return
        kept = f"{one.row.name}: {os.fsdecode(mended.kept)}" if mended.kept else None
        with transaction(catalogue):
            remedies.is_good(catalogue, one.row.id, bad, mended.level, now)
            if mended.source is not None:
                source = self.origins.name(mended.source)
                events.add(catalogue, recovery(now, bad, one.row.name, bad.kind, source, kept))
            journal.close_mended(catalogue, now, location=(one.row.id, one.row.name), entry=bad.entry)
        if mended.source is None:
            yield Verified(bad.path, bad.size, mended.level, bad.library, one.row.name)
            return
        yield Repaired(
            bad.library,
            bad.path,
            one.row.name,
            bad.kind.value,
            bad.size,
            mended.level,
            self.origins.name(mended.source),
            mended.source.level,
            mended.source.verified_ns,
            kept,
        )

    def said(self, bad: Bad, tried: Sequence[Tried]) -> Iterator[Found]:
        """Sources that were read and are bad themselves: recorded, and said."""
        for source, trouble in tried:
            if source.location is None:
                continue  # a library's file is judged by a scan or a scrub
            repairable = bool(without(self.origins.of(bad), tried))
            finding = Finding(
                trouble.kind, trouble.detail, source.library, self.origins.name(source), bad.path, repairable
            )
            with transaction(self.archive.catalogue):
                remedies.is_bad(self.archive.catalogue, source)
                journal.note(self.archive.catalogue, finding, self.archive.now())
            yield Found(finding)

    def _nothing_good(self, one: Opened, bad: Bad, known: list[Source], why: str) -> Found:
        detail = why or f"expected sha256 {bad.sha256.hex()}; {self._lack(known)}"
        finding = Finding(_KINDS[bad.state], detail, bad.library, one.row.name, bad.path, bool(known))
        return Found(finding.of_version(bad.key) if bad.kind is Kind.VERSION else finding)

    def _lack(self, known: list[Source]) -> str:
        names = sorted({self.origins.name(source) for source in known})
        if names:
            return f"no good copy of it can be read here now; {', '.join(names)} should have one"
        if isinstance(self.archive, BareArchive):
            return "nothing good was found; whether another copy of it exists is not known here: nothing was touched"
        return "no good copy of it is known anywhere: nothing was touched"

    # for a library

    def keepers(self) -> list[Opened]:
        """Locations at which the bad bytes of a library's file can be kept."""
        return [one for one in self.opened.values() if not one.failed]
