"""Boxes of MP4 and QuickTime (ISO/IEC 14496-12, 4.2): a size, a name, the data; some hold further boxes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.audio.sound.layout import Broken, Strange
from fonoteca.audio.source import Source

_MANY = 1 << 19
"""Boxes that are looked at in one file; a day of music in fragments of a second has a third of that."""


class Box(NamedTuple):
    """One box from `start` to before `end`; its data begin at `data`."""

    name: bytes
    start: int
    data: int
    end: int
    is_cut: bool = False
    """It says that it ends behind what it lies in; `end` is what it says."""


class Boxes:
    """The boxes of one file. Raises `Strange` for a file of more of them than any music has."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._left = _MANY
        self.rest = 0
        """Bytes behind the last box of the row that was walked last: too few for another."""

    def within(self, start: int, end: int) -> Iterator[Box]:
        """The boxes between `start` and `end`. Raises `Broken` where one is smaller than its own header."""
        while start + 8 <= end:
            self._left -= 1
            if self._left < 0:
                raise Strange(f"more than {_MANY} boxes")
            box = self._box(start, end)
            if box is None:
                return
            yield box
            start = box.end
        self.rest = max(0, end - start)

    def inside(self, box: Box, *path: bytes, skip: int = 0) -> Box | None:
        """The first box at this path inside of `box`, whose own data take `skip` bytes in front of the boxes."""
        for name in path:
            found = next((one for one in self.within(box.data + skip, box.end) if one.name == name), None)
            if found is None:
                return None
            if found.is_cut:
                raise Broken(
                    f"the {name.decode('latin-1')!r} box is longer than what it lies in", found.start
                )
            box, skip = found, 0
        return box

    def _box(self, start: int, end: int) -> Box | None:
        head = self.source.at(start, 16)
        if len(head) < 8:
            return None
        size, name = struct.unpack_from(">I4s", head)
        length = 8
        if size == 1 and len(head) == 16:
            size, length = struct.unpack_from(">Q", head, 8)[0], 16
        elif size == 0:
            size = end - start
        if size < length:
            raise Broken(f"a box of {size} bytes", start)
        return Box(name, start, start + length, start + size, start + size > end)
