"""Entries and their contents: what every file of a library was when it was last read and accepted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.core.entry import Content, FileStat


class Known(NamedTuple):
    """The recorded stat of one entry, as the scan compares it."""

    entry: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    trusted: int
    state: str


class EntryRow(NamedTuple):
    """One entry with its content."""

    entry: int
    library: int
    folder: int
    path: bytes
    kind: str
    state: str
    mtime_ns: int
    ctime_ns: int
    inode: int
    trusted: int
    content: int
    sha256: bytes
    size: int
    xxh3_128: bytes
    read_ns: int
    confirmed_ns: int | None

    @property
    def bytes_recorded(self) -> Content:
        """Its content as a value."""
        return Content(self.sha256, self.size, self.xxh3_128)


PATH = "CASE f.path WHEN x'' THEN e.name ELSE CAST(f.path || x'2f' || e.name AS BLOB) END"
"""SQL: the path of entry `e` in folder `f`. `||` makes text of blobs, hence the cast back."""

_ENTRY = (
    f"SELECT e.id, f.library, f.id, {PATH}, e.kind, e.state, e.mtime_ns, e.ctime_ns, e.inode, e.trusted, "
    "c.id, c.sha256, c.size, c.xxh3_128, e.read_ns, e.confirmed_ns "
    "FROM entries e JOIN folders f ON f.id = e.folder JOIN contents c ON c.id = e.content "
)


def known_in(connection: sqlite3.Connection, folder: int) -> dict[bytes, Known]:
    """What was recorded in a folder: name to stat and state."""
    rows = connection.execute(
        "SELECT name, id, size, mtime_ns, ctime_ns, inode, trusted, state FROM entries WHERE folder = ?",
        (folder,),
    )
    return {row[0]: Known._make(row[1:]) for row in rows}


def stats_in(connection: sqlite3.Connection, folder: int) -> set[tuple[bytes, int, int, int, int, int]]:
    """What was recorded in a folder, as a set to be compared as a whole: name, size, mtime, ctime, inode, and 1 for a
    present entry whose stat can be believed.
    """
    rows = connection.execute(
        "SELECT name, size, mtime_ns, ctime_ns, inode, trusted AND state = 'present' FROM entries WHERE folder = ?",
        (folder,),
    )
    return set(rows)


def by_id(connection: sqlite3.Connection, entry: int) -> EntryRow | None:
    """One entry."""
    found = connection.execute(_ENTRY + "WHERE e.id = ?", (entry,)).fetchone()
    return EntryRow._make(found) if found else None


def by_path(connection: sqlite3.Connection, library: int, folder: bytes, name: bytes) -> EntryRow | None:
    """The entry `name` in `folder`."""
    found = connection.execute(
        _ENTRY + "WHERE f.library = ? AND f.path = ? AND e.name = ?", (library, folder, name)
    ).fetchone()
    return EntryRow._make(found) if found else None


def every(connection: sqlite3.Connection, library: int) -> Iterator[EntryRow]:
    """All entries of a library, folder by folder in path order. Memory stays flat."""
    rows = connection.execute(_ENTRY + "WHERE f.library = ? ORDER BY f.path, e.name", (library,))
    return (EntryRow._make(row) for row in rows)


def content_id(connection: sqlite3.Connection, sha256: bytes, size: int) -> int | None:
    """The number of a content, None where it is not recorded."""
    found = connection.execute(
        "SELECT id FROM contents WHERE sha256 = ? AND size = ?", (sha256, size)
    ).fetchone()
    return int(found[0]) if found else None


def put_content(connection: sqlite3.Connection, content: Content) -> int:
    """The id of a content, recorded if it was not."""
    known = content_id(connection, content.sha256, content.size)
    if known is not None:
        return known
    cursor = connection.execute(
        "INSERT INTO contents (sha256, size, xxh3_128) VALUES (?, ?, ?)",
        (content.sha256, content.size, content.xxh3_128),
    )
    return int(cursor.lastrowid or 0)


def content(connection: sqlite3.Connection, number: int) -> Content:
    """The content with this id."""
    found = connection.execute(
        "SELECT sha256, size, xxh3_128 FROM contents WHERE id = ?", (number,)
    ).fetchone()
    return Content(*found)


def earlier(connection: sqlite3.Connection, entry: int) -> frozenset[tuple[bytes, int]]:
    """SHA-256 and size of every content that an entry had before."""
    found = connection.execute(
        "SELECT c.sha256, c.size FROM history h JOIN contents c ON c.id = h.content WHERE h.entry = ?",
        (entry,),
    )
    return frozenset(found.fetchall())


class Newcomer(NamedTuple):
    """A new entry, as `add_many` takes it. `entry` is a number that nobody has: the one writer counts them."""

    entry: int
    folder: int
    name: bytes
    kind: str
    sha256: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    trusted: int
    read_ns: int


def next_number(connection: sqlite3.Connection) -> int:
    """The first entry number that is free."""
    found = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM entries").fetchone()
    return int(found[0])


def put_contents(connection: sqlite3.Connection, contents: list[Content]) -> None:
    """Record contents that are not known yet."""
    connection.executemany(
        "INSERT OR IGNORE INTO contents (sha256, size, xxh3_128) VALUES (?, ?, ?)", contents
    )


def add_many(connection: sqlite3.Connection, newcomers: list[Newcomer]) -> None:
    """Record new entries whose contents are recorded."""
    connection.executemany(
        "INSERT INTO entries (id, folder, name, kind, content, size, mtime_ns, ctime_ns, inode, trusted, read_ns, "
        "state, since_ns, added_ns) "
        "VALUES (?1, ?2, ?3, ?4, (SELECT id FROM contents WHERE sha256 = ?5 AND size = ?6), "
        "?6, ?7, ?8, ?9, ?10, ?11, 'present', ?11, ?11)",
        newcomers,
    )


def accept(
    connection: sqlite3.Connection,
    entry: int,
    content_id: int,
    stat: FileStat,
    *,
    trusted: bool,
    read_ns: int,
    verdict: str,
) -> None:
    """The entry has new bytes; what it had becomes history."""
    connection.execute(
        "INSERT INTO history (entry, content, mtime_ns, time_ns, verdict) "
        "SELECT id, content, mtime_ns, ?, ? FROM entries WHERE id = ?",
        (read_ns, verdict, entry),
    )
    connection.execute(
        "UPDATE entries SET content = ?, size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, trusted = ?, read_ns = ?, "
        "confirmed_ns = NULL, state = 'present', since_ns = ? WHERE id = ?",
        (
            content_id,
            stat.size,
            stat.mtime_ns,
            stat.ctime_ns,
            stat.inode,
            int(trusted),
            read_ns,
            read_ns,
            entry,
        ),
    )


def confirm(
    connection: sqlite3.Connection,
    entry: int,
    stat: FileStat,
    *,
    trusted: bool,
    now_ns: int,
    reread: bool = True,
) -> None:
    """The entry is what it was: remember the stat, and with `reread` that its bytes were read again."""
    connection.execute(
        "UPDATE entries SET mtime_ns = ?, ctime_ns = ?, inode = ?, trusted = ?, state = 'present', "
        "since_ns = CASE state WHEN 'present' THEN since_ns ELSE ? END, "
        "confirmed_ns = CASE ? WHEN 1 THEN ? ELSE confirmed_ns END WHERE id = ?",
        (stat.mtime_ns, stat.ctime_ns, stat.inode, int(trusted), now_ns, int(reread), now_ns, entry),
    )


def relocated(connection: sqlite3.Connection, entry: int, stat: FileStat, *, now_ns: int) -> None:
    """Its times and inode moved together with most of its library's: believed for now, due for a second reading."""
    connection.execute(
        "UPDATE entries SET mtime_ns = ?, ctime_ns = ?, inode = ?, read_ns = ?, confirmed_ns = NULL WHERE id = ?",
        (stat.mtime_ns, stat.ctime_ns, stat.inode, now_ns, entry),
    )


def set_state(connection: sqlite3.Connection, entry: int, state: str, now_ns: int) -> None:
    """`present`, `gone`, `held` or `excluded`, from now on."""
    connection.execute(
        "UPDATE entries SET state = ?, since_ns = ? WHERE id = ? AND state <> ?",
        (state, now_ns, entry, state),
    )
