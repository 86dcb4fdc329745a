"""Copies at locations, and the versions kept there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH
from fonoteca.core.copy import Level


class CopyRow(NamedTuple):
    """One copy, with the content it should have."""

    location: int
    entry: int
    key: bytes
    content: int
    mtime_ns: int
    level: int
    verified_ns: int | None
    state: str
    sha256: bytes
    size: int
    xxh3_128: bytes
    path: bytes
    library: str
    added_ns: int
    """When its entry was first seen; 0 where that is not known."""


_COPY = (
    "SELECT p.location, p.entry, p.key, p.content, p.mtime_ns, p.level, p.verified_ns, p.state, "
    f"c.sha256, c.size, c.xxh3_128, {PATH}, l.name, e.added_ns "
    "FROM copies p JOIN contents c ON c.id = p.content JOIN entries e ON e.id = p.entry "
    "JOIN folders f ON f.id = e.folder JOIN libraries l ON l.id = f.library "
)


def at(connection: sqlite3.Connection, location: int) -> Iterator[CopyRow]:
    """All copies that should stand at a location, by key in byte order. Memory stays flat."""
    rows = connection.execute(_COPY + "WHERE p.location = ? ORDER BY p.key", (location,))
    return (CopyRow._make(row) for row in rows)


def of_entry(connection: sqlite3.Connection, entry: int) -> list[CopyRow]:
    """Every copy of one entry."""
    return [CopyRow._make(row) for row in connection.execute(_COPY + "WHERE p.entry = ?", (entry,))]


def by_key(connection: sqlite3.Connection, location: int, key: bytes) -> CopyRow | None:
    """The copy under `key` at a location."""
    found = connection.execute(_COPY + "WHERE p.location = ? AND p.key = ?", (location, key)).fetchone()
    return CopyRow._make(found) if found else None


def record(
    connection: sqlite3.Connection,
    location: int,
    entry: int,
    key: bytes,
    content_id: int,
    mtime_ns: int,
    level: Level,
    now_ns: int,
    segment: int,
) -> None:
    """A copy should stand, verified to `level` at `now_ns`, as manifest segment `segment` says.

    At level none nobody looked: what is known of its state holds on.
    """
    verified_ns = now_ns if level else None
    connection.execute(
        "INSERT INTO copies (location, entry, key, content, mtime_ns, level, verified_ns, published_ns, segment, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'good') ON CONFLICT (location, entry) DO UPDATE SET key = excluded.key, "
        "content = excluded.content, mtime_ns = excluded.mtime_ns, level = excluded.level, "
        "verified_ns = excluded.verified_ns, published_ns = excluded.published_ns, segment = excluded.segment, "
        "state = CASE WHEN excluded.level = 0 AND content = excluded.content THEN state ELSE 'good' END",
        (location, entry, key, content_id, mtime_ns, int(level), verified_ns, now_ns, segment),
    )


class Stood(NamedTuple):
    """A copy that now stands, as `record_many` takes it."""

    location: int
    entry: int
    key: bytes
    sha256: bytes
    size: int
    mtime_ns: int
    level: int
    verified_ns: int | None
    """When `level` was reached."""
    time_ns: int
    segment: int


def record_many(connection: sqlite3.Connection, copies: list[Stood]) -> None:
    """As `record`, for many; their contents are recorded."""
    connection.executemany(
        "INSERT INTO copies (location, entry, key, content, mtime_ns, level, verified_ns, published_ns, segment, state)"
        " VALUES (?1, ?2, ?3, (SELECT id FROM contents WHERE sha256 = ?4 AND size = ?5), ?6, ?7, ?8, ?9, ?10, 'good')"
        " ON CONFLICT (location, entry) DO UPDATE SET key = excluded.key, "
        "content = excluded.content, mtime_ns = excluded.mtime_ns, level = excluded.level, "
        "verified_ns = excluded.verified_ns, published_ns = excluded.published_ns, segment = excluded.segment, "
        "state = 'good'",
        copies,
    )


def verified(connection: sqlite3.Connection, checks: Iterable[tuple[int, int, int, int]]) -> None:
    """Copies that are as recorded: (level, verified_ns, location, entry) each.

    A weaker look does not take away a stronger level: the level and date of the best check stand until bytes are
    read again.
    """
    connection.executemany(
        "UPDATE copies SET level = ?1, verified_ns = ?2, state = 'good' WHERE location = ?3 AND entry = ?4 "
        "AND (state <> 'good' OR level <= ?1 OR ?1 >= 4)",
        checks,
    )


def count_bad(connection: sqlite3.Connection) -> dict[str, int]:
    """How many copies are missing, damaged or unreadable, by the location's name."""
    found = connection.execute(
        "SELECT l.name, count(*) FROM copies c JOIN locations l ON l.id = c.location WHERE c.state <> 'good' "
        "GROUP BY l.name"
    )
    return dict(found.fetchall())


