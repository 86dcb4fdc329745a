"""What is bad, and which copy of the recorded content is tried first.

The recorded digest decides: only copies that were recorded with it are asked at all, each is read and compared before
it is believed, and however many agree on other bytes, they are no source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from fonoteca.core.copy import Level


class Kind(StrEnum):
    """What can be bad, or serve as a source."""

    COPY = "copy"
    VERSION = "version"
    ORIGINAL = "library file"


class Bad(NamedTuple):
    """A copy or version at a location that is not what was recorded. `state` is the one in which it was last seen.

    `numbers`: the entry of a copy; of a version's blob the ids of all records that name it.
    """

    kind: Kind
    entry: int
    numbers: tuple[int, ...]
    key: bytes
    sha256: bytes
    size: int
    xxh3_128: bytes
    mtime_ns: int
    state: str
    path: bytes
    library: str
    decided: None = None
    """Nothing is known of it without reading (`tasks/checking/rereading.Sought`)."""


class Source(NamedTuple):
    """A copy with the recorded content. `location` is None for a library's own file; `key` is then its path.

    `number`: the entry of a copy or library file, the id of a version.
    """

    kind: Kind
    location: int | None
    number: int
    key: bytes
    level: Level
    verified_ns: int | None
    library: str


def best_first(sources: Iterable[Source], nearness: Mapping[int, int]) -> list[Source]:
    """Sources in the order in which they are tried: the strongest level, near by, verified last.

    `nearness` by location: 0 is near, what is missing there is far. The library's own file is near.
    """

    def rank(source: Source) -> tuple[int, int, int]:
        near = 0 if source.location is None else nearness.get(source.location, 9)
        return -source.level, near, -(source.verified_ns or 0)

    return sorted(sources, key=rank)
