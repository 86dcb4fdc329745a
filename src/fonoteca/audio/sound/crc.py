"""The cyclic redundancy checks that audio formats carry, at several gigabytes a second.

Each takes the bytes and the value so far (0 at the beginning) and gives the value after them. Those that are not
reflected have a property that the readers use: over data with its own check value behind it they come to 0.

    >>> crc16_of_flac(b"123456789"), crc16_of_flac(b"6789", crc16_of_flac(b"12345"))
    (65256, 65256)
"""

from __future__ import annotations

from typing import Protocol

from anycrc import CRC  # type: ignore[import-untyped]

from fonoteca.core.digest import Block


class Crc(Protocol):
    """A check value over `data`, continued from the value `init`."""

    def __call__(self, data: Block, init: int = 0, /) -> int: ...


crc8_of_flac: Crc = CRC(8, 0x07, 0, False, False, 0).calc
"""FLAC frame headers (RFC 9639, 9.1.8)."""
crc16_of_flac: Crc = CRC(16, 0x8005, 0, False, False, 0).calc
"""FLAC frames (RFC 9639, 9.3); AC-3 and E-AC-3 too (ETSI TS 102 366, 6.1.7)."""
crc32_of_ogg: Crc = CRC(32, 0x04C11DB7, 0, False, False, 0).calc
"""Ogg pages (RFC 3533, 6)."""
crc16_of_lame: Crc = CRC(16, 0x8005, 0, True, True, 0).calc
"""The music and the info tag in LAME's header (Mp3 Info Tag rev 1 specification)."""