def set_state(connection: sqlite3.Connection, location: int, entry: int, state: str) -> None:
    """`missing`, `damaged` or `unreadable`: nothing about it is verified any more."""
    connection.execute(
        "UPDATE copies SET state = ?, level = 0, verified_ns = NULL WHERE location = ? AND entry = ?",
        (state, location, entry),
    )


def drop(connection: sqlite3.Connection, location: int, entry: int) -> None:
    """There is no copy, and none is claimed."""
    connection.execute("DELETE FROM copies WHERE location = ? AND entry = ?", (location, entry))


def set_state_at(connection: sqlite3.Connection, location: int, key: bytes, state: str) -> None:
    """As `set_state`, of the copy under `key`."""
    connection.execute(
        "UPDATE copies SET state = ?, level = 0, verified_ns = NULL WHERE location = ? AND key = ?",
        (state, location, key),
    )


def distrust(connection: sqlite3.Connection, location: int, library: int) -> int:
    """All claims of one library's copies and versions at a location fall to `none`; gives how many."""
    inside = "SELECT e.id FROM entries e JOIN folders f ON f.id = e.folder WHERE f.library = ?"
    return sum(
        connection.execute(
            f"UPDATE {table} SET level = 0, verified_ns = NULL WHERE location = ? AND entry IN ({inside})",
            (location, library),
        ).rowcount
        for table in ("copies", "versions")
    )


def is_repairable(connection: sqlite3.Connection, location: int | None, entry: int) -> bool:
    """True when the content that the copy at `location` should have stands elsewhere: another good copy at `bytes` or
    better, a version, or the library's own present file. With `location` None: of the library's own file.
    """
    wanted = (
        "SELECT content FROM copies WHERE location = :location AND entry = :entry"
        if location is not None
        else "SELECT content FROM entries WHERE id = :entry"
    )
    own = "1" if location is not None else "0"
    found = connection.execute(
        f"SELECT EXISTS (SELECT 1 FROM copies WHERE content = ({wanted}) AND state = 'good' AND level >= 4 "
        "AND location IS NOT :location) "
        f"OR ({own} AND EXISTS (SELECT 1 FROM entries WHERE content = ({wanted}) "
        "AND state = 'present' AND ctime_ns <> 0)) "
        f"OR EXISTS (SELECT 1 FROM versions WHERE content = ({wanted}) AND state = 'good' AND level >= 4)",
        {"location": location, "entry": entry},
    ).fetchone()
    return bool(found[0])


def keeping(connection: sqlite3.Connection, entry: int, content: int) -> frozenset[int]:
    """Locations that have this content of the entry among their versions, as far as is known in good order."""
    found = connection.execute(
        "SELECT location FROM versions WHERE entry = ? AND content = ? AND state = 'good'", (entry, content)
    )
    return frozenset(location for (location,) in found)


