"""What the catalogue holds, an entry at a time: `fonoteca list`. No disk is looked at."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from fonoteca.archive import Archive
from fonoteca.catalogue import libraries
from fonoteca.catalogue.analyses import COLUMNS, row_of
from fonoteca.catalogue.entries import PATH
from fonoteca.core.paths import path_fields
from fonoteca.core.pattern import Pattern, matches, pattern
from fonoteca.tasks import telling
from fonoteca.tasks.telling import Json

_CHUNK = 256
"""Entries whose copies are asked for at once."""

_ROWS = (
    f"SELECT e.id, {PATH}, e.kind, e.state, e.mtime_ns, c.id, c.sha256, c.size, c.xxh3_128, "
    f"{COLUMNS} "
    # In this order of tables the rows come sorted by themselves, one at a time.
    "FROM folders f CROSS JOIN entries e ON e.folder = f.id CROSS JOIN contents c ON c.id = e.content "
    "LEFT JOIN analyses a ON a.content = c.id LEFT JOIN documents d ON d.content = c.id "
    "WHERE f.library = ? ORDER BY f.path, e.name"
)
_ANALYSIS = 9
"""The columns from this one on are the analysis."""


def entries(archive: Archive, glob: str | None = None) -> Iterator[Json]:
    """Every entry of the configured libraries that `glob` means (None: all), by library, folder and name.

    `state` is `present`, `gone` (no longer in the library), `held` or `excluded`. Memory stays flat.
    """
    wanted = pattern(glob) if glob is not None else None
    names = archive.config.libraries
    for library in libraries.every(archive.catalogue):
        if library.name in names:
            yield from _entries(archive.catalogue, library.name, library.id, wanted)


def _entries(
    connection: sqlite3.Connection, library: str, number: int, wanted: Pattern | None
) -> Iterator[Json]:
    rows = connection.execute(_ROWS, (number,))
    while chunk := rows.fetchmany(_CHUNK):
        meant = [row for row in chunk if wanted is None or matches(wanted, row[1])]
        copies = _copies(connection, [row[0] for row in meant])
        for row in meant:
            yield _entry(library, row, copies[row[0]])


def _entry(library: str, row: Sequence[Any], copies: list[tuple[Any, ...]]) -> Json:
    _, path, kind, state, mtime_ns, content, sha256, size, xxh3_128 = row[:_ANALYSIS]
    known = row_of(tuple(row[_ANALYSIS:])) if row[_ANALYSIS] is not None else None
    return {
        **path_fields("path", path),
        "library": library,
        "size": size,
        "mtime": telling.when(mtime_ns),
        "digests": telling.digests(sha256, xxh3_128),
        "kind": kind,
        "state": state,
        **telling.analysis(known),
        "copies": [
            telling.copy(location, level, verified, state, is_present_content=held == content)
            for location, level, verified, state, held in copies
        ],
    }


def _copies(connection: sqlite3.Connection, numbers: list[int]) -> dict[int, list[tuple[Any, ...]]]:
    """Location, level, time, state and content of the copies of these entries."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    rows = connection.execute(
        "SELECT p.entry, l.name, p.level, p.verified_ns, p.state, p.content FROM copies p "
        f"JOIN locations l ON l.id = p.location WHERE p.entry IN ({','.join('?' * len(numbers))}) "
        "ORDER BY p.entry, l.name",
        numbers,
    )
    for entry, *rest in rows:
        found[entry].append(tuple(rest))
    return found
