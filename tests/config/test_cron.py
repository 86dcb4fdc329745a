"""Cron lines, field by field."""

from __future__ import annotations

import pytest

from fonoteca.config.cron import check
from fonoteca.config.problems import NotUnderstood


@pytest.mark.parametrize(
    "line",
    [
        "0 2 * * *",
        "*/15 * * * *",
        "0 0 1,15 * *",
        "5 4 * * sun",
        "0 22-23 * JAN-MAR mon-fri",
        "0 0 29 2 *",
        "0 0 31 2 mon",
        "0-30/10 0 * * 7",
    ],
)
def test_a_line_that_every_cron_knows_is_accepted(line):
    """People paste these from other files."""
    check(line)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("60 2 * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 2 0 * *", "day of the month"),
        ("0 2 * 13 *", "month"),
        ("0 2 * * 8", "day of the week"),
        ("0 2 * * someday", "day of the week"),
        ("0 4-2 * * *", "hour"),
        ("*/0 * * * *", "minute"),
        ("5/10 * * * *", "minute"),
        ("0, 2 * * *", "minute"),
        ("0 0 31 2 *", "a day that its month has"),
        ("0 0 31 4,6 *", "a day that its month has"),
        ("0 2 * *", "five fields"),
    ],
)
def test_a_wrong_field_is_named(line, part):
    """A scrub that never comes due would look like one that always succeeds."""
    with pytest.raises(NotUnderstood) as caught:
        check(line)

    assert part in caught.value.expected
