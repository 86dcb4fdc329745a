"""Copies of entries that are gone from their library: what a location has yet to retire."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH


class Gone(NamedTuple):
    """A copy whose entry is gone. What it holds may be older than what the entry was last."""

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


_FROM_GONE = (
    # CROSS JOIN keeps the order: from the few that are gone, never through the whole library.
    "FROM entries e CROSS JOIN folders f ON f.id = e.folder CROSS JOIN copies p ON p.entry = e.id "
    "JOIN contents c ON c.id = p.content WHERE e.state <> 'present' AND e.state = 'gone' AND f.library = ? "
)


def copies_of(
    connection: sqlite3.Connection, location: int, library: int, chunk: int = 1000
) -> Iterator[list[Gone]]:
    """All of them at a location, in the order of entries; the catalogue can be written between two chunks."""
    last = 0
    while True:
        rows = connection.execute(
            f"SELECT e.id, {PATH}, p.key, p.content, c.sha256, c.size, c.xxh3_128, p.mtime_ns, p.level, "
            f"p.verified_ns, p.state {_FROM_GONE} AND p.location = ? AND e.id > ? ORDER BY e.id LIMIT ?",
            (library, location, last, chunk),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [Gone._make(row) for row in rows]


def is_any(connection: sqlite3.Connection, location: int, library: int) -> bool:
    """True when there is any."""
    found = connection.execute(
        f"SELECT 1 {_FROM_GONE} AND p.location = ? LIMIT 1", (library, location)
    ).fetchone()
    return found is not None


def at_all(
    connection: sqlite3.Connection, locations: list[int], library: int
) -> Iterator[tuple[int, int, bytes, int]]:
    """Entry, location, path and size of each copy at these locations, entry by entry."""
    marks = ",".join("?" * len(locations))
    rows = connection.execute(
        f"SELECT e.id, p.location, {PATH}, c.size {_FROM_GONE} AND p.location IN ({marks}) "
        "ORDER BY e.id, p.location",
        (library, *locations),
    )
    yield from rows
