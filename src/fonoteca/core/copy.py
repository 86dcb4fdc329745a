"""Copies, and how well each is known to be what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from fonoteca.core.entry import Content
from fonoteca.core.place import Key


class Level(IntEnum):
    """How a copy was last checked, weakest first. Nothing says "verified" without a level and a date.

    `DIGEST` is the store's own digest, without download; `BYTES` is read back; `MEDIA` is read back from the device
    with the cache provably bypassed.
    """

    NONE = 0
    EXISTENCE = 1
    SIZE = 2
    DIGEST = 3
    BYTES = 4
    MEDIA = 5

    @property
    def word(self) -> str:
        """Lower case, as people and files write it."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Level:
        """The level that `word` names. Raises KeyError for any other word."""
        return cls[word.upper()]


@dataclass(frozen=True, slots=True)
class Copy:
    """One content at one location under one key. The library's own file is not a copy."""

    location: str
    """The location's name in the config."""
    key: Key
    content: Content
    mtime_ns: int
    level: Level
    verified_ns: int | None
    """When `level` was reached, ns since 1970."""
