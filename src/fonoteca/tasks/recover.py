"""Opening a location for writing: whose memory is newer, what a cut-off run left, and whose folder it is.

Bytes decide what *is*; the newest sealed manifest line what *should be*; the catalogue never outranks a seal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, journal, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import Chain, PlaceRow
from fonoteca.catalogue.replay import Replay
from fonoteca.core.copy import Level
from fonoteca.core.digest import Hasher
from fonoteca.core.entry import Content, LibraryId
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.chain import Ahead, Behind, Equal, Forked, LibraryCard, Tip, compare, encode_card
from fonoteca.core.manifest.layout import card_key, open_key
from fonoteca.core.manifest.lines import (
    AddStep,
    Done,
    Have,
    Intent,
    Line,
    MoveStep,
    OverStep,
    Step,
    Superseded,
)
from fonoteca.core.manifest.segment import BadSegment
from fonoteca.core.place import Key
from fonoteca.errors import Foreign, NameTaken
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.chains import ChainView, cards
from fonoteca.tasks.seal import Ledger, put_bytes, raise_first


def enrol(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Make the location ready for `library`: its folder, its chain, and what a cut-off run left there.

    Yields findings. Raises NameTaken when the folder belongs to another library, LocationError.
    Afterwards `places.chain` is the chain's end there.
    """
    uid = LibraryId(library.uid)
    _claim_folder(archive, place, row, library)
    view = ChainView.of(place, uid)
    yield from _agree(archive, view, row, library)
    yield from _complete(archive, view, row, library)


