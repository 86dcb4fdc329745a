"""Whose memory is newer: a location's manifest chain held against the last seal that the catalogue knows.

The catalogue never outranks a seal. A location that is ahead is read first. One that shows less than we remember, or
another history, was rolled back: it is taken at its own word, and all that is said of it falls to level none. One
whose manifest is damaged loses no more than what its bad segments alone say; the next seal restates everything.
"""

from __future__ import annotations

from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, journal, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import Chain, PlaceRow
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.chain import Ahead, Behind, Equal, Forked, Relation, Tip, compare
from fonoteca.tasks.manifest.belief import NO_DIGEST, believable, read_on, take_over, taken
from fonoteca.tasks.manifest.chains import ChainView


def agree(archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Bring the catalogue to where the chain is. Yields what is wrong with the chain. Raises LocationError."""
    ours = places.chain(archive.catalogue, row.id, library.id)
    relation = relation_to(view, ours)
    if isinstance(relation, Behind | Forked):
        yield from rolled_back(archive, view, row, library, relation)
        return
    faults: list[str] = []
    if isinstance(relation, Ahead):
        faults = read_newer(archive, view, row, library, relation.first)
    elif not _is_followed(view, ours):
        faults = _go_on(archive, view, row, library, ours)
    if faults:
        finding = damaged_manifest(
            faults, library.name, row.name, remedy="it is written anew", repairable=True
        )
        journal.note(archive.catalogue, finding, archive.now())
        yield Found(finding)


def relation_to(view: ChainView, ours: Chain | None) -> Relation:
    """How the chain there stands to the one that we know. Raises LocationError."""
    theirs = view.tip()
    if ours is None:
        return compare(None, theirs, view.digest_at)
    if ours.damaged and (theirs.digest if theirs else NO_DIGEST) == ours.digest:
        return Equal()  # taken up as it is before; only the restating is due
    tip = Tip(ours.n, ours.digest)
    if (theirs is None or theirs.number < ours.n) and _shows(view, tip):
        return Equal()
    return compare(tip, theirs, view.digest_at, their_full=view.full_after)


def _shows(view: ChainView, tip: Tip) -> bool:
    """True when our seal was there: HEAD names it, or its segment stands and is damaged. That is no older state."""
    return view.head() == tip or tip.number in view.sealed


def _is_followed(view: ChainView, ours: Chain | None) -> bool:
    """True when nothing stands there beyond the seal that we know."""
    return view.last <= (ours.n if ours is not None else 0) and (ours is None or _ends_with(view, ours))


def _ends_with(view: ChainView, ours: Chain) -> bool:
    tip = view.tip()
    return ours.damaged or (tip is not None and tip.digest == ours.digest)


def read_newer(
    archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, first: int
) -> list[str]:
    """The location knows more than we do, from segment `first` on: a run died between its seal and our record, or
    another catalogue wrote. Gives what can't be believed of it; the next seal then restates everything.
    """
    connection = archive.catalogue
    ours = places.chain(connection, row.id, library.id)
    with transaction(connection):
        if ours is None or view.full_after(first - 1) is not None:
            faults = take_over(connection, view, row.id, library.id, believe_folders=False)
        else:
            faults = read_on(connection, view, row.id, library.id, ours)
        places.set_sums_stale(connection, row.id, True)
        if faults:
            places.unlisted(connection, row.id)
    return faults


def _go_on(
    archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, ours: Chain | None
) -> list[str]:
    """What is newest there can't be believed, and the rest we know: go on from our memory."""
    faults = believable(view).faults
    tip = view.tip()
    first = ours.first if ours is not None else 1
    chain = Chain(taken(view, ours), tip.digest if tip else NO_DIGEST, first, damaged=True)
    with transaction(archive.catalogue):
        places.set_chain(archive.catalogue, row.id, library.id, chain)
        places.unlisted(archive.catalogue, row.id)
    return faults


def rolled_back(
    archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, relation: Behind | Forked
) -> Iterator[Event]:
    """The location shows less than we remember, or something else: its own chain says what should stand there.

    What only we know of is kept as something to look for. All of it falls to level none until the location is listed
    and verified.
    """
    connection = archive.catalogue
    tip = view.tip()
    with transaction(connection):
        ours = places.chain(connection, row.id, library.id)
        take_over(connection, view, row.id, library.id, believe_folders=False, keep=True)
        fallen = copies.distrust(connection, row.id, library.id)
        chain = Chain(taken(view, ours), tip.digest if tip else NO_DIGEST, 1, damaged=True)
        places.set_chain(connection, row.id, library.id, chain)
        places.unlisted(connection, row.id)
        finding = _older(fallen, tip, ours, relation, library, row)
        journal.note(connection, finding, archive.now())
    yield Found(finding)


def _older(
    fallen: int,
    tip: Tip | None,
    ours: Chain | None,
    relation: Behind | Forked,
    library: LibraryRow,
    row: PlaceRow,
) -> Finding:
    is_older = isinstance(relation, Behind) or (tip is not None and ours is not None and tip.number < ours.n)
    word = "an older state than we remember" if is_older else "another history than we remember"
    detail = (
        f"its manifest shows {word} (a snapshot, a clone or a restored disk): {fallen} claims fell to level none; "
        f"names and sizes are looked at again now, `fonoteca verify {row.name}` reads the bytes"
    )
    return Finding(FindingKind.ROLLED_BACK, detail, library.name, row.name)


def damaged_manifest(
    faults: list[str], library: str, location: str, *, remedy: str, repairable: bool | None
) -> Finding:
    """The finding that names what is wrong with a manifest."""
    told = "; ".join(faults[:3]) + (f"; and {len(faults) - 3} more" if len(faults) > 3 else "")
    detail = f"its manifest cannot be believed as a whole ({told}); {remedy}"
    return Finding(FindingKind.MANIFEST_DAMAGED, detail, library, location, repairable=repairable)
