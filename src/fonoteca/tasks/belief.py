"""Taking a location at its word: its manifest brought into a catalogue that knows less, as far as it can be
believed.

A segment is believed by its own seal. What a damaged or lacking one said is lost, what the others say still
holds; it is said, and the next backup writes the manifest anew.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from itertools import pairwise

from fonoteca.catalogue import places
from fonoteca.catalogue.places import Chain
from fonoteca.catalogue.replay import Replay
from fonoteca.core.manifest.segment import BadSegment, SegmentFacts
from fonoteca.tasks.chains import ChainView


@dataclass(slots=True)
class Believable:
    """The segments of a chain that say what holds, oldest first, and what is wrong with the rest."""

    segments: list[SegmentFacts] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """For example `segment 7: its seal does not hold: bytes were lost or altered`."""


def believable(view: ChainView) -> Believable:
    """From the last full segment that can be believed on, or from the first of all. Raises LocationError."""
    found = Believable()
    complete = not view.sealed
    for number in reversed(view.sealed):
        try:
            facts = view.facts(number)
        except BadSegment as error:
            found.faults.append(f"segment {number}: {error.reason}")
            continue
        found.segments.insert(0, facts)
        if facts.header.full or facts.header.prev is None:
            complete = True
            break
    if not complete:
        found.faults.append("its first segments are lacking")
    found.faults.extend(_breaks(view, found.segments))
    return found


def _breaks(view: ChainView, segments: list[SegmentFacts]) -> list[str]:
    faults: list[str] = []
    for earlier, later in pairwise(segments):
        number = later.header.number
        between = [n for n in range(earlier.header.number + 1, number) if n not in view.sealed]
        faults.extend(f"segment {n} is lacking" for n in between)
        if number == earlier.header.number + 1 and later.header.prev != earlier.digest:
            faults.append(f"segment {number} does not follow segment {earlier.header.number}")
    head, last = view.head(), view.sealed[-1] if view.sealed else 0
    if head is not None and head.number > last:
        faults.append(f"HEAD names segment {head.number}, which is lacking")
    return faults


def take_over(
    connection: sqlite3.Connection, view: ChainView, location: int, library: int, *, believe_folders: bool
) -> list[str]:
    """Replay a whole chain into the catalogue, in place of what it said of this location; gives the faults.

    Belongs into a transaction. The catalogue then follows the chain from its last seal on. Raises
    LocationError.
    """
    found = believable(view)
    replay = Replay(connection, location, library, believe_folders)
    replay.restart()
    for facts in found.segments:
        if facts.header.full:
            replay.restart()
        try:
            replay.apply(view.lines(facts.header.number), facts.header.number)
        except BadSegment as error:
            found.faults.append(f"segment {facts.header.number}: {error.reason}")
    _follow(connection, view, location, library, found)
    return found.faults


def _follow(
    connection: sqlite3.Connection, view: ChainView, location: int, library: int, found: Believable
) -> None:
    if not found.segments:
        return
    last, first = found.segments[-1], found.segments[0].header.number
    # A number that stands there, readable or not, is taken: the next seal must come after it.
    number = max([last.header.number, *view.sealed, *view.open] if found.faults else [last.header.number])
    chain = Chain(number, last.digest, first, damaged=bool(found.faults))
    places.set_chain(connection, location, library, chain)
