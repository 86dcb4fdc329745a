"""Names and times changed at an rclone remote, some at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
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
        """Give each its mtime (ns since 1970), where the place keeps such: those of one second together."""
        outcomes = self._looked(key for key, _ in times)
        if self.place.traits.mtime_precision_ns is not None:
            wanted = {key: _second(mtime_ns) for key, mtime_ns in times}
            self._touch([outcome.key for outcome in outcomes if outcome.error is None], wanted)
            outcomes = self._looked(key for key, _ in times)
            missed = [outcome.key for outcome in outcomes if self._is_missed(outcome, wanted)]
            if missed:  # rclone does not say which, nor why: one by one
                again = {key: self._outcome(key, self._touched, (key, wanted[key])) for key in missed}
                outcomes = [again.get(outcome.key, outcome) for outcome in outcomes]
        yield from outcomes

    def _looked(self, keys: Iterable[Key]) -> list[Outcome]:
        return self.remote.each(lambda key: self._outcome(key, self._standing, key), keys)

    def _touch(self, keys: list[Key], wanted: Mapping[Key, int]) -> None:
        groups: dict[int, list[Key]] = {}
        for key in keys:
            groups.setdefault(wanted[key], []).append(key)
        self.remote.each(self._touched_together, groups.items())

    def _touched_together(self, group: tuple[int, list[Key]]) -> None:
        """Give all of them that second. What goes wrong is seen when they are looked at."""
        with suppress(Broken, Conflict, Denied):
            self.remote.touch(group[1], _text(group[0]))

    def _is_missed(self, outcome: Outcome, wanted: Mapping[Key, int]) -> bool:
        if outcome.stat is None or outcome.stat.mtime_ns is None:
            return False
        off = abs(outcome.stat.mtime_ns - wanted[outcome.key] * SECOND_NS)
        return off >= max(self.place.traits.mtime_precision_ns or 0, SECOND_NS)

    def _touched(self, item: tuple[Key, int]) -> Stat:
        self.remote.touch([item[0]], _text(item[1]))
        return self._standing(item[0])

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


def _second(mtime_ns: int) -> int:
    return min(max(mtime_ns // SECOND_NS, 0), LATEST_S)


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
