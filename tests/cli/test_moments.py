"""Moments as a person types them."""

from __future__ import annotations

import time

import pytest

from fonoteca.cli.moments import moment, since
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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7d", 7 * 86400), ("36h", 36 * 3600), ("2 weeks", 14 * 86400), ("1970-01-01T00:00Z", None)],
)
def test_since_takes_an_age_or_a_date(text, seconds):
    """People say both."""
    assert since(text, NOW) == (0 if seconds is None else NOW - seconds * 10**9)


@pytest.mark.parametrize(("text", "said"), [("soon", "neither an age nor a time"), ("2090-01-01", "future")])
def test_what_is_neither_is_a_question_back(text, said):
    """With what would be understood."""
    with pytest.raises(UsageError, match=said):
        since(text, NOW)
