"""Whether the wall clock can be believed, before anything is given up for its age.

A clock that jumped (a dead battery, a wrong time server) would make every version old at once. The journal shows a
jump: two of its times, or the last one and now, lie more than seven days apart. Then the same judgement has to be made
again at least a day later, with no other jump in between. Times are nanoseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

_HOUR_NS = 3600 * 1_000_000_000
JUMP_NS = 7 * 24 * _HOUR_NS
WAIT_NS = 24 * _HOUR_NS


def judged_before(judgements: Iterable[int], now_ns: int) -> int | None:
    """The latest time, at least a day ago, at which the same was asked: what was old enough then may go now.

    Whoever asks once a month meets a jump each time; what was judged the last time need not wait again.

    >>> judged_before([0, 5], 3 + WAIT_NS), judged_before([], 9)
    (0, None)
    """
    return max((each for each in judgements if now_ns - each >= WAIT_NS), default=None)


def in_doubt_until(journal: Sequence[int], now_ns: int) -> int | None:
    """When the judgement may be made again; None: the clock is believed.

    `journal` holds the times of what was recorded, in the order in which that happened.

    >>> in_doubt_until([], 5), in_doubt_until([0, 3], 5)
    (None, None)
    >>> in_doubt_until([0], 8 * 24 * _HOUR_NS) == (8 + 1) * 24 * _HOUR_NS
    True
    """
    jumps = [later for earlier, later in pairwise([*journal, now_ns]) if abs(later - earlier) > JUMP_NS]
    if not jumps or now_ns - jumps[-1] >= WAIT_NS:
        return None
    return jumps[-1] + WAIT_NS
