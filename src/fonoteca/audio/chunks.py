"""Chunks of RIFF, RF64, AIFF and DSDIFF: an id of four bytes, a size, the data, padded to an even length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fonoteca.audio.source import Source

_MANY = 4096
"""No honest file has more chunks in one list; a hostile one could hold us for long."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk. `size` is what the file declares, cut to what is there; `declared` is the claim."""

    id: bytes
    start: int
    """Where its data begins."""
    size: int
    declared: int

    def read(self, source: Source, limit: int = 1 << 26) -> bytes:
        """Its data, up to `limit` bytes."""
        return source.at(self.start, min(self.size, limit))


def chunks(
    source: Source, start: int, end: int, layout: str, sizes: dict[bytes, int] | None = None
) -> Iterator[Chunk]:
    """The chunks between `start` and `end`. `layout` is the struct form of a size: `<I` RIFF, `>I` AIFF,
    `>Q` DSDIFF.

    `sizes` are true sizes for ids whose 32-bit field reads 0xFFFFFFFF (RF64's `ds64`).
    """
    head = 4 + struct.calcsize(layout)
    for _ in range(_MANY):
        data = source.at(start, head) if start + head <= end else b""
        if len(data) < head:
            return
        (declared,) = struct.unpack(layout, data[4:])
        if declared == 0xFFFFFFFF and layout == "<I":
            declared = (sizes or {}).get(data[:4], declared)
        start += head
        yield Chunk(data[:4], start, max(0, min(declared, end - start)), declared)
        start += declared + declared % 2
