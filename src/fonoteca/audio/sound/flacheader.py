"""The header of a FLAC frame (RFC 9639, 9.1), and what STREAMINFO declares (8.2).

>>> header = frame_header(bytes.fromhex("fff8c9180bf3"), 6, 0, bits=16)
>>> header.number, header.samples, header.channels, header.size
(11, 4096, 2, 6)
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from fonoteca.audio.sound.crc import crc8_of_flac

LONGEST = 16
"""No header is longer: 4 bytes, a number of up to 7, block size and sample rate of up to 2 each, CRC-8."""
_BITS = (0, 8, 12, -1, 16, 20, 24, 32)
_NUMBER = bytes([1] * 0x80 + [0] * 0x40 + [2] * 0x20 + [3] * 0x10 + [4] * 8 + [5] * 4 + [6] * 2 + [7, 0])
"""Bytes of the coded number by the first of them; 0 where none begins so."""


class StreamInfo(NamedTuple):
    """The first metadata block."""

    data: bytes
    """34 bytes, as they are."""
    bits: int
    """Per sample."""
    samples: int
    """Per channel in the whole stream; 0 where it is not declared."""
    md5: bytes
    """Of the decoded sound; zeros where it is not set."""


class FrameHeader(NamedTuple):
    """One frame as its header declares it."""

    number: int
    """Of the frame, or where block sizes vary, of its first sample."""
    samples: int
    """Per channel."""
    channels: int
    side: int
    """The channel with one bit more a sample; -1 where there is none."""
    bits: int
    """Per sample."""
    varies: bool
    """Whether block sizes do."""
    size: int
    """Bytes of the header."""

    @property
    def next(self) -> int:
        """The number of the frame that must follow."""
        return self.number + (self.samples if self.varies else 1)


def stream_info(data: bytes) -> StreamInfo:
    """Of the block's 34 bytes."""
    packed = int.from_bytes(data[10:18], "big")
    return StreamInfo(data, (packed >> 36 & 31) + 1, packed & (1 << 36) - 1, data[18:34])


def glance(data: bytes | bytearray, end: int, at: int) -> tuple[int, int] | None:
    """Number and samples of the header that begins `at` in `data[:end]`, where the sync code is known to stand;
    None where CRC-8 or form say no.

    A plain tuple, because it is made for every frame.
    """
    if end - at < 6:
        return None
    shape, lead = _shape(data[at + 2], data[at + 3]), data[at + 4]
    behind = at + 4 + _NUMBER[lead]
    if shape is None or behind == at + 4:
        return None
    samples, more, rest = shape[:3]
    last = behind + rest
    if last > end or crc8_of_flac(data[at:last]):
        return None
    if more:
        samples = int.from_bytes(data[behind : behind + more], "big") + 1
    return lead if lead < 0x80 else _coded(data[at + 4 : behind]), samples


def frame_header(data: bytes | bytearray, end: int, at: int, bits: int) -> FrameHeader | None:
    """The same header, whole. `bits` are those of STREAMINFO."""
    seen = glance(data, end, at)
    shape = _shape(data[at + 2], data[at + 3]) if seen else None
    if seen is None or shape is None:
        return None
    _, _, rest, channels, side, depth = shape
    varies = data[at + 1] & 1 == 1
    return FrameHeader(*seen, channels, side, depth or bits, varies, 4 + _NUMBER[data[at + 4]] + rest)


@cache
def _shape(third: int, fourth: int) -> tuple[int, int, int, int, int, int] | None:
    """Samples, bytes that hold them behind the number, all bytes behind the number, channels, the one with the side,
    bits a sample (0: see STREAMINFO); None where a code is reserved."""
    size, rate, assignment, depth = third >> 4, third & 15, fourth >> 4, _BITS[fourth >> 1 & 7]
    if size == 0 or rate == 15 or assignment > 10 or depth < 0 or fourth & 1:
        return None
    more = {6: 1, 7: 2}.get(size, 0)
    samples = 192 if size == 1 else 144 << size if size < 6 else 1 << size
    channels, side = (assignment + 1, -1) if assignment < 8 else (2, (1, 0, 1)[assignment - 8])
    return samples, more, more + {12: 1, 13: 2, 14: 2}.get(rate, 0) + 1, channels, side, depth


def _coded(data: bytes | bytearray) -> int:
    """A number in the way of UTF-8, up to 36 bits."""
    number = data[0] & (0x7F >> len(data))
    for byte in data[1:]:
        number = number << 6 | byte & 0x3F
    return number
