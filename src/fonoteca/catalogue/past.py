"""What entries were in the past: their content at a time, every earlier content, and where each is kept.

An entry's past is its history (contents until they were superseded), its beginning (`added_ns`), the times at which
it was gone, and what it is now. It is the past as scans saw it: a file that was written at ten and looked at at noon
is the new one from noon on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH

PAGE = 1000


class Was(NamedTuple):
    """An entry with one content that it had."""

    entry: int
    path: bytes
    content: int
    sha256: bytes
    size: int
    mtime_ns: int


class Keeper(NamedTuple):
    """A location that holds a content of an entry: as a version, or live where it lags behind."""

    entry: int
    content: int
    location: int
    key: bytes
    sha256: bytes
    size: int
    xxh3_128: bytes
    is_good: int
    level: int
    verified_ns: int | None
    state: str
    is_live: int


_AT = (
    f"SELECT e.id, {PATH}, c.id, c.sha256, c.size, coalesce(h.mtime_ns, e.mtime_ns) "
    "FROM folders f JOIN entries e ON e.folder = f.id "
    "LEFT JOIN history h ON h.id = (SELECT o.id FROM history o WHERE o.entry = e.id AND o.time_ns > :at "
    "ORDER BY o.time_ns, o.id LIMIT 1) "
    "JOIN contents c ON c.id = coalesce(h.content, e.content) "
    "WHERE f.library = :library AND e.id > :after AND e.added_ns <= :at "
    "AND (h.id IS NOT NULL OR e.state IN ('present', 'held') OR e.since_ns > :at) "
    "AND NOT EXISTS (SELECT 1 FROM absences a WHERE a.entry = e.id AND a.from_ns <= :at AND a.until_ns > :at) "
    "ORDER BY e.id LIMIT :page"
)


class Names:
    """The paths that the entries of a library had at a time, told from their present ones."""

    def __init__(self, connection: sqlite3.Connection, library: str, at_ns: int) -> None:
        self._then: dict[int | bytes, bytes] = {}
        """By entry, or by its present path where no event names the entry: they were read from a manifest."""
        holders: dict[bytes, int | bytes] = {}
        changes = connection.execute(_RENAMED, {"library": library, "at": at_ns})
        for _, together in groupby(changes, key=lambda change: int(change[0])):
            begun: list[tuple[int | bytes, bytes]] = []
            for _, entry, path, was in together:
                holder = holders.pop(path, path)
                begun.append((holder if entry is None else entry, was))
            for holder, was in begun:  # names that were exchanged are so at once
                self._then[holder] = was
                holders[was] = holder

    def of(self, entry: int, path: bytes) -> bytes:
        """The path then of an entry whose path is `path` now."""
        return self._then.get(entry) or self._then.get(path, path)


_RENAMED = (
    "SELECT time_ns, entry, path, was FROM events WHERE type = 'filename change' AND location IS NULL "
    "AND library = :library AND time_ns > :at AND was IS NOT NULL AND path IS NOT NULL ORDER BY time_ns DESC, id DESC"
)


def pages_at(connection: sqlite3.Connection, library: int, at_ns: int) -> Iterator[list[Was]]:
    """What a library held at a time, by entry, a page at a time."""
    after = 0
    while True:
        asked = {"library": library, "at": at_ns, "after": after, "page": PAGE}
        page = [Was._make(row) for row in connection.execute(_AT, asked)]
        if not page:
            return
        after = page[-1].entry
        yield page


def pages_with(connection: sqlite3.Connection, library: int, content: int) -> Iterator[list[Was]]:
    """Entries of a library that have or had a content, each once, with the mtime that it had last: a single page."""
    rows = connection.execute(
        f"SELECT e.id, {PATH}, c.id, c.sha256, c.size, x.mtime_ns, max(x.time_ns) FROM ("
        "SELECT entry, mtime_ns, time_ns FROM history WHERE content = :content UNION ALL "
        "SELECT entry, mtime_ns, time_ns FROM versions WHERE content = :content UNION ALL "
        "SELECT id, mtime_ns, since_ns FROM entries WHERE content = :content) x "
        "JOIN entries e ON e.id = x.entry JOIN folders f ON f.id = e.folder JOIN contents c ON c.id = :content "
        "WHERE f.library = :library GROUP BY e.id ORDER BY e.id",
        {"content": content, "library": library},
    )
    if page := [Was._make(row[:-1]) for row in rows]:
        yield page


def keepers(connection: sqlite3.Connection, first: int, last: int) -> Iterator[Keeper]:
    """Who holds which content of the entries from `first` to `last`; what is missing is no keeper."""
    for table, is_live in (("versions", 0), ("copies", 1)):
        rows = connection.execute(
            "SELECT v.entry, v.content, v.location, v.key, c.sha256, c.size, c.xxh3_128, v.state = 'good', v.level, "
            f"v.verified_ns, v.state, {is_live} FROM {table} v JOIN contents c ON c.id = v.content "
            "WHERE v.entry BETWEEN ? AND ? AND v.state <> 'missing' ORDER BY v.location",
            (first, last),
        )
        yield from map(Keeper._make, rows)


class Earlier(NamedTuple):
    """One earlier content of an entry. `verdict`: by which it was superseded."""

    content: int
    sha256: bytes
    size: int
    mtime_ns: int
    until_ns: int
    verdict: str


def earlier(connection: sqlite3.Connection, entry: int) -> list[Earlier]:
    """Every earlier content of an entry, newest first: its history, and versions of which no history tells."""
    rows = connection.execute(
        "SELECT h.content, c.sha256, c.size, h.mtime_ns, h.time_ns AS until_ns, h.verdict "
        "FROM history h JOIN contents c ON c.id = h.content WHERE h.entry = :entry "
        "UNION ALL SELECT v.content, c.sha256, c.size, v.mtime_ns, min(v.time_ns), v.reason "
        "FROM versions v JOIN contents c ON c.id = v.content WHERE v.entry = :entry AND NOT EXISTS "
        "(SELECT 1 FROM history h WHERE h.entry = v.entry AND h.content = v.content) GROUP BY v.content "
        "ORDER BY until_ns DESC",
        {"entry": entry},
    )
    return [Earlier._make(row) for row in rows]


def verdict_on(connection: sqlite3.Connection, entry: int, sha256: bytes, size: int) -> str | None:
    """By what a content of an entry was last superseded; None where no history tells."""
    found = connection.execute(
        "SELECT h.verdict FROM history h JOIN contents c ON c.id = h.content "
        "WHERE h.entry = ? AND c.sha256 = ? AND c.size = ? ORDER BY h.time_ns DESC, h.id DESC LIMIT 1",
        (entry, sha256, size),
    ).fetchone()
    return found[0] if found else None


def contents_like(connection: sqlite3.Connection, prefix: str, most: int = 3) -> list[tuple[int, bytes]]:
    """Number and SHA-256 of contents whose digest begins with these hex digits; at most `most`."""
    low, high = bytes.fromhex(prefix.ljust(64, "0")), bytes.fromhex(prefix.ljust(64, "f"))
    return connection.execute(
        "SELECT id, sha256 FROM contents WHERE sha256 BETWEEN ? AND ? ORDER BY sha256 LIMIT ?",
        (low, high, most),
    ).fetchall()


def short_id(connection: sqlite3.Connection, sha256: bytes) -> str:
    """The beginning of a digest that means this content alone: 8 hex digits, more where that is not enough."""
    whole = sha256.hex()
    for length in range(8, 64, 4):
        if len(contents_like(connection, whole[:length], 2)) < 2:
            return whole[:length]
    return whole
