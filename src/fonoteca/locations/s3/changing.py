"""Moving and removing objects in a bucket: some hundreds at once, each with an outcome of its own.

A server renames nothing: it copies, and then the old is removed. What is about to be moved is written down before, in
`incoming/`, so that a run that is cut off in between is ended by the next opening (`end_moves`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from fonoteca.core.place import Key, Stat
from fonoteca.errors import Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome
from fonoteca.locations.keys import INCOMING
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.carrying import copied
from fonoteca.locations.s3.reading import S3Reading
from fonoteca.locations.s3.store import Store
from fonoteca.locations.same import same_bytes

if TYPE_CHECKING:
    from fonoteca.locations.s3.open import OpenS3

Pair: TypeAlias = tuple[Key, Key]


class Changing:
    """One call that changes some names. What goes wrong with one of them is noted, and the others go on."""

    def __init__(self, place: OpenS3) -> None:
        self.place = place
        self.store = place.store

    def move(self, pairs: list[Pair]) -> Iterator[Outcome]:
        """Copy each over there, then remove the old; never replaces."""
        outcomes = self.place.each(self._ready, pairs)
        going = [pair for pair, outcome in zip(pairs, outcomes, strict=True) if outcome.error is None]
        if going:
            told = {outcome.key: outcome for outcome in self._moved(going)}
            outcomes = [told.get(each.key, each) if each.error is None else each for each in outcomes]
        yield from outcomes

    def _ready(self, pair: Pair) -> Outcome:
        """Whether it can be moved. A target that this opening made itself, before the connection broke, is no other."""
        key, target = pair
        try:
            standing, there = self.store.head(key), self.store.head(target)
        except (Conflict, Refused) as error:
            return Outcome(target, error)
        if standing is None:
            return Outcome(target, Conflict(self.place.name, key, "is not there"), there)
        if there is not None and pair not in self.place.moving:
            return Outcome(target, Conflict(self.place.name, target, "stands there already"))
        return Outcome(target, None, standing)

    def _moved(self, pairs: list[Pair]) -> list[Outcome]:
        note = self.place.note(NOTES)
        names = [[key.decode(), target.decode()] for key, target in pairs]
        self.store.put(note, json.dumps(names).encode())
        self.place.moving.update(pairs)
        outcomes = self.place.each(self._copied, pairs)
        done = [key for (key, _), outcome in zip(pairs, outcomes, strict=True) if outcome.error is None]
        failed = self.store.delete([*done, note])
        self.place.moving.difference_update(pairs)
        return [
            Outcome(target, failed[key]) if key in failed else outcome
            for (key, target), outcome in zip(pairs, outcomes, strict=True)
        ]

    def _copied(self, pair: Pair) -> Outcome:
        key, target = pair
        try:
            return Outcome(target, None, self._copy(key, target))
        except (Conflict, Refused) as error:
            return Outcome(target, error)

    def _copy(self, key: Key, target: Key) -> Stat:
        standing = self.store.head(key)
        if standing is None:
            raise Conflict(self.place.name, key, "is not there")
        try:
            made = copied(self.store, key, target, standing)
        except (Missing, Unmet) as error:
            raise Conflict(self.place.name, key, "changed while it was moved") from error
        found = self.store.head(target)  # the old goes only when the new was seen
        if found is None or found.size != standing.size:
            raise Conflict(self.place.name, target, "is not there, though the server said that it was copied")
        return found if found.stamp == made.stamp else made

    def retime(self, times: list[tuple[Key, int]]) -> Iterator[Outcome]:
        """No times are kept there: success where the object stands."""
        yield from self.place.each(self._looked, times)

    def _looked(self, item: tuple[Key, int]) -> Outcome:
        key = item[0]
        try:
            found = self.store.head(key)
        except (Conflict, Refused) as error:
            return Outcome(key, error)
        return (
            Outcome(key, None, found)
            if found
            else Outcome(key, Conflict(self.place.name, key, "is not there"))
        )

    def delete(self, keys: list[Key]) -> Iterator[Outcome]:
        """Have none of them."""
        failed: dict[Key, LocationError] = {}
        for key in keys:
            try:
                self.store.name(key)
            except Conflict as error:
                failed[key] = error
        failed |= self.store.delete([key for key in keys if key not in failed])
        for key in keys:
            yield Outcome(key, failed.get(key))


NOTES = b"-moving-"
"""In the name of what is written down of moves: `.fonoteca/incoming/<opening>-moving-<number>`."""


def end_moves(store: Store, left: list[Key]) -> None:
    """End moves that were cut off, as `left` (what lies in `incoming/`) tells: the old goes where the new holds the
    same bytes. Raises LocationError.
    """
    for note in left:
        if NOTES not in note.removeprefix(INCOMING):
            continue
        for key, target in _pairs(store.read_small(note, 1 << 24) or b""):
            if _is_copied(store, key, target):
                for error in store.delete([key]).values():
                    raise error


def _is_copied(store: Store, key: Key, target: Key) -> bool:
    old, new = store.head(key), store.head(target)
    if old is None or new is None or old.size != new.size:
        return False
    return old.stamp == new.stamp or same_bytes(S3Reading(store, key), S3Reading(store, target))


def _pairs(data: bytes) -> list[Pair]:
    try:
        return [(Key(key.encode()), Key(target.encode())) for key, target in json.loads(data)]
    except (ValueError, AttributeError, TypeError):
        return []  # a note that was not written by us, or not to its end
