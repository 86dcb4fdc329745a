"""Taking a location at its word: its manifest brought into a catalogue that knows less, as far as it can be
believed.

A segment is believed by its own seal. What a damaged or lacking one said is lost, what the others say still
holds; it is said, and the next backup writes the manifest anew.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from fonoteca.catalogue import places
from fonoteca.catalogue.places import Chain
from fonoteca.catalogue.replay import Replay
from fonoteca.core.manifest.chain import Tip, follows
from fonoteca.core.manifest.segment import BadSegment, SegmentFacts
from fonoteca.tasks.manifest.chains import ChainView

NO_DIGEST = "0" * 64
"""Stands for the seal before the next segment where none can be believed."""


@dataclass(slots=True)
class Believable:
    """Segments of a chain that can be believed, oldest first, and what is wrong with the rest."""

    segments: list[SegmentFacts] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """For example `segment 7: its seal does not hold: bytes were lost or altered`."""


def believable(view: ChainView) -> Believable:
    """From the last full segment that can be believed on, or from the first of all. Raises LocationError."""
    found = Believable()
    complete = not view.sealed
    for number in reversed(view.sealed):
        if not _check(view, number, found):
            continue
        header = found.segments[-1].header
        if header.full or header.prev is None:
            complete = True
            break
    found.segments.reverse()
    if not complete:
        found.faults.append("its first segments are lacking")
    found.faults.extend(_breaks(view, found.segments, None))
    return found


def _newer(view: ChainView, tip: Tip) -> Believable:
    """The segments after the seal `tip`. Raises LocationError."""
    found = Believable()
    for number in view.sealed:
        if number > tip.number:
            _check(view, number, found)
    found.faults.extend(_breaks(view, found.segments, tip))
    return found


def _check(view: ChainView, number: int, found: Believable) -> bool:
    try:
        found.segments.append(view.facts(number))
    except BadSegment as error:
        found.faults.append(f"segment {number}: {error.reason}")
        return False
    return True


def _breaks(view: ChainView, segments: list[SegmentFacts], tip: Tip | None) -> list[str]:
    """Where one segment does not follow the other; `tip` is the seal before the first of them, where it is known."""
    faults: list[str] = []
    for facts in segments:
        number = facts.header.number
        if tip is not None and number > tip.number + 1:
            faults.extend(_lacking(view, tip.number + 1, number))
        elif tip is not None and not follows(facts.header, tip):
            faults.append(f"segment {number} does not follow segment {tip.number}")
        tip = Tip(number, facts.digest)
    head, last = view.head(), view.sealed[-1] if view.sealed else 0
    if head is not None and head.number > last:
        faults.append(f"HEAD names segment {head.number}, which is lacking")
    return faults


def _lacking(view: ChainView, first: int, after: int) -> list[str]:
    gaps: list[str] = []
    for number in [*(each for each in view.sealed if first <= each < after), after]:
        if number == first + 1:
            gaps.append(f"segment {first} is lacking")
        elif number > first + 1:
            gaps.append(f"segments {first} to {number - 1} are lacking")
        first = number + 1
    return gaps


def take_over(
    connection: sqlite3.Connection,
    view: ChainView,
    location: int,
    library: int,
    *,
    believe_folders: bool,
    keep: bool = False,
) -> list[str]:
    """Replay a whole chain into the catalogue, in place of what it said of this location; gives the faults.

    What only the catalogue knows of is dropped: the chain speaks of everything. With `keep`, or where the chain
    has faults, it stays as something to look for (`Replay.settle`), and is restated by the next seal. Belongs into
    a transaction. The catalogue then follows the chain from its last seal on. Raises LocationError.
    """
    found = believable(view)
    replay = Replay(connection, location, library, believe_folders)
    replay.restart()
    _replay(replay, view, found)
    kept = replay.settle(keep=keep or bool(found.faults))
    if found.segments or view.last:
        known = places.chain(connection, location, library)
        first = found.segments[0].header.number if found.segments else 1
        _follow(connection, view, replay, known, found, Chain(0, NO_DIGEST, first, damaged=kept))
    return found.faults


def read_on(
    connection: sqlite3.Connection, view: ChainView, location: int, library: int, known: Chain
) -> list[str]:
    """Replay the segments after `known`, none of which restates everything; gives the faults.

    Belongs into a transaction. What a damaged or lacking segment said is lost; what was known before and what the
    others say stands. Raises LocationError.
    """
    found = _newer(view, Tip(known.n, known.digest))
    replay = Replay(connection, location, library)
    _replay(replay, view, found)
    _follow(connection, view, replay, known, found, known)
    return found.faults


def _replay(replay: Replay, view: ChainView, found: Believable) -> None:
    for facts in found.segments:
        try:
            replay.apply(view.lines(facts.header.number), facts.header.number)
        except BadSegment as error:
            found.faults.append(f"segment {facts.header.number}: {error.reason}")


def _follow(
    connection: sqlite3.Connection,
    view: ChainView,
    replay: Replay,
    known: Chain | None,
    found: Believable,
    start: Chain,
) -> None:
    """Follow the chain up to the last segment of `found`; `start` is what stood before the first of them."""
    last = Tip(start.n, start.digest)
    if found.segments:
        last = Tip(found.segments[-1].header.number, found.segments[-1].digest)
    damaged = start.damaged or bool(found.faults)
    number = taken(view, known) if damaged else last.number
    chain = Chain(number, last.digest, start.first, damaged)
    places.set_chain(connection, replay.location, replay.library, chain)


def taken(view: ChainView, known: Chain | None) -> int:
    """The highest number that a segment has or had, there or in our memory: the next seal must come after it."""
    return max(view.last, known.n if known is not None else 0)