def good_at(connection: sqlite3.Connection, entry: int) -> list[str]:
    """Names of the locations where an entry's content stands at `bytes` or better, as its copy or its version."""
    found = connection.execute(
        "SELECT name FROM locations WHERE id IN (SELECT p.location FROM copies p JOIN entries e ON e.id = p.entry "
        "WHERE p.entry = ?1 AND p.content = e.content AND p.state = 'good' AND p.level >= 4 "
        "UNION SELECT v.location FROM versions v JOIN entries e ON e.id = v.entry "
        "WHERE v.entry = ?1 AND v.content = e.content AND v.state = 'good' AND v.level >= 4) ORDER BY name",
        (entry,),
    )
    return [name for (name,) in found]


def add_version(
    connection: sqlite3.Connection,
    location: int,
    entry: int,
    content_id: int,
    key: bytes,
    mtime_ns: int,
    reason: str,
    time_ns: int,
    level: int,
    verified_ns: int | None,
    segment: int,
) -> None:
    """A content of an entry that is kept at a location under a blob's key."""
    connection.execute(
        "INSERT INTO versions (location, entry, content, key, mtime_ns, reason, time_ns, level, verified_ns, segment) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (location, entry, content_id, key, mtime_ns, reason, time_ns, level, verified_ns, segment),
    )


class VersionRow(NamedTuple):
    """One kept version."""

    id: int
    location: int
    entry: int
    key: bytes
    mtime_ns: int
    reason: str
    time_ns: int
    level: int
    verified_ns: int | None
    state: str
    sha256: bytes
    size: int
    xxh3_128: bytes
    path: bytes
    library: str


_VERSION = (
    "SELECT v.id, v.location, v.entry, v.key, v.mtime_ns, v.reason, v.time_ns, v.level, v.verified_ns, v.state, "
    f"c.sha256, c.size, c.xxh3_128, {PATH}, l.name "
    "FROM versions v JOIN contents c ON c.id = v.content JOIN entries e ON e.id = v.entry "
    "JOIN folders f ON f.id = e.folder JOIN libraries l ON l.id = f.library "
)


def versions_at(connection: sqlite3.Connection, location: int) -> Iterator[VersionRow]:
    """All versions kept at a location, by key in byte order."""
    rows = connection.execute(_VERSION + "WHERE v.location = ? ORDER BY v.key, v.id", (location,))
    return (VersionRow._make(row) for row in rows)


def versions_of(connection: sqlite3.Connection, entry: int) -> list[VersionRow]:
    """All versions of one entry, oldest first."""
    rows = connection.execute(_VERSION + "WHERE v.entry = ? ORDER BY v.time_ns", (entry,))
    return [VersionRow._make(row) for row in rows]


def version(connection: sqlite3.Connection, number: int) -> VersionRow:
    """The version with this id."""
    return VersionRow._make(connection.execute(_VERSION + "WHERE v.id = ?", (number,)).fetchone())


def stands_elsewhere(connection: sqlite3.Connection, version: int) -> bool:
    """True when a version's content stands elsewhere: a good copy at `bytes` or better, another location's version,
    or a library's own present file.
    """
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM copies p WHERE p.content = v.content AND p.state = 'good' AND p.level >= 4) "
        "OR EXISTS (SELECT 1 FROM versions o WHERE o.content = v.content AND o.state = 'good' AND o.level >= 4 "
        "AND o.location <> v.location) OR EXISTS (SELECT 1 FROM entries e WHERE e.content = v.content "
        "AND e.state = 'present' AND e.ctime_ns <> 0) FROM versions v WHERE v.id = ?",
        (version,),
    ).fetchone()
    return bool(found[0])


def version_checked(
    connection: sqlite3.Connection, version: int, level: int, now_ns: int | None, state: str = "good"
) -> None:
    """What the last look at a version said."""
    connection.execute(
        "UPDATE versions SET level = ?, verified_ns = ?, state = ? WHERE id = ?",
        (level, now_ns, state, version),
    )
