"""When a duty is due: intervals, cron lines, clocks that are put on, put back, or jump."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.policy import Cron, Every, Window
from fonoteca.core.timetable import SECOND_NS, UTC_ZONE, Zone, due_ns, is_quiet, period_ns, share

HOUR_NS = 3600 * SECOND_NS
DAY_NS = 24 * HOUR_NS
YEAR_NS = 365 * DAY_NS
NOW = 1_795_000_000 * SECOND_NS
BERLIN = ZoneInfo("Europe/Berlin")
IN_BERLIN = Zone(
    lambda ns: datetime.fromtimestamp(ns // SECOND_NS, BERLIN).replace(tzinfo=None),
    lambda shown: round(shown.replace(tzinfo=BERLIN).timestamp()) * SECOND_NS,
)
LINES = st.sampled_from(
    ["0 2 * * *", "30 2 * * *", "*/15 * * * *", "0 0 1 * *", "59 23 * * sun", "0 12 1 1 *"]
)


def at(text: str) -> int:
    """Nanoseconds of a wall time in Berlin."""
    return IN_BERLIN.instant(datetime.fromisoformat(text))


def test_an_interval_counts_from_the_last_time() -> None:
    """Six hours after the last scan, whenever that was."""
    assert NOW + 6 * HOUR_NS == due_ns(Every(6 * 3600), since_ns=NOW, now_ns=NOW + HOUR_NS, zone=UTC_ZONE)


@given(LINES, st.integers(0, 3 * 365 * 24 * 60))
def test_a_cron_line_is_due_after_the_last_time(line: str, minutes: int) -> None:
    """Never twice for one time, and never later than the wall clock says it next."""
    since = NOW + minutes * 60 * SECOND_NS

    found = due_ns(Cron(line), since_ns=since, now_ns=since, zone=IN_BERLIN)

    assert since < found <= since + 367 * DAY_NS


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2026-06-01"])
def test_half_past_two_comes_once_a_day(day: str) -> None:
    """Also in the night in which half past two does not come, and in the one in which it comes twice."""
    start = at(f"{day}T12:00")
    end = at((datetime.fromisoformat(day) + timedelta(days=3)).strftime("%Y-%m-%dT12:00"))

    times, now = [], start
    while (now := due_ns(Cron("30 2 * * *"), since_ns=now, now_ns=now, zone=IN_BERLIN)) < end:
        times.append(IN_BERLIN.shown(now).date())

    assert 3 == len(times) == len(set(times))


@given(st.integers(1, 1000))
def test_what_was_missed_is_due_once(days: int) -> None:
    """A machine that slept for a month scrubs once when it wakes, not thirty times."""
    now = NOW + days * DAY_NS
    daily = Cron("0 2 * * *")

    assert due_ns(daily, since_ns=NOW, now_ns=now, zone=UTC_ZONE) <= NOW + DAY_NS
    assert due_ns(daily, since_ns=now, now_ns=now, zone=UTC_ZONE) > now


@pytest.mark.parametrize("timing", [Every(6 * 3600), Cron("0 2 * * *")])
def test_a_clock_that_was_put_back_delays_nothing(timing: Every | Cron) -> None:
    """Else a year on a dead battery's clock would be a year without a scan."""
    assert NOW == due_ns(timing, since_ns=NOW + YEAR_NS, now_ns=NOW, zone=UTC_ZONE)


def test_a_clock_that_jumped_ahead_makes_it_due_once() -> None:
    """And from there on all goes by the new time."""
    later = NOW + YEAR_NS

    assert due_ns(Every(3600), since_ns=NOW, now_ns=later, zone=UTC_ZONE) < later
    assert later + HOUR_NS == due_ns(Every(3600), since_ns=later, now_ns=later, zone=UTC_ZONE)


def test_periods_of_both_kinds() -> None:
    """What a scrub has to manage each time follows from how often it comes."""
    assert (6 * HOUR_NS, DAY_NS) == tuple(
        period_ns(timing, NOW, UTC_ZONE) for timing in (Every(6 * 3600), Cron("0 2 * * *"))
    )


def test_quiet_hours_go_by_the_wall_clock() -> None:
    """Someone listens from six to eleven, in summer as in winter."""
    evening = (Window(18 * 60, 23 * 60),)

    assert (True, False) == (
        is_quiet(evening, at("2026-07-01T18:30"), IN_BERLIN),
        is_quiet(evening, at("2026-12-01T23:30"), IN_BERLIN),
    )


@given(st.integers(0, 10**13), st.integers(1, 100))
def test_daily_shares_cover_the_cycle(size: int, days: int) -> None:
    """Every copy has its turn before the policy calls it overdue."""
    assert share(size, period_ns=DAY_NS, cycle_ns=days * DAY_NS) * days >= size
