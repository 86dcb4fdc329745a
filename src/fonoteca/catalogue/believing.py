"""The past of entries that only manifests know: since when they were there, what they were, and when they were gone.

What a scan has seen (its entries have a ctime) is never touched. All of it belongs into the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from fonoteca.catalogue import entries
from fonoteca.core.manifest.lines import Have, Retired, Superseded
from fonoteca.core.pattern import split


class Where(NamedTuple):
    """Whose lines are read: a location's, about a library; the catalogue's numbers of both."""

    location: int
    library: int
    is_first: bool
    """Nothing better is known of the library than what is read here."""


def age(connection: sqlite3.Connection, entry: int, added_ns: int) -> None:
    """Since when an entry is there, as its oldest line says."""
    connection.execute(
        "UPDATE entries SET added_ns = CASE added_ns WHEN 0 THEN ?1 ELSE min(added_ns, ?1) END, "
        "state = 'present' WHERE id = ?2 AND ctime_ns = 0",
        (added_ns, entry),
    )


def back(connection: sqlite3.Connection, library: int, line: Have) -> None:
    """An entry that was gone is there again; what it was until then is history, where it is another content now."""
    folder, name = split(line.path)
    found = entries.by_path(connection, library, folder, name)
    if found is None or found.state != "gone" or found.ctime_ns:
        return
    if (found.sha256, found.size) != (line.content.sha256, line.content.size):
        connection.execute(
            "INSERT INTO history (entry, content, mtime_ns, time_ns, verdict) VALUES (?, ?, ?, ?, 'removed')",
            (found.entry, found.content, found.mtime_ns, line.time_ns),
        )
    entries.set_state(connection, found.entry, "present", line.time_ns)


_OTHER_CHAINS = "SELECT 1 FROM chains WHERE library = :library AND location <> :location"
_WAS = (
    "INSERT INTO history (entry, content, mtime_ns, time_ns, verdict) "
    "SELECT id, :content, :mtime_ns, :until_ns, :verdict FROM entries WHERE id = :entry AND ctime_ns = 0 AND "
)
_NOT_KNOWN = "NOT EXISTS (SELECT 1 FROM history WHERE entry = :entry AND "
_WAS_THEN = f"{_WAS}{_NOT_KNOWN}content = :content AND time_ns = :until_ns)"
_GOES_ON = f"{_WAS}content = :content AND {_NOT_KNOWN}time_ns >= :until_ns)"


def past(
    connection: sqlite3.Connection,
    where: Where,
    line: Superseded | Retired,
    entry: int,
    content: int,
    until_ns: int,
) -> None:
    """What an entry was until then, or that it is gone since.

    One location tells the history: another, which lagged behind, would put the same changes at other times. Where
    something is known already (an older snapshot of the catalogue, another location), a line only goes on from it.
    """
    asked = {
        "entry": entry,
        "content": content,
        "size": line.content.size,
        "mtime_ns": line.mtime_ns,
        "until_ns": until_ns,
        "verdict": line.reason,
        "library": where.library,
        "location": where.location,
    }
    tells_all = where.is_first and not connection.execute(_OTHER_CHAINS, asked).fetchone()
    if not isinstance(line, Retired):
        connection.execute(_WAS_THEN if tells_all else _GOES_ON, asked)
    elif tells_all:
        connection.execute(
            "UPDATE entries SET state = 'gone', since_ns = :until_ns, content = :content, size = :size "
            "WHERE id = :entry AND ctime_ns = 0",
            asked,
        )
