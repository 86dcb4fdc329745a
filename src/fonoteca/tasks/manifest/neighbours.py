"""Other libraries at a shared location: those that another machine of the household brings there.

Each library's chain has one writer. What the others wrote since is read here, so that `SHA256SUMS` names all that
stands at the place, and nobody's music is strange to the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import libraries, places
from fonoteca.catalogue.places import PlaceRow
from fonoteca.catalogue.temporary import provide_table
from fonoteca.core import naming, sums
from fonoteca.core.entry import LibraryId
from fonoteca.core.event import Event
from fonoteca.core.manifest.chain import LibraryCard
from fonoteca.core.manifest.lines import Have, Line, Moved, Retired, Segment
from fonoteca.core.manifest.segment import BadSegment
from fonoteca.core.place import Key
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.manifest.agreement import agree
from fonoteca.tasks.manifest.belief import believable
from fonoteca.tasks.manifest.chains import ChainView, cards


def listen(archive: Archive, place: OpenLocation, row: PlaceRow, mine: Collection[int]) -> Iterator[Event]:
    """Read what others wrote about libraries that this catalogue knows and this run does not bring (`mine`: by id).

    Yields findings. Raises LocationError.
    """
    for library in libraries.every(archive.catalogue):
        if library.id in mine or places.chain(archive.catalogue, row.id, library.id) is None:
            continue
        yield from agree(archive, ChainView.of(place, LibraryId(library.uid)), row, library)


def strangers(archive: Archive, place: OpenLocation) -> list[LibraryCard]:
    """Libraries there that this catalogue does not know. Raises LocationError."""
    known = {library.uid for library in libraries.every(archive.catalogue)}
    return [card for card in cards(place) if card.id not in known]


def folders_of(found: Collection[LibraryCard], row: PlaceRow) -> frozenset[bytes]:
    """The first parts of the keys of these libraries there."""
    rule = naming.rule_named(row.identity.naming)
    return frozenset(naming.folder_key(card.folder, rule) for card in found)


def their_sums(archive: Archive, place: OpenLocation, row: PlaceRow) -> Iterator[tuple[bytes, bytes]]:
    """Key and line of `SHA256SUMS` for what their chains say they hold, by key in byte order.

    What a damaged segment said is lacking until its owner wrote its manifest anew. Raises LocationError.
    """
    connection = archive.catalogue
    table = f"theirs_{row.id}"  # other places may be summed up at the same time
    provide_table(connection, table, "(key BLOB PRIMARY KEY, sha256 BLOB NOT NULL) WITHOUT ROWID")
    for card in strangers(archive, place):
        view = ChainView.of(place, LibraryId(card.id))
        for facts in believable(view).segments:
            try:
                for line in view.lines(facts.header.number):
                    _hear(connection, table, card.id, line)
            except BadSegment:
                continue
    rows = connection.execute(f"SELECT key, sha256 FROM {table} ORDER BY key")
    return ((key, sums.line(sha256, Key(key))) for key, sha256 in rows)


def _hear(connection: sqlite3.Connection, table: str, library: str, line: Line) -> None:
    """What one line changes of what stands there. A full segment comes first, if there is one."""
    match line:
        case Have():
            connection.execute(
                f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (line.key, line.content.sha256)
            )
        case Moved():
            connection.execute(f"UPDATE OR REPLACE {table} SET key = ? WHERE key = ?", (line.new, line.old))
        case Retired():
            connection.execute(f"DELETE FROM {table} WHERE key = ?", (line.key,))
        case Segment():
            assert line.library == library  # `view.lines` believes no other
        case _:
            return
