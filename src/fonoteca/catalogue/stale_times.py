"""Copies whose mtime is not their entry's, though nothing is to be read for it: the entry's time was believed."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH


class StaleTime(NamedTuple):
    """A good copy with the right bytes. `mtime_ns` is what it should have."""

    entry: int
    key: bytes
    path: bytes
    sha256: bytes
    size: int
    xxh3_128: bytes
    mtime_ns: int
    level: int
    verified_ns: int | None


def some(
    connection: sqlite3.Connection, location: int, library: int, after: int, chunk: int = 1000
) -> list[StaleTime]:
    """The first `chunk` of them after entry `after`; entries that are to be read are left to that."""
    rows = connection.execute(
        f"SELECT e.id, p.key, {PATH}, c.sha256, c.size, c.xxh3_128, e.mtime_ns, p.level, p.verified_ns "
        "FROM copies p CROSS JOIN entries e ON e.id = p.entry JOIN folders f ON f.id = e.folder "
        "JOIN contents c ON c.id = p.content WHERE p.location = ? AND f.library = ? AND e.id > ? "
        "AND p.state = 'good' AND p.content = e.content AND p.mtime_ns <> e.mtime_ns AND e.state = 'present' "
        "AND e.id NOT IN (SELECT entry FROM pending WHERE entry IS NOT NULL) ORDER BY e.id LIMIT ?",
        (location, library, after, chunk),
    )
    return list(map(StaleTime._make, rows))


def set_times(
    connection: sqlite3.Connection, location: int, times: list[tuple[int, int]], segment: int
) -> None:
    """Copies have these mtimes now, as segment `segment` says: (entry, mtime) each. Belongs into a transaction."""
    connection.executemany(
        "UPDATE copies SET mtime_ns = ?, segment = ? WHERE location = ? AND entry = ?",
        ((mtime_ns, segment, location, entry) for entry, mtime_ns in times),
    )
