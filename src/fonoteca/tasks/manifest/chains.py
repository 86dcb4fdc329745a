"""Reading a location's manifest chains: which libraries it holds, where each chain ends, and what its segments say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fonoteca.core.entry import LibraryId
from fonoteca.core.manifest.chain import LibraryCard, Tip, decode_card, decode_head
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
from fonoteca.core.manifest.lines import Line
from fonoteca.core.manifest.segment import (
    BadSegment,
    LaterSegment,
    SegmentFacts,
    check_segment,
    read_open,
    read_sealed,
)
from fonoteca.core.place import Key
from fonoteca.errors import Foreign
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.predecessor import ABOUT_ONE


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

    @property
    def last(self) -> int:
        """The highest number that a seal there has or had: of a sealed segment, readable or not, or HEAD's. 0: none."""
        head = self.head()
        return max([*self.sealed, head.number if head is not None else 0, 0])

    def tip(self) -> Tip | None:
        """The newest seal there that can be believed; None: there is none.

        What HEAD names needs no reading. A later segment counts too: the run may have died before it wrote HEAD.
        """
        head = self.head()
        for number in reversed(self.sealed):
            if head is not None and number == head.number:
                return head
            digest = self._own_digest(number)
            if digest is not None:
                return Tip(number, digest)
        return None

    def facts(self, number: int) -> SegmentFacts:
        """Check one sealed segment whole. Raises BadSegment, also when it is not there; Foreign for a later format."""
        if number not in self.sealed:
            raise BadSegment("it is not there")
        try:
            with self.place.read(segment_key(self.library, number)) as reading:
                facts = check_segment(reading)
        except LaterSegment as later:
            raise self._foreign(number, later) from later
        except ABOUT_ONE as error:
            raise BadSegment(f"it cannot be read ({error.reason})") from error
        if facts.header.number != number or facts.header.library != self.library:
            raise BadSegment("it is another segment under this name")
        return facts

    def digest_at(self, number: int) -> str | None:
        """The seal digest of segment `number`: its own, or as the one after it names it where it is damaged or gone.

        None where neither can be believed.
        """
        own = self._own_digest(number)
        if own is not None:
            return own
        try:
            return self.facts(number + 1).header.prev
        except BadSegment:
            return None

    def full_after(self, number: int) -> int | None:
        """The newest segment after `number` that restates everything and can be believed."""
        for later in reversed([each for each in self.sealed if each > number]):
            try:
                if self.facts(later).header.full:
                    return later
            except BadSegment:
                continue
        return None

    def _own_digest(self, number: int) -> str | None:
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
        """The whole lines of an open segment; a damaged one tells nothing more, nor one that cannot be read.

        What it intended then stands unrecorded where a copy should, and is met there.
        """
        lines: list[Line] = []
        try:
            with self.place.read(open_key(self.library, number)) as reading:
                for line in read_open(reading):
                    lines.append(line)
        except LaterSegment as later:
            raise self._foreign(number, later) from later
        except (BadSegment, *ABOUT_ONE):
            return lines
        return lines

    def _foreign(self, number: int, later: LaterSegment) -> Foreign:
        """Reading half of what a newer version says, or writing over it, is worse than leaving it alone."""
        name = getattr(self.place, "name", "the location")
        reason = f"a newer fonoteca wrote segment {number} of its manifest ({later.reason})"
        return Foreign(name, reason, "Nothing was touched. Use the newer fonoteca that wrote it.")

    def unfinished(self) -> list[int]:
        """Open segments that no seal ended: their batches were cut off, or what the seal said is lost."""
        return [number for number in self.open if not self._is_over(number)]

    def _is_over(self, number: int) -> bool:
        # What a full segment restates was completed before: only the deleting of its open form was cut off.
        return self._own_digest(number) is not None or self.full_after(number) is not None


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
