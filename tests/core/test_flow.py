"""How long bytes have to wait, and when a timetable lets them go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.flow import BURST_S, DAY_MINUTES, Allowance, after, resumes
from fonoteca.core.policy import Rate, Window

MINUTES = st.integers(0, DAY_MINUTES - 1)
SPEEDS = st.none() | st.just(0) | st.integers(1, 10**9)
WINDOWS = st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Window(*pair))


@given(
    st.integers(1_000, 10**8),
    st.lists(st.tuples(st.integers(1, 1 << 20), st.floats(0, 10)), min_size=1, max_size=50),
)
def test_however_it_is_cut_no_more_goes_than_the_speed_allows(speed, pieces):
    """A line that is shared with a family is not filled by many small files either."""
    allowance, now, sent = Allowance(), 0.0, 0
    for size, pause in pieces:
        now += pause
        before = now
        allowance = after(allowance, now_s=now, size=size, speed=speed)
        now += allowance.wait_s(now)
        sent += size
        assert now >= before

        assert sent <= speed * (now + BURST_S) * 1.000001


def test_what_was_not_used_is_not_saved_up():
    """After a quiet hour no hour's worth of bytes goes at once."""
    used = after(Allowance(), now_s=0.0, size=1000, speed=1000)
    later = after(used, now_s=3600.0, size=3000, speed=1000)

    assert later.wait_s(3600.0) == 2.0


@given(SPEEDS, st.lists(st.tuples(WINDOWS, SPEEDS), max_size=4), MINUTES)
def test_a_paused_place_resumes_at_the_first_minute_that_is_not_paused(otherwise, windows, minute):
    """The sentence that names a time must be right, over midnight too."""
    rate = Rate(otherwise, tuple(windows))

    found = resumes(rate, minute)

    if found is None:
        assert rate.at(minute) != 0 or all(rate.at(each) == 0 for each in range(DAY_MINUTES))
        return
    assert rate.at(minute) == 0 != rate.at(found)
    waited = (found - minute) % DAY_MINUTES
    assert all(rate.at((minute + each) % DAY_MINUTES) == 0 for each in range(waited))


@pytest.mark.parametrize(("minute", "expected"), [(479, None), (480, 1380), (1379, 1380), (1380, None)])
def test_a_pause_ends_when_its_window_does(minute, expected):
    """`08:00-23:00 paused, else unlimited`."""
    assert expected == resumes(Rate(windows=((Window(480, 1380), 0),)), minute)
