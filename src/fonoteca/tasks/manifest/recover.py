"""Opening a location for writing: whose folder it is, whose memory is newer (`agreement`), what a cut-off run left.

Bytes decide what *is*; the newest sealed manifest line what *should be*; the catalogue never outranks a seal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, journal, libraries, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.catalogue.replay import Replay
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.chain import LibraryCard, encode_card
from fonoteca.core.manifest.layout import card_key, open_key
from fonoteca.core.manifest.lines import (
    AddStep,
    Done,
    DropStep,
    Have,
    Intent,
    Line,
    MoveStep,
    OverStep,
    Retired,
    Step,
    Superseded,
)
from fonoteca.core.place import Key
from fonoteca.core.plan.moves import moving_key
from fonoteca.errors import NameTaken
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.predecessor import ABOUT_ONE, content_at
from fonoteca.tasks.manifest.agreement import agree
from fonoteca.tasks.manifest.blobs import delete_unnamed
from fonoteca.tasks.manifest.chains import ChainView, cards
from fonoteca.tasks.manifest.seal import Ledger, put_bytes, raise_first
from fonoteca.tasks.moving.resuming import resume_moves, retired_by


def enrol(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Make the location ready for `library`: its folder, its chain, and what a cut-off run left there.

    Yields findings. Raises NameTaken when the folder belongs to another library, LocationError.
    Afterwards `places.chain` is the chain's end there.
    """
    uid = LibraryId(library.uid)
    _claim_folder(archive, place, row, library)
    view = ChainView.of(place, uid)
    yield from agree(archive, view, row, library)
    yield from _complete(archive, view, row, library)


