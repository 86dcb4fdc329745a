"""Giving staged files their names at an rclone remote: by moves on the other side, after looking that nothing is there.

A remote promises nothing about a name that another takes at the same moment; the lease keeps our own runs apart.
rclone's move onto a name that stands would take the two for one where size and time agree, so nothing is moved onto
anything: what is superseded goes away first, and comes back where the new cannot take its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fonoteca.core.place import Key, Stat
from fonoteca.disk.folders import split
from fonoteca.errors import Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome, Staged
from fonoteca.locations.keys import MOVING
from fonoteca.locations.same import same_bytes

if TYPE_CHECKING:
    from fonoteca.locations.rclone.open import OpenRclone


class Publishing:
    """One call of `publish`."""

    def __init__(self, place: OpenRclone) -> None:
        self.place = place
        self.remote = place.remote
        self.failed: dict[int, LocationError] = {}
        """By `id` of the item."""
        self.stats: dict[int, Stat] = {}

    def run(self, items: list[Staged]) -> list[Outcome]:
        """Publish all; an outcome for each, in order. Raises LocationError for what is about the place."""
        for item in items:
            if item.token.refused is not None:
                self.failed[id(item)] = item.token.refused
        good = [item for item in items if id(item) not in self.failed]
        for item in good:
            self._try(item, self._make_room)
        good = [item for item in good if id(item) not in self.failed]
        self.remote.each(
            lambda item: self._try(item, self._add), [item for item in good if item.over is None]
        )
        for item in good:  # one by one: two of them may share the version that both supersede
            if item.over is not None:
                self._try(item, self._supersede)
        return [Outcome(item.key, self.failed.get(id(item)), self.stats.get(id(item))) for item in items]

    def _try(self, item: Staged, act: Callable[[Staged], None]) -> None:
        try:
            act(item)
        except (Conflict, Refused) as error:
            self.failed[id(item)] = error

    def _add(self, item: Staged) -> None:
        if self.remote.stat(item.key) is not None:
            raise Conflict(self.place.name, item.key, "stands there already")
        self.remote.move(item.token.name, item.key)
        self.stats[id(item)] = self.remote.expect(item.key, item.size)

    def _make_room(self, item: Staged) -> None:
        self.remote.make_folders([item.key])

    def _supersede(self, item: Staged) -> None:
        found = self.remote.stat(item.key)
        if found is None or found.stamp != item.over:
            raise Conflict(self.place.name, item.key, "is not what it was when this was decided")
        if item.keep is not None and self.remote.stat(item.keep) is None:
            self._exchange(item, item.keep)
            return
        if item.keep is not None and not same_bytes(self.place.read(item.key), self.place.read(item.keep)):
            raise Conflict(self.place.name, item.keep, "holds other bytes than the version to be kept there")
        aside = Key(MOVING + b"/" + split(item.token.name)[1] + b"-" + split(split(item.token.name)[0])[1])
        self._exchange(item, aside)
        self.remote.remove(aside)

    def _exchange(self, item: Staged, aside: Key) -> None:
        """The old goes aside, the new takes its name; the old comes back where that fails."""
        self.remote.move(item.key, aside)
        try:
            self.remote.move(item.token.name, item.key)
        except (Conflict, Refused):
            self.remote.move(aside, item.key)
            raise
        self.stats[id(item)] = self.remote.expect(item.key, item.size)
