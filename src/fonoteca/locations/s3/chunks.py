"""Memory for bytes that are to be sent: pieces of one size that are used again, so many at most over all batches."""

from __future__ import annotations

import mmap
import threading

CHUNK = 1 << 20
"""Bytes of one."""

MOST = 48
"""So many are in use at once: three objects of 16 MiB, or six of the usual size."""


class Chunks:
    """See the module. For several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._free: list[memoryview] = []
        self._used = 0
        self._going = 0
        self._changed = threading.Condition()

    def take(self) -> memoryview:
        """One to be filled. Waits while all are in use and some of them are being sent.

        When none is being sent, waiting would never end: then there is one more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._used < self._most or not self._going)
            self._used += 1
            return self._free.pop() if self._free else memoryview(mmap.mmap(-1, CHUNK))

    def going(self, count: int) -> None:
        """So many are on their way from now on, and come back by `gone`."""
        with self._changed:
            self._going += count

    def gone(self, chunks: list[memoryview]) -> None:
        """They were sent, or are not wanted."""
        with self._changed:
            self._going -= len(chunks)
        self.give_back(chunks)

    def give_back(self, chunks: list[memoryview]) -> None:
        """They may be filled again."""
        with self._changed:
            self._used -= len(chunks)
            self._free += chunks[: max(0, self._most - len(self._free))]
            self._changed.notify_all()
