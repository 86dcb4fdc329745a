"""Entries that have another path now: found over a whole pass of one library, and what locations have yet to follow.

The tables of a pass are temporary and lie in a file, so memory stays flat when a million paths change at once:

    lost     entries whose recorded file is not under their path any more
    moves    an entry and the path that it has now; `evidence` says why (`core.plan.moves.Evidence`)
    sighted  what reading a candidate showed
    heard    the payload of a candidate

What locations have yet to follow is in `catalogue/misplaced.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH
from fonoteca.catalogue.temporary import provide_table
from fonoteca.core.entry import Content, FileStat
from fonoteca.core.plan.moves import Arrival, Evidence, Lost

_TABLES = {
    "lost": (
        "(entry INTEGER PRIMARY KEY, inode INTEGER NOT NULL, size INTEGER NOT NULL, "
        "mtime_ns INTEGER NOT NULL, place TEXT NOT NULL, was_gone INTEGER NOT NULL)",
        "lost_inode ON lost (inode)",
        "lost_size ON lost (size)",
    ),
    "moves": (
        "(entry INTEGER PRIMARY KEY, pending INTEGER NOT NULL UNIQUE, occupant INTEGER, "
        "kind TEXT NOT NULL, evidence TEXT NOT NULL)",
        "moves_occupied ON moves (occupant) WHERE occupant IS NOT NULL",
    ),
    "sighted": (
        "(pending INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, size INTEGER NOT NULL, "
        "mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, trusted INTEGER NOT NULL)",
    ),
    "heard": ("(pending INTEGER PRIMARY KEY, payload TEXT NOT NULL)",),
}
"""The columns of each, and its indexes."""
_LOST = (
    "INSERT OR IGNORE INTO lost SELECT e.id, e.inode, e.size, e.mtime_ns, coalesce(f.file_system, ''), "
    "{was_gone} FROM {source} CROSS JOIN folders f ON f.id = e.folder WHERE f.library = :library AND {condition}"
)
# CROSS JOIN keeps the order: from the few that changed, never through the whole library.
_LOST_ONES = (
    _LOST.format(source="absent a CROSS JOIN entries e ON e.id = a.entry", condition="1", was_gone=0),
    _LOST.format(
        source="pending p CROSS JOIN entries e ON e.id = p.entry", was_gone=0, condition="p.inode <> e.inode"
    ),
    _LOST.format(
        source="pending p CROSS JOIN entries e ON e.id = p.entry",
        was_gone=0,
        condition="p.reason = 'written'",
    ),
    _LOST.format(source="entries e", was_gone=1, condition="e.state <> 'present' AND e.state = 'gone'"),
)
_WITHOUT_FILE = "NOT EXISTS (SELECT 1 FROM pending h WHERE h.entry = o.entry)"
"""An equal payload shows a move only of an entry with no file at all: one that was overwritten was edited."""


def begin(connection: sqlite3.Connection, library: int) -> bool:
    """Gather the lost entries of this pass, those of earlier ones with them; False when there is none."""
    for table, (columns, *indexes) in _TABLES.items():
        provide_table(connection, table, columns, *indexes)
    for statement in _LOST_ONES:
        connection.execute(statement, {"library": library})
    return any_lost(connection)


def any_lost(connection: sqlite3.Connection) -> bool:
    """True where some entry of this pass has yet to be found."""
    return connection.execute("SELECT 1 FROM lost LIMIT 1").fetchone() is not None


def is_at_home(connection: sqlite3.Connection, entry: int, pending: int) -> None:
    """The file under its path is the entry's after all, and need not be read."""
    connection.execute("DELETE FROM lost WHERE entry = ?", (entry,))
    connection.execute("DELETE FROM pending WHERE id = ?", (pending,))


_IDENTITY = {
    Evidence.STAT: ("inode", "size", "mtime_ns", "place"),
    Evidence.INODE: ("inode", "place"),
    Evidence.CONTENT: ("sha256", "size"),
    Evidence.SOUND: ("payload",),
}
_FREE_PENDING = "p.id NOT IN (SELECT pending FROM moves)"
_FREE_LOST = "o.entry NOT IN (SELECT entry FROM moves)"
_NOT_AT_HOME = "NOT EXISTS (SELECT 1 FROM pending h WHERE h.entry = o.entry AND h.reason = 'touched')"
"""Where a file of its size and mtime is under its path, equal bytes elsewhere are a duplicate: it may be read first."""


