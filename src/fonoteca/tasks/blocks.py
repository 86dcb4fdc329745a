"""Buffers that one reader fills and several lanes use: bounded memory, no allocation per block.

block = pool.take(timeout=1.0)        # None when every buffer is in use
block.size = os.readv(fd, [block.buffer])
block.share(2)                        # two lanes will each call block.done()
"""

from __future__ import annotations

import threading
from collections import deque

BLOCK_BYTES = 1 << 20
"""1 MiB: large enough that a system call is cheap, small enough to stay in the processor's cache."""


class Block:
    """One buffer and how many still need it."""

    __slots__ = ("_left", "_pool", "buffer", "size")

    def __init__(self, pool: BlockPool) -> None:
        self.buffer = memoryview(bytearray(BLOCK_BYTES))
        self.size = 0
        self._left = 0
        self._pool = pool

    @property
    def data(self) -> memoryview:
        """The bytes that were read."""
        return self.buffer[: self.size]

    def share(self, users: int) -> None:
        """So many will call `done`; with 0 the buffer is free at once."""
        self._left = users
        if users == 0:
            self._pool.give_back(self)

    def done(self) -> None:
        """One user needs it no more."""
        with self._pool.lock:
            self._left -= 1
            if self._left:
                return
        self._pool.give_back(self)


class BlockPool:
    """At most `count` buffers, made when first needed."""

    def __init__(self, count: int) -> None:
        self.lock = threading.Lock()
        self._free: deque[Block] = deque()
        self._made = 0
        self._count = count
        self._available = threading.Semaphore(count)

    def take(self, timeout: float) -> Block | None:
        """A free buffer, or None when none became free within `timeout` seconds."""
        if not self._available.acquire(timeout=timeout):
            return None
        with self.lock:
            if self._free:
                return self._free.pop()
            self._made += 1
        return Block(self)

    def give_back(self, block: Block) -> None:
        """The buffer may be filled again."""
        with self.lock:
            self._free.append(block)
        self._available.release()


class Gauge:
    """Bytes that wait in a lane, and a way to wait until they are fewer."""

    __slots__ = ("_changed", "level")

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.level = 0

    def rise(self, amount: int) -> None:
        """So many bytes more wait."""
        with self._changed:
            self.level += amount

    def fall(self, amount: int) -> None:
        """So many were taken."""
        with self._changed:
            self.level -= amount
            self._changed.notify_all()

    def wait_below(self, limit: int, timeout: float) -> bool:
        """True when fewer than `limit` bytes wait, within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.level < limit, timeout)
