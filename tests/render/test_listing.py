"""Lines of lists, for a person."""

from __future__ import annotations

from fonoteca.render.listing import change_line

CHANGE = {
    "time": "2026-05-01T18:30:00Z",
    "path": "a.flac",
    "library": "music",
    "field": "TITLE",
    "old": None,
    "new": ["A\x1b[2J", "B"],
    "volatile": False,
    "detail": None,
}


def test_a_change_shows_both_values_and_acts_on_no_terminal() -> None:
    """A tag is foreign text."""
    assert r"2026-05-01T18:30:00Z  music/a.flac  TITLE: (none) → A\x1b[2J; B" == change_line(CHANGE)


def test_a_long_value_is_cut() -> None:
    """Lyrics fill no screen."""
    line = change_line({**CHANGE, "old": ["x" * 5000], "field": "LYRICS", "volatile": True})

    assert len(line) < 300
    assert line.endswith("(volatile)")


def test_what_is_not_known_is_said() -> None:
    """Nothing is made up."""
    unread = {**CHANGE, "field": None, "new": None, "detail": "the content before: tags not read"}

    assert change_line(unread).endswith("music/a.flac  the content before: tags not read")
