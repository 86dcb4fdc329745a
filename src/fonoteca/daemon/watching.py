"""What is watched and how: events where they come, looking again and again where they don't."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fonoteca.config.model import Config, LibraryConfig
from fonoteca.core.pattern import Exclusion, split
from fonoteca.core.polling import after_look
from fonoteca.core.settle import Settling
from fonoteca.core.spots import Spot
from fonoteca.library.eventful import State, Unwatched, Watched, too_few
from fonoteca.library.watch import LIMIT, Watch

GATHER_S = 0.5
"""Hints are gathered for so long: five thousand events a second are two rounds of the loop."""

AWAY = Unwatched("its folder is not there")


@dataclass(slots=True)
class _Poll:
    pause_s: float
    at: float


@dataclass(slots=True)
class Watching:
    """All libraries of a config."""

    watch: Watch
    settling: Settling
    states: dict[str, State] = field(default_factory=dict)
    polls: dict[str, _Poll] = field(default_factory=dict)
    told_of: set[str] = field(default_factory=set)
    """Libraries of which a hint came since the last scan began."""
    _configs: dict[str, LibraryConfig] = field(default_factory=dict)
    _drained: float = float("-inf")

    def apply(self, config: Config, present: Iterable[str], now: float) -> list[str]:
        """Watch what the config names and is there; gives the libraries that are new, or other than before."""
        for name in [name for name in self._configs if self._configs[name] != config.libraries.get(name)]:
            self.drop(name)
            del self._configs[name], self.states[name]
        fresh = [name for name in config.libraries if name not in self._configs]
        there = set(present)
        for name in fresh:
            self._configs[name] = config.libraries[name]
            if name in there:
                self.begin(name, now)
            else:
                self.states[name] = AWAY
        return fresh

    def begin(self, name: str, now: float) -> None:
        """Watch a library, anew if it was watched."""
        config = self._configs[name]
        self._set(name, self.watch.add(name, config.path, Exclusion(config.exclude)), now)

    def drop(self, name: str, state: State = AWAY) -> None:
        """It went: watch it no longer."""
        self.watch.drop(name)
        self.polls.pop(name, None)
        self.states[name] = state

    def _set(self, name: str, state: State, now: float) -> None:
        self.states[name] = state
        if isinstance(state, Unwatched):
            self.polls[name] = _Poll(0.0, now + after_look(0.0, changed=True, took_s=0.0))
        else:
            self.polls.pop(name, None)

    # what it tells

    def gather(self, now: float) -> None:
        """Bring hints to where they settle, at most every `GATHER_S`."""
        if now - self._drained < GATHER_S:
            return
        hints = self.watch.drain()
        if not hints:
            return
        self._drained = now
        for library, folder, name, whole in hints:
            self.told_of.add(library)
            self.settling.notice(library, folder, name, now, whole=whole)

    @property
    def has_hints(self) -> bool:
        """Whether some wait to be gathered."""
        return self.watch.has_hints

    def notice_skipped(self, skipped: deque[tuple[str, bytes]], now: float) -> None:
        """Files that a task left alone because they did not rest. Where events come these have the names; a hundred
        thousand new files need not be remembered twice.
        """
        while skipped:
            library, path = skipped.popleft()
            folder, name = split(path)
            self.told_of.add(library)
            self.settling.notice(library, folder, name if library in self.polls else None, now)

    def missed(self, now: float) -> dict[str, str]:
        """Libraries of which something was missed, with the reason: each has to be looked at whole. Watches that died
        are begun anew; where there are too few, the library is polled from now on.
        """
        found = self.watch.troubles()
        for name, reason in found.items():
            if reason == LIMIT:
                self.watch.drop(name)
                self._set(name, too_few(self._configs[name].path), now)
            elif not self.watch.is_whole(name):
                self.begin(name, now)
        return found

    def is_silent(self, name: str, now: float) -> None:
        """A scan found what no event had told of: this file system cannot be relied on."""
        self.watch.drop(name)
        self._set(name, Unwatched("changes came without events"), now)

    def cover(self, spots: Mapping[str, Sequence[Spot]]) -> None:
        """Before these are looked at: whatever comes later in them is told."""
        for library, some in spots.items():
            for spot in some:
                if spot.whole:
                    self.watch.cover(library, spot.path)

    # polling

    def due(self, now: float) -> list[str]:
        """Libraries without events whose turn it is."""
        return [name for name, poll in self.polls.items() if poll.at <= now]

    def looked_at(self, name: str, now: float, *, changed: bool, took_s: float) -> None:
        """One of them was."""
        if name in self.polls:
            pause_s = after_look(self.polls[name].pause_s, changed=changed, took_s=took_s)
            self.polls[name] = _Poll(pause_s, now + pause_s)

    @property
    def next_poll(self) -> float | None:
        """When the next library's turn is."""
        return min((poll.at for poll in self.polls.values()), default=None)

    def words(self, name: str) -> str:
        """`events, 3 folders`, `polling (no events on nfs)`."""
        match self.states[name]:
            case Watched():
                return f"events, {self.watch.folders(name):,} folders"
            case Unwatched(reason, remedy):
                if self.states[name] is AWAY:
                    return f"away ({reason})"
                return f"polling ({reason})" + (f": {remedy}" if remedy else "")
