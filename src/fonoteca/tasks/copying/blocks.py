"""Buffers that one reader fills and several lanes use: bounded memory, no allocation per block.

    block = pool.take(timeout=1.0)        # None when every buffer is in use
    block.size = os.readv(fd, [block.buffer])
    block.share(2)                        # two lanes will each call block.done()

All of them lie in one piece of shared memory: a lane in a process of its own sees what a reader put there, and
no byte of music goes through a pipe.
"""

from __future__ import annotations

import mmap
import threading
from typing import Protocol

BLOCK_BYTES = 1 << 20
"""1 MiB: large enough that a system call is cheap, small enough to stay in the processor's cache."""


class Filled(Protocol):
    """A buffer with bytes, as a lane sees it."""

    number: int
    buffer: memoryview
    size: int

    @property
    def data(self) -> memoryview:
        """The bytes that were read."""
        ...

    def done(self) -> None:
        """This user needs it no more."""
        ...


class Block:
    """One buffer and how many still need it."""

    __slots__ = ("_left", "_pool", "buffer", "number", "size")

    def __init__(self, pool: BlockPool, number: int, buffer: memoryview) -> None:
        self.number = number
        self.buffer = buffer
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
    """`count` buffers; memory is used only for those that were ever filled."""

    def __init__(self, count: int) -> None:
        self.lock = threading.Lock()
        memory = memoryview(mmap.mmap(-1, count * BLOCK_BYTES))
        self.blocks = [
            Block(self, number, memory[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES])
            for number in range(count)
        ]
        """By number: the same in every process that was forked after this was made."""
        self._free = self.blocks[
            ::-1
        ]  # the last one given back is taken first: it is in the processor's cache
        self._available = threading.Semaphore(count)

    def take(self, timeout: float) -> Block | None:
        """A free buffer, or None when none became free within `timeout` seconds."""
        if not self._available.acquire(timeout=timeout):
            return None
        with self.lock:
            return self._free.pop()

    def give_back(self, block: Block) -> None:
        """The buffer may be filled again."""
        with self.lock:
            self._free.append(block)
        self._available.release()
