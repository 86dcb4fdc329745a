"""The header of an MPEG audio frame (ISO 11172-3, 2.4.1.3; ISO 13818-3; MPEG 2.5), and what the first one promises.

>>> header = mpeg_header(bytes.fromhex("fffb9064"))
>>> header.layer, header.length, header.info_at
(3, 417, 36)
"""

from __future__ import annotations

import re
from typing import NamedTuple

FREE = 0
"""The length of a frame whose bit rate is the encoder's own."""
LARGEST_FREE = 1 << 13
"""Bytes; 640 kbit/s at 8,000 Hz, the most that decoders take, is less."""

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Hz by the version bits: MPEG 1, 2, 2.5."""
_BIT_RATES = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by MPEG 1 or not, and layer."""


class MpegHeader(NamedTuple):
    """One frame's header."""

    first: int
    """Its second byte without the protection bit: version and layer."""
    rate: int
    """Sample rate code, as it stands in the third byte."""
    layer: int
    length: int
    """Bytes of the frame; `FREE` where the header does not say."""
    padding: int
    """Bytes of it that are padding."""
    info_at: int
    """Where in the frame an encoder puts `Xing` or `Info`."""


def mpeg_header(data: bytes | bytearray | memoryview) -> MpegHeader | None:
    """The header that these four bytes are; None where they are none."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    version, layer, code, rate = data[1] >> 3 & 3, 4 - (data[1] >> 1 & 3), data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or layer == 4 or code == 15 or rate == 3 or data[3] & 3 == 2:
        return None
    is_first, padding = version == 3, (data[2] >> 1 & 1) * (4 if layer == 1 else 1)
    bit_rate, hertz = _BIT_RATES[is_first, layer][code] * 1000, _RATES[version][rate]
    if layer == 1:
        length = 12 * bit_rate // hertz * 4
    else:
        length = (72 if layer == 3 and not is_first else 144) * bit_rate // hertz
    is_mono = data[3] >> 6 == 3
    info_at = 4 + ((17 if is_mono else 32) if is_first else (9 if is_mono else 17))
    return MpegHeader(
        data[1] & 0xFE, data[2] & 0x0C, layer, length + padding if code else FREE, padding, info_at
    )


def lengths_like(header: MpegHeader, free: int = 0) -> dict[int, int]:
    """Frame lengths by the second and third byte of a header, of all headers that may follow this one.

    Version, layer and sample rate stay the same in a stream. `free` is the length of a frame of free format
    without padding; such a stream keeps its bit rate.
    """
    found: dict[int, int] = {}
    for second in (header.first, header.first | 1):
        for third in range(256):
            seen = mpeg_header(bytes((0xFF, second, third, 0)))
            if seen is None or third & 0x0C != header.rate or (seen.length == FREE) != (free > 0):
                continue
            found[second << 8 | third] = seen.length if seen.length != FREE else free + seen.padding
    return found


def sync_like(header: MpegHeader) -> re.Pattern[bytes]:
    """What finds the first two bytes of a header that may follow this one."""
    return re.compile(
        b"\xff[" + re.escape(bytes((header.first,))) + re.escape(bytes((header.first | 1,))) + b"]"
    )
