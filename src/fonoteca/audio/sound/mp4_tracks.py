"""Where the samples of an MP4 sound track lie: by the tables of `moov`, and by those of each `moof`
(ISO/IEC 14496-12, 8.6 to 8.8).

A track is read into the sizes of its samples, the entries of `stsd` that they use, and the pieces of the file that hold
them, each as long as what differs: no number that a file declares is ever counted up to.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from blake3 import blake3

from fonoteca.audio.sound.layout import Broken, Strange, fields
from fonoteca.audio.sound.mp4_boxes import Box, Boxes
from fonoteca.audio.sound.sizes import Sizes

_LONGEST = 1 << 25
"""Bytes of one table: two days of AAC."""
_PIECES = 1 << 20
"""Places in the file between which a track is scattered."""


class Uses:
    """Which entry the samples use, in runs of (entry: u32, samples: u64), big-endian, under a growing BLAKE3 digest."""

    def __init__(self) -> None:
        self._hash = blake3()
        self._entry = 0
        self._count = 0

    def add(self, entry: int, count: int) -> None:
        """`count` more samples of this entry."""
        if entry != self._entry and count:
            self._flush()
            self._entry = entry
        self._count += count

    def digest(self) -> bytes:
        """32 bytes, over all runs; nothing may be added later."""
        self._flush()
        return self._hash.digest()

    def _flush(self) -> None:
        if self._count:
            self._hash.update(struct.pack(">IQ", self._entry, self._count))
        self._count = 0


class Track:
    """The samples of one sound track, in their order."""

    def __init__(self, number: int, stsd: Box, entries: int) -> None:
        self.number = number
        self.stsd = stsd
        self.entries = entries
        self.count = 0
        self.bytes = 0
        self.sizes = Sizes()
        self.uses = Uses()
        self._starts = array("Q")
        self._ends = array("Q")

    def add(self, start: int, size: int, count: int, entry: int, at: int) -> None:
        """`count` samples of the given entry lie in the `size` bytes at `start`; `at` is where the file says so."""
        if not 1 <= entry <= self.entries:
            raise Broken(f"samples of the entry {entry}, which there is not", at)
        self.count += count
        self.bytes += size
        self.uses.add(entry, count)
        if not size:
            return
        if self._ends and self._ends[-1] == start:
            self._ends[-1] += size
            return
        if len(self._ends) == _PIECES or start + size >= 1 << 64:
            raise Strange("samples in more pieces, or further away, than any file has them")
        self._starts.append(start)
        self._ends.append(start + size)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Start and end of each piece of the file that holds its samples, in their order."""
        return zip(self._starts, self._ends, strict=True)


class _Sizes(NamedTuple):
    """The sizes of so many samples: one for all, or one each."""

    samples: int
    each: int
    table: array[int]

    def total(self, start: int, count: int) -> int:
        return count * self.each if self.each else sum(self.table[start : start + count])


def add_tables(boxes: Boxes, stbl: Box, track: Track) -> None:
    """Add what `stbl` says. Raises `Broken` where its tables contradict each other."""
    found = {box.name: box for box in boxes.within(stbl.data, stbl.end)}
    cut = next((box for box in found.values() if box.is_cut), None)
    if cut:
        raise Broken("a sample table is cut", cut.start)
    sizes = _sizes(boxes, found, stbl)
    places = _places(boxes, found, stbl)
    if sizes.each:
        track.sizes.add(sizes.each, sizes.samples)
    else:
        track.sizes.extend(sizes.table)
    stsc = _found(found, stbl, b"stsc")
    sample = 0
    for chunk_run, samples, entry in _chunk_runs(boxes, stsc, len(places)):
        for chunk in chunk_run:
            size = sizes.total(sample, samples)
            sample += samples
            if sample > sizes.samples:
                raise Broken("its chunks hold more samples than there are sizes", stsc.start)
            track.add(places[chunk], size, samples, entry, stsc.start)
    if sample != sizes.samples:
        raise Broken(f"sizes of {sizes.samples} samples, chunks of {sample}", stsc.start)


def _found(found: dict[bytes, Box], stbl: Box, *names: bytes) -> Box:
    box = next((found[name] for name in names if name in found), None)
    if box is None:
        raise Broken(f"no {names[0].decode('ascii')!r} table", stbl.start)
    return box


def _chunk_runs(boxes: Boxes, stsc: Box, chunks: int) -> Iterable[tuple[range, int, int]]:
    """(chunks counted from 0, samples in each, entry) of each row of `stsc`."""
    (count,) = fields(boxes.source, stsc.data + 4, ">I")
    rows = _table(boxes, stsc, stsc.data + 8, count * 3, "I")
    firsts = list(rows[::3])
    if any(later <= sooner for sooner, later in pairwise(firsts)) or (firsts and firsts[0] != 1):
        raise Broken("its chunk runs are not in order", stsc.start)
    if (firsts and firsts[-1] > chunks) or (chunks and not firsts):
        raise Broken("its chunk runs do not fit the number of its chunks", stsc.start)
    ends = [*firsts[1:], chunks + 1] if firsts else []
    return [
        (range(first - 1, end - 1), samples, entry)
        for first, end, samples, entry in zip(firsts, ends, rows[1::3], rows[2::3], strict=True)
    ]


def _sizes(boxes: Boxes, found: dict[bytes, Box], stbl: Box) -> _Sizes:
    box = _found(found, stbl, b"stsz", b"stz2")
    each, count = fields(boxes.source, box.data + 4, ">II")
    if box.name == b"stsz":
        return _Sizes(count, each, array("I") if each else _table(boxes, box, box.data + 12, count, "I"))
    width = each & 0xFF
    if width == 4:
        halves = _table(boxes, box, box.data + 12, (count + 1) // 2, "B")
        return _Sizes(
            count, 0, array("B", [half for byte in halves for half in (byte >> 4, byte & 15)])[:count]
        )
    if width not in (8, 16):
        raise Broken(f"sizes of {width} bits", box.start)
    return _Sizes(count, 0, _table(boxes, box, box.data + 12, count, "B" if width == 8 else "H"))


def _places(boxes: Boxes, found: dict[bytes, Box], stbl: Box) -> Sequence[int]:
    box = _found(found, stbl, b"stco", b"co64")
    (count,) = fields(boxes.source, box.data + 4, ">I")
    return _table(boxes, box, box.data + 8, count, "I" if box.name == b"stco" else "Q")


def _table(boxes: Boxes, box: Box, start: int, count: int, kind: str) -> array[int]:
    """Numbers of an unsigned `array` type. Raises `Broken` where they do not fit their box."""
    table = array(kind)
    size = count * table.itemsize
    if start + size > box.end:
        raise Broken(f"the {box.name.decode('latin-1')!r} table is longer than its box", box.start)
    if size > _LONGEST:
        raise Strange(f"a table of {size} bytes")
    data = boxes.source.at(start, size)
    if len(data) < size:
        raise Broken("the file ends within a table", boxes.source.size)
    table.frombytes(data)
    if sys.byteorder == "little":
        table.byteswap()
    return table
