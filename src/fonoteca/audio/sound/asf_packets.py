"""Data packets of ASF: payloads, which are media objects or pieces of them (ASF specification, 5.2).

A packet has a fixed size. Behind optional error correction data stand the lengths, then one payload or several; each
names its stream, its media object and where in that object it belongs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.audio.sound.layout import Broken

_USUAL = 0x5D
"""The kinds of lengths that the specification asks for: a byte, four bytes, a byte."""
_USUAL_HEAD = struct.Struct("<BBIBII")


class Piece(NamedTuple):
    """A piece of a media object, or the whole of it."""

    stream: int
    object: int
    offset: int
    size: int
    """Bytes of the whole object."""
    data: memoryview


class _Cursor:
    """Reads fields one behind the other. Raises `Broken` behind the end."""

    def __init__(self, packet: bytes, at: int) -> None:
        self.packet = packet
        self.at = at
        self.place = 0
        self.end = len(packet)

    def take(self, size: int) -> int:
        """A little-endian number of so many bytes."""
        start = self.place
        self.skip(size)
        return int.from_bytes(self.packet[start : self.place], "little")

    def sized(self, kind: int) -> int:
        """A number of the length that two bits declare: none, 1, 2 or 4 bytes."""
        return self.take((0, 1, 2, 4)[kind & 3])

    def skip(self, size: int) -> None:
        self.place += size
        if self.place > self.end:
            raise Broken("a packet is shorter than what it says it holds", self.at)


def pieces(packet: bytes, at: int) -> Iterator[Piece]:
    """The pieces of the packet that stands at `at` in the file. Raises `Broken` where it makes no sense."""
    cursor = _Cursor(packet, at)
    flags = cursor.take(1)
    if flags & 0x80:
        if flags & 0x70:
            raise Broken("error correction of a form that is not defined", at)
        cursor.skip(flags & 0x0F)
        flags = cursor.take(1)
    kinds = cursor.take(1)
    length = cursor.sized(flags >> 5)
    cursor.sized(flags >> 1)
    padding = cursor.sized(flags >> 3)
    cursor.skip(6)
    # A packet may declare itself shorter than the fixed size; what is behind is padding too.
    cursor.end = (length or len(packet)) - padding
    if not cursor.place <= cursor.end <= len(packet):
        raise Broken("a packet's lengths contradict each other", at)
    if not flags & 1:
        yield from _payload(cursor, kinds, None)
        return
    several = cursor.take(1)
    if not several >> 6:
        raise Broken("several payloads of no length", at)
    for _ in range(several & 0x3F):
        yield from _payload(cursor, kinds, several >> 6)


def _payload(cursor: _Cursor, kinds: int, length_kind: int | None) -> Iterator[Piece]:
    stream, number, offset, replicated, size = _header(cursor, kinds)
    length = cursor.end - cursor.place if length_kind is None else cursor.sized(length_kind)
    start = cursor.place
    cursor.skip(length)
    data = memoryview(cursor.packet)[start : cursor.place]
    if replicated != 1:
        yield Piece(stream & 0x7F, number, offset, size or length, data)
        return
    # Compressed: whole objects, each behind a byte of its length; the offset field holds their time.
    while data:
        piece = data[1 : 1 + data[0]]
        if len(piece) < data[0]:
            raise Broken("a compressed payload is cut", cursor.at)
        yield Piece(stream & 0x7F, number, 0, len(piece), piece)
        number = number + 1 & 0xFF
        data = data[1 + len(piece) :]


def _header(cursor: _Cursor, kinds: int) -> tuple[int, int, int, int, int]:
    """Stream, object, offset, length of the replicated data, and the object's size that stands in these."""
    if kinds == _USUAL and cursor.place + 15 <= cursor.end and cursor.packet[cursor.place + 6] == 8:
        # Nearly every payload there is; what follows would read the same, five times slower.
        stream, number, offset, replicated, size, _ = _USUAL_HEAD.unpack_from(cursor.packet, cursor.place)
        cursor.place += 15
        return stream, number, offset, replicated, size
    stream = cursor.take(1)
    number = cursor.sized(kinds >> 4)
    offset = cursor.sized(kinds >> 2)
    replicated = cursor.sized(kinds)
    if 1 < replicated < 8:
        raise Broken("replicated data of a form that is not defined", cursor.at)
    size = cursor.take(4) if replicated >= 8 else 0
    cursor.skip(replicated - 4 if replicated >= 8 else replicated)
    return stream, number, offset, replicated, size