def _claim_folder(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> None:
    uid = LibraryId(library.uid)
    taken = list(cards(place))
    mine = next((card for card in taken if card.id == uid), None)
    if mine is not None and mine.folder == library.name:
        return
    if any(card.folder == library.name and card.id != uid for card in taken):
        # A name that the catalogue has for another library would make this one that other.
        names = {card.folder for card in taken} | {each.name for each in libraries.every(archive.catalogue)}
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


# what a cut-off run left


def _complete(archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Complete or forget the batches whose intents still stand. Yields what could not be read there."""
    unfinished = view.unfinished()
    for number in view.open:
        if number in unfinished:
            yield from _complete_one(archive, view, row, library, number)
        else:
            _complete_drops(view, number)
        raise_first(view.place.delete([open_key(view.library, number)]))


def _complete_one(
    archive: Archive, view: ChainView, row: PlaceRow, library: LibraryRow, number: int
) -> Iterator[Event]:
    intents = _unended(view.intents(number))
    told = [_told(archive, view, step) for step in _brought(intents)]
    lines = [line for each in told for line in each.lines]
    for intent in intents:
        lines += resume_moves(archive.catalogue, view.place, row.id, intent, archive.now())
        lines += retired_by(view.place, intent, archive.now())
    if not lines:
        return
    _settle(view.place, lines)
    chain = places.chain(archive.catalogue, row.id, library.id)
    sealed = Ledger(view.place, view.library, chain, archive.now).seal(lines)
    findings = [_unreadable(each.unreadable, library, row) for each in told if each.unreadable is not None]
    with transaction(archive.catalogue):
        Replay(archive.catalogue, row.id, library.id).apply(lines, sealed.n)
        for each in told:
            if each.unreadable is not None:
                copies.set_state_at(archive.catalogue, row.id, each.unreadable.key, "unreadable")
        places.set_chain(archive.catalogue, row.id, library.id, sealed)
        places.set_sums_stale(archive.catalogue, row.id, True)
        for finding in findings:
            journal.note(archive.catalogue, finding, archive.now())
    yield from map(Found, findings)


def _complete_drops(view: ChainView, number: int) -> None:
    """The records are given up, and the run died before it deleted all of their blobs."""
    intents = [line for line in view.intents(number) if isinstance(line, Intent)]
    drops = {step.kept for line in intents for step in line.steps if isinstance(step, DropStep)}
    delete_unnamed(view.place, drops)


def _settle(place: OpenLocation, lines: list[Line]) -> None:
    """Make the names that a cut-off run gave durable before anything is recorded of them: it died before it could."""
    times = [(line.key, line.mtime_ns) for line in lines if isinstance(line, Have)]
    times += [(line.kept, line.mtime_ns) for line in lines if isinstance(line, Superseded | Retired)]
    for outcome in place.retime(times) if times else ():
        # A file that takes no time stamp (a bad sector, somebody else's) has its name all the same.
        if outcome.error is not None and not isinstance(outcome.error, ABOUT_ONE):
            raise outcome.error


def _unreadable(step: AddStep | OverStep, library: LibraryRow, row: PlaceRow) -> Finding:
    detail = "a cut-off run may have brought it, and it cannot be read back; the next backup sends it again"
    return Finding(FindingKind.UNREADABLE_COPY, detail, library.name, row.name, step.path, repairable=True)


def _brought(intents: list[Intent]) -> list[AddStep | OverStep]:
    return [step for intent in intents for step in intent.steps if isinstance(step, AddStep | OverStep)]


def _unended(lines: list[Line]) -> list[Intent]:
    ended = {line.batch for line in lines if isinstance(line, Done)}
    return [line for line in lines if isinstance(line, Intent) and line.batch not in ended]


def meant_by(step: Step) -> Key:
    """The key that a step brings or changes."""
    match step:
        case MoveStep():
            return step.new
        case DropStep():
            return step.kept
        case _:
            return step.key


def unfinished_intents(view: ChainView) -> list[Intent]:
    """Intents that no sealed segment ended: what a cut-off run may have left half-done.

    Those that would drop blobs are left out: nothing of them is done before their seal.
    """
    intents = [intent for number in view.unfinished() for intent in _unended(view.intents(number))]
    return [each for each in intents if not any(isinstance(step, DropStep) for step in each.steps)]


def by_key(intents: list[Intent]) -> dict[bytes, Step]:
    """The steps of intents by each key that they concern: where an object comes from, waits and goes to."""
    found: dict[bytes, Step] = {}
    for intent in intents:
        moves = [step for step in intent.steps if isinstance(step, MoveStep)]
        for number, move in enumerate(moves):
            found |= {move.old: move, moving_key(intent.batch, number): move}
    steps = [step for intent in intents for step in intent.steps]
    return found | {meant_by(step): step for step in steps}


class _Told(NamedTuple):
    """What became of one step, as the bytes there tell."""

    lines: list[Line]
    unreadable: AddStep | OverStep | None = None
    """Something of the right size stands under its key and can't be read."""


def _told(archive: Archive, view: ChainView, step: AddStep | OverStep) -> _Told:
    now = archive.now()
    try:
        found = _standing(view.place, step.key)
    except ABOUT_ONE:
        view.place.check()  # one bad sector is no more than one file; a device that is gone ends the location
        return _not_read(view, step, now)
    if found is None and isinstance(step, OverStep):
        # Cut off between the two renames of a place without hard links: the old content goes back.
        if view.place.stat(step.keep) is not None:
            raise_first(view.place.move([(step.keep, step.key)]))
        return _Told([])
    if found is None or found[0] != step.content:
        return _Told([])
    have = Have(step.key, step.path, step.content, step.mtime_ns, found[1], now)
    return _Told([*_kept(view, step, now), have])


def _not_read(view: ChainView, step: AddStep | OverStep, now: int) -> _Told:
    try:
        stat = view.place.stat(step.key)
    except ABOUT_ONE:
        return _Told([])
    if stat is None or stat.size != step.content.size:
        return _Told([])
    have = Have(step.key, step.path, step.content, step.mtime_ns, Level.NONE, now)
    return _Told([*_kept(view, step, now), have], step)


def _kept(view: ChainView, step: AddStep | OverStep, now: int) -> list[Line]:
    """The old content of a key that holds the new one, where it is kept and can be read."""
    if isinstance(step, AddStep):
        return []
    try:
        kept = _standing(view.place, step.keep)
    except ABOUT_ONE:
        view.place.check()
        return []
    if kept is None or (kept[0].sha256, kept[0].size) != (step.old_sha256, step.old_size):
        return []
    stat = view.place.stat(step.keep)
    mtime_ns = stat.mtime_ns if stat is not None and stat.mtime_ns is not None else step.mtime_ns
    return [
        Superseded(
            step.key, step.path, kept[0], mtime_ns, step.keep, "superseded", kept[1], now, until_ns=now
        )
    ]


def _standing(place: OpenLocation, key: Key) -> tuple[Content, Level] | None:
    return None if place.stat(key) is None else content_at(place, key)
