"""What encoders write into a first frame that holds no sound: Xing, Info, VBRI, and LAME's part behind them.

Sources: Xing's header description; Fraunhofer's VBRI header; the Mp3 Info Tag rev 1 specification (LAME).
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from fonoteca.audio.sound.crc import crc16_of_lame
from fonoteca.audio.sound.mpegheader import MpegHeader

_VBRI_AT = 36
_VERSION = re.compile(rb"LAME3\.([0-9]{2,3})")
_FIRST_WITH_CRC = 90
_HAS_FRAMES, _HAS_BYTES, _HAS_TOC, _HAS_QUALITY = 1, 2, 4, 8


class MpegInfo(NamedTuple):
    """The promises. None where the encoder made none."""

    length: int
    """Bytes of the frame itself."""
    frames: int | None = None
    """Frames of sound; some encoders count this one too."""
    size: int | None = None
    """Bytes of all frames, this one among them."""
    music_crc: int | None = None
    """Over all bytes behind this frame; only where the tag's own CRC holds."""
    is_broken: bool = False
    """LAME wrote it, and its own CRC does not hold."""


def mpeg_info(frame: bytes, header: MpegHeader) -> MpegInfo | None:
    """What the first frame says, given whole; None where it is a frame of sound."""
    if frame[header.info_at : header.info_at + 4] in (b"Xing", b"Info"):
        return _xing(frame, header.info_at)
    if frame[_VBRI_AT : _VBRI_AT + 4] == b"VBRI" and len(frame) >= _VBRI_AT + 18:
        size, frames = struct.unpack_from(">II", frame, _VBRI_AT + 10)
        return MpegInfo(len(frame), frames, size)
    return None


def _xing(frame: bytes, at: int) -> MpegInfo:
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    place = at + 8
    counts: list[int | None] = [None, None]
    for which, flag in enumerate((_HAS_FRAMES, _HAS_BYTES)):
        if flags & flag:
            counts[which] = int.from_bytes(frame[place : place + 4], "big") or None
            place += 4
    place += (100 if flags & _HAS_TOC else 0) + (4 if flags & _HAS_QUALITY else 0)
    info = MpegInfo(len(frame), counts[0], counts[1])
    # LAME's part: version (9 bytes) … music length at 28, music CRC at 32, the CRC of all that at 34.
    lame = frame[place : place + 36]
    if len(lame) < 36:
        return info
    music_size, music_crc, tag_crc = struct.unpack_from(">IHH", lame, 28)
    if music_size and _holds(frame, place + 34, tag_crc):
        return info._replace(size=music_size, music_crc=music_crc)
    version = _VERSION.match(lame)
    return info._replace(is_broken=version is not None and int(version[1]) >= _FIRST_WITH_CRC)


def _holds(frame: bytes, at: int, crc: int) -> bool:
    """LAME covers all bytes before the CRC. FFmpeg, which may leave LAME's name in place, covers 190 whatever the
    header's length, the CRC's own two as zeros."""
    if crc16_of_lame(frame[:at]) == crc:
        return True
    return at < 188 and crc16_of_lame(frame[:at] + b"\0\0" + frame[at + 2 : 190]) == crc
