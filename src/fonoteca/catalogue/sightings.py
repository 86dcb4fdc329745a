"""Leases of others at places that we wanted to write: since when they were seen just so, over several runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from fonoteca.catalogue.database import transaction
from fonoteca.core.lease import Sight

_KEPT_NS = 90 * 24 * 3600 * 1_000_000_000
"""One that is older has long served its purpose: the lease was taken over, or given back."""


def every(connection: sqlite3.Connection) -> Iterator[Sight]:
    """All of them."""
    rows = connection.execute("SELECT place, digest, boot, first_ns FROM sightings")
    return (Sight(*row) for row in rows)


def put(connection: sqlite3.Connection, seen: Sequence[Sight]) -> None:
    """These were made since; what can no longer be counted from goes."""
    if not seen:
        return
    boot, now_ns = seen[-1].boot, seen[-1].first_ns
    with transaction(connection):
        connection.execute("DELETE FROM sightings WHERE boot <> ? OR first_ns < ?", (boot, now_ns - _KEPT_NS))
        connection.executemany(
            "INSERT OR REPLACE INTO sightings (place, digest, boot, first_ns) VALUES (?, ?, ?, ?)",
            ((each.place, each.digest, each.boot, each.first_ns) for each in seen if each.boot),
        )
