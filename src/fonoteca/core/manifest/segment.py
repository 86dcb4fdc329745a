"""A segment as a stream of bytes: written line by line, checked, read back.

    writer = SegmentWriter(Segment(7, library, prev=digest_of_6, time_ns=now, writer="fonoteca 0.1.0"))
    append(writer.opening)
    append(writer.add(Have(…)))
    append(writer.seal())            # then `<n>.open.jsonl` becomes `<n>.jsonl`

A sealed segment ends with exactly the line that `seal` gives, so that any byte cut, added or flipped is seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fonoteca.core.digest import Block
from fonoteca.core.manifest.decode import decode
from fonoteca.core.manifest.encode import encode
from fonoteca.core.manifest.fields import BadLine, LaterFormat
from fonoteca.core.manifest.lines import Line, Seal, Segment

LONGEST = 64 << 20
"""Bytes in one line."""


class BadSegment(ValueError):
    """A segment that can't be believed; `reason` is a sentence part."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class LaterSegment(BadSegment):
    """Nothing is wrong with it: a newer version wrote it, in a format that is not known here."""


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A checked sealed segment: its first line, the count of lines before its seal, its seal digest."""

    header: Segment
    lines: int
    digest: str


class SegmentWriter:
    """Turns lines into the bytes of one segment and knows their digest. Writes nothing itself."""

    __slots__ = ("_digest", "header", "lines", "opening")

    def __init__(self, header: Segment) -> None:
        self._digest = hashlib.sha256()
        self.header = header
        self.lines = 0
        self.opening = self.add(header)
        """The first line's bytes."""

    @classmethod
    def resume(cls, raw_lines: Iterable[bytes]) -> SegmentWriter:
        """Go on after the whole lines of an open segment. Raises BadSegment if they begin otherwise."""
        lines = iter(raw_lines)
        first = next(lines, b"")
        writer = cls(_header(first))
        if writer.opening != first:
            writer._digest = hashlib.sha256(first)
            writer.opening = first
        for raw in lines:
            writer._digest.update(raw)
            writer.lines += 1
        return writer

    @property
    def digest(self) -> str:
        """Hex SHA-256 of all lines so far; after the last one, the seal digest."""
        return self._digest.hexdigest()

    def add(self, line: Line) -> bytes:
        """The bytes of `line`, to be appended."""
        raw = encode(line)
        self._digest.update(raw)
        self.lines += 1
        return raw

    def seal(self) -> bytes:
        """The last line. Nothing is added after it."""
        return encode(Seal(self.header.number, self.lines, self.digest))


def split_lines(blocks: Iterable[Block]) -> Iterator[bytes]:
    """The lines in `blocks`, each with its newline; the last without one where it is torn.

    Raises BadSegment for a line over `LONGEST` bytes: no writer makes one; damage must not fill the memory.
    """
    rest = b""
    for block in blocks:
        *whole, rest = (rest + bytes(block)).split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > LONGEST:
            raise BadSegment(f"a line in it is longer than {LONGEST} bytes")
    if rest:
        yield rest


def check_segment(blocks: Iterable[Block]) -> SegmentFacts:
    """What the sealed segment in `blocks` is, without decoding what is inside. Raises BadSegment.

    LaterSegment only where its seal holds: one flipped bit makes no newer version.
    """
    header, previous = b"", b""
    digest, lines = hashlib.sha256(), 0
    for line in split_lines(blocks):
        digest.update(previous)
        header, previous = header or line, line
        lines += 1
    try:
        facts = SegmentFacts(_header(header), lines - 1, digest.hexdigest())
    except LaterSegment as later:
        if (_seal(previous).lines, _seal(previous).digest) != (lines - 1, digest.hexdigest()):
            raise BadSegment(later.reason) from later
        raise
    if previous != encode(Seal(facts.header.number, facts.lines, facts.digest)):
        raise BadSegment("its seal does not hold: bytes were lost or altered")
    return facts


def read_sealed(blocks: Iterable[Block]) -> Iterator[Line]:
    """The lines of a sealed segment, its first included, its seal left out, checked as they come.

    Raises BadSegment, at the end too: what was yielded is to be believed only when the iterator is
    exhausted. Run `check_segment` before it where what is done with a line can't be undone.
    """
    digest, count, number = hashlib.sha256(), 0, 0
    held = b""
    for raw in split_lines(blocks):
        if held:
            digest.update(held)
            count += 1
            line = _line(held, count)
            number = line.number if isinstance(line, Segment) else number
            yield line
        held = raw
    if not count or held != encode(Seal(number, count, digest.hexdigest())):
        raise BadSegment("its seal does not hold: bytes were lost or altered")


def read_open(blocks: Iterable[Block]) -> Iterator[Line]:
    """The lines of a segment that was never sealed: whole lines count, a torn last one is ignored.

    A seal at its end is left out (the run died before the rename). Raises BadSegment for a first line that is
    whole but can't be read, and for any other that can't be read and is not the last; the earlier count.
    """
    return (line for _, line in open_lines(blocks) if not isinstance(line, Seal))


def open_lines(blocks: Iterable[Block]) -> Iterator[tuple[bytes, Line]]:
    """As `read_open`, each line with its bytes, a seal too: what an open segment is cut back to."""
    bad: BadSegment | None = None
    for count, raw in enumerate(split_lines(blocks), start=1):
        if bad is not None:
            raise bad
        try:
            line = _line(raw, count)
        except BadSegment as error:
            if count == 1 and raw.endswith(b"\n"):
                raise
            bad = error
            continue
        if raw.endswith(b"\n"):
            yield raw, line


def _line(raw: bytes, number: int) -> Line:
    if number == 1:
        return _header(raw)
    try:
        return decode(raw)
    except BadLine as error:
        raise BadSegment(f"line {number} can't be read: {error}") from error


def _seal(raw: bytes) -> Seal:
    """The last line, in whatever format the others are. Raises BadSegment."""
    try:
        line = decode(raw)
    except BadLine as error:
        raise BadSegment(f"its last line can't be read: {error}") from error
    if not isinstance(line, Seal):
        raise BadSegment("it has no seal")
    return line


def _header(raw: bytes) -> Segment:
    try:
        line = decode(raw)
    except LaterFormat as error:
        raise LaterSegment(str(error)) from error
    except BadLine as error:
        raise BadSegment(f"its first line can't be read: {error}") from error
    if not isinstance(line, Segment):
        raise BadSegment("its first line does not name a segment")
    return line