def arrivals(connection: sqlite3.Connection, evidence: Evidence) -> Iterator[Arrival]:
    """Paths that nobody is matched with yet, sorted by what `evidence` looks at."""
    source, condition = (
        "pending p",
        f"p.inode <> 0 AND p.inode IN (SELECT inode FROM lost) AND {_FREE_PENDING}",
    )
    if evidence is Evidence.CONTENT:
        source, condition = "sighted s JOIN pending p ON p.id = s.pending", _FREE_PENDING
    if evidence is Evidence.SOUND:
        source, condition = "heard s JOIN pending p ON p.id = s.pending", _FREE_PENDING
    columns = {"place": "coalesce(f.file_system, '')", "sha256": "s.sha256", "payload": "s.payload"}
    if evidence is Evidence.CONTENT:
        columns["size"] = "s.size"
    identity = ", ".join(columns.get(name, f"p.{name}") for name in _IDENTITY[evidence])
    rows = connection.execute(
        f"SELECT p.id, {PATH.replace('e.name', 'p.name')}, p.entry, {identity} FROM {source} "
        f"JOIN folders f ON f.id = p.folder WHERE {condition} ORDER BY {identity}"
    )
    return (Arrival(row[0], tuple(row[3:]), row[1], row[2]) for row in rows)


def lost(connection: sqlite3.Connection, evidence: Evidence) -> Iterator[Lost]:
    """Entries that nobody is matched with yet, sorted by what `evidence` looks at."""
    columns = {"sha256": "c.sha256", "payload": "a.payload"}
    identity = ", ".join(columns.get(name, f"o.{name}") for name in _IDENTITY[evidence])
    condition = "o.inode <> 0"
    if evidence is Evidence.CONTENT:
        condition = f"o.size IN (SELECT size FROM sighted) AND {_NOT_AT_HOME}"
    elif evidence is Evidence.SOUND:
        condition = f"a.payload IN (SELECT payload FROM heard) AND {_WITHOUT_FILE}"
    rows = connection.execute(
        f"SELECT e.id, {PATH}, {identity} FROM lost o JOIN entries e ON e.id = o.entry "
        "JOIN folders f ON f.id = e.folder JOIN contents c ON c.id = e.content "
        "LEFT JOIN analyses a ON a.content = e.content "
        f"WHERE {condition} AND {_FREE_LOST} ORDER BY {identity}"
    )
    return (Lost(row[0], tuple(row[2:]), row[1]) for row in rows)


def was_gone(connection: sqlite3.Connection, entry: int) -> bool:
    """True for an entry that was gone before this pass: nobody has looked for it in this one."""
    found = connection.execute("SELECT was_gone FROM lost WHERE entry = ?", (entry,)).fetchone()
    return found is not None and bool(found[0])


def read_ns(connection: sqlite3.Connection, entry: int) -> int:
    """When an entry's bytes were read last for what they are."""
    return int(connection.execute("SELECT read_ns FROM entries WHERE id = ?", (entry,)).fetchone()[0])


def add(connection: sqlite3.Connection, rows: list[tuple[int, int, int | None, str, str]]) -> None:
    """(entry, pending, what was recorded at the new path, kind, evidence) each."""
    connection.executemany("INSERT INTO moves VALUES (?, ?, ?, ?, ?)", rows)


class Candidate(NamedTuple):
    """A file to be read for what it is: a lost entry has its size."""

    number: int
    path: bytes
    size: int


_CANDIDATE = (
    f"FROM pending p JOIN folders f ON f.id = p.folder WHERE p.reason IN ('new', 'written') AND {_FREE_PENDING} "
    "AND EXISTS (SELECT 1 FROM lost o WHERE o.size = p.size AND o.entry IS NOT p.entry "
    f"AND {_FREE_LOST} AND {_NOT_AT_HOME}) AND (p.entry IS NULL OR p.entry IN (SELECT entry FROM lost))"
)


def candidate_totals(connection: sqlite3.Connection) -> tuple[int, int]:
    """Files and bytes of all candidates."""
    found = connection.execute(f"SELECT count(*), coalesce(sum(p.size), 0) {_CANDIDATE}").fetchone()
    return int(found[0]), int(found[1])


