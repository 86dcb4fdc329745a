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
from fonoteca.core import naming
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.core.place import OWN, Key
from fonoteca.locations.base import OpenLocation

LISTING_NS = 24 * 3600 * 1_000_000_000
"""A listing is believed for so long (24 h)."""

OUR_FILES = frozenset({b"SHA256SUMS", b"VERIFY.txt"})


def is_due(row: PlaceRow, now_ns: int) -> bool:
    """True when the last listing is older than a day, or there was none."""
    return row.listed_ns is None or now_ns - row.listed_ns > LISTING_NS


def list_all(connection: sqlite3.Connection, place: OpenLocation, row: PlaceRow) -> None:
    """Write every published name into the run's `listed` table."""
    connection.execute("PRAGMA temp_store = FILE")
    connection.execute("DROP TABLE IF EXISTS temp.listed")
    connection.execute(
        "CREATE TEMP TABLE listed (key BLOB PRIMARY KEY, actual BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER)"
        " WITHOUT ROWID"
    )
    rule = naming.rule_named(row.identity.naming)
    rows: list[tuple[bytes, bytes, int, int | None]] = []
    for key, stat in place.list(Key(b"")):
        if key in OUR_FILES or (key.startswith(OWN + b"/") and not key.startswith(VERSIONS)):
            continue
        # A folding place may give a name back in another form than the one it was given.
        rows.append((naming.fold(key, rule), key, stat.size, stat.mtime_ns))
        if len(rows) >= 2000:
            connection.executemany("INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?)", rows)
            rows.clear()
    connection.executemany("INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?)", rows)
    if rule.folds:
        connection.create_function("fold", 1, lambda key: naming.fold(Key(key), rule), deterministic=True)
    else:
        connection.create_function("fold", 1, lambda key: key, deterministic=True)


def survey(archive: Archive, place: OpenLocation, row: PlaceRow) -> Iterator[Event]:
    """List the location, mark what is missing or of another size, remember what stands unrecorded. Yields findings."""
    connection = archive.catalogue
    rule_folds = naming.rule_named(row.identity.naming).folds
    key = "fold(p.key)" if rule_folds else "p.key"
    with transaction(connection):
        list_all(connection, place, row)
        missing = connection.execute(
            f"SELECT p.entry FROM copies p LEFT JOIN listed l ON l.key = {key} "
            "WHERE p.location = ? AND l.key IS NULL AND p.state <> 'missing'",
            (row.id,),
        ).fetchall()
        resized = connection.execute(
            f"SELECT p.entry, c.size, l.size FROM copies p JOIN listed l ON l.key = {key} "
            "JOIN contents c ON c.id = p.content WHERE p.location = ? AND l.size <> c.size AND p.state <> 'damaged'",
            (row.id,),
        ).fetchall()
        for (entry,) in missing:
            copies.set_state(connection, row.id, entry, "missing")
        for entry, _, _ in resized:
            copies.set_state(connection, row.id, entry, "damaged")
        _remember_strangers(connection, row, key)
        places.listed(connection, row.id, archive.now())
    for (entry,) in missing:
        yield _found(archive, row, entry, FindingKind.MISSING, "recorded here, and not there any more")
    for entry, wanted, found in resized:
        yield _found(archive, row, entry, FindingKind.DAMAGED, f"expected {wanted} bytes, found {found}")


def _remember_strangers(connection: sqlite3.Connection, row: PlaceRow, key: str) -> None:
    connection.execute("DELETE FROM standing WHERE location = ?", (row.id,))
    connection.execute(
        "INSERT INTO standing (location, key, size, mtime_ns) SELECT ?, l.actual, l.size, l.mtime_ns FROM listed l "
        f"WHERE substr(l.actual, 1, {len(VERSIONS)}) <> ? AND l.key NOT IN "
        f"(SELECT {key} FROM copies p WHERE p.location = ? AND p.state <> 'missing')",
        (row.id, bytes(VERSIONS), row.id),
    )


def _found(archive: Archive, row: PlaceRow, entry: int, kind: FindingKind, detail: str) -> Found:
    copy = next(copy for copy in copies.of_entry(archive.catalogue, entry) if copy.location == row.id)
    repairable = copies.is_repairable(archive.catalogue, row.id, entry)
    finding = Finding(kind, detail, copy.library, row.name, copy.path, repairable)
    with transaction(archive.catalogue):
        journal.note(archive.catalogue, finding, archive.now())
    return Found(finding)


def extras(connection: sqlite3.Connection, row: PlaceRow) -> Iterator[tuple[bytes, int]]:
    """Key and size of everything that stands there and that nobody recorded."""
    return standing.every(connection, row.id)
