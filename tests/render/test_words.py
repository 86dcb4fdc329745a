"""How things are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.copy import Level
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.report import ExitCode
from fonoteca.render import words


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"01 Caf\xc3\xa9.flac", "01 Café.flac"),
        (b"a\x1b[2Jb", "a\\x1b[2Jb"),
        (b"a\nb\tc\rd", "a\\nb\\tc\\rd"),
        (b"\xff\xfe.mp3", "\\xff\\xfe.mp3"),
        (b"\xc2\x9b31m", "\\x9b31m"),
        ("a\u202egpj.flac", "a\\u202egpj.flac"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("x\U000e0041", "x\\U000e0041"),
        ("日本語 🎵", "日本語 🎵"),
        ("क\u200dष", "क\u200dष"),
    ],
)
def test_nothing_of_a_name_reaches_the_terminal_raw(raw, shown):
    """A file name can hold an escape sequence that clears the screen, or letters that reverse the rest."""
    assert words.safe(raw) == shown


@given(st.binary())
def test_any_bytes_become_one_printable_line(raw):
    """Whatever Linux allows as a name can be printed."""
    shown = words.safe(raw)

    assert all(char.isprintable() or char in words._JOINERS for char in shown)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.44, "0.4 s"),
        (12.2, "12 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_are_said_in_two_units(seconds, shown):
    """Nobody thinks in 7,500 seconds."""
    assert words.duration(seconds) == shown


def test_sizes_are_decimal():
    """As drives are sold."""
    assert [words.size(count) for count in (0, 1, 999, 3_300_000_000)] == [
        "0 bytes",
        "1 byte",
        "999 bytes",
        "3.3 GB",
    ]


def test_a_time_that_no_calendar_has_is_still_said():
    """A damaged file system can hold any number as a date."""
    assert words.rfc3339(2**70) == f"{2**70} ns"


def test_every_kind_of_finding_and_every_level_has_words():
    """A new kind without a sentence would fail in front of a user."""
    assert {words.heading(kind) for kind in FindingKind}
    assert {words.level(level) for level in Level}
    assert {words.outcome(code) for code in [*ExitCode, 130]}


def test_a_finding_names_library_path_and_place():
    """A person wants to know which song, and where."""
    seen = Finding(
        FindingKind.DAMAGED,
        "expected 1f…, found 9c…",
        library="music",
        location="red",
        path=b"Nina Simone/\x1b.flac",
        repairable=False,
    )

    assert words.finding(seen) == (
        "music/Nina Simone/\\x1b.flac at red: expected 1f…, found 9c…. Nothing known can repair it."
    )