def candidates(connection: sqlite3.Connection, chunk: int = 512) -> Iterator[Candidate]:
    """Files that may be lost entries by their size, in the order of the pass; no statement stays open between."""
    last = 0
    while True:
        rows = connection.execute(
            f"SELECT p.id, {PATH.replace('e.name', 'p.name')}, p.size {_CANDIDATE} AND p.id > ? ORDER BY p.id LIMIT ?",
            (last, chunk),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield from map(Candidate._make, rows)


_AMONG = 50
"""So many of the new tracks that are nearest in size are heard for each lost one."""


def hearable(connection: sqlite3.Connection) -> list[Candidate]:
    """New tracks that a lost entry may be by its payload: those of its ending, the nearest in size."""
    lost = connection.execute(
        "SELECT o.size, e.name FROM lost o JOIN entries e ON e.id = o.entry JOIN analyses a ON a.content = e.content "
        f"WHERE a.payload IS NOT NULL AND e.kind = 'track' AND {_FREE_LOST} AND {_WITHOUT_FILE}"
    ).fetchall()
    found: dict[int, Candidate] = {}
    for size, name in lost:
        rows = connection.execute(
            f"SELECT p.id, {PATH.replace('e.name', 'p.name')}, p.size FROM pending p JOIN folders f ON f.id = p.folder "
            f"WHERE p.reason = 'new' AND {_FREE_PENDING} AND lower(substr(p.name, -?)) = lower(?) "
            "ORDER BY abs(p.size - ?), p.id LIMIT ?",
            (*_ending(name), size, _AMONG),
        )
        found |= {row[0]: Candidate(*row) for row in rows}
    return [found[number] for number in sorted(found)]


def _ending(name: bytes) -> tuple[int, bytes]:
    """Length and bytes of the name's ending, with its dot."""
    dot = name.rfind(b".")
    ending = name[dot:] if dot > 0 else name
    return len(ending), ending


def put_heard(connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
    """Pending number and payload of what was heard."""
    connection.executemany("INSERT OR REPLACE INTO heard VALUES (?, ?)", rows)


def put_sighted(connection: sqlite3.Connection, rows: Iterable[tuple[int, Content, FileStat, bool]]) -> None:
    """What reading candidates showed: pending number, content, stat, and whether that stat can be believed."""
    connection.executemany(
        "INSERT OR REPLACE INTO sighted VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (number, found.sha256, found.size, stat.mtime_ns, stat.ctime_ns, stat.inode, int(trusted))
            for number, found, stat, trusted in rows
        ),
    )


def drop_impossible(connection: sqlite3.Connection) -> None:
    """Forget moves to a path whose own entry has no other path: it was overwritten, and that is an edit of it."""
    dropped = 1
    while dropped:
        dropped = connection.execute(
            "DELETE FROM moves WHERE occupant IS NOT NULL AND occupant NOT IN (SELECT entry FROM moves)"
        ).rowcount


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many moves there are, by the reason for which their new path was to be read."""
    return dict(
        connection.execute(
            "SELECT p.reason, count(*) FROM moves m JOIN pending p ON p.id = m.pending GROUP BY 1"
        )
    )


_MOVED = "FROM moves m JOIN pending p ON p.id = m.pending WHERE m.entry = entries.id"
_BELIEVED = "(m.evidence = 'stat' AND e.trusted AND e.state = 'present' AND e.ctime_ns <> 0)"
_NEW_PATH, _OLD_PATH = PATH.replace("e.name", "p.name"), PATH.replace("f.path", "o.path")
_APPLY = (
    "INSERT INTO events (time_ns, type, library, entry, path, was) "
    f"SELECT :now, 'filename change', l.name, e.id, {_NEW_PATH}, {_OLD_PATH} FROM moves m "
    "JOIN pending p ON p.id = m.pending JOIN folders f ON f.id = p.folder JOIN entries e ON e.id = m.entry "
    "JOIN folders o ON o.id = e.folder JOIN libraries l ON l.id = f.library",
    # Names in the middle of an exchange: no file can have a NUL in its name.
    "UPDATE entries SET name = CAST(x'00' || id AS BLOB) WHERE id IN (SELECT entry FROM moves)",
    f"UPDATE entries SET folder = p.folder, name = p.name, kind = m.kind {_MOVED} "
    "AND entries.id IN (SELECT entry FROM moves)",
    # Renaming a file moves its ctime, renaming its folder does not: then nothing at all is left to look at.
    f"UPDATE entries SET ctime_ns = p.ctime_ns, read_ns = :now, confirmed_ns = NULL {_MOVED} "
    f"AND entries.ctime_ns <> p.ctime_ns AND {_BELIEVED.replace('e.', 'entries.')}",
    "UPDATE entries SET mtime_ns = s.mtime_ns, ctime_ns = s.ctime_ns, inode = s.inode, trusted = s.trusted, "
    "state = 'present', since_ns = CASE state WHEN 'present' THEN since_ns ELSE :now END "
    "FROM moves m JOIN sighted s ON s.pending = m.pending WHERE m.entry = entries.id AND m.evidence = 'content'",
    # A file under a path that its entry has left is a new one.
    "UPDATE pending SET entry = NULL, reason = 'new' WHERE entry IN (SELECT entry FROM moves) "
    "AND id NOT IN (SELECT pending FROM moves)",
    # What is left to be read is read as the entry that it is.
    "UPDATE pending SET entry = m.entry, "
    "reason = CASE WHEN m.evidence IN ('inode', 'sound') THEN 'written' ELSE 'touched' END "
    "FROM moves m WHERE m.pending = pending.id",
    "DELETE FROM pending WHERE id IN (SELECT m.pending FROM moves m JOIN entries e ON e.id = m.entry "
    f"WHERE m.evidence = 'content' OR {_BELIEVED})",
    "DELETE FROM absent WHERE entry IN (SELECT entry FROM moves)",
)


def apply(connection: sqlite3.Connection, now_ns: int) -> None:
    """Give the entries their paths; what need not be read for it is no longer pending. Belongs into a transaction."""
    for statement in _APPLY:
        connection.execute(statement, {"now": now_ns} if ":now" in statement else ())
