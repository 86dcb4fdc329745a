"""The sizes of many samples under one BLAKE3 digest, however a file declares them: one for all, a table, or one by one.

The hash takes, where all sizes are equal, a byte 0, the size (u32) and how many (u64); else a byte 1 and each size
(u32); all big-endian. So a constant size costs nothing, however often a file says that it occurs.
"""

from __future__ import annotations

import sys
from array import array

from blake3 import blake3

from fonoteca.audio.sound.layout import Strange

_GATHERED = 1 << 14
_EMPTY = 1 << 20
"""Samples of no bytes that are believed in a row."""


class Sizes:
    """A row of sizes as it grows."""

    def __init__(self) -> None:
        self._hash = blake3(b"\1")
        self._size = 0
        self._count = 0
        self._is_varied = False
        self._gathered = array("I")

    def add(self, size: int, count: int = 1) -> None:
        """`count` more of this size."""
        if not count:
            return
        if not self._is_varied and (not self._count or size == self._size):
            self._size = size
            self._count += count
            return
        if not size and count > _EMPTY:
            raise Strange(f"{count} samples without any bytes")
        self._vary()
        while count:
            now = min(count, _GATHERED)
            self._gathered.extend([size] * now if now > 1 else (size,))
            count -= now
            if len(self._gathered) >= _GATHERED:
                self._flush()

    def extend(self, sizes: array[int]) -> None:
        """These, one by one."""
        if not sizes:
            return
        if not self._is_varied and sizes.count(sizes[0]) == len(sizes):
            self.add(sizes[0], len(sizes))
            return
        self._vary()
        self._flush()
        self._gathered = array("I", sizes)
        self._flush()

    def digest(self) -> bytes:
        """32 bytes, over all sizes; nothing may be added later."""
        if not self._is_varied:
            row = b"\0" + self._size.to_bytes(4, "big") + self._count.to_bytes(8, "big")
            return blake3(row).digest()
        self._flush()
        return self._hash.digest()

    def _vary(self) -> None:
        """From now on sizes stand one by one; those that were equal so far come first."""
        if self._is_varied:
            return
        self._is_varied = True
        if self._count:
            self.add(self._size, self._count)

    def _flush(self) -> None:
        if sys.byteorder == "little":
            self._gathered.byteswap()
        self._hash.update(memoryview(self._gathered).cast("B"))
        self._gathered = array("I")
