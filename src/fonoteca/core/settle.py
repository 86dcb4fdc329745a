"""When what is being written has come to rest: a state machine over what a watch tells.

    >>> settling = Settling(settle_s=10)
    >>> settling.notice("music", b"Nina Simone", b"01.flac", now=100.0)
    >>> settling.take(now=105.0), settling.next_due
    ({}, 110.0)
    >>> settling.take(now=110.0)
    {'music': [Spot(path=b'Nina Simone', whole=False)]}

Times are seconds of a clock that never jumps. A folder is due when nothing happened in it for `settle_s`; where one
file goes on being written, the others are not kept waiting for it longer than `PATIENCE_S`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fonoteca.core.pattern import join, split
from fonoteca.core.spots import Spot

PATIENCE_S = 60.0
"""After so long files that rest are looked at, though others of their folder do not."""

TOGETHER_S = 1.0
"""What comes to rest within so short a time is looked at together: a move from one folder to another is one event, not
a loss and a find. Hints are gathered for half of that time.
"""

LASTING_S = 3600.0
"""A file that is being written for so long is reported."""


@dataclass(slots=True)
class _Unrest:
    """What happened in one folder since it was looked at last."""

    first: float
    last: float
    whole: bool = False
    names: dict[bytes, list[float]] = field(default_factory=dict)
    """First and last time of each name that was told of."""

    def resting(self, now: float, settle_s: float) -> list[bytes]:
        return [name for name, (_, last) in self.names.items() if last + settle_s <= now]


@dataclass(slots=True)
class Settling:
    """Folders by library and path."""

    settle_s: float
    _unrest: dict[tuple[str, bytes], _Unrest] = field(default_factory=dict)
    _reported: set[tuple[str, bytes]] = field(default_factory=set)

    def notice(
        self, library: str, folder: bytes, name: bytes | None, now: float, *, whole: bool = False
    ) -> None:
        """Something happened to `name` in `folder`, or to the folder itself; `whole`: maybe to all below it."""
        unrest = self._unrest.get((library, folder))
        if unrest is None:
            unrest = self._unrest[library, folder] = _Unrest(now, now)
        unrest.last = now
        unrest.whole = unrest.whole or whole
        if name is not None:
            unrest.names.setdefault(name, [now, now])[1] = now

    def take(self, now: float) -> dict[str, list[Spot]]:
        """What is due, by library; it counts as looked at from now on. Files that do not rest stay noticed."""
        found: dict[str, list[Spot]] = {}
        if self._is_early(now):
            return found
        for (library, folder), unrest in list(self._unrest.items()):
            if now < self._due(unrest):
                continue
            found.setdefault(library, []).append(Spot(folder, unrest.whole))
            self._looked_at(library, folder, unrest, now)
        return found

    def _is_early(self, now: float) -> bool:
        due = self.next_due
        return due is None or now < due

    def _looked_at(self, library: str, folder: bytes, unrest: _Unrest, now: float) -> None:
        for name in unrest.resting(now, self.settle_s):
            del unrest.names[name]
            self._reported.discard((library, join(folder, name)))
        if unrest.names:
            unrest.first, unrest.whole = now, False
        else:
            del self._unrest[library, folder]

    def _due(self, unrest: _Unrest) -> float:
        calm = unrest.last + self.settle_s
        if not unrest.names:
            return calm
        soonest = min(last for _, last in unrest.names.values()) + self.settle_s
        return min(calm, max(soonest, unrest.first + max(PATIENCE_S, self.settle_s)))

    def give_back(self, spots: Mapping[str, Iterable[Spot]], now: float) -> None:
        """These were taken and not looked at: they are due again at once."""
        for library, some in spots.items():
            for spot in some:
                known = self._unrest.setdefault((library, spot.path), _Unrest(now, now - self.settle_s))
                known.whole = known.whole or spot.whole
                known.first = min(known.first, now - max(PATIENCE_S, self.settle_s))

    def rests(self, library: str, path: bytes, now: float) -> bool:
        """Whether nothing was told of the file at `path` for long enough."""
        folder, name = split(path)
        unrest = self._unrest.get((library, folder))
        times = None if unrest is None else unrest.names.get(name)
        return times is None or times[1] + self.settle_s <= now

    @property
    def next_due(self) -> float | None:
        """When something will be due if nothing more happens; None where nothing waits."""
        times = [self._due(unrest) for unrest in self._unrest.values()]
        soon = min(times, default=0.0) + TOGETHER_S
        return max((at for at in times if at <= soon), default=None)

    def lasting(self, now: float) -> list[tuple[str, bytes]]:
        """Library and path of files that are being written for an hour, each told once."""
        found = [
            (library, join(folder, name))
            for (library, folder), unrest in self._unrest.items()
            for name, (first, last) in unrest.names.items()
            if last - first >= LASTING_S and now - last < self.settle_s
        ]
        fresh = [each for each in found if each not in self._reported]
        self._reported.update(fresh)
        return fresh
