"""ASF and WMA: the media objects of the sound streams.

`asf/1` is the digest over parts (`payload.Digesting`): the number of sound streams (one byte), then for each, in the
order of their numbers, four parts:

1. its number (one byte);
2. WAVEFORMATEX from its Stream Properties Object: 18 bytes, and as many behind as its `cbSize` says. Its average bytes
   per second (bytes 8 to 11) are zeros but for WMA (format tags 0x0160 to 0x0163), whose decoders go by them;
3. the BLAKE3 digest over the sizes of its media objects (`sizes`);
4. the BLAKE3 digest over its media objects, one after the other.

How objects are laid into packets does not count: programs that copy the sound pack it anew. Sound streams are those
of the main header with the stream type Audio Media; pictures and scripts are none.

There is no checksum over the sound: the structure holds where the Data Object has as many packets as it says, lies
within the file with what is behind it, and the media objects of each sound stream follow one another by their numbers
and are put together without a gap.
Protected sound is left alone: no digest. Source: Microsoft, "Advanced Systems Format (ASF) Specification" 1.20.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from blake3 import blake3

from fonoteca.audio.drm import drm_of_asf
from fonoteca.audio.sound.asf_packets import Piece, pieces
from fonoteca.audio.sound.layout import Broken, Strange, damaged, fields, told, whole
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.sound.sizes import Sizes
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "asf/1"
_HEADER = UUID("75b22630-668e-11cf-a6d9-00aa0062ce6c").bytes_le
_FILE = UUID("8cabdca1-a947-11cf-8ee4-00c00c205365").bytes_le
_STREAM = UUID("b7dc0791-a9b7-11cf-8ee6-00c00c205365").bytes_le
_DATA = UUID("75b22636-668e-11cf-a6d9-00aa0062ce6c").bytes_le
_INDEXES = (
    UUID("33000890-e5b1-11cf-89f4-00a0c90349cb").bytes_le,
    UUID("d6e229d3-35da-11d1-9034-00a0c90349be").bytes_le,
    UUID("feb103f8-12ad-4c64-840f-2a1d2f7ad48c").bytes_le,
)
_AUDIO = UUID("f8699e40-5b4d-11cf-a8fd-00805f5c442b").bytes_le
_WMA = range(0x160, 0x164)
_MANY = 4096
_PACKETS = range(100, 1 << 20)
"""Bytes of a packet."""
_LONGEST_FORMAT = 1 << 16
_DATA_HEAD = 50


class _Object(NamedTuple):
    guid: bytes
    start: int
    size: int


class _Head(NamedTuple):
    end: int
    packet: int
    is_streamed: bool
    formats: dict[int, bytes]
    """WAVEFORMATEX of each sound stream, by its number."""


class _Stream:
    """The media objects of one stream, put together."""

    def __init__(self) -> None:
        self.sizes = Sizes()
        self.sound = blake3()
        self._number = 0
        self._left = 0
        self._size = 0
        self.count = 0

    def add(self, piece: Piece, at: int) -> None:
        """One more piece. Raises `Broken` where it does not follow the one before."""
        if not self._left:
            if piece.offset or not piece.size:
                raise Broken("a media object begins with a later piece", at)
            # Numbered one after the other in a byte (5.2.3.1), so that a packet that is missing shows.
            if self.count and (piece.object - self._number) & 0xFF != 1:
                raise Broken("a media object is missing", at)
            self._number, self._size, self._left = piece.object, piece.size, piece.size
            self.sizes.add(piece.size)
            self.count += 1
        elif (self._number, self._size - self._left) != (piece.object, piece.offset):
            raise Broken("a piece of a media object is missing", at)
        if len(piece.data) > self._left or piece.size != self._size:
            raise Broken("a media object is longer than it says", at)
        self._left -= len(piece.data)
        self.sound.update(piece.data)

    @property
    def is_whole(self) -> bool:
        """Whether the last object is complete."""
        return not self._left


def read(source: Source) -> Sound:
    """The sound of an ASF or WMA file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    if word := drm_of_asf(source):
        raise Strange(f"protected ({word}): its bytes are copied, never looked into")
    head = _head(source)
    if not head.formats:
        raise Strange("there is no sound stream")
    data, count = _data(source, head)
    streams = {number: _Stream() for number in head.formats}
    for at, packet in _packets(source, data, count, head.packet):
        for piece in pieces(packet, at):
            if stream := streams.get(piece.stream):
                stream.add(piece, at)
    end = data.start + data.size
    if not all(stream.is_whole for stream in streams.values()):
        raise Broken("the last media object is not whole", end)
    if not any(stream.count for stream in streams.values()):
        raise Broken("its sound streams hold nothing", end)
    payload = _digested(head, streams).payload()
    if head.is_streamed:
        return Sound(
            SelfCheck(Soundness.NO_CHECK, "written as a stream: its sizes were never filled in"), payload
        )
    if cut := _cut_behind(source, end):
        return damaged("the file ends within its index", cut, payload)
    return whole("its packets are all there, and each media object is whole", payload)


