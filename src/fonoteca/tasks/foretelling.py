"""A dry run of `backup`, judged by stat: what would be renamed, and what would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from fonoteca.archive import Archive
from fonoteca.catalogue import gone, holds, misplaced, pending
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.core.event import Event, WouldCopy, WouldMove, WouldRetire
from fonoteca.core.guard import GuardKind
from fonoteca.core.pattern import join
from fonoteca.errors import LocationError
from fonoteca.tasks.copying.naming import Namer
from fonoteca.tasks.moving.relocation import namer_of
from fonoteca.tasks.places.opening import Opened, failure


def foretell(archive: Archive, opened: list[Opened], library: LibraryRow) -> Iterator[Event]:
    """What a backup would do with `library` now. What fails is said."""
    yield from would_move(archive, opened, library)
    yield from would_retire(archive, opened, library)
    names = tuple(one.config.name for one in opened)
    for chunk in pending.every(archive.catalogue):
        for item in chunk:
            path = join(item.folder_path, item.name)
            yield WouldCopy(library.name, path, item.size, item.reason, names)


def would_move(archive: Archive, opened: list[Opened], library: LibraryRow) -> Iterator[Event]:
    """One event an entry that moved, with all the locations where its copy has to follow."""
    places = {one.row.id: one for one in opened if misplaced.count(archive.catalogue, one.row.id, library.id)}
    namers: dict[int, Namer] = {}
    for number, one in places.items():
        try:
            namers[number] = namer_of(archive, one.place, one.row, library)
        except LocationError as error:
            yield failure(archive, one.config, error, named=True)
    found = misplaced.at_all(archive.catalogue, list(namers), library.id)
    for _, rows in groupby(found, key=itemgetter(0)):
        moving = [row for row in rows if namers[row[1]].wanted(row[2]) != row[3]]
        if moving:
            _, _, path, key, size = moving[0]
            names = tuple(places[row[1]].config.name for row in moving)
            yield WouldMove(library.name, path, size, key, names)


def would_retire(archive: Archive, opened: list[Opened], library: LibraryRow) -> Iterator[Event]:
    """One event an entry that is gone, with all the locations where its copy would become a version."""
    names = {one.row.id: one.config.name for one in opened}
    if not names or is_stopped(archive, library):
        return
    found = gone.at_all(archive.catalogue, list(names), library.id)
    for _, rows in groupby(found, key=itemgetter(0)):
        some = list(rows)
        _, _, path, size = some[0]
        yield WouldRetire(library.name, path, size, tuple(names[row[1]] for row in some))


def is_stopped(archive: Archive, library: LibraryRow) -> bool:
    """True when a hold keeps the copies of what was removed where they are."""
    return any(each.kind is GuardKind.REMOVED for each in holds.standing(archive.catalogue, library.id))
