"""TTA (True Audio), TTA1: the header, the seek table and the frames, each with a CRC-32.

`tta/1` is the digest over one part (`payload.Digesting`): all bytes from `TTA1` to the end of the last frame, which the
header and the seek table tell: 22 bytes of header, four for each frame in the table, four of its CRC, and the frames.

All CRCs (of header, seek table and each frame) hold, and nothing is behind the last frame but tags: *sound*.
Source: "TTA Lossless Audio Codec: format description". The CRC-32 is that of zlib.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, damaged, told
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "tta/1"
_HEAD = 22
_FRAMES = 1 << 20
"""Twelve days of music."""
_LONGEST = 1 << 24
"""Bytes of one frame: 1.04 seconds of sixteen channels of 192 kHz have less."""


class _Layout(NamedTuple):
    front: bytes
    """Header and seek table."""
    sizes: tuple[int, ...]


def read(source: Source) -> Sound:
    """The sound of a TTA1 file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    end = sound_span(source).end
    layout = _layout(source)
    place = len(layout.front)
    stop = place + sum(layout.sizes)
    if stop > end:
        raise Broken(f"the file ends {stop - end} bytes too early", end)
    digest, wrong = Digesting(NAME), None
    digest.begin(stop)
    digest.update(layout.front)
    for number, size in enumerate(layout.sizes):
        frame = source.at(place, size)
        digest.update(frame)
        if wrong is None and not _holds(frame):
            wrong = (f"frame {number}: CRC-32 differs", place)
        place += size
    payload = digest.payload()
    if wrong:
        return damaged(*wrong, payload)
    if stop < end:
        detail = f"{end - stop} bytes behind the last frame are not known"
        return Sound(SelfCheck(Soundness.STRUCTURE, detail), payload)
    return Sound(SelfCheck(Soundness.SOUND, f"the CRC-32 of all {len(layout.sizes)} frames hold"), payload)


def _layout(source: Source) -> _Layout:
    head = source.at(0, _HEAD)
    if head[:4] != b"TTA1":
        raise Strange("not a TTA1 file")
    if len(head) < _HEAD:
        raise Broken("the file ends within its header", source.size)
    _, _, _, rate, samples = struct.unpack_from("<HHHII", head, 4)
    if not _holds(head):
        # What it says of the frames cannot be believed, so neither can where the sound ends.
        raise Broken("the CRC-32 of the header differs", 0)
    length = 256 * rate // 245
    count = -(-samples // length) if length else 0
    if not 0 < count <= _FRAMES:
        raise Strange(f"{count} frames")
    table = source.at(_HEAD, 4 * count + 4)
    if len(table) < 4 * count + 4:
        raise Broken("the file ends within its seek table", source.size)
    sizes = struct.unpack_from(f"<{count}I", table)
    if not _holds(table):
        raise Broken("the CRC-32 of the seek table differs", _HEAD)
    if max(sizes) > _LONGEST or min(sizes) < 4:
        raise Strange("sizes in the seek table that no frame has")
    return _Layout(head + table, sizes)


def _holds(data: bytes) -> bool:
    """Whether its last four bytes are the CRC-32 of those before."""
    return zlib.crc32(memoryview(data)[:-4]) == int.from_bytes(data[-4:], "little")
