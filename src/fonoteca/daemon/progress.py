"""How far a piece of work has come, and how long it will take, as `status` says it.

Several locations are filled at once: what is said is what the slowest of them has before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from fonoteca.core.event import Advanced, Copied, Event, Phase, Planned, Restored, Verified

_PATIENCE_S = 2.0
"""A rate over less than this says nothing."""


@dataclass(slots=True)
class _Gauge:
    """Of one location, or of the phase as a whole. What is told in steps and what is finished are counted apart."""

    files: int = 0
    bytes: int = 0
    done_files: int = 0
    done_bytes: int = 0


@dataclass(slots=True)
class Progress:
    """Takes each event of a piece of work; `account` says where it stands."""

    clock: Callable[[], float] = monotonic
    phase: Phase | None = None
    _plans: dict[str, Planned] = field(default_factory=dict)
    _gauges: dict[str | None, _Gauge] = field(default_factory=dict)
    _began: float = 0.0

    def take(self, event: Event) -> None:
        """Called for each of 100,000 files."""
        if isinstance(event, Advanced):
            gauge = self._gauge(event.location)
            gauge.files += event.files
            gauge.bytes += event.bytes
        elif isinstance(event, Copied | Verified):
            gauge = self._gauge(event.location)
            gauge.done_files += 1
            gauge.done_bytes += event.size
        elif isinstance(event, Restored):
            gauge = self._gauge(event.source)
            gauge.done_files += 1
            gauge.done_bytes += event.size
        elif isinstance(event, Planned):
            self._plans[event.location] = event
        elif isinstance(event, Phase):
            self.phase, self._began = event, self.clock()
            self._gauges.clear()

    def _gauge(self, location: str | None) -> _Gauge:
        gauge = self._gauges.get(location)
        if gauge is None:
            gauge = self._gauges[location] = _Gauge()
        return gauge

    def account(self) -> dict[str, Any]:
        """JSON values: `phase`, `place`, files and bytes with their totals where known, and seconds `left_s`."""
        place, files, total = self._slowest()
        gauge = self._whole() if place is None else self._gauges.get(place, _Gauge())
        done_files, done_bytes = max(gauge.files, gauge.done_files), max(gauge.bytes, gauge.done_bytes)
        return {
            "phase": None if self.phase is None else self.phase.name,
            "place": place if place is not None or self.phase is None else self.phase.location,
            "files": files,
            "files_done": done_files,
            "bytes": total,
            "bytes_done": done_bytes,
            "left_s": self._left_s(done_files, files, done_bytes, total),
        }

    def _slowest(self) -> tuple[str | None, int | None, int | None]:
        """Where most is still to be done, with its totals; without a place the phase's own."""
        phase = self.phase
        if phase is None or phase.name != "copy" or not self._plans:
            return (None, None, None) if phase is None else (None, phase.files, phase.bytes)
        gauges = self._gauges
        left = {
            name: plan.bytes - max(gauges[name].bytes, gauges[name].done_bytes)
            if name in gauges
            else plan.bytes
            for name, plan in self._plans.items()
        }
        place = max(left, key=lambda name: left[name])
        return place, self._plans[place].files, self._plans[place].bytes

    def _whole(self) -> _Gauge:
        every = list(self._gauges.values())
        return _Gauge(
            sum(each.files for each in every),
            sum(each.bytes for each in every),
            sum(each.done_files for each in every),
            sum(each.done_bytes for each in every),
        )

    def _left_s(self, files: int, all_files: int | None, size: int, all_bytes: int | None) -> int | None:
        spent = self.clock() - self._began
        done, total = (size, all_bytes) if all_bytes else (files, all_files)
        if not total or not done or spent < _PATIENCE_S:
            return None
        return round(max(total - done, 0) * spent / done)
