"""What a scrub reads, in its order, with what is known of each: copies, kept versions and library files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from fonoteca.catalogue import due
from fonoteca.catalogue.entries import PATH
from fonoteca.core.plan.scrub import Urgency
from fonoteca.tasks.checking.expected import Copy, Kept
from fonoteca.tasks.checking.originals import Original

Item: TypeAlias = Copy | Kept | Original


class Turn(NamedTuple):
    """One thing to read. `entry` is the one it belongs to; of a version's blob, the first that names it."""

    urgency: Urgency
    kind: str
    place: int
    entry: int
    size: int
    item: Item


def turns(connection: sqlite3.Connection) -> Iterator[Turn]:
    """All of the run's list (`due.gather`) in its order; what is no longer recorded is left out."""
    for page in due.pages(connection):
        known: dict[int, tuple[int, Item]] = {}
        span = (page[0].rank, page[-1].rank)
        for questions in (_copies, _versions, _originals):
            known.update(questions(connection, span))
        for each in page:
            found = known.get(each.rank)
            if found is not None:
                yield Turn(each.urgency, each.kind, each.place, found[0], each.size, found[1])


_NAMED = "JOIN folders f ON f.id = e.folder JOIN libraries y ON y.id = f.library "
_SPAN = "AND d.rank BETWEEN ? AND ?"
"""The page first, hence CROSS JOIN: a catalogue without statistics lets SQLite begin with all folders instead."""


def _copies(connection: sqlite3.Connection, span: tuple[int, int]) -> Iterator[tuple[int, tuple[int, Item]]]:
    for rank, *found in connection.execute(
        f"SELECT d.rank, p.entry, p.key, c.size, c.sha256, c.xxh3_128, p.mtime_ns, p.state, {PATH}, y.name "
        "FROM temp.due d CROSS JOIN copies p ON p.location = d.place AND p.entry = d.number "
        f"JOIN contents c ON c.id = p.content JOIN entries e ON e.id = p.entry {_NAMED}"
        f"WHERE d.kind = 'copy' {_SPAN}",
        span,
    ):
        yield rank, (found[0], Copy._make((*found, None, None, None)))


def _versions(
    connection: sqlite3.Connection, span: tuple[int, int]
) -> Iterator[tuple[int, tuple[int, Item]]]:
    for rank, entry, ids, *found in connection.execute(
        "SELECT d.rank, v.entry, (SELECT group_concat(w.id) FROM versions w WHERE w.location = v.location "
        f"AND w.key = v.key), v.key, c.size, c.sha256, c.xxh3_128, {PATH}, y.name, c.id "
        "FROM temp.due d CROSS JOIN versions v ON v.id = d.number "
        f"JOIN contents c ON c.id = v.content JOIN entries e ON e.id = v.entry {_NAMED}"
        f"WHERE d.kind = 'version' {_SPAN}",
        span,
    ):
        yield rank, (entry, Kept(tuple(map(int, ids.split(","))), *found))


def _originals(
    connection: sqlite3.Connection, span: tuple[int, int]
) -> Iterator[tuple[int, tuple[int, Item]]]:
    for rank, *found in connection.execute(
        f"SELECT d.rank, e.id, {PATH}, e.size, e.mtime_ns, e.ctime_ns, e.inode, c.sha256, c.xxh3_128, "
        "e.trusted, e.state = 'held' FROM temp.due d CROSS JOIN entries e ON e.id = d.number "
        f"JOIN contents c ON c.id = e.content JOIN folders f ON f.id = e.folder WHERE d.kind = 'original' {_SPAN}",
        span,
    ):
        yield rank, (found[0], Original(*found))
