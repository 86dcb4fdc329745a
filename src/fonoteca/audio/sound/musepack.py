"""Musepack SV7 and SV8: the stream header and the frames.

`musepack/1` is the digest over parts (`payload.Digesting`), the first of them one byte, 7 or 8. ReplayGain stands
inside of the stream in both, and is left out. Then:

- SV8: the data of the `SH` packet, then those of each `AP` packet, in the order of the file; not `RG`, `EI`, `SO`,
  `ST`, `CT`;
- SV7: the 24 bytes of the header with bytes 12 to 19 (gain and peak of title and album) as zeros; then all bytes
  behind up to the word of 32 bits that holds the eleventh bit behind the last frame, or to the tags at the end.

There is no checksum over the sound. SV8: the structure holds where the packets follow one another up to `SE`, with as
many `AP` as the samples need, and the CRC-32 of `SH` holds. SV7: where the frames, each of which begins with its
length in bits (20 bits, in words of 32 bits, little-endian, from bit 200 on), end within the file.
Sources: "Musepack SV8 specification"; libmpcdec's demuxer.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, damaged, feed, told, whole
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.source import Source
from fonoteca.core.sound import Sound

NAME = "musepack/1"
_PACKETS = 1 << 19
"""Ten days in the usual packets of 64 frames, four hours in packets of one."""
_FRAMES = 1 << 21
"""Fifteen hours."""
_FRAME = 1152
_LONGEST_HEADER = 1 << 10


class _Packet(NamedTuple):
    key: bytes
    start: int
    data: int
    end: int


def read(source: Source) -> Sound:
    """The sound of a Musepack file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    head = source.at(0, 4)
    if head == b"MPCK":
        return _sv8(source, sound_span(source).end)
    if head[:3] == b"MP+" and len(head) == 4 and head[3] & 15 == 7:
        return _sv7(source, sound_span(source).end)
    raise Strange("Musepack of a version that is not known")


def _sv8(source: Source, end: int) -> Sound:
    digest = Digesting(NAME)
    digest.part(b"\x08")
    header, blocks, last = b"", 0, 4
    for packet in _packets(source, end):
        if packet.end > end:
            raise Broken("the file ends within a packet", packet.start)
        last = packet.end
        if packet.key == b"SE":
            break
        if packet.key == b"SH" and not header:
            header = source.at(packet.data, min(packet.end - packet.data, _LONGEST_HEADER))
            digest.part(header)
        elif packet.key == b"AP":
            blocks += 1
            digest.begin(packet.end - packet.data)
            feed(source, packet.data, packet.end, digest.update)
    else:
        raise Broken("the packet that ends the stream is missing", last)
    if not header or not blocks:
        raise Broken("a stream without a header or without sound", 4)
    payload = digest.payload()
    if zlib.crc32(header[4:]) != int.from_bytes(header[:4], "big"):
        return damaged("the CRC-32 of the stream header differs", 4, payload)
    if blocks < (needed := _needed(header)):
        return damaged(f"{blocks} blocks of sound, where {needed} are needed", last, payload)
    return whole("its packets follow one another to the end", payload)


def _packets(source: Source, end: int) -> Iterator[_Packet]:
    place = 4
    for _ in range(_PACKETS):
        head = source.at(place, 12)[: max(0, end - place)]
        size, length = _size(head[2:])
        if not length:
            return
        key = head[:2]
        if not key.isalpha() or not key.isupper() or size < 2 + length:
            raise Broken("something that is no packet stands between the packets", place)
        yield _Packet(key, place, place + 2 + length, place + size)
        place += size
    raise Strange(f"more than {_PACKETS} packets")


def _size(data: bytes) -> tuple[int, int]:
    """A number in groups of seven bits, and the bytes it takes; 0 bytes where it does not end."""
    number = 0
    for place, byte in enumerate(data):
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, place + 1
    return 0, 0


def _needed(header: bytes) -> int:
    """How many `AP` packets the samples take: each holds 4^n frames of 1,152."""
    if len(header) < 8 or header[4] != 8:
        raise Strange("an SV8 stream of another version")
    samples, length = _size(header[5:])
    _, more = _size(header[5 + length :])
    rest = header[5 + length + more : 7 + length + more]
    if not length or not more or len(rest) < 2:
        raise Broken("the stream header is too short", 4)
    return -(-samples // (_FRAME << 2 * (rest[1] & 7)))


def _sv7(source: Source, end: int) -> Sound:
    head = source.at(0, 24)
    if len(head) < 24:
        raise Broken("the file ends within its header", source.size)
    stop = min(end, (_last_bit(source, head, end) + 11 + 31) // 32 * 4)
    digest = Digesting(NAME)
    digest.part(b"\x07")
    digest.part(head[:12] + bytes(8) + head[20:])
    digest.begin(stop - 24)
    feed(source, 24, stop, digest.update)
    return whole("its frames end within the file", digest.payload())


def _last_bit(source: Source, head: bytes, end: int) -> int:
    """The bit behind the last frame."""
    (frames,) = struct.unpack_from("<I", head, 4)
    if not 0 < frames <= _FRAMES:
        raise Strange(f"{frames} frames")
    bit = 200
    for number in range(frames):
        words = source.at(bit >> 5 << 2, 8)
        if (bit + 20 + 31) // 32 * 4 > end:
            raise Broken(f"the file ends before its frame {number} of {frames}", end)
        first, second = struct.unpack("<II", words.ljust(8, b"\0"))
        bit += 20 + ((first << 32 | second) >> 44 - (bit & 31) & 0xFFFFF)
    if (bit + 31) // 32 * 4 > end:
        raise Broken("the file ends within its last frame", end)
    return bit
