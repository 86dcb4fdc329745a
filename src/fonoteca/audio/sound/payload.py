"""The BLAKE3 digest over the parts that a family's definition names, so that no part can shift into another.

The hash takes `fonoteca payload`, a space, the definition's name and a zero byte; then each part as its length
(eight bytes, big-endian) and its bytes.

    >>> digest = Digesting("flac/1")
    >>> digest.part(b"STREAMINFO")
    >>> digest.part(b"frames")
    >>> str(digest.payload())[:15]
    'flac/1:ff5257a0'
"""

from __future__ import annotations

from blake3 import blake3

from fonoteca.core.digest import Block
from fonoteca.core.sound import Payload


class Digesting:
    """A payload digest as it grows."""

    __slots__ = ("_hash", "_name", "update")

    def __init__(self, name: str) -> None:
        self._name = name
        self._hash = blake3(b"fonoteca payload " + name.encode("ascii") + b"\0")
        self.update = self._hash.update
        """Takes the next bytes of the part that was begun."""

    def begin(self, length: int) -> None:
        """A part of `length` bytes follows by `update`."""
        self._hash.update(length.to_bytes(8, "big"))

    def part(self, data: Block) -> None:
        """One part, whole."""
        self._hash.update(len(data).to_bytes(8, "big"))
        self._hash.update(data)

    def payload(self) -> Payload:
        """The digest of all parts so far."""
        return Payload(self._name, self._hash.digest())
