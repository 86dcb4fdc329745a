"""How much was read again at each location, day by day: the pace that forecasts go by."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

from fonoteca.core.schedule import DAY_NS, PACE_DAYS, pace_of

EPOCH = date(1970, 1, 1)


def add(connection: sqlite3.Connection, location: int, now_ns: int, size: int) -> None:
    """`size` bytes were read again and were right; days that no forecast needs go."""
    day = now_ns // DAY_NS
    connection.execute(
        "INSERT INTO readings (location, day, bytes) VALUES (?, ?, ?) "
        "ON CONFLICT (location, day) DO UPDATE SET bytes = bytes + excluded.bytes",
        (location, day, size),
    )
    connection.execute("DELETE FROM readings WHERE location = ? AND day < ?", (location, day - 2 * PACE_DAYS))


def this_month(connection: sqlite3.Connection, location: int, now_ns: int) -> int:
    """Bytes that were read again at a location since this month began (UTC)."""
    today = now_ns // DAY_NS
    first = today - (EPOCH + timedelta(days=today)).day + 1
    found = connection.execute(
        "SELECT coalesce(sum(bytes), 0) FROM readings WHERE location = ? AND day >= ?", (location, first)
    ).fetchone()[0]
    return int(found)


def pace(connection: sqlite3.Connection, location: int, now_ns: int) -> float:
    """The present pace at a location, bytes a day."""
    since = now_ns - PACE_DAYS * DAY_NS
    read = connection.execute(
        "SELECT coalesce(sum(bytes), 0) FROM readings WHERE location = ? AND day >= ?",
        (location, since // DAY_NS),
    ).fetchone()[0]
    added = connection.execute("SELECT added_ns FROM locations WHERE id = ?", (location,)).fetchone()
    return pace_of(int(read), max(since, added[0] if added else since), now_ns)
