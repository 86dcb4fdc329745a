"""What a location's manifest chains say of themselves, held against our memory: broken, rolled back, ahead,
unfinished.
"""

from __future__ import annotations

from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import journal, libraries, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core.entry import LibraryId
from fonoteca.core.event import Event, Found, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.chain import Ahead, Equal
from fonoteca.core.manifest.lines import Step
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.manifest.agreement import damaged_manifest, read_newer, relation_to, rolled_back
from fonoteca.tasks.manifest.belief import believable
from fonoteca.tasks.manifest.chains import ChainView, library_ids
from fonoteca.tasks.manifest.recover import by_key, unfinished_intents


def check_chains(
    archive: Archive, place: OpenLocation, row: PlaceRow, unfinished: dict[bytes, Step]
) -> Iterator[Event]:
    """Check the chain of every library there; newer lines are read into the catalogue. Yields findings.

    Fills `unfinished` with the steps of batches that were cut off, by key: what they name is neither
    missing nor damaged. Raises LocationError.
    """
    there = library_ids(place)
    for library in libraries.every(archive.catalogue):
        if library.uid in there or places.chain(archive.catalogue, row.id, library.id) is not None:
            view = ChainView.of(place, LibraryId(library.uid))
            yield from _check_chain(archive, view, row, library)
            yield from say_unfinished(archive, view, row, library, unfinished)
    known = {library.uid for library in libraries.every(archive.catalogue)}
    if set(there) - known:
        yield Warned(
            f"{row.name} also holds a library of another archive; its files are not looked at here. "
            f"`fonoteca location adopt {row.name}` brings it in."
        )


def _check_chain(archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    chain = places.chain(archive.catalogue, row.id, library.id)
    faults = believable(view).faults
    if faults:
        yield _damaged(archive, row, library, faults)
        return
    if chain is not None and chain.damaged:
        return  # said before; the next seal restates everything
    relation = relation_to(view, chain)
    if isinstance(relation, Equal):
        return
    if isinstance(relation, Ahead):
        faults = read_newer(archive, view, row, library, relation.first)
        if faults:
            yield _damaged(archive, row, library, faults)
        return
    yield from rolled_back(archive, view, row, library, relation)


def _damaged(archive: Archive, row: PlaceRow, library: LibraryRow, faults: list[str]) -> Found:
    finding = damaged_manifest(
        faults, library.name, row.name, remedy="the next backup writes it anew", repairable=True
    )
    with transaction(archive.catalogue):
        archive.catalogue.execute(
            "UPDATE chains SET damaged = 1 WHERE location = ? AND library = ?", (row.id, library.id)
        )
        journal.note(archive.catalogue, finding, archive.now())
    return Found(finding)


def say_unfinished(
    archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, unfinished: dict[bytes, Step]
) -> Iterator[Event]:
    """The intents that no seal ended, as one finding; their steps go into `unfinished`."""
    intents = unfinished_intents(view)
    count = sum(len(intent.steps) for intent in intents)
    if not count:
        return
    unfinished.update(by_key(intents))
    detail = (
        f"a run was cut off while it brought or moved {count} files; the next `fonoteca backup` completes it"
    )
    finding = Finding(FindingKind.UNFINISHED, detail, library.name, row.name)
    with transaction(archive.catalogue):
        journal.note(archive.catalogue, finding, archive.now())
    yield Found(finding)
