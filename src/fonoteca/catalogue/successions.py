"""What followed what: each content of an entry with the one that took its place, and when.

Nothing is stored for it. The history keeps what an entry was, and the entry what it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH

_CHUNK = 500


class Succession(NamedTuple):
    """One content of an entry took another one's place at `time_ns`. `verdict`: what that was judged to be."""

    path: bytes
    kind: str
    time_ns: int
    verdict: str
    old: int
    old_sha256: bytes
    new: int
    new_sha256: bytes


_ROWS = (
    "WITH steps AS (SELECT h.entry, h.id, h.time_ns, h.verdict, h.content AS old, coalesce("
    "lead(h.content) OVER (PARTITION BY h.entry ORDER BY h.time_ns, h.id), e.content) AS new "
    "FROM history h JOIN entries e ON e.id = h.entry JOIN folders f ON f.id = e.folder WHERE f.library = :library) "
    f"SELECT {PATH}, e.kind, s.time_ns, s.verdict, s.old, o.sha256, s.new, n.sha256 FROM steps s "
    "JOIN entries e ON e.id = s.entry JOIN folders f ON f.id = e.folder "
    "JOIN contents o ON o.id = s.old JOIN contents n ON n.id = s.new "
    "WHERE s.time_ns >= :since ORDER BY s.time_ns, s.id"
)


def successions(connection: sqlite3.Connection, library: int, since_ns: int = 0) -> Iterator[Succession]:
    """Every change of a library's contents since then, oldest first. Memory stays flat."""
    rows = connection.execute(_ROWS, {"library": library, "since": since_ns})
    while chunk := rows.fetchmany(_CHUNK):
        yield from map(Succession._make, chunk)
