"""Durations, sizes, rates and times as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.config import units
from fonoteca.config.problems import NotUnderstood
from fonoteca.core.policy import Cron, Every, GuardLimit, GuardOff, Rate, Window

WINDOWS = (
    st.tuples(st.integers(0, 1439), st.integers(0, 1440))
    .filter(lambda w: w[0] != w[1])
    .map(lambda w: Window(*w))
)
SPEEDS = st.none() | st.integers(1, 10**15)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90 days", 7_776_000),
        ("6h", 21_600),
        ("10s", 10),
        ("1h30m", 5_400),
        ("1h 30min", 5_400),
        ("2 weeks", 1_209_600),
        ("1 year", 31_536_000),
        ("1.5 hours", 5_400),
        ("1 day, 2 hours and 3 minutes", 93_780),
        ("  7D ", 604_800),
    ],
)
def test_durations_are_read_as_people_write_them(text, seconds):
    """Nobody should have to count the seconds of 90 days."""
    assert seconds == units.duration(text)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "90",
        90,
        "ten days",
        "-1 day",
        "0s",
        "0.2s",
        "1001 years",
        "5 d x",
        "²h",
        True,
        None,
        "d",
        1.5,
    ],
)
def test_a_duration_that_cannot_be_meant_is_refused_with_an_example(value):
    """`90` could be days or seconds: guessing wrong would verify every minute and a half."""
    with pytest.raises(NotUnderstood) as caught:
        units.duration(value)

    assert caught.value.expected.startswith('a duration such as "90 days"')


@given(st.integers(1, 1000 * 365 * 86400))
def test_a_formatted_duration_reads_back_as_itself(seconds):
    """What a command writes into a config must mean what it meant."""
    assert seconds == units.duration(units.format_duration(seconds))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("200GB", 200 * 10**9),
        ("1 GiB", 1 << 30),
        ("500", 500),
        (500, 500),
        ("10g", 10**10),
        ("1.5 kB", 1500),
        ("7 bytes", 7),
        ("0.1 GB", 10**8),
    ],
)
def test_sizes_are_read_exactly(text, count):
    """0.1 GB is a hundred million bytes and not one less: no float takes part."""
    assert count == units.size(text)


@pytest.mark.parametrize(
    "value", ["", "10 GBB", "10 Gb", "10 Mbit", "-1", "GB", True, None, "1 ib", 1.5, "1e9"]
)
def test_a_size_that_cannot_be_meant_is_refused(value):
    """`Gb` is bits to a network and bytes to a hurried person; eight times is no rounding error."""
    with pytest.raises(NotUnderstood):
        units.size(value)


@given(st.integers(0, 10**15))
def test_a_formatted_size_reads_back_as_itself(count):
    """Sizes in reports can be pasted into options."""
    assert count == units.size(units.format_size(count))


def test_a_timetable_ends_in_else():
    """The example of the documentation means what it says."""
    expected = Rate(None, ((Window(480, 1380), 2_000_000),))

    assert expected == units.rate("08:00-23:00 2 MB/s, else unlimited")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50 MB/s", Rate(50_000_000)),
        ("unlimited", Rate(None)),
        (
            "08:00-12:00 paused, 12:00-24:00 1 MiB/s, else 3kB/s",
            Rate(3000, ((Window(480, 720), 0), (Window(720, 1440), 1 << 20))),
        ),
        ("22:00-06:00 unlimited, else paused", Rate(0, ((Window(1320, 360), None),))),
    ],
)
def test_rates_are_read_as_people_write_them(text, expected):
    """A line that others share is slowed by day only."""
    assert expected == units.rate(text)


@pytest.mark.parametrize(
    "value",
    ["paused", "0 MB/s", "50 MB", 50, "08:00-23:00 2 MB/s", "else unlimited", "8-23 2 MB/s, else unlimited",
     "25:00-26:00 1 MB/s, else unlimited", "08:00-23:00 paused, else paused",
     "00:00-24:00 paused, else 5 MB/s", "00:00-12:00 paused, 11:00-00:00 paused, else 5 MB/s",
     "08:00-23:00, else unlimited", "", ","],
)  # fmt: skip
def test_a_rate_that_cannot_be_meant_is_refused(value):
    """A place that is paused for ever would silently hold no copies."""
    with pytest.raises(NotUnderstood):
        units.rate(value)


def flows(rate):
    """True where bytes may go at some minute of the day."""
    return any(rate.at(minute) != 0 for minute in range(24 * 60))


TIMED = st.lists(st.tuples(WINDOWS, SPEEDS | st.just(0)), max_size=3).map(tuple)


@given(st.builds(Rate, SPEEDS, TIMED).filter(flows))
def test_a_formatted_rate_reads_back_as_itself(rate):
    """A timetable survives being written by a command."""
    assert rate == units.rate(units.format_rate(rate))


@given(st.lists(WINDOWS, min_size=1, max_size=3).map(tuple))
def test_formatted_times_of_day_read_back_as_themselves(windows):
    """Quiet hours survive being written by a command."""
    assert windows == units.windows(units.format_windows(windows))


@pytest.mark.parametrize(
    "value", ["18-23", "18:00", "18:00-18:00", "24:00-06:00", "18:60-19:00", 18, "", "18:00-23:00,"]
)
def test_times_that_are_no_part_of_a_day_are_refused(value):
    """18:00-18:00 might be nothing or everything."""
    with pytest.raises(NotUnderstood):
        units.windows(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 % and 20 files", GuardLimit(5.0, 20)),
        ("0.5% and 1 file", GuardLimit(0.5, 1)),
        ("off", GuardOff()),
        ("OFF", GuardOff()),
    ],
)
def test_a_guard_has_a_limit_or_is_off(text, expected):
    """`off` is a word, so that nobody switches the guard off by a slip of a digit."""
    assert expected == units.guard(text)


@pytest.mark.parametrize(
    "value",
    [
        0,
        "0",
        False,
        "5 %",
        "20 files",
        "101 % and 20 files",
        "100.5 % and 1 file",
        "-1 % and 2 files",
        "5 % or 20 files",
    ],
)
def test_zero_and_half_a_limit_do_not_switch_the_guard_off(value):
    """0 could mean *hold everything* or *hold nothing*: the person says which."""
    with pytest.raises(NotUnderstood) as caught:
        units.guard(value)

    assert "0 is not off" in caught.value.expected


@given(
    st.builds(GuardLimit, st.integers(0, 10_000).map(lambda n: n / 100), st.integers(0, 10**9 - 1))
    | st.just(GuardOff())
)
def test_a_formatted_guard_reads_back_as_itself(guard):
    """The limit that a report names can be written into the config."""
    assert guard == units.guard(units.format_guard(guard))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6h", Every(21_600)),
        ("30 days", Every(2_592_000)),
        ("0 2 * * *", Cron("0 2 * * *")),
        ("1 h 30 m 5s", Every(5_405)),
    ],
)
def test_a_schedule_is_an_interval_or_a_cron_line(text, expected):
    """Both habits are old; neither should need a manual."""
    assert expected == units.timing(text)


@pytest.mark.parametrize("value", ["", "sometimes", "0 2 * *", 6, "0s", "* * * * * *"])
def test_a_schedule_that_is_neither_is_refused_with_both_examples(value):
    """The message shows the two forms side by side."""
    with pytest.raises(NotUnderstood) as caught:
        units.timing(value)

    assert '"6h"' in caught.value.expected


@given(st.integers(1, 10**9).map(Every) | st.just(Cron("*/15 2-4 * jan-mar mon,fri")))
def test_a_formatted_schedule_reads_back_as_itself(timing):
    """As for all units."""
    assert timing == units.timing(units.format_timing(timing))


@given(st.text() | st.integers() | st.booleans() | st.floats() | st.none() | st.lists(st.text(), max_size=2))
def test_no_value_whatever_makes_a_reader_fail_in_another_way(value):
    """A config is foreign text: it is understood or it is a problem with a line, never a crash."""
    for read in (
        units.duration,
        units.size,
        units.rate,
        units.speed,
        units.windows,
        units.guard,
        units.timing,
    ):
        with suppress(NotUnderstood):
            read(value)
