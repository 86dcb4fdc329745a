"""Instants as text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.times import time_text, time_value


@given(st.integers(-62_135_596_800 * 10**9, 253_402_300_799 * 10**9 + 999_999_999))
def test_an_instant_survives_its_text(time_ns):
    """A manifest's dates are exact to the nanosecond."""
    assert time_value(time_text(time_ns)) == time_ns


@pytest.mark.parametrize(
    ("time_ns", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_500, "1970-01-01T00:00:00.000001500Z"),
        (1_760_000_000_123_456_000, "2025-10-09T08:53:20.123456Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_the_text_is_as_short_as_it_can_be(time_ns, expected):
    """Whole seconds have no fraction, and nanoseconds appear only where there are some."""
    assert time_text(time_ns) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-10-09",
        "2025-10-09T08:53:20",
        "2025-10-09T08:53:20+00:00",
        "2025-13-09T08:53:20Z",
        "2025-10-09T08:53:20.Z",
        "2025-10-09T08:53:20.1234567890Z",
        "2025-10-09T08:53:20.५Z",
    ],
)
def test_anything_but_utc_with_z_is_refused(text):
    """A zone that is guessed is an hour that is wrong."""
    with pytest.raises(ValueError):
        time_value(text)


def test_an_instant_beyond_the_calendar_is_refused():
    """A wild mtime must not be written as a date that nobody can read."""
    with pytest.raises(ValueError):
        time_text(10**30)
