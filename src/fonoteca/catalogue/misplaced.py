"""Copies whose key is not the one that their entry's path asks for: what a location has yet to follow.

The table outlives runs, since a location may be away for long. A trigger fills it whenever an entry gets another path.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import PATH
from fonoteca.catalogue.temporary import provide_table
from fonoteca.core.place import Key


class Misplaced(NamedTuple):
    """A copy whose entry has another path now. `path` is that path, `key` where the copy stands."""

    entry: int
    path: bytes
    key: bytes
    content: int
    sha256: bytes
    size: int
    xxh3_128: bytes
    mtime_ns: int
    level: int
    verified_ns: int | None
    state: str


_MISPLACED = (
    f"SELECT m.entry, {PATH}, p.key, c.id, c.sha256, c.size, c.xxh3_128, p.mtime_ns, p.level, p.verified_ns, p.state "
    "FROM misplaced m JOIN copies p ON p.location = m.location AND p.entry = m.entry "
    "JOIN contents c ON c.id = p.content JOIN entries e ON e.id = m.entry JOIN folders f ON f.id = e.folder "
    "WHERE m.location = ? AND f.library = ? "
)


def count(connection: sqlite3.Connection, location: int, library: int) -> int:
    """How many copies of a library at a location are."""
    return int(
        connection.execute(
            "SELECT count(*) FROM misplaced m CROSS JOIN entries e ON e.id = m.entry "
            "CROSS JOIN folders f ON f.id = e.folder "
            "WHERE m.location = ? AND f.library = ?",
            (location, library),
        ).fetchone()[0]
    )


def every(
    connection: sqlite3.Connection, location: int, library: int, chunk: int = 512
) -> Iterator[Misplaced]:
    """All of them, in the order of entries; the catalogue can be written between two."""
    last = 0
    while True:
        rows = connection.execute(
            _MISPLACED + "AND m.entry > ? ORDER BY m.entry LIMIT ?", (location, library, last, chunk)
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield from map(Misplaced._make, rows)


def at_all(
    connection: sqlite3.Connection, locations: list[int], library: int, chunk: int = 512
) -> Iterator[tuple[int, int, bytes, bytes, int]]:
    """Entry, location, path, key and size of those at any of `locations`, in the order of entries and locations."""
    marks = ",".join("?" * len(locations))
    entry = location = 0
    while True:
        rows = connection.execute(
            f"SELECT m.entry, m.location, {PATH}, p.key, c.size FROM misplaced m "
            "JOIN copies p ON p.location = m.location AND p.entry = m.entry JOIN contents c ON c.id = p.content "
            "JOIN entries e ON e.id = m.entry JOIN folders f ON f.id = e.folder "
            f"WHERE f.library = ? AND m.location IN ({marks}) AND (m.entry, m.location) > (?, ?) "
            "ORDER BY m.entry, m.location LIMIT ?",
            (library, *locations, entry, location, chunk),
        ).fetchall()
        if not rows:
            return
        entry, location = rows[-1][:2]
        yield from rows


def one(connection: sqlite3.Connection, location: int, library: int, entry: int) -> Misplaced | None:
    """One of them, if it still is."""
    row = connection.execute(_MISPLACED + "AND m.entry = ?", (location, library, entry)).fetchone()
    return Misplaced._make(row) if row else None


def in_place(connection: sqlite3.Connection, location: int, numbers: Iterable[int]) -> None:
    """These entries' copies have the key that they should have."""
    with transaction(connection):
        connection.executemany(
            "DELETE FROM misplaced WHERE location = ? AND entry = ?", ((location, each) for each in numbers)
        )


def rekey(connection: sqlite3.Connection, location: int, keys: list[tuple[int, bytes]], segment: int) -> None:
    """Copies that stand under another key now, as segment `segment` says: (entry, key) each. They may have exchanged
    their keys. Belongs into a transaction.
    """
    connection.executemany(
        "UPDATE copies SET key = CAST(x'00' || entry AS BLOB) WHERE location = ? AND entry = ?",
        ((location, entry) for entry, _ in keys),
    )
    connection.executemany(
        "UPDATE copies SET key = ?, segment = ? WHERE location = ? AND entry = ?",
        ((key, segment, location, entry) for entry, key in keys),
    )


def note_leaving(
    connection: sqlite3.Connection, location: int, library: int, fold: Callable[[Key], bytes]
) -> None:
    """Write down, for this run, under which folded keys misplaced copies stand. Each location has a table of its own,
    since several may be followed at the same time.
    """
    columns, table = "(fold BLOB NOT NULL, entry INTEGER NOT NULL UNIQUE)", f"leaving_{location}"
    provide_table(connection, table, columns, f"{table}_fold ON {table} (fold)")
    rows = ((fold(Key(copy.key)), copy.entry) for copy in every(connection, location, library))
    connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)


def leaving(connection: sqlite3.Connection, location: int, fold: bytes) -> int | None:
    """The entry whose misplaced copy has this name there."""
    found = connection.execute(f"SELECT entry FROM leaving_{location} WHERE fold = ?", (fold,)).fetchone()
    return int(found[0]) if found else None


def left(connection: sqlite3.Connection, location: int, numbers: Iterable[int]) -> None:
    """These have left their old keys."""
    connection.executemany(f"DELETE FROM leaving_{location} WHERE entry = ?", ((each,) for each in numbers))


def note(connection: sqlite3.Connection, location: int, entry: int) -> None:
    """The next backup looks whether this copy has the key that it should have."""
    connection.execute("INSERT OR IGNORE INTO misplaced VALUES (?, ?)", (location, entry))


def hand_over(connection: sqlite3.Connection, location: int, entry: int, other: int) -> None:
    """What was taken for a copy of `entry` is one of `other`: one file, of which two manifests told under two paths.

    Where only manifests know of `entry` and it has no copy left, it is no entry: its versions are `other`'s.
    """
    connection.execute(
        "INSERT INTO copies SELECT location, ?1, CAST(x'00' || ?1 AS BLOB), content, mtime_ns, level, verified_ns, "
        "published_ns, segment, state FROM copies WHERE location = ?2 AND entry = ?3",
        (other, location, entry),
    )
    connection.execute("DELETE FROM copies WHERE location = ? AND entry = ?", (location, entry))
    known = "SELECT 1 FROM entries WHERE id = ?1 AND ctime_ns <> 0 UNION ALL SELECT 1 FROM copies WHERE entry = ?1"
    if connection.execute(known, (entry,)).fetchone() is None:
        connection.execute("UPDATE versions SET entry = ? WHERE entry = ?", (other, entry))
        connection.execute("DELETE FROM entries WHERE id = ?", (entry,))
