"""Time stamps that moved as a whole: a FAT disk in another time zone, an hour of summer time, a disk of seconds.

>>> hour = 3600 * 1_000_000_000
>>> common_shift({hour: 80, -2 * hour: 3}, of=100)
3600000000000
>>> common_shift({hour: 40}, of=100) is None
True
"""

from __future__ import annotations

from collections.abc import Mapping

QUARTER_NS = 900 * 1_000_000_000
"""Time zones differ by quarters of an hour."""

LARGEST_NS = 26 * 3600 * 1_000_000_000
"""No two zones are further apart (UTC-12 to UTC+14)."""

COARSEST_NS = 2 * 1_000_000_000
"""FAT keeps every other second."""

FEWEST = 20
"""Fewer files than this are simply read again."""


def shift_of(recorded_ns: int, seen_ns: int) -> int | None:
    """By what whole shift `recorded_ns` became `seen_ns` (ns), give or take what a coarse clock cuts off; else None."""
    moved = seen_ns - recorded_ns
    shift = round(moved / QUARTER_NS) * QUARTER_NS
    if abs(moved - shift) >= COARSEST_NS or abs(shift) > LARGEST_NS:
        return None
    return shift


def common_shift(counts: Mapping[int, int], *, of: int) -> int | None:
    """The shift by which more than half of a library's `of` entries moved (ns), or None. `counts`: files by shift."""
    if not counts:
        return None
    shift = max(counts, key=lambda each: counts[each])
    if counts[shift] < FEWEST or counts[shift] * 2 <= of:
        return None
    return shift
