"""Names and times changed at an rclone remote, some at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from fonoteca.core.place import OWN, Key, Stat
from fonoteca.disk.folders import split
from fonoteca.errors import Broken, Conflict, Denied
from fonoteca.locations.base import Outcome
from fonoteca.locations.keys import checked
from fonoteca.locations.rclone.feed import LATEST_S, SECOND_NS

if TYPE_CHECKING:
    from fonoteca.locations.rclone.open import OpenRclone

T = TypeVar("T")
Pair: TypeAlias = tuple[Key, Key]


class Changing:
    """One call of `move`, `retime` or `delete`: an error about one key is its outcome, and the others go on."""

    def __init__(self, place: OpenRclone) -> None:
        self.place = place
        self.remote = place.remote

    def move(self, pairs: list[Pair]) -> Iterator[Outcome]:
        """Rename each; never replaces. Folders that are left empty are removed."""
        every = [key for pair in pairs for key in pair]
        if len(set(every)) < len(every):  # one follows another: in their order
            outcomes = [self._outcome(target, self._moved, (key, target)) for key, target in pairs]
        else:
            for _, target in pairs:
                self._outcome(target, self._made_room, target)
            outcomes = self.remote.each(lambda pair: self._outcome(pair[1], self._moved, pair), pairs)
        gone = [key for (key, _), outcome in zip(pairs, outcomes, strict=True) if outcome.error is None]
        self._tidy(gone)
        yield from outcomes

    def retime(self, times: list[tuple[Key, int]]) -> Iterator[Outcome]:
        """Give each its mtime (ns since 1970), where the place keeps such."""
        yield from self.remote.each(lambda each: self._outcome(each[0], self._retimed, each), times)

    def delete(self, keys: list[Key]) -> Iterator[Outcome]:
        """Have none of them. Folders that become empty are removed."""
        outcomes = self.remote.each(lambda key: self._outcome(key, self._deleted, key), keys)
        self._tidy(outcome.key for outcome in outcomes if outcome.error is None)
        yield from outcomes

    def _outcome(self, key: Key, act: Callable[[T], Stat | None], given: T) -> Outcome:
        """What is about the place itself is raised."""
        try:
            return Outcome(key, None, act(given))
        except (Broken, Conflict, Denied) as error:
            return Outcome(key, error)

    def _made_room(self, target: Key) -> None:
        self.remote.make_folders([checked(self.place.name, target)])

    def _moved(self, pair: Pair) -> Stat:
        key, target = pair
        found = self._standing(key)
        checked(self.place.name, target)
        if self.remote.stat(target) is not None:
            raise Conflict(self.place.name, target, "stands there already")
        self.remote.move(key, target)
        return self.remote.expect(target, found.size)

    def _retimed(self, time: tuple[Key, int]) -> Stat:
        key, mtime_ns = time
        found = self._standing(key)
        if self.place.traits.mtime_precision_ns is None:
            return found
        seconds = min(max(mtime_ns // SECOND_NS, 0), LATEST_S)
        self.remote.touch(key, datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        return self._standing(key)

    def _deleted(self, key: Key) -> None:
        self.remote.remove(checked(self.place.name, key))

    def _standing(self, key: Key) -> Stat:
        found = self.remote.stat(checked(self.place.name, key))
        if found is None:
            raise Conflict(self.place.name, key, "is not there")
        return found

    def _tidy(self, keys: Iterable[bytes]) -> None:
        """Remove the folders that these keys left empty, deepest first."""
        folders = {split(key)[0] for key in keys if not key.startswith(OWN + b"/")} - {b""}
        while folders:
            deepest = max(folders, key=lambda each: each.count(b"/"))
            folders.discard(deepest)
            above = split(deepest)[0]
            if self.remote.remove_folder(deepest) and above:
                folders.add(above)
