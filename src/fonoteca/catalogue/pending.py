"""What a scan found to be done, kept on disk for this run only: memory stays flat at a million files.

One row a file that must be read: new, written or touched, due for its second reading, or lacking a copy somewhere.
A run that dies loses it and is simply planned again. A location that is served apart from the others has a plan of its
own: its tables bear the `part` in their names.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fonoteca.catalogue import tallies
from fonoteca.catalogue.temporary import provide_table


class Pending(NamedTuple):
    """One file to read. `entry` is None for a new one; times in ns, as the scan saw them."""

    id: int
    folder: int
    folder_path: bytes
    name: bytes
    entry: int | None
    reason: str
    size: int


NEW, WRITTEN, TOUCHED, DUE, NO_COPY = "new", "written", "touched", "due for re-reading", "no copy yet"
OTHER_TIME = "another time"
"""A copy has the content, and still the time that the file had before."""


def begin(connection: sqlite3.Connection) -> None:
    """Make the tables of this run, empty."""
    provide_table(connection, "absent", "(entry INTEGER PRIMARY KEY)")
    begin_part(connection, "")


def begin_part(connection: sqlite3.Connection, part: str) -> None:
    """Make the tables of one plan, empty. `part` is made of letters, digits and `_`."""
    provide_table(
        connection,
        f"pending{part}",
        "(id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, name BLOB NOT NULL, "
        "entry INTEGER, reason TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL DEFAULT 0, "
        "ctime_ns INTEGER NOT NULL DEFAULT 0, inode INTEGER NOT NULL DEFAULT 0)",
    )
    provide_table(
        connection,
        f"again{part}",
        "(folder INTEGER NOT NULL, name BLOB NOT NULL, entry INTEGER, "
        "reason TEXT NOT NULL, size INTEGER NOT NULL, UNIQUE (folder, name))",
    )


Row = tuple[int, bytes, int | None, str, int, int, int, int]


def add(connection: sqlite3.Connection, rows: list[Row]) -> None:
    """(folder, name, entry, reason, size, mtime, ctime, inode) each, in the order in which they will be read.

    The inode is 0 where inodes do not last.
    """
    connection.executemany(
        "INSERT INTO pending (folder, name, entry, reason, size, mtime_ns, ctime_ns, inode) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def add_lacking(
    connection: sqlite3.Connection, library: int, locations: list[int], *, part: str = ""
) -> None:
    """Every present entry without a good copy of its content and mtime at one of `locations`, if it is not pending
    already: the mtime may have moved while a location was away.
    """
    marks = ",".join("?" * len(locations))
    good = (
        f"SELECT count(*) FROM copies p WHERE p.entry = e.id AND p.location IN ({marks}) "
        "AND p.content = e.content AND p.state = 'good'"
    )
    count = len(locations)
    for first, last in tallies.lacking(connection, library, locations):
        connection.execute(
            f"INSERT INTO pending{part} (folder, name, entry, reason, size) SELECT e.folder, e.name, e.id, "
            f"CASE WHEN ({good}) < ? THEN ? ELSE ? END, e.size FROM folders f JOIN entries e ON e.folder = f.id "
            "WHERE f.library = ? AND e.state = 'present' AND e.id BETWEEN ? AND ? "
            f"AND ({good} AND p.mtime_ns = e.mtime_ns) < ? "
            f"AND e.id NOT IN (SELECT entry FROM pending{part} WHERE entry IS NOT NULL) ORDER BY f.path, e.name",
            (*locations, count, NO_COPY, OTHER_TIME, library, first, last, *locations, count),
        )


def add_due(connection: sqlite3.Connection, library: int, read_before_ns: int) -> None:
    """Entries read only once, before `read_before_ns`: they are due for their second reading."""
    connection.execute(
        "INSERT INTO pending (folder, name, entry, reason, size) "
        "SELECT e.folder, e.name, e.id, ?, e.size FROM entries e JOIN folders f ON f.id = e.folder "
        "WHERE f.library = ? AND e.confirmed_ns IS NULL AND e.read_ns < ? AND e.state = 'present' "
        "AND e.id NOT IN (SELECT entry FROM pending WHERE entry IS NOT NULL) ORDER BY f.path, e.name",
        (DUE, library, read_before_ns),
    )


def totals(connection: sqlite3.Connection, *, part: str = "") -> dict[str, tuple[int, int]]:
    """Files and bytes by reason."""
    rows = connection.execute(
        f"SELECT reason, count(*), coalesce(sum(size), 0) FROM pending{part} GROUP BY reason"
    )
    return {reason: (files, size) for reason, files, size in rows}


def every(
    connection: sqlite3.Connection, chunk: int = 512, *, only: str | None = None, part: str = ""
) -> Iterator[list[Pending]]:
    """All of it in order, or what is pending for the reason `only`, `chunk` rows at a time: no statement stays open
    between, so the catalogue can be written.
    """
    last = 0
    while True:
        rows = connection.execute(
            f"SELECT p.id, p.folder, f.path, p.name, p.entry, p.reason, p.size FROM pending{part} p "
            "JOIN folders f ON f.id = p.folder WHERE p.id > ? AND p.reason = coalesce(?, p.reason) "
            "ORDER BY p.id LIMIT ?",
            (last, only, chunk),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [Pending._make(row) for row in rows]


def leave_out(connection: sqlite3.Connection, numbers: Iterable[int], *, part: str = "") -> None:
    """These files are not to be read by this run."""
    connection.executemany(f"DELETE FROM pending{part} WHERE id = ?", ((number,) for number in numbers))


def leave_out_entries(connection: sqlite3.Connection, entries: Iterable[int]) -> None:
    """The files of these entries are not to be read by this run."""
    connection.executemany("DELETE FROM pending WHERE entry = ?", ((entry,) for entry in entries))


def written(connection: sqlite3.Connection) -> int:
    """How many known entries have another size or mtime than recorded."""
    found = connection.execute(
        "SELECT count(*) FROM pending WHERE reason = ? AND entry IS NOT NULL", (WRITTEN,)
    ).fetchone()
    return int(found[0])


def put_absent(connection: sqlite3.Connection, entries: list[int]) -> None:
    """Entries that their fully listed folder no longer holds."""
    connection.executemany("INSERT OR IGNORE INTO absent (entry) VALUES (?)", ((entry,) for entry in entries))


def absent(connection: sqlite3.Connection, chunk: int = 512) -> Iterator[tuple[int, bytes, bytes, str]]:
    """Entry, folder path, name and state of what was not seen, though its folder was listed; in the order of entries.

    As with `every`, the catalogue can be written between two of them.
    """
    last = 0
    while True:
        rows = connection.execute(
            "SELECT e.id, f.path, e.name, e.state FROM absent a JOIN entries e ON e.id = a.entry "
            "JOIN folders f ON f.id = e.folder WHERE a.entry > ? ORDER BY a.entry LIMIT ?",
            (last, chunk),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield from rows


def not_absent(connection: sqlite3.Connection, entry: int) -> None:
    """It is there after all."""
    connection.execute("DELETE FROM absent WHERE entry = ?", (entry,))


def arrived_in(connection: sqlite3.Connection, library: int, folder: bytes) -> list[bytes]:
    """The names in a folder that nobody recorded."""
    rows = connection.execute(
        "SELECT p.name FROM pending p JOIN folders f ON f.id = p.folder WHERE f.library = ? AND f.path = ? "
        "AND p.reason = ?",
        (library, folder, NEW),
    )
    return [row[0] for row in rows]


def put_again(
    connection: sqlite3.Connection,
    folder: int,
    name: bytes,
    entry: int | None,
    reason: str,
    size: int,
    *,
    part: str = "",
) -> None:
    """Take a file up again in the second round: it changed while it was read, or a lane missed it."""
    connection.execute(
        f"INSERT OR REPLACE INTO again{part} (folder, name, entry, reason, size) VALUES (?, ?, ?, ?, ?)",
        (folder, name, entry, reason, size),
    )


def last_again(connection: sqlite3.Connection, *, part: str = "") -> int:
    """The number of what was last put up for another round; 0 where nothing was."""
    return int(connection.execute(f"SELECT coalesce(max(rowid), 0) FROM again{part}").fetchone()[0])


def is_again(connection: sqlite3.Connection, folder: int, name: bytes, *, part: str = "") -> bool:
    """True when a file is in the second round."""
    found = connection.execute(
        f"SELECT 1 FROM again{part} WHERE folder = ? AND name = ?", (folder, name)
    ).fetchone()
    return found is not None


def again(
    connection: sqlite3.Connection, after: int = 0, chunk: int = 512, *, part: str = ""
) -> Iterator[list[Pending]]:
    """Another round, as `every`, of what was put there after the number `after` and before now."""
    last, end = after, last_again(connection, part=part)
    while True:
        rows = connection.execute(
            f"SELECT p.rowid, p.folder, f.path, p.name, p.entry, p.reason, p.size FROM again{part} p "
            "JOIN folders f ON f.id = p.folder WHERE p.rowid > ? AND p.rowid <= ? ORDER BY p.rowid LIMIT ?",
            (last, end, chunk),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [Pending._make(row) for row in rows]


def standing_bytes(connection: sqlite3.Connection, location: int, folder: bytes, *, part: str = "") -> int:
    """Bytes of pending files that stand at a location unrecorded, of the right size under their plain key, and will
    be read and taken as copies: they need no room. `folder`: the library's folder there. A key that had to be
    encoded is not seen here, so the sum may be too small, never too large.
    """
    found = connection.execute(
        f"SELECT coalesce(sum(p.size), 0) FROM pending{part} p JOIN folders f ON f.id = p.folder JOIN standing s "
        "ON s.location = ?1 AND s.size = p.size AND s.key = CAST(?2 || x'2f' || "
        "CASE f.path WHEN x'' THEN p.name ELSE f.path || x'2f' || p.name END AS BLOB)",
        (location, folder),
    ).fetchone()
    return int(found[0])


def needed(connection: sqlite3.Connection, location: int, *, part: str = "") -> tuple[int, int]:
    """Files and bytes that a location will be sent: pending ones of which it has no good copy, or that were written."""
    found = connection.execute(
        f"SELECT count(*), coalesce(sum(p.size), 0) FROM pending{part} p LEFT JOIN entries e ON e.id = p.entry "
        "WHERE p.reason IN (?, ?) OR NOT EXISTS (SELECT 1 FROM copies c WHERE c.location = ? AND c.entry = p.entry "
        "AND c.content = e.content AND c.state <> 'missing')",
        (NEW, WRITTEN, location),
    ).fetchone()
    return int(found[0]), int(found[1])


def superseded(connection: sqlite3.Connection, location: int, *, part: str = "") -> tuple[int, int]:
    """Files and bytes of old contents that a location will keep as versions, if all that was written is another."""
    # CROSS: from what is pending to its copies. The planner would walk through all that is pending for each copy.
    found = connection.execute(
        f"SELECT count(*), coalesce(sum(o.size), 0) FROM pending{part} p CROSS JOIN copies c ON c.location = ? "
        "AND c.entry = p.entry AND c.state = 'good' JOIN contents o ON o.id = c.content "
        "JOIN entries e ON e.id = p.entry WHERE p.reason = ? OR c.content <> e.content",
        (location, WRITTEN),
    ).fetchone()
    return int(found[0]), int(found[1])