def _head(source: Source) -> _Head:
    guid, size, count, _ = fields(source, 0, "<16sQIH")
    if guid != _HEADER:
        raise Strange("not an ASF file")
    if not 30 <= size <= source.size:
        raise Broken("the file ends within its header", source.size)
    packet, is_streamed, formats = 0, False, dict[int, bytes]()
    seen = 0
    for one in _objects(source, 30, size):
        seen += 1
        if one.guid == _FILE:
            flags, packet, most = fields(source, one.start + 88, "<III")
            is_streamed = bool(flags & 1)
            if packet != most:
                raise Strange("packets of no fixed size")
        elif one.guid == _STREAM:
            formats.update(_format(source, one))
    if seen != count:
        raise Broken(f"{seen} objects in a header of {count}", 0)
    if packet not in _PACKETS:
        raise Strange(f"packets of {packet} bytes")
    return _Head(size, packet, is_streamed, formats)


def _objects(source: Source, start: int, end: int) -> Iterator[_Object]:
    for _ in range(_MANY):
        if start + 24 > end:
            return
        guid, size = fields(source, start, "<16sQ")
        if size < 24 or start + size > end:
            raise Broken("an object of the header does not fit it", start)
        yield _Object(guid, start, size)
        start += size


def _format(source: Source, stream: _Object) -> dict[int, bytes]:
    kind, length, flags = fields(source, stream.start + 24, "<16s24xI4xH")
    if kind != _AUDIO:
        return {}
    if flags & 0x8000:
        raise Strange("protected: its bytes are copied, never looked into")
    wave = source.at(stream.start + 78, min(length, _LONGEST_FORMAT))
    if length < 16 or 78 + length > stream.size:
        raise Broken("a stream's format does not fit its object", stream.start)
    if int.from_bytes(wave[:2], "little") not in _WMA:
        wave = wave[:8] + bytes(4) + wave[12:]
    return {flags & 0x7F: wave[: 18 + int.from_bytes(wave[16:18], "little")]}


def _data(source: Source, head: _Head) -> tuple[_Object, int]:
    """The Data Object and how many packets it holds."""
    guid, size, _, count, _ = fields(source, head.end, "<16sQ16sQH")
    if guid != _DATA:
        raise Broken("the Data Object does not follow the header", head.end)
    if head.is_streamed:
        size = source.size - head.end
        count = (size - _DATA_HEAD) // head.packet
    if head.end + size > source.size:
        raise Broken(f"the file ends {head.end + size - source.size} bytes too early", source.size)
    if size - _DATA_HEAD != count * head.packet:
        raise Broken("the size of the Data Object is not that of its packets", head.end)
    return _Object(guid, head.end, size), count


def _packets(source: Source, data: _Object, count: int, size: int) -> Iterator[tuple[int, bytes]]:
    at = data.start + _DATA_HEAD
    for _ in range(count):
        packet = source.at(at, size)
        if len(packet) < size:
            raise Broken("the file ends within a packet", at)
        yield at, packet
        at += size


def _cut_behind(source: Source, start: int) -> int | None:
    """Where the file ends within an index behind the data; None where it does not."""
    for _ in range(_MANY):
        head = source.at(start, 24)
        size = int.from_bytes(head[16:24], "little")
        if head[:16] not in _INDEXES or size < 24:
            return source.size if 0 < len(head) < 24 else None
        start += size
        if start > source.size:
            return source.size
    return None


def _digested(head: _Head, streams: dict[int, _Stream]) -> Digesting:
    digest = Digesting(NAME)
    digest.part(bytes([len(streams)]))
    for number in sorted(streams):
        digest.part(bytes([number]))
        digest.part(head.formats[number])
        digest.part(streams[number].sizes.digest())
        digest.part(streams[number].sound.digest())
    return digest
