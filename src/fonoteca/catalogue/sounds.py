"""Tracks whose own checks fail, or could not be made: asked of the analyses, which know each content once."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH
from fonoteca.core.copy import Level
from fonoteca.core.sound import SelfCheck, Soundness

_WHOLE = ", ".join(f"'{each.value}'" for each in (Soundness.SOUND, Soundness.ALTERED, Soundness.STRUCTURE))
_EARLIER = (
    "SELECT 1 FROM {0} k JOIN analyses w ON w.content = k.content WHERE k.entry = e.id "
    f"AND k.content <> e.content AND k.state = 'good' AND k.level >= {int(Level.BYTES)} AND w.soundness IN ({_WHOLE})"
)
_MENDABLE = f"EXISTS ({_EARLIER.format('versions')}) OR EXISTS ({_EARLIER.format('copies')})"
_ODD = "(a.soundness = 'damaged' OR a.unheard IS NOT NULL)"
"""As the index says it."""
_FROM = (
    "FROM analyses a CROSS JOIN entries e ON e.content = a.content JOIN folders f ON f.id = e.folder "
    f"WHERE {_ODD} AND f.library = ? AND e.kind = 'track' AND e.state IN ('present', 'held')"
)


class Odd(NamedTuple):
    """A track whose sound is damaged, or (`check` None) could not be looked at, for the reason `unheard`."""

    path: bytes
    check: SelfCheck | None
    unheard: str | None
    is_mendable: bool
    """An earlier content of it, in which nothing was found wrong, is kept at `bytes` or better."""


def odd(connection: sqlite3.Connection, library: int) -> list[Odd]:
    """All of a library, by entry."""
    rows = connection.execute(
        f"SELECT {PATH}, a.soundness, a.sound_detail, a.sound_at, a.unheard, {_MENDABLE} {_FROM} ORDER BY e.id",
        (library,),
    )
    return [
        Odd(
            path,
            SelfCheck(Soundness(word), detail, at) if word is not None else None,
            unheard,
            bool(mendable),
        )
        for path, word, detail, at, unheard, mendable in rows
    ]


def count_damaged(connection: sqlite3.Connection, library: int) -> tuple[int, int]:
    """How many tracks are damaged inside, and how many of these are mendable."""
    found = connection.execute(
        f"SELECT count(*), coalesce(sum({_MENDABLE}), 0) {_FROM} AND a.soundness = 'damaged'", (library,)
    ).fetchone()
    return int(found[0]), int(found[1])
