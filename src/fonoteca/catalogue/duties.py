"""When each duty was done last: what a daemon that starts again goes on from, forgetting and repeating nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def since(connection: sqlite3.Connection) -> dict[str, int]:
    """When each was done last, or first heard of (ns)."""
    return dict(connection.execute("SELECT name, since_ns FROM duties"))


def done(connection: sqlite3.Connection) -> dict[str, int]:
    """When each was done last; those that never were are lacking."""
    return dict(connection.execute("SELECT name, since_ns FROM duties WHERE done"))


def hear(connection: sqlite3.Connection, names: Iterable[str], now_ns: int) -> None:
    """Their time counts from now, if they are new."""
    connection.executemany(
        "INSERT OR IGNORE INTO duties (name, since_ns) VALUES (?, ?)", ((name, now_ns) for name in names)
    )


def put_done(connection: sqlite3.Connection, name: str, now_ns: int) -> None:
    """It was done."""
    connection.execute(
        "INSERT INTO duties (name, since_ns, done) VALUES (?1, ?2, 1) "
        "ON CONFLICT (name) DO UPDATE SET since_ns = ?2, done = 1",
        (name, now_ns),
    )