def _claim_folder(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> None:
    uid = LibraryId(library.uid)
    taken = list(cards(place))
    mine = next((card for card in taken if card.id == uid), None)
    if mine is not None and mine.folder == library.name:
        return
    if any(card.folder == library.name and card.id != uid for card in taken):
        names = {card.folder for card in taken}
        number = 2
        while f"{library.name}-{number}" in names:
            number += 1
        raise NameTaken(row.name, library.name, f"{library.name}-{number}")
    if mine is not None:
        # The folder at a location keeps the name under which the library came: renaming would move every copy.
        return
    card = LibraryCard(uid, library.name, archive.now())
    put_bytes(place, card_key(uid), encode_card(card), archive.now())


def folder_of(place: OpenLocation, library: LibraryRow) -> str:
    """The name of the library's folder at this location: the one under which it came."""
    uid = LibraryId(library.uid)
    return next((card.folder for card in cards(place) if card.id == uid), library.name)


def _agree(archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Compare the chain's end with the one we remember; read what is newer, distrust what was rolled back."""
    ours = places.chain(archive.catalogue, row.id, library.id)
    try:
        theirs = view.tip()
    except BadSegment as error:
        yield from _mistrust_chain(archive, view, row, library, error)
        return
    ours_tip = Tip(ours.n, ours.digest) if ours else None
    relation = compare(ours_tip, theirs, view.digest_at)
    if isinstance(relation, Equal):
        return
    assert theirs is not None or isinstance(relation, Behind)
    try:
        if isinstance(relation, Ahead):
            read_newer(archive, view, row, library, relation.first)
            return
    except BadSegment as error:
        yield from _mistrust_chain(archive, view, row, library, error)
        return
    yield from rolled_back(archive, view, row, library, relation)


def read_newer(archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, first: int) -> None:
    """The location knows more than we do: a run died between its seal and our record, or another catalogue wrote."""
    replay = Replay(archive.catalogue, row.id, library.id)
    numbers = view.living() if first == 1 else [number for number in view.sealed if number >= first]
    known = places.chain(archive.catalogue, row.id, library.id)
    start = known.first if known else 1
    with transaction(archive.catalogue):
        for number in numbers:
            facts = view.facts(number)
            if facts.header.full:
                replay.restart()
                start = number
            replay.apply(view.lines(number), number)
            places.set_chain(archive.catalogue, row.id, library.id, Chain(number, facts.digest, start))
        places.set_sums_stale(archive.catalogue, row.id, True)


def rolled_back(
    archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, relation: Behind | Forked | Ahead
) -> Iterator[Event]:
    """The location shows less than we remember, or something else: its claims fall, and are looked for again."""
    common = relation.common if isinstance(relation, Behind | Forked) else 0
    word = (
        "an older state than we remember"
        if isinstance(relation, Behind)
        else "another history than we remember"
    )
    with transaction(archive.catalogue):
        fallen = copies.distrust(archive.catalogue, row.id, library.id, common)
        _take_up_chain(archive, view, row, library)
        archive.catalogue.execute("UPDATE locations SET listed_ns = NULL WHERE id = ?", (row.id,))
        detail = (
            f"its manifest shows {word} (a snapshot, a clone or a restored disk): {fallen} claims after segment "
            f"{common} fell to level none and are checked again"
        )
        finding = Finding(FindingKind.ROLLED_BACK, detail, library.name, row.name)
        journal.note(archive.catalogue, finding, archive.now())
    yield Found(finding)


def _mistrust_chain(
    archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, error: BadSegment
) -> Iterator[Event]:
    """A segment there can't be believed: go on from our own memory, and restate everything with the next seal."""
    detail = f"a segment of its manifest cannot be believed ({error.reason}); it is written anew"
    finding = Finding(FindingKind.MANIFEST_DAMAGED, detail, library.name, row.name, repairable=True)
    with transaction(archive.catalogue):
        _take_up_chain(archive, view, row, library)
        journal.note(archive.catalogue, finding, archive.now())
    yield Found(finding)


def _take_up_chain(archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow) -> None:
    """Go on after the highest number there; the next segment is a full one, so nothing before it needs belief."""
    highest = max([*view.sealed, *view.open, 0])
    digest = (view.digest_at(highest) if highest else None) or "0" * 64
    ours = places.chain(archive.catalogue, row.id, library.id)
    number = max(highest, ours.n if ours else 0)
    places.set_chain(archive.catalogue, row.id, library.id, Chain(number, digest, 1, damaged=True))


# what a cut-off run left


def _complete(archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Complete or forget the batches whose intents still stand."""
    chain = places.chain(archive.catalogue, row.id, library.id)
    for number in view.open:
        if chain is not None and number <= chain.n:  # sealed; only its open form was not yet deleted
            raise_first(view.place.delete([open_key(view.library, number)]))
            continue
        lines = [
            line for intent in _unfinished(view.intents(number)) for line in _outcome(archive, view, intent)
        ]
        if not lines:
            raise_first(view.place.delete([open_key(view.library, number)]))
            continue
        ledger = Ledger(view.place, view.library, chain, archive.now)
        sealed = ledger.seal(lines)
        with transaction(archive.catalogue):
            Replay(archive.catalogue, row.id, library.id).apply(lines, sealed.n)
            places.set_chain(archive.catalogue, row.id, library.id, sealed)
            places.set_sums_stale(archive.catalogue, row.id, True)
        raise_first(view.place.delete([open_key(view.library, number)]))
        chain = sealed
    yield from ()


def _unfinished(lines: list[Line]) -> list[Intent]:
    ended = {line.batch for line in lines if isinstance(line, Done)}
    return [line for line in lines if isinstance(line, Intent) and line.batch not in ended]


def unfinished_intents(view: ChainView) -> list[Intent]:
    """Intents that no sealed segment ended: what a cut-off run may have left half-done."""
    open_now = [number for number in view.open if number not in view.sealed]
    return [intent for number in open_now for intent in _unfinished(view.intents(number))]


def _outcome(archive: Archive, view: ChainView, intent: Intent) -> list[Line]:
    """What became of each step of a batch that was cut off, told from the bytes that stand."""
    lines: list[Line] = []
    for step in intent.steps:
        lines.extend(_outcome_of(archive, view, step))
    return lines


def _outcome_of(archive: Archive, view: ChainView, step: Step) -> list[Line]:
    if isinstance(step, MoveStep):
        raise Foreign(
            "this location", "a newer fonoteca was moving files there", "Use the newer fonoteca once."
        )
    now = archive.now()
    found = content_at(view.place, step.key)
    if found is None and isinstance(step, OverStep):
        # Cut off between the two renames of a place without hard links: the old content goes back.
        if view.place.stat(step.keep) is not None:
            raise_first(view.place.move([(step.keep, step.key)]))
        return []
    if found is None or found[0] != step.content:
        return []
    have = Have(step.key, step.path, step.content, step.mtime_ns, found[1], now)
    if isinstance(step, AddStep):
        return [have]
    kept = content_at(view.place, step.keep)
    if kept is None or (kept[0].sha256, kept[0].size) != (step.old_sha256, step.old_size):
        return [have]
    stat = view.place.stat(step.keep)
    mtime_ns = stat.mtime_ns if stat is not None and stat.mtime_ns is not None else step.mtime_ns
    return [Superseded(step.key, step.path, kept[0], mtime_ns, step.keep, "superseded", kept[1], now), have]


def content_at(place: OpenLocation, key: Key) -> tuple[Content, Level] | None:
    """What stands under `key`, read whole, and the level that reading reached; None when nothing stands there."""
    if place.stat(key) is None:
        return None
    hasher = Hasher()
    with ExitStack() as stack:
        reading = stack.enter_context(place.read(key))
        for block in reading:
            hasher.update(block)
        level = reading.level
    digests = hasher.digests()
    return Content(digests.sha256, hasher.size, digests.xxh3_128), level
