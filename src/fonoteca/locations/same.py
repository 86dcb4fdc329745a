"""Whether two objects hold the same bytes."""

from __future__ import annotations

from collections.abc import Iterator

from fonoteca.locations.base import Reading


def same_bytes(one: Reading, other: Reading) -> bool:
    """Compare two readings block by block; both are closed."""
    with one, other:
        if one.size != other.size:
            return False
        ours, theirs = _stream(one), _stream(other)
        return all(next(theirs, b"") == part for part in ours) and next(theirs, b"") == b""


def _stream(reading: Reading, length: int = 1 << 16) -> Iterator[bytes]:
    """The same bytes in pieces of one length, whatever the blocks are."""
    held = bytearray()
    for block in reading:
        held += block
        whole = len(held) - len(held) % length
        for start in range(0, whole, length):
            yield bytes(held[start : start + length])
        del held[:whole]
    if held:
        yield bytes(held)
