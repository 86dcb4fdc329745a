"""What the archive is like now: the catalogue's counts, and a quick look at each library and location.

Nothing is locked, nothing is read but markers: it answers at once, also while another run writes. Whether
that is good enough is for `core/status.judge` to say.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from fonoteca.archive import Archive
from fonoteca.catalogue import failures, holds, journal, libraries, places, readings, sounds, tallies
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.catalogue.tallies import Bad, CopyTally, Tally
from fonoteca.config import urls
from fonoteca.config.model import LibraryConfig, LocationConfig
from fonoteca.core.copy import Level
from fonoteca.core.status import (
    ArchiveStatus,
    FailureStatus,
    HoldStatus,
    LibraryStatus,
    LocationStatus,
    Presence,
)
from fonoteca.disk.mounts import file_system
from fonoteca.errors import Away, FonotecaError, LocationError, UsageError
from fonoteca.tasks.checking.forecast import forecast
from fonoteca.tasks.places.founding import first_step
from fonoteca.tasks.service import service_status
from fonoteca.tasks.standing import UNREAD, OpenFinding, since, warnings

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Known:
    """What the catalogue says, read in one moment."""

    tally: Tally
    libraries: dict[str, LibraryRow]
    places: dict[str, PlaceRow]
    bad: dict[int, Bad]
    findings: list[OpenFinding]
    inside: dict[int, tuple[int, int]]
    """Library id → tracks damaged inside, and how many of these are mendable."""
    spoilt: dict[int, holds.Spoilt]
    """Held entries by what is wrong with them, by library id."""
    failures: list[FailureStatus]
    pace: dict[int, float]
    """Bytes a day that are read again, by location id."""

    def apart(self, own: str) -> dict[int, str]:
        """Location id → file system, for those that count as copies apart from the file system `own`."""
        found = {row.id: row.identity.file_system for row in self.places.values()}
        return {number: where for number, where in found.items() if where != own}


def status(archive: Archive) -> ArchiveStatus:
    """Everything that `fonoteca status` says. Never waits for a lock."""
    known = _known(archive)
    found = ArchiveStatus(
        time_ns=archive.now(),
        wanted_copies=wanted_copies(archive, known),
        libraries=tuple(_library(config, known) for config in archive.config.libraries.values()),
        locations=tuple(_location(archive, config, known) for config in archive.config.locations.values()),
        verify_every_ns=archive.config.policy.verify_every_s * _SECOND_NS,
        warnings=tuple(warnings(archive.catalogue, known.findings, known.libraries, known.places)),
        service=service_status(archive.config.catalogue),
        holds=tuple(standing_holds(archive, known)),
        failures=tuple(each for each in known.failures if each.location in archive.config.locations),
    )
    return replace(found, since=tuple(since(archive.catalogue, found, known.findings)))


def wanted_copies(archive: Archive, known: _Known) -> int:
    """The policy's number of copies; a location on a library's own file system can hold none."""
    own = {row.file_system for row in known.libraries.values()}
    apart = {row.identity.file_system for row in known.places.values()} - own
    return archive.config.policy.copies_wanted(len(apart))


def standing_holds(archive: Archive, known: _Known) -> Iterator[HoldStatus]:
    """Holds over libraries of the config."""
    for each in holds.standing(archive.catalogue):
        if each.name in known.libraries:
            stopped = holds.stopped_by(archive.catalogue, each)
            yield HoldStatus(
                each.id, each.name, each.kind.value, each.since_ns, each.entries, each.total, stopped
            )


def _known(archive: Archive) -> _Known:
    connection, config = archive.catalogue, archive.config
    with _one_moment(connection):
        tally = tallies.count(connection)
        rows = {row.name: row for row in places.every(connection) if row.name in config.locations}
        own = {row.name: row for row in libraries.every(connection) if row.name in config.libraries}
        return _Known(
            tally,
            own,
            rows,
            {row.id: _bad(connection, row.id, tally.copies.get(row.id)) for row in rows.values()},
            [OpenFinding(*found) for found in journal.open_findings(connection)],
            {row.id: sounds.count_damaged(connection, row.id) for row in own.values()},
            {row.id: holds.spoilt(connection, row.id) for row in own.values()},
            list(failures.standing(connection)),
            {row.id: readings.pace(connection, row.id, archive.now()) for row in rows.values()},
        )


def _bad(connection: sqlite3.Connection, location: int, copies: CopyTally | None) -> Bad:
    return tallies.bad(connection, location) if copies is not None and copies.bad else Bad()


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All questions within are answered by one state of the catalogue, whatever a writer does meanwhile."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


# libraries


def _library(config: LibraryConfig, known: _Known) -> LibraryStatus:
    row = known.libraries.get(config.name)
    shown = config.path.decode("utf-8", "replace")
    absence = _absence(config, row)
    # Nobody knows what is in a library before its first scan: that is not success.
    seen = LibraryStatus(config.name, shown, present=not absence, scan_complete=False, reason=absence)
    return seen if row is None else _counted(seen, row, known)


def _counted(seen: LibraryStatus, row: LibraryRow, known: _Known) -> LibraryStatus:
    states: Counter[str] = Counter()
    apart: Counter[int] = Counter()
    size = tracks = 0
    for (library, mount, state, kind, held_at), tally in known.tally.entries.items():
        if library != row.id:
            continue
        states[state] += tally.entries
        if state in ("present", "held"):
            size += tally.bytes
            tracks += tally.entries if kind == "track" else 0
        if state == "present":
            elsewhere = known.apart(mount or row.file_system)
            apart[len({elsewhere[place] for place in held_at if place in elsewhere})] += tally.entries
    return replace(
        seen,
        entries=states["present"] + states["held"],
        tracks=tracks,
        bytes=size,
        last_scan_ns=row.scanned_ns,
        scan_complete=row.complete,
        held=states["held"],
        spoilt=known.spoilt[row.id].damaged,
        hopeless=known.spoilt[row.id].hopeless,
        unstable=known.spoilt[row.id].unstable,
        gone=states["gone"],
        unreadable=sum(each.kind in UNREAD and each.library == row.name for each in known.findings),
        damaged_inside=known.inside[row.id][0],
        mendable=known.inside[row.id][1],
        copies=tuple(sorted(apart.items())),
    )


def _absence(config: LibraryConfig, row: LibraryRow | None) -> str:
    """Why a library is not there, or nothing."""
    shown = config.path.decode("utf-8", "backslashreplace")
    try:
        if not os.path.isdir(config.path):
            return f"{shown} is not there"
        found = file_system(config.path).identity
    except OSError as error:
        return f"{shown} cannot be looked at ({error.strerror})"
    if row is None:
        return ""
    if row.path != config.path:
        return f"it was recorded at {row.path.decode('utf-8', 'backslashreplace')}"
    if row.file_system != found:
        return f"{shown} lies on the file system {found}, it was recorded on {row.file_system}"
    return ""


# locations


def _location(archive: Archive, config: LocationConfig, known: _Known) -> LocationStatus:
    row = known.places.get(config.name)
    seen = _looked_at(archive, config, row)
    if row is None:
        return replace(seen, missing=_present(known))
    copies, bad = known.tally.copies.get(row.id) or CopyTally(), known.bad[row.id]
    return replace(
        seen,
        copies=copies.copies,
        bytes=copies.bytes,
        missing=_present(known) - _present(known, row.id) - bad.of_present,
        damaged=copies.bad,
        damaged_apart=max(copies.bad - bad.of_present, 0),
        vanished=bad.vanished,
        lost=bad.lost,
        level=Level(copies.level) if copies.copies else Level.NONE,
        last_verified_ns=copies.newest_ns,
        oldest_verified_ns=copies.oldest_ns,
        never_verified=copies.unread,
        last_sealed_ns=copies.published_ns,
        last_listed_ns=row.listed_ns,
        **forecast(archive, copies, known.pace[row.id]),
        last_seen_ns=row.seen_ns,
        versions=copies.versions,
        version_bytes=copies.version_bytes,
    )


def _present(known: _Known, location: int | None = None) -> int:
    """Entries present in the configured libraries; with a location, those that it holds as they are."""
    configured = {row.id for row in known.libraries.values()}
    return sum(
        tally.entries
        for (library, _, state, _, held_at), tally in known.tally.entries.items()
        if library in configured and state == "present" and (location is None or location in held_at)
    )


def _looked_at(archive: Archive, config: LocationConfig, row: PlaceRow | None) -> LocationStatus:
    """Whether it answers, and its room. Its marker is read, nothing else."""
    seen = LocationStatus(config.name, _place_of(config), Presence.PRESENT)
    if row is None:
        reason = f"it is not set up yet. {first_step(config).removesuffix('.')}"
        return replace(seen, presence=Presence.REFUSES, reason=reason)
    try:
        with archive.location(config).open(write=False) as place:
            space = place.space()
    except Away as error:
        excused = _excused(archive, config, row)
        return replace(seen, presence=Presence.AWAY, excused=excused, reason=error.reason)
    except (LocationError, UsageError) as error:
        return replace(seen, presence=Presence.REFUSES, reason=_short(error))
    if space is None:
        return seen
    return replace(seen, free_bytes=space.free, total_bytes=space.total)


def _excused(archive: Archive, config: LocationConfig, row: PlaceRow) -> bool:
    """Being away is normal for it, and it was here not too long ago."""
    if not config.removable or row.seen_ns is None:
        return False
    return archive.now() - row.seen_ns <= archive.config.notify.remind_s * _SECOND_NS


def _short(error: FonotecaError) -> str:
    return getattr(error, "reason", None) or str(error)


def _place_of(config: LocationConfig) -> str:
    return urls.shown(config)
