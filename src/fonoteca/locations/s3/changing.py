"""Moving and removing objects in a bucket: some hundreds at once, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from fonoteca.core.place import Key, Stat
from fonoteca.errors import Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome
from fonoteca.locations.s3.border import Missing, Unmet

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
        outcomes = self.place.each(self._copied, pairs)
        done = [key for (key, _), outcome in zip(pairs, outcomes, strict=True) if outcome.error is None]
        failed = self.store.delete(done)
        for (key, target), outcome in zip(pairs, outcomes, strict=True):
            yield Outcome(target, failed[key]) if key in failed else outcome

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
        if self.store.head(target) is not None:
            raise Conflict(self.place.name, target, "stands there already")
        try:
            made = self.store.copy(key, target, standing)
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
