"""What stands and what a person was told of it: `core/notice`'s memory, and the time of the last look."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from fonoteca.catalogue.database import transaction
from fonoteca.core.notice import Remembered


class Closed(NamedTuple):
    """Damage of one file that ended. `library` and `path`: the file; `location`: where, None for the library's own."""

    library: str | None
    location: str | None
    path: bytes | None


def load(connection: sqlite3.Connection) -> dict[str, Remembered]:
    """All of it, by key."""
    rows = connection.execute(
        "SELECT key, title, grade, since_ns, told_ns, stands, ended_ns FROM notices ORDER BY key"
    )
    return {
        key: Remembered(title, grade, since_ns, told_ns, bool(stands), ended_ns)
        for key, title, grade, since_ns, told_ns, stands, ended_ns in rows
    }


def save(connection: sqlite3.Connection, memory: Mapping[str, Remembered]) -> None:
    """All of it, in place of what was there."""
    with transaction(connection):
        connection.execute("DELETE FROM notices")
        connection.executemany(
            "INSERT INTO notices (key, title, grade, since_ns, told_ns, stands, ended_ns) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (key, each.title, each.grade, each.since_ns, each.told_ns, int(each.stands), each.ended_ns)
                for key, each in memory.items()
            ),
        )


def damage_closed(connection: sqlite3.Connection, since_ns: int) -> list[Closed]:
    """Damage that ended since then."""
    rows = connection.execute(
        "SELECT DISTINCT library, location, path FROM findings WHERE closed_ns > ? AND severity = 'damage' "
        "ORDER BY location, library, path",
        (since_ns,),
    )
    return [Closed(*row) for row in rows]
