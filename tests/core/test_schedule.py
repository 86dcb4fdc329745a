"""Whether a location keeps up with the policy, and until when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.schedule import DAY_NS, Age, overdue_at, pace_of, share_within

EVERY = 90 * DAY_NS
ages = st.lists(
    st.builds(Age, st.integers(0, 200).map(lambda day: day * DAY_NS), st.integers(1, 9), st.integers(1, 999)),
    max_size=9,
)


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        (0, 90),  # nobody reads: the oldest runs out
        (5, 90),  # 100 bytes take 20 days, the oldest has its turn too late: 71 + 10 > 90 − 10
        (20, None),  # all of it within 10 days, again and again
    ],
)
def test_the_day_on_which_a_location_falls_behind(pace, expected):
    """A person hears of it while there is time to plug the drive in for longer."""
    found = overdue_at(
        [Age(0, 1, 100), Age(60 * DAY_NS, 1, 100)], bytes_a_day=pace, now_ns=80 * DAY_NS, every_ns=EVERY
    )

    assert (None if expected is None else expected * DAY_NS) == found


def test_a_round_that_takes_longer_than_the_policy_ends_late():
    """All was read today, but at this pace a round takes 100 days and the policy says 90."""
    found = overdue_at([Age(0, 1, 1000)], bytes_a_day=10, now_ns=0, every_ns=EVERY)

    assert EVERY == found


@given(ages, st.integers(0, 5000), st.integers(200, 400))
def test_a_faster_pace_is_never_overdue_earlier(found, pace, today):
    """A forecast that grew worse by reading more would teach people to read less."""
    now = today * DAY_NS
    slow = overdue_at(found, bytes_a_day=pace, now_ns=now, every_ns=EVERY)
    fast = overdue_at(found, bytes_a_day=pace * 2, now_ns=now, every_ns=EVERY)

    assert slow is None or (fast is None and pace > 0) or (fast is not None and fast >= slow)


@given(ages, st.integers(0, 9), st.integers(200, 400))
def test_the_share_counts_what_was_never_read_as_late(found, unread, today):
    """Reports never overstate."""
    share = share_within(found, unread=unread, now_ns=today * DAY_NS, every_ns=EVERY)

    count = sum(age.copies for age in found) + unread
    within = sum(age.copies for age in found if today * DAY_NS - age.oldest_ns <= EVERY)
    assert (within / count if count else None) == share


def test_a_young_location_is_judged_by_its_own_days():
    """Ten days of reading are not thirty."""
    assert 100.0 == pace_of(1000, 0, 10 * DAY_NS)
    assert 1000.0 == pace_of(1000, 0, 0)
