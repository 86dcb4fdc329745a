"""The journal as it is asked for: `fonoteca log`, and the short form in `fonoteca show`."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import events
from fonoteca.core.journal import Logged
from fonoteca.core.paths import path_fields
from fonoteca.core.pattern import matches, pattern
from fonoteca.tasks import telling
from fonoteca.tasks.telling import Json

SHORT = 20
"""So many of a file's last events `show` tells."""


def log(archive: Archive, glob: str | None = None, since_ns: int = 0) -> Iterator[Json]:
    """Every event since then, oldest first; with `glob` those of files that it means, or meant. Memory stays flat."""
    wanted = pattern(glob) if glob is not None else None
    for each in events.every(archive.catalogue, since_ns):
        paths = [path for path in (each.path, each.was) if path is not None]
        if wanted is None or any(matches(wanted, path) for path in paths):
            yield event_json(each)


def short_log(connection: sqlite3.Connection, entry: int, library: str, path: bytes) -> list[Json]:
    """The last events of one entry, oldest first."""
    last = deque(events.of_entry(connection, entry, library, path), SHORT)
    return [
        {
            "time": telling.when(each.time_ns),
            "event": each.type,
            "outcome": each.outcome,
            "location": each.location,
            "detail": each.detail,
        }
        for each in last
    ]


def event_json(event: Logged) -> Json:
    """One event; `path` and `was` only where it is about a file."""
    return {
        "time": telling.when(event.time_ns),
        "event": event.type,
        "outcome": event.outcome,
        "library": event.library,
        "location": event.location,
        **(path_fields("path", event.path) if event.path is not None else {"path": None}),
        **(path_fields("was", event.was) if event.was is not None else {"was": None}),
        "detail": event.detail,
        "agent": event.agent,
    }
