"""When the wall clock is in doubt."""

from __future__ import annotations

import pytest

from fonoteca.core.clock import in_doubt_until

HOUR = 3600 * 10**9
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("journal", "now", "expected"),
    [
        ([], 0, None),
        ([0], 7 * DAY, None),
        ([0], 7 * DAY + 1, 8 * DAY + 1),
        ([100 * DAY], 0, DAY),
        ([0, 400 * DAY], 400 * DAY + HOUR, 401 * DAY),
        ([0, 400 * DAY, 400 * DAY + HOUR], 401 * DAY, None),
        ([0, 400 * DAY], 10 * DAY, 11 * DAY),
        ([0, 400 * DAY, 10 * DAY], 11 * DAY, None),
    ],
)
def test_a_jump_makes_the_same_judgement_wait_a_day(journal, now, expected):
    """A dead battery in the computer's clock must not make every version old; a holiday only costs a day."""
    assert in_doubt_until(journal, now) == expected
