"""Samples of movie fragments (ISO/IEC 14496-12, 8.8): each `moof` says by `traf` and `trun` where they lie.

Sizes come from `trun`, else from `tfhd`, else from `trex`. Places count from the base data offset of `tfhd`; where
it has none, from the start of the `moof` (flag default-base-is-moof, or the first track fragment), else from the
end of the data of the track fragment before. A `trun` without an offset follows the one before.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import NamedTuple

from fonoteca.audio.sound.layout import Broken, Strange
from fonoteca.audio.sound.mp4_boxes import Box, Boxes
from fonoteca.audio.sound.mp4_tracks import Track

_LONGEST = 1 << 24


class Defaults(NamedTuple):
    """What `trex` declares for a track."""

    entry: int
    size: int


class _Head(NamedTuple):
    """What `tfhd` declares."""

    track: int
    base: int | None
    entry: int
    size: int
    is_moof_based: bool


def defaults(boxes: Boxes, moov: Box) -> dict[int, Defaults] | None:
    """By track; None where the file is not a fragmented one."""
    mvex = boxes.inside(moov, b"mvex")
    if mvex is None:
        return None
    found: dict[int, Defaults] = {}
    for box in boxes.within(mvex.data, mvex.end):
        if box.name == b"trex":
            track, entry, _, size = _fields(_data(boxes, box), 4, ">IIII", box)
            found[track] = Defaults(entry, size)
    return found


def add_fragment(boxes: Boxes, moof: Box, tracks: dict[int, Track], trex: dict[int, Defaults]) -> None:
    """Add the samples of one `moof` to their tracks, those of other tracks to none. Raises `Broken`."""
    end = moof.start
    for traf in boxes.within(moof.data, moof.end):
        if traf.name == b"traf" and traf.is_cut:
            raise Broken("a track fragment is longer than its 'moof' box", traf.start)
        if traf.name == b"traf":
            end = _add_traf(boxes, traf, moof, end, tracks, trex)


def _add_traf(
    boxes: Boxes, traf: Box, moof: Box, end: int, tracks: dict[int, Track], trex: dict[int, Defaults]
) -> int:
    """Where its data end."""
    head: _Head | None = None
    base = 0
    for box in boxes.within(traf.data, traf.end):
        if box.is_cut:
            raise Broken("a fragment's box is cut", box.start)
        if box.name == b"tfhd":
            head = _head(_data(boxes, box), box, trex)
            base = head.base if head.base is not None else moof.start if head.is_moof_based else end
            end = base
        elif box.name == b"trun":
            if head is None:
                raise Broken("a track run in front of its header", box.start)
            end = _add_run(_data(boxes, box), box, head, base, end, tracks.get(head.track))
    return end


def _head(data: bytes, box: Box, trex: dict[int, Defaults]) -> _Head:
    flags, track = _fields(data, 0, ">II", box)
    entry, size = trex.get(track, Defaults(1, 0))
    base, place = None, 8
    if flags & 0x1:
        (base,), place = _fields(data, place, ">Q", box), place + 8
    if flags & 0x2:
        (entry,), place = _fields(data, place, ">I", box), place + 4
    place += 4 if flags & 0x8 else 0
    if flags & 0x10:
        (size,) = _fields(data, place, ">I", box)
    return _Head(track, base, entry, size, bool(flags & 0x20000))


def _add_run(data: bytes, box: Box, head: _Head, base: int, end: int, track: Track | None) -> int:
    """Where the data of this run end."""
    flags, count = _fields(data, 0, ">II", box)
    start, place = end, 8
    if flags & 0x1:
        (offset,), place = _fields(data, place, ">i", box), place + 4
        start = base + offset
    place += 4 if flags & 0x4 else 0
    if start < 0:
        raise Broken("samples in front of the file", box.start)
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if place + 4 * count * len(columns) > len(data):
        raise Broken("a track run is longer than its box", box.start)
    if 0x200 not in columns:
        size = count * head.size
        if track:
            track.sizes.add(head.size, count)
    else:
        table = array("I")
        table.frombytes(data[place : place + 4 * count * len(columns)])
        if sys.byteorder == "little":
            table.byteswap()
        sizes = table[columns.index(0x200) :: len(columns)]
        size = sum(sizes)
        if track:
            track.sizes.extend(sizes)
    if track:
        track.add(start, size, count, head.entry, box.start)
    return start + size


def _data(boxes: Boxes, box: Box) -> bytes:
    size = box.end - box.data
    if size > _LONGEST:
        raise Strange(f"a fragment's box of {size} bytes")
    return boxes.source.at(box.data, size)


def _fields(data: bytes, place: int, layout: str, box: Box) -> tuple[int, ...]:
    if place + struct.calcsize(layout) > len(data):
        raise Broken("a fragment's box is too short", box.start)
    return struct.unpack_from(layout, data, place)
