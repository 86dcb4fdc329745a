"""How well a location keeps up with the policy, and when it no longer will at the present pace.

    >>> day = 86_400 * 10**9
    >>> ages = [Age(0, 10, 1000), Age(5 * day, 10, 1000)]
    >>> share_within(ages, unread=0, now_ns=11 * day, every_ns=10 * day)
    0.5
    >>> overdue_at(ages, bytes_a_day=0, now_ns=6 * day, every_ns=10 * day) // day
    10

An `Age` is a group of copies; all of it counts as being as old as its oldest, so that nothing is overstated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

DAY_NS = 86_400 * 1_000_000_000

PACE_DAYS = 30
"""The present pace is what was read again in so many days, or since a younger location was added."""


class Age(NamedTuple):
    """Copies and versions whose bytes were last verified at about the same time, the first of them at `oldest_ns`."""

    oldest_ns: int
    copies: int
    bytes: int


def pace_of(read_bytes: int, since_ns: int, now_ns: int) -> float:
    """Bytes a day, where `read_bytes` were read again since `since_ns`. The first day counts whole."""
    return read_bytes / max((now_ns - since_ns) / DAY_NS, 1.0)


def share_within(ages: Iterable[Age], *, unread: int, now_ns: int, every_ns: int) -> float | None:
    """The share of copies (0 to 1) that were read within the policy's period; None where there is no copy."""
    within = late = 0
    for age in ages:
        if now_ns - age.oldest_ns <= every_ns:
            within += age.copies
        else:
            late += age.copies
    count = within + late + unread
    return within / count if count else None


def overdue_at(ages: Iterable[Age], *, bytes_a_day: float, now_ns: int, every_ns: int) -> int | None:
    """When the first copy will be older than the policy allows, reading on at this pace, oldest first; None: never.

    The one at position x (bytes, oldest first) has its turn x / pace from now; the next round comes total / pace later.
    """
    oldest_first = sorted(ages)
    if not oldest_first:
        return None
    if bytes_a_day <= 0:
        return oldest_first[0].oldest_ns + every_ns
    a_byte_ns = DAY_NS / bytes_a_day
    before, late = 0, []
    for age in oldest_first:
        before += age.bytes
        due = age.oldest_ns + every_ns
        if due < now_ns + before * a_byte_ns:
            late.append(due)
    if late:
        return min(late)
    return now_ns + every_ns if before * a_byte_ns > every_ns else None
