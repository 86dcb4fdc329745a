"""Places in a library at which something happened, so that a pass looks there and nowhere else.

>>> fewest([Spot(b"a/b", False), Spot(b"a", True), Spot(b"c", False), Spot(b"c", False)])
[Spot(path=b'a', whole=True), Spot(path=b'c', whole=False)]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fonoteca.core.pattern import split


class Spot(NamedTuple):
    """A folder inside a library (b"" is its root)."""

    path: bytes
    whole: bool
    """With all below it; else its own names, and what lies below folders that nobody recorded yet."""


def fewest(spots: Iterable[Spot]) -> list[Spot]:
    """The same places without what another one covers; those looked at whole come first, each in path order."""
    given = set(spots)
    wide = {spot.path for spot in given if spot.whole}
    whole = sorted(path for path in wide if not _is_below(path, wide))
    single = {spot.path for spot in given if not spot.whole}
    tops = set(whole)
    others = sorted(path for path in single if path not in tops and not _is_below(path, tops))
    return [Spot(path, True) for path in whole] + [Spot(path, False) for path in others]


def _is_below(path: bytes, folders: set[bytes]) -> bool:
    while path:
        path = split(path)[0]
        if path in folders:
            return True
    return False
