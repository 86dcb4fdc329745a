"""Exit codes, and which one speaks for a run with several outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a run says to the shell. Unknown means failure."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    INCOMPLETE = 3
    REPAIRABLE = 4
    LOST = 5
    POLICY = 6
    HELD = 7
    BUDGET = 8
    LOCKED = 11
    AWAY = 75


MEANING = {
    ExitCode.DONE: "done",
    ExitCode.INTERNAL: "internal error",
    ExitCode.USAGE: "usage or config",
    ExitCode.INCOMPLETE: "incomplete: something unreadable, a location failed",
    ExitCode.REPAIRABLE: "damage found, repairable or repaired",
    ExitCode.LOST: "damage found that nothing known can repair",
    ExitCode.POLICY: "policy not met (`status`)",
    ExitCode.HELD: "held, for what was asked",
    ExitCode.BUDGET: "budget reached, resumable",
    ExitCode.LOCKED: "another run has the lock",
    ExitCode.AWAY: "a location asked for is away, the rest is done",
}

_WORST_FIRST = (
    ExitCode.USAGE,
    ExitCode.LOST,
    ExitCode.REPAIRABLE,
    ExitCode.INTERNAL,
    ExitCode.LOCKED,
    ExitCode.HELD,
    ExitCode.INCOMPLETE,
    ExitCode.POLICY,
    ExitCode.BUDGET,
    ExitCode.AWAY,
    ExitCode.DONE,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The code that speaks for all: 5 > 4 > 1 > 11 > 7 > 3 > 6 > 8 > 75 > 0; 2 stands alone above them."""
    seen = set(codes)
    return next((code for code in _WORST_FIRST if code in seen), ExitCode.DONE)
