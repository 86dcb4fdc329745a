"""List all names at a location and hold them against the catalogue: missing, of another size, extra.

Costs one listing and no reading. `backup` does it once in 24 hours; `verify` always.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, journal, places, standing
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core.copy import Level
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.checking.listed import as_listed, list_all, table_of
from fonoteca.tasks.checking.remedy import is_repairable

LISTING_NS = 24 * 3600 * 1_000_000_000
"""A listing is believed for so long (24 h)."""

TOGETHER = 1000
"""So many findings are recorded together."""


def is_due(row: PlaceRow, now_ns: int) -> bool:
    """True when the last listing is older than a day, or there was none."""
    return row.listed_ns is None or now_ns - row.listed_ns > LISTING_NS


def survey(archive: Archive, place: OpenLocation, row: PlaceRow) -> Iterator[Event]:
    """List the location, mark what is missing or of another size, remember what stands unrecorded. Yields findings."""
    connection = archive.catalogue
    key = as_listed(row, "p.key")
    list_all(connection, place, row)
    listed = table_of(row)
    with transaction(connection):
        missing = connection.execute(
            f"SELECT p.entry FROM copies p LEFT JOIN {listed} l ON l.key = {key} "
            "WHERE p.location = ? AND l.key IS NULL AND p.state <> 'missing'",
            (row.id,),
        ).fetchall()
        resized = connection.execute(
            f"SELECT p.entry, c.size, l.size FROM copies p JOIN {listed} l ON l.key = {key} "
            "JOIN contents c ON c.id = p.content JOIN entries e ON e.id = p.entry WHERE p.location = ? "
            f"AND l.size <> c.size AND p.state <> 'damaged' AND NOT ({_UNPROVEN} AND e.state = 'present')",
            (row.id,),
        ).fetchall()
        for (entry,) in missing:
            copies.set_state(connection, row.id, entry, "missing")
        for entry, _, _ in resized:
            copies.set_state(connection, row.id, entry, "damaged")
        _settle(connection, row, key, archive.now())
        lost = _settle_versions(connection, row, archive.now())
        _remember_strangers(connection, row, key)
        places.listed(connection, row.id, archive.now())
    seen = [(entry, FindingKind.MISSING, "recorded here, and not there any more") for (entry,) in missing]
    for entry, wanted, there in resized:
        seen.append((entry, FindingKind.DAMAGED, f"expected {wanted} bytes, found {there}"))
    for start in range(0, len(seen), TOGETHER):
        with transaction(connection):  # a flush for each would take a day for a mirror that was deleted
            found = [_found(archive, row, *each) for each in seen[start : start + TOGETHER]]
        yield from found
    yield from _lost_versions(archive, row, lost)


_UNPROVEN = "p.state = 'good' AND p.level = 0"
"""SQL: nothing is known of it but what an older state of the place says, or what we remember of before."""


def _settle(connection: sqlite3.Connection, row: PlaceRow, key: str, now: int) -> None:
    """Copies at level none: of the stated size and time, they stand at level size. Any other is read before it is
    believed or replaced, so it counts as not found: the library's file is compared with what stands there.
    """
    step = row.traits.mtime_precision_ns
    alike = "l.size = c.size"
    if step is not None:
        alike += f" AND (l.mtime_ns IS NULL OR abs(l.mtime_ns - p.mtime_ns) < {max(step, 1)})"
    found = connection.execute(
        f"SELECT p.entry, {alike}, e.state = 'present' FROM copies p JOIN {table_of(row)} l "
        f"ON l.key = {key} JOIN contents c ON c.id = p.content JOIN entries e ON e.id = p.entry "
        f"WHERE p.location = ? AND {_UNPROVEN}",
        (row.id,),
    ).fetchall()
    copies.verified(connection, ((int(Level.SIZE), now, row.id, entry) for entry, same, _ in found if same))
    for entry, same, is_present in found:
        if is_present and not same:
            copies.set_state(connection, row.id, entry, "missing")


def _settle_versions(connection: sqlite3.Connection, row: PlaceRow, now: int) -> list[int]:
    """Kept versions at level none: of the right size, they stand at level size; gives those that don't."""
    found = connection.execute(
        "SELECT p.id, l.size IS c.size, l.size FROM versions p JOIN contents c ON c.id = p.content "
        f"LEFT JOIN {table_of(row)} l ON l.key = {as_listed(row, 'p.key')} WHERE p.location = ? AND {_UNPROVEN}",
        (row.id,),
    ).fetchall()
    for number, same, size in found:
        state = "good" if same else "missing" if size is None else "damaged"
        level = Level.SIZE if same else Level.NONE
        copies.version_checked(connection, number, level, now if same else None, state)
    return [number for number, same, _ in found if not same]


def _lost_versions(archive: Archive, row: PlaceRow, numbers: list[int]) -> Iterator[Event]:
    for start in range(0, len(numbers), TOGETHER):
        with transaction(archive.catalogue):
            found = [_lost_version(archive, row, number) for number in numbers[start : start + TOGETHER]]
        yield from found


def _lost_version(archive: Archive, row: PlaceRow, number: int) -> Found:
    version = copies.version(archive.catalogue, number)
    kind = FindingKind.MISSING if version.state == "missing" else FindingKind.DAMAGED
    repairable = copies.stands_elsewhere(archive.catalogue, number)
    lack = Finding(
        kind, "it is not there, or of another size", version.library, row.name, version.path, repairable
    )
    finding = lack.of_version(version.key)
    journal.note(archive.catalogue, finding, archive.now())
    return Found(finding)


def _remember_strangers(connection: sqlite3.Connection, row: PlaceRow, key: str) -> None:
    connection.execute("DELETE FROM standing WHERE location = ?", (row.id,))
    connection.execute(
        "INSERT INTO standing (location, key, size, mtime_ns) SELECT ?, l.actual, l.size, l.mtime_ns "
        f"FROM {table_of(row)} l WHERE substr(l.actual, 1, {len(VERSIONS)}) <> ? AND l.key NOT IN "
        f"(SELECT {key} FROM copies p WHERE p.location = ? AND p.state <> 'missing')",
        (row.id, bytes(VERSIONS), row.id),
    )


def _found(archive: Archive, row: PlaceRow, entry: int, kind: FindingKind, detail: str) -> Found:
    copy = next(copy for copy in copies.of_entry(archive.catalogue, entry) if copy.location == row.id)
    repairable = is_repairable(archive, row.id, entry)
    finding = Finding(kind, detail, copy.library, row.name, copy.path, repairable)
    journal.note(archive.catalogue, finding, archive.now())
    return Found(finding)


def extras(connection: sqlite3.Connection, row: PlaceRow) -> Iterator[tuple[bytes, int]]:
    """Key and size of everything that stands there and that nobody recorded."""
    return standing.every(connection, row.id)
