"""Locations at which the last run that copied had to stop: full, broken, refusing. Kept until one comes through."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from fonoteca.core.status import FailureStatus


def put(connection: sqlite3.Connection, failed: Mapping[str, tuple[str, str]], now_ns: int) -> None:
    """These stopped, by name: the error's class and its sentence."""
    connection.executemany(
        "INSERT INTO failures (location, kind, sentence, since_ns) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (location) DO UPDATE SET sentence = ?3, since_ns = iif(kind = ?2, since_ns, ?4), kind = ?2",
        ((name, kind, sentence, now_ns) for name, (kind, sentence) in failed.items()),
    )


def clear(connection: sqlite3.Connection, failed: Mapping[str, object], opened_ns: int) -> None:
    """All others that were opened for writing since `opened_ns` came through."""
    found = connection.execute(
        "SELECT f.location FROM failures f LEFT JOIN locations l ON l.name = f.location "
        "WHERE l.id IS NULL OR l.seen_ns >= ?",
        (opened_ns,),
    ).fetchall()
    connection.executemany(
        "DELETE FROM failures WHERE location = ?", ((name,) for (name,) in found if name not in failed)
    )


def standing(connection: sqlite3.Connection) -> Iterator[FailureStatus]:
    """All of them."""
    rows = connection.execute("SELECT location, kind, sentence, since_ns FROM failures ORDER BY location")
    return (FailureStatus(*row) for row in rows)
