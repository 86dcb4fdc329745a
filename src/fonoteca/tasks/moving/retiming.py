"""Setting times at a location that moved in the library alone: no byte is read or sent for it.

The times are set first and sealed after: whoever dies in between has times there that nobody recorded, and sets them
again.
"""

from __future__ import annotations

from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import places, stale_times
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.catalogue.stale_times import StaleTime
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.event import Event, Phase
from fonoteca.core.manifest.lines import Have
from fonoteca.core.place import Key
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.predecessor import ABOUT_ONE
from fonoteca.tasks.manifest.seal import Ledger


def retime(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Give copies the times of their entries. Raises LocationError, Interrupted between batches."""
    last = 0
    while stale := stale_times.some(archive.catalogue, row.id, library.id, last):
        if not last:
            yield Phase("set times", location=row.name)
        archive.pause_point()
        last = stale[-1].entry
        _set(archive, place, row, library, stale)


def _set(
    archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow, stale: list[StaleTime]
) -> None:
    done: list[StaleTime] = []
    outcomes = place.retime([(Key(each.key), each.mtime_ns) for each in stale])
    for each, outcome in zip(stale, outcomes, strict=True):
        if outcome.error is None:
            done.append(each)
        elif not isinstance(outcome.error, ABOUT_ONE):
            raise outcome.error  # else it is read by this run, which says what is wrong
    if not done:
        return
    chain = places.chain(archive.catalogue, row.id, library.id)
    ledger = Ledger(place, LibraryId(library.uid), chain, archive.now)
    sealed = ledger.seal([_line(each, archive.now()) for each in done])
    with transaction(archive.catalogue):
        times = [(each.entry, each.mtime_ns) for each in done]
        stale_times.set_times(archive.catalogue, row.id, times, sealed.n)
        places.set_chain(archive.catalogue, row.id, library.id, sealed)


def _line(each: StaleTime, now: int) -> Have:
    content = Content(each.sha256, each.size, each.xxh3_128)
    return Have(
        Key(each.key),
        RelPath(each.path),
        content,
        each.mtime_ns,
        Level(each.level),
        each.verified_ns or now,
    )
