"""What stands at locations without being recorded, and which folded names are taken there; kept for one run only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from fonoteca.catalogue.temporary import provide_table


def begin(connection: sqlite3.Connection) -> None:
    """Make the tables of this run, empty."""
    provide_table(
        connection,
        "standing",
        "(location INTEGER NOT NULL, key BLOB NOT NULL, size INTEGER NOT NULL, "
        "mtime_ns INTEGER, PRIMARY KEY (location, key)) WITHOUT ROWID",
    )
    provide_table(
        connection,
        "folded",
        "(location INTEGER NOT NULL, fold BLOB NOT NULL, owner BLOB NOT NULL, "
        "PRIMARY KEY (location, fold)) WITHOUT ROWID",
    )


def add(connection: sqlite3.Connection, rows: Iterable[tuple[int, bytes, int, int | None]]) -> None:
    """(location, key, size, mtime) of objects that nobody recorded."""
    connection.executemany("INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?)", rows)


def count(connection: sqlite3.Connection, location: int) -> int:
    """How many stand at a location."""
    found = connection.execute("SELECT count(*) FROM standing WHERE location = ?", (location,)).fetchone()
    return int(found[0])


def stands(connection: sqlite3.Connection, location: int, key: bytes) -> bool:
    """True when something unrecorded stands under `key`."""
    found = connection.execute(
        "SELECT 1 FROM standing WHERE location = ? AND key = ?", (location, key)
    ).fetchone()
    return found is not None


def every(connection: sqlite3.Connection, location: int) -> Iterator[tuple[bytes, int]]:
    """Keys and sizes, in byte order."""
    return iter(
        connection.execute("SELECT key, size FROM standing WHERE location = ? ORDER BY key", (location,))
    )


def take_fold(connection: sqlite3.Connection, location: int, fold: bytes, owner: bytes) -> None:
    """A folded name is taken from now on, by the entry `owner` (its library's folder and its path)."""
    connection.execute("INSERT OR IGNORE INTO folded VALUES (?, ?, ?)", (location, fold, owner))


def take_folds(connection: sqlite3.Connection, location: int, taken: Iterable[tuple[bytes, bytes]]) -> None:
    """As `take_fold`, for many (fold, owner)."""
    rows = ((location, fold, owner) for fold, owner in taken)
    connection.executemany("INSERT OR IGNORE INTO folded VALUES (?, ?, ?)", rows)


def forget_folds(connection: sqlite3.Connection, location: int) -> None:
    """No folded name is taken there; they are learnt anew."""
    connection.execute("DELETE FROM folded WHERE location = ?", (location,))


def owner_of(connection: sqlite3.Connection, location: int, fold: bytes) -> bytes | None:
    """The entry that holds a folded name, or None."""
    found = connection.execute(
        "SELECT owner FROM folded WHERE location = ? AND fold = ?", (location, fold)
    ).fetchone()
    return found[0] if found else None
