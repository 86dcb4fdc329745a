"""The digests of a content: SHA-256 (its identity, for strangers and for decades) and XXH3-128 (for re-reading fast).

    >>> digest(b"").sha256.hex()[:16]
    'e3b0c44298fc1c14'
    >>> digest(b"").xxh3_128.hex()
    '99aa06d3014798d86001c324468d497f'

`xxh3_128` is in canonical (big-endian) order, so its hex equals what `xxhsum -H2` prints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import xxhash

Block: TypeAlias = bytes | bytearray | memoryview


class Digests(NamedTuple):
    """Both digests of the same bytes: 32 and 16 bytes long."""

    sha256: bytes
    xxh3_128: bytes


class Hasher:
    """Feeds every block to both digests. Both release the interpreter lock on large blocks."""

    __slots__ = ("_sha256", "_xxh3_128", "size")

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._xxh3_128 = xxhash.xxh3_128()
        self.size = 0

    def update(self, block: Block) -> None:
        """Take the next bytes."""
        self._sha256.update(block)
        self._xxh3_128.update(block)
        self.size += len(block)

    def digests(self) -> Digests:
        """The digests of all bytes so far."""
        return Digests(self._sha256.digest(), self._xxh3_128.digest())


def digest(data: Block) -> Digests:
    """Both digests of `data`."""
    return Digests(hashlib.sha256(data).digest(), xxhash.xxh3_128_digest(data))


def fast_digest(blocks: Iterable[Block]) -> bytes:
    """The XXH3-128 of `blocks`, 16 bytes: what a re-reading compares with what was recorded."""
    hasher = xxhash.xxh3_128()
    for block in blocks:
        hasher.update(block)
    return hasher.digest()
