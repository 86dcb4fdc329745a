"""Reading a location's manifest chains: which libraries it holds, where each chain ends, and what its segments say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fonoteca.core.entry import LibraryId
from fonoteca.core.manifest.chain import LibraryCard, Tip, decode_card, decode_head, follows
from fonoteca.core.manifest.fields import LIBRARY_ID, BadLine
from fonoteca.core.manifest.layout import (
    LIBRARIES,
    card_key,
    head_key,
    manifest_key,
    open_key,
    segment_key,
    segment_number,
)
from fonoteca.core.manifest.lines import Line, Segment
from fonoteca.core.manifest.segment import BadSegment, SegmentFacts, check_segment, read_open, read_sealed
from fonoteca.core.place import Key
from fonoteca.locations.base import OpenLocation


@dataclass(slots=True)
class ChainView:
    """One library's chain at one open location, as it stands there."""

    place: OpenLocation
    library: LibraryId
    sealed: list[int]
    open: list[int]

    @classmethod
    def of(cls, place: OpenLocation, library: LibraryId) -> ChainView:
        """List the segments there."""
        found = [segment_number(key) for key, _ in place.list(manifest_key(library))]
        numbers = [number for number in found if number is not None]
        return cls(
            place,
            library,
            sorted(number for number, is_open in numbers if not is_open),
            sorted(number for number, is_open in numbers if is_open),
        )

    def head(self) -> Tip | None:
        """What HEAD names; None when it is absent or can't be read."""
        raw = read_bytes(self.place, head_key(self.library))
        if raw is None:
            return None
        try:
            head = decode_head(raw)
        except BadLine:
            return None
        return head.tip if head.library == self.library else None

    def tip(self) -> Tip | None:
        """The newest seal there: HEAD's, or of a segment that was sealed and not yet named. None: nothing sealed.

        Raises BadSegment when segments stand there and none of the newest can be believed.
        """
        if not self.sealed:
            return None
        head = self.head()
        if head is None or head.number not in self.sealed:
            facts = self.facts(self.sealed[-1])
            return Tip(facts.header.number, facts.digest)
        tip = head
        for number in (number for number in self.sealed if number > head.number):
            facts = self.facts(number)
            if not follows(facts.header, tip):
                break
            tip = Tip(number, facts.digest)
        return tip

    def facts(self, number: int) -> SegmentFacts:
        """Check one sealed segment whole. Raises BadSegment, also when it is not there."""
        if number not in self.sealed:
            raise BadSegment("it is not there")
        with self.place.read(segment_key(self.library, number)) as reading:
            facts = check_segment(reading)
        if facts.header.number != number or facts.header.library != self.library:
            raise BadSegment("it is another segment under this name")
        return facts

    def digest_at(self, number: int) -> str | None:
        """The seal digest of a segment, None when it is not there or can't be believed."""
        try:
            return self.facts(number).digest
        except BadSegment:
            return None

    def lines(self, number: int) -> Iterator[Line]:
        """The lines of a sealed segment. Raises BadSegment before the first one when it can't be believed."""
        self.facts(number)
        with self.place.read(segment_key(self.library, number)) as reading:
            yield from read_sealed(reading)

    def intents(self, number: int) -> list[Line]:
        """The whole lines of an open segment; a damaged one tells nothing more."""
        lines: list[Line] = []
        with self.place.read(open_key(self.library, number)) as reading:
            try:
                for line in read_open(reading):
                    lines.append(line)
            except BadSegment:
                return lines
        return lines

    def living(self) -> list[int]:
        """Sealed segments that say what holds: from the last full one on, oldest first.

        Raises BadSegment at a gap, a broken link or a broken seal.
        """
        if not self.sealed:
            return []
        chosen: list[SegmentFacts] = []
        for number in reversed(self.sealed):
            facts = self.facts(number)
            if chosen and not _links(facts, chosen[-1].header):
                raise BadSegment(f"segment {chosen[-1].header.number} does not follow segment {number}")
            chosen.append(facts)
            if facts.header.full or facts.header.prev is None:
                break
        else:
            raise BadSegment(f"segment {self.sealed[0] - 1} is lacking")
        head = self.head()
        if head is not None and head.number > self.sealed[-1]:
            raise BadSegment(f"HEAD names segment {head.number}, which is lacking")
        return [facts.header.number for facts in reversed(chosen)]


def _links(earlier: SegmentFacts, later: Segment) -> bool:
    return later.number == earlier.header.number + 1 and later.prev == earlier.digest


def cards(place: OpenLocation) -> Iterator[LibraryCard]:
    """Every library that has a chain there. A card that can't be read is passed over."""
    for library in library_ids(place):
        raw = read_bytes(place, card_key(library))
        if raw is None:
            continue
        try:
            card = decode_card(raw)
        except BadLine:
            continue
        if card.id == library:
            yield card


def library_ids(place: OpenLocation) -> list[LibraryId]:
    """The ids of all libraries under `.fonoteca/libraries/`."""
    found: set[str] = set()
    for key, _ in place.list(LIBRARIES):
        name = key[len(LIBRARIES) :].partition(b"/")[0].decode("ascii", "replace")
        if LIBRARY_ID.fullmatch(name):
            found.add(name)
    return [LibraryId(name) for name in sorted(found)]


def read_bytes(place: OpenLocation, key: Key, limit: int = 1 << 20) -> bytes | None:
    """A small object whole, or None when nothing stands there. Reads at most `limit` bytes."""
    if place.stat(key) is None:
        return None
    data = b""
    with place.read(key) as reading:
        for block in reading:
            data += bytes(block)
            if len(data) >= limit:
                break
    return data
