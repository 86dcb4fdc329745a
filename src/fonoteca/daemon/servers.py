"""Servers that did not answer, or where another machine worked: asked again, soon at first, then less and less often.

Nothing tells that a server is back, as a mount table tells of a drive. What was refused (a wrong key, a full disk) is
not asked again before something else makes the daemon go there: asking often would only lock the door.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fonoteca.config.model import Config, FolderConfig
from fonoteca.daemon.work import CatchUp
from fonoteca.daemon.worker import Outcome

FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 1800.0
"""Asked again after so long; twice as long each time."""

PASSING = frozenset({"Away", "Lost", "Paused", "Locked"})
"""Errors that end by themselves, by their names."""


@dataclass(slots=True)
class Servers:
    """Those that are waited for: when each is asked again (the clock that never jumps), after which pause."""

    _waits: dict[str, tuple[float, float]] = field(default_factory=dict)

    def heard(self, config: Config, outcome: Outcome, now: float) -> None:
        """A piece of work came to its end."""
        for name, each in config.locations.items():
            if isinstance(each, FolderConfig):
                continue
            if outcome.kinds.get(name) in PASSING:
                _, pause_s = self._waits.get(name, (now, 0.0))
                pause_s = min(max(2 * pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
                self._waits[name] = now + pause_s, pause_s
            elif name in outcome.failed or name in outcome.copied or outcome.work == CatchUp(name):
                self._waits.pop(name, None)

    def due(self, config: Config, now: float) -> list[str]:
        """Who is to be asked now. Each is named once: whatever comes of it is heard."""
        self._keep(config.locations)
        names = [name for name, (at, _) in self._waits.items() if at <= now]
        for name in names:
            self._waits[name] = float("inf"), self._waits[name][1]
        return names

    @property
    def next_due(self) -> float | None:
        """When that is, at the earliest."""
        return min((at for at, _ in self._waits.values()), default=None)

    def _keep(self, names: Iterable[str]) -> None:
        for name in self._waits.keys() - set(names):
            del self._waits[name]
