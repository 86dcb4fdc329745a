"""When something is to be done again: intervals and cron lines, quiet hours, clocks that jump.

    >>> hour = 3600 * 10**9
    >>> due_ns(Every(6 * 3600), since_ns=100 * hour, now_ns=101 * hour, zone=UTC_ZONE) // hour
    106

A time that was missed is done once, as soon as that is possible. Times are nanoseconds since 1970; a cron line is about
the wall clock of a `Zone`: 02:30 comes once a day, also on the two days in a year when a clock is put on or back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from croniter import croniter

from fonoteca.core.policy import Every, Timing, Window

SECOND_NS = 1_000_000_000


class Duty(StrEnum):
    """What is done by the clock. The word is what the config, the catalogue and people read."""

    SCAN = "scan"
    SCRUB = "scrub"
    PRUNE = "prune"
    DRILL = "drill"
    REPORT = "report"


class Zone(NamedTuple):
    """A wall clock: its naive time at an instant (ns), and the instant at which it shows a naive time."""

    shown: Callable[[int], datetime]
    instant: Callable[[datetime], int]


UTC_ZONE = Zone(
    lambda ns: datetime.fromtimestamp(ns // SECOND_NS, UTC).replace(tzinfo=None),
    lambda shown: round(shown.replace(tzinfo=UTC).timestamp()) * SECOND_NS,
)


def due_ns(timing: Timing, *, since_ns: int, now_ns: int, zone: Zone) -> int:
    """When it is due, last done (or first heard of) at `since_ns`. A `since_ns` that is still to come is the mark of a
    clock that was put back: nobody knows how long ago that was, so it is due now.
    """
    if since_ns > now_ns:
        return now_ns
    if isinstance(timing, Every):
        return since_ns + timing.seconds * SECOND_NS
    return _next(timing.line, since_ns, zone)


@lru_cache(maxsize=64)  # a loop asks again and again, and reading a cron line takes a millisecond
def _next(line: str, since_ns: int, zone: Zone) -> int:
    times = croniter(line, zone.shown(since_ns))
    while True:
        found = zone.instant(times.get_next(datetime))
        if found > since_ns:  # an hour that comes twice a day: its first coming may lie before `since`
            return found


def period_ns(timing: Timing, now_ns: int, zone: Zone) -> int:
    """How far two times lie apart, about now."""
    if isinstance(timing, Every):
        return timing.seconds * SECOND_NS
    first = _next(timing.line, now_ns, zone)
    return _next(timing.line, first, zone) - first


def is_quiet(windows: Iterable[Window], now_ns: int, zone: Zone) -> bool:
    """Whether these times of day mean now."""
    return any(window.covers(minute_of(now_ns, zone)) for window in windows)


def minute_of(now_ns: int, zone: Zone) -> int:
    """The minute of the day (0 to 1439) that the wall clock shows."""
    shown = zone.shown(now_ns)
    return shown.hour * 60 + shown.minute


def share(size: int, *, period_ns: int, cycle_ns: int) -> int:
    """Bytes to read again each `period_ns`, so that `size` bytes are read within four fifths of a cycle."""
    return -(-size * period_ns * 5 // (cycle_ns * 4)) if cycle_ns > 0 else size
