"""What a policy, a window and a rate mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.policy import Policy, Rate, Window

MINUTES = st.integers(0, 1439)


@pytest.mark.parametrize(
    ("copies", "file_systems", "expected"), [(None, 0, 1), (None, 2, 2), (3, 1, 3), (0, 2, 0)]
)
def test_without_a_number_as_many_copies_are_wanted_as_there_are_file_systems(copies, file_systems, expected):
    """Two folders on one disk are one chance to survive, and nothing at all is never enough."""
    assert expected == Policy(copies=copies).copies_wanted(file_systems)


def test_a_window_that_ends_before_it_starts_reaches_over_midnight():
    """22:00-06:00 is how people write a night."""
    night = Window(22 * 60, 6 * 60)

    assert [True, True, False, False] == [
        night.covers(minute) for minute in (22 * 60, 5 * 60 + 59, 6 * 60, 12 * 60)
    ]


@given(MINUTES, MINUTES, MINUTES)
def test_a_window_and_its_opposite_share_the_day_without_gap_or_overlap(start, end, minute):
    """A minute that two rates claim, or none, would make the speed a matter of luck."""
    if start == end:
        return

    assert Window(start, end).covers(minute) != Window(end, start).covers(minute)


def test_the_first_window_that_covers_a_minute_sets_the_speed():
    """Overlapping windows are read as they are written."""
    rate = Rate(None, ((Window(480, 1380), 2_000_000), (Window(0, 720), 0)))

    assert [0, 2_000_000, 2_000_000, None] == [rate.at(minute) for minute in (0, 480, 719, 1400)]
