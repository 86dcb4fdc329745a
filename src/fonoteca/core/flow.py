"""How fast bytes may flow to and from a place: how long to wait, and when a timetable says something else.

    >>> after(Allowance(), now_s=100.0, size=1_000_000, speed=2_000_000).wait_s(100.0)
    0.5
    >>> from fonoteca.core.policy import Rate, Window
    >>> resumes(Rate(windows=((Window(8 * 60, 23 * 60), 0),)), 9 * 60)
    1380

Seconds are those of a clock that never goes back; minutes are of the day, local time.
"""

from __future__ import annotations

from dataclasses import dataclass

from fonoteca.core.policy import Rate

DAY_MINUTES = 24 * 60

BURST_S = 1.0
"""What was not used is not saved up for longer than this."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """When the next byte may go, on the caller's clock."""

    free_s: float = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """Seconds until then."""
        return max(0.0, self.free_s - now_s)


def after(allowance: Allowance, *, now_s: float, size: int, speed: int) -> Allowance:
    """The allowance when `size` more bytes go at `speed` bytes a second.

    However the sizes are cut, in any time span no more than `speed` times its length and a second's worth beside goes,
    and one piece.
    """
    return Allowance(max(allowance.free_s, now_s - BURST_S) + size / speed)


def resumes(rate: Rate, minute: int) -> int | None:
    """The minute of the day from which on bytes may flow again, seen from `minute`; None where they may flow now."""
    for later in range(DAY_MINUTES):
        found = (minute + later) % DAY_MINUTES
        if rate.at(found) != 0:
            return found if later else None
    return None  # paused at all times: a config refuses that
