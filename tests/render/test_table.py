"""Tables for people."""

import io
from dataclasses import replace

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.status import ArchiveStatus, LibraryStatus, LocationStatus, Presence, ServiceStatus
from fonoteca.render import table
from fonoteca.render.listing import entry_line
from fonoteca.render.table import doing, in_short, service

DAY = 86_400 * 10**9
NOW = 400 * DAY
MUSIC = LibraryStatus("music", "/home/ana/Music", True, 100_123, 90_000, 3_300_000_000_000, NOW - 3 * DAY)
RED = LocationStatus(
    "red-with-a-long-name",
    "/media/red",
    Presence.AWAY,
    100_000,
    3_300_000_000_000,
    10_012,
    17,
    0,
    Level.BYTES,
)


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    """The terminal that everybody has."""
    monkeypatch.setenv("COLUMNS", "80")


def printed(show, *values):
    """What `show` prints."""
    out = io.StringIO()
    show(*values, stream=out)
    return out.getvalue()


def test_a_status_fits_in_eighty_columns_and_begins_with_the_word():
    """The answer first, the figures after it."""
    now = ArchiveStatus(NOW, 2, (MUSIC,), (replace(RED, oldest_verified_ns=NOW - 100 * DAY),))

    text = printed(table.status, now)

    assert text.startswith("Archive: damaged\n")
    assert "17 copies are damaged or missing at red-with-a-long-name." in text
    tables = text[text.index("Library") :].splitlines()
    assert max(len(line.rstrip()) for line in tables) <= 80


def test_no_colour_where_nobody_sees_it():
    """A pipe gets plain text."""
    assert "\x1b" not in printed(table.status, ArchiveStatus(NOW, 2, (MUSIC,), (RED,)))


def test_names_in_tables_are_escaped():
    """Also those that a config or a catalogue brought."""
    bad = replace(MUSIC, name="mu\x1b[2Jsic", path="/home/\u202eana")

    text = printed(table.libraries, ArchiveStatus(NOW, 2, (bad,)))

    assert "mu\\x1b[2Jsic" in text
    assert "\\u202e" in text


def test_brackets_in_a_name_are_not_markup():
    """An album called `[red]Live[/red]` is printed as it is."""
    assert "[red]Live[/red]" in printed(table.tree, {"path": "[red]Live[/red]"})


def test_a_file_is_shown_as_a_tree_without_empty_branches():
    """What is not known needs no line."""
    text = printed(
        table.tree,
        {
            "path": "a.flac",
            "audio": None,
            "tags": {"TITLE": ["One", "T\x1bwo"]},
            "copies": [{"location": "red", "level": "media"}, {"location": "blue", "level": "bytes"}],
        },
    )

    assert text.splitlines() == [
        "path: a.flac",
        "tags:",
        "  TITLE: One; T\\x1bwo",
        "copies:",
        "  location: red",
        "  level: media",
        "",
        "  location: blue",
        "  level: bytes",
    ]


def test_an_entry_is_one_line_whatever_its_name_holds():
    """A line break in a file name does not make two entries of one."""
    line = entry_line({"path": "a\nb.flac", "library": "music", "size": 24_100_000, "copies": [{}, {}]})

    assert line == "   24.1 MB   2 copies  music/a\\nb.flac"


def test_an_entry_that_is_not_utf8_shows_its_bytes():
    """Taken from `path_b64`, since `path` has lost them."""
    line = entry_line(
        {"path": "caf\ufffd", "path_b64": "Y2Fm6Q==", "library": "music", "size": 1, "copies": []}
    )

    assert line.endswith("music/caf\\xe9")


def test_what_the_daemon_does_is_said_with_what_is_left():
    """A person who waits for it wants to know how long."""
    one = ServiceStatus(
        7,
        True,
        0,
        "scan",
        "copy",
        4000,
        1200,
        9_100_000_000,
        3_200_000_000,
        "red",
        140,
        watch=(("music", "events"),),
    )
    still = ServiceStatus(7, True, 0, "scan", "scan", files_done=12)

    assert "scan: copy to red, 1,200 of 4,000 files, 3.2 GB of 9.1 GB, 2 min 20 s left" == doing(one)
    assert "scan: scan, 12 files" == doing(still)
    assert "at rest" == doing(ServiceStatus(7, True))
    now = ArchiveStatus(0, 0, service=one)
    assert service(now)[0].endswith("left (process 7), last sign of life just now")


def test_one_line_says_the_word_and_what_goes_on():
    """For a pipe, and whoever reads a log of it."""
    known = ArchiveStatus(0, 0)
    died = ServiceStatus(7, False, 0)

    assert "unprotected (There is no library yet.); no daemon" == in_short(known)
    assert in_short(replace(known, service=died)).endswith("; the daemon is dead (process 7)")
    assert in_short(replace(known, service=replace(died, is_alive=True))).endswith(
        "the daemon does not answer"
    )
