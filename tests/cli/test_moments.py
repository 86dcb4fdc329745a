"""Moments as a person types them."""

from __future__ import annotations

import time

import pytest

from fonoteca.cli.moments import moment
from fonoteca.errors import UsageError

NOW = 1_900_000_000 * 10**9


@pytest.fixture(autouse=True)
def in_madrid(monkeypatch):
    """Two hours ahead of UTC in summer, one in winter."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01", "2026-04-30T22:00:00"),
        ("2026-05-01T18:30", "2026-05-01T16:30:00"),
        ("2026-01-01 18:30:05", "2026-01-01T17:30:05"),
        ("2026-05-01T18:30Z", "2026-05-01T18:30:00"),
        ("2026-05-01T18:30+05:00", "2026-05-01T13:30:00"),
    ],
)
def test_a_time_is_local_unless_it_says_otherwise(text, expected):
    """A date alone is the beginning of that day, where the person is."""
    seconds, rest = divmod(moment(text, NOW), 10**9)

    assert (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)), rest) == (expected, 0)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-02-30", "18:30", "2099-01-01"])
def test_what_is_no_past_time_is_refused(text):
    """With the form that is understood, or why not."""
    with pytest.raises(UsageError, match=r"2026-05-01T18:30|future"):
        moment(text, NOW)
