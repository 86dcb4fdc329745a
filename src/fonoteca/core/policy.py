"""What a person asks of the archive, as values: how many copies, how often checked, how fast, where to stop.

    >>> Policy().copies_wanted(file_systems=2)
    2
    >>> night = Rate(windows=((Window(8 * 60, 23 * 60), 2_000_000),))
    >>> night.at(12 * 60), night.at(23 * 60)
    (2000000, None)

A speed is bytes a second: `None` is unlimited, `0` is paused. Times of day are minutes since local midnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

DAY_S = 24 * 60 * 60

Speed: TypeAlias = int | None
"""Bytes a second; None is unlimited, 0 is paused."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts as protected. Durations are seconds."""

    copies: int | None = None
    """Copies beside the library itself; None: as many as distinct file systems are given, at least 1."""
    offsite: int = 0
    """How many of them must lie at a location that is marked `offsite`."""
    verify_every_s: int = 90 * DAY_S
    keep_versions_s: int = 365 * DAY_S
    keep_tag_versions_s: int = 30 * DAY_S

    def copies_wanted(self, file_systems: int) -> int:
        """The number asked for, where so many distinct ones, none the library's own, hold locations."""
        return max(1, file_systems) if self.copies is None else self.copies


@dataclass(frozen=True, slots=True)
class GuardLimit:
    """The guard holds a change of more than `percent` of a library's entries *and* more than `files`."""

    percent: float = 5.0
    files: int = 20


@dataclass(frozen=True, slots=True)
class GuardOff:
    """No guard, by the person's own word. A word and not a limit of 0: that would hold everything."""


Guard: TypeAlias = GuardLimit | GuardOff


@dataclass(frozen=True, slots=True)
class Window:
    """A part of each day: minutes since midnight, `start` within, `end` not. `end < start`: over midnight."""

    start: int
    end: int

    def covers(self, minute: int) -> bool:
        """True when `minute` (0 to 1439) lies within."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a place may be fed: the first window that covers the time of day speaks, else `otherwise`."""

    otherwise: Speed = None
    windows: tuple[tuple[Window, Speed], ...] = ()

    def at(self, minute: int) -> Speed:
        """The speed at a minute of the day (0 to 1439)."""
        return next((speed for window, speed in self.windows if window.covers(minute)), self.otherwise)


@dataclass(frozen=True, slots=True)
class Every:
    """Due again so many seconds after the last time."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Cron:
    """Due when a clock says so: minute, hour, day of month, month, day of week, in local time."""

    line: str


Timing: TypeAlias = Every | Cron


@dataclass(frozen=True, slots=True)
class Budget:
    """Where one run stops, to go on at the next file another time. None: no such bound."""

    seconds: int | None = None
    bytes: int | None = None
    rate: Speed = None
