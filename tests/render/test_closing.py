"""What a person reads when a run is over."""

import io

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.event import (
    Copied,
    Found,
    Judged,
    LocationFailed,
    Moved,
    Planned,
    Restored,
    Retired,
    RunEnded,
    RunStarted,
    Scanned,
    Summary,
    Verified,
    WouldCopy,
    WouldMove,
    WouldRetire,
)
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.verdict import Verdict
from fonoteca.render.closing import complaints, report
from fonoteca.render.tally import Tally


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    """The terminal that everybody has."""
    monkeypatch.setenv("COLUMNS", "80")


def tallied(*events):
    """A tally that took `events`."""
    tally = Tally()
    for event in events:
        tally.take(event)
    return tally


def said(*events):
    """The closing report of `events`, as text."""
    out = io.StringIO()
    report(tallied(*events), stream=out)
    return out.getvalue()


def damaged(number, location="red", **more):
    """A damaged copy."""
    return Found(
        Finding(FindingKind.DAMAGED, "expected 1f…, found 9c…", "music", location, b"%d.mp3" % number, **more)
    )


def test_a_good_backup_is_a_few_lines():
    """Good news needs no scrolling."""
    text = said(
        RunStarted("backup", "0", 0),
        Scanned("music", 2, 2000, 2, 0, 0, 0, True),
        Planned("red", 2, 2000),
        Copied("red", "music", b"a", 1000, Level.MEDIA, "sent"),
        Copied("red", "music", b"b", 1000, Level.BYTES, "taken"),
        RunEnded("backup", 0, 12.4, Summary()),
    )

    assert text.splitlines() == [
        "Backup: All done. 12 s",
        "  music: 2 entries, 2.0 kB; 2 new",
        "  red  2 files copied, 2.0 kB · 1 of them stood there already · bytes, read back",
    ]


def test_what_was_planned_and_needed_no_bytes_is_not_still_to_copy():
    """Files whose dates alone changed, or that are held: the run came to its end, and owes nothing."""
    text = said(
        RunStarted("backup", "0", 0),
        Planned("red", 3, 3000),
        Copied("red", "music", b"a", 1000, Level.MEDIA, "time set"),
        RunEnded("backup", 0, 1, Summary()),
    )

    assert "still to copy" not in text


@pytest.mark.parametrize(
    "end",
    [[], [LocationFailed("red", "Full", "It is full."), RunEnded("backup", 3, 1, Summary())]],
    ids=["stopped", "full"],
)
def test_what_a_run_did_not_come_to_is_said(end):
    """Whoever stopped it, or has a full disk, wants to know how much is left."""
    text = said(
        RunStarted("backup", "0", 0),
        Planned("red", 3, 3000),
        Copied("red", "music", b"a", 1000, Level.MEDIA, "sent"),
        *end,
    )

    assert "2 files still to copy" in text


def test_a_level_is_never_overstated():
    """One copy that was only read through the cache makes the whole say so."""
    tally = tallied(
        Verified(b"a", 1, Level.MEDIA, "music", "red"),
        Verified(b"b", 1, Level.BYTES, "music", "red"),
        Verified(b"c", 1, Level.MEDIA, "music", "red"),
    )

    assert tally.at["red"].level == Level.BYTES


def test_findings_of_one_kind_are_cut_at_ten_and_counted_whole():
    """A dead drive must not scroll everything else away; the count stays true."""
    text = said(*(damaged(number) for number in range(14)), RunEnded("verify", 4, 1, Summary()))

    assert "Damaged copies: 14" in text
    assert text.count("expected 1f…") == 10
    assert "… and 4 more: --json lists all" in text


def test_a_report_of_damage_ends_with_the_command_that_helps():
    """Nobody should have to search the manual on a bad day."""
    text = said(damaged(1, "blue"), RunEnded("verify", 4, 1, Summary()))

    assert "What to do next:" in text
    assert "fonoteca backup blue" in text


def test_a_stopped_run_says_what_stands_and_how_to_go_on():
    """Without `RunEnded` the run was cut short."""
    text = said(RunStarted("backup", "0", 0), Copied("red", "music", b"a", 1000, Level.MEDIA, "sent"))

    assert text.startswith("Backup: stopped. This much was finished and stands:")
    assert "1 file copied" in text
    assert "fonoteca backup    # continues where this one stopped" in text


def test_names_in_a_report_are_escaped():
    """Neither a path nor a server's sentence acts on the terminal."""
    text = said(
        Found(Finding(FindingKind.UNREADABLE, "no \x1b[2J", "music", None, b"\x1b]0;owned\x07.mp3")),
        LocationFailed("red", "Away", "red is away: \x1b[31m."),
        RunEnded("backup", 3, 1, Summary()),
    )

    assert "\x1b" not in text
    assert "\\x1b]0;owned\\x07.mp3" in text


def test_a_dry_run_shows_what_it_would_do():
    """The first ten, and how many in all."""
    text = said(
        *(WouldCopy("music", b"%d" % number, 10, "new", ("red", "blue")) for number in range(12)),
        RunEnded("backup", 0, 1, Summary()),
    )

    assert "12 files would be copied" in text
    assert "music/0 → red, blue (new)" in text
    assert "… and 2 more" in text


def test_a_restore_counts_conflicts():
    """What was kept because something else stood there is not hidden among the successes."""
    text = said(
        Restored("music", b"a", 10, "written"),
        Restored("music", b"b", 10, "kept"),
        RunEnded("restore", 3, 1, Summary()),
    )

    assert "1 file written" in text
    assert "1 file in conflict: something else stands there and was kept" in text


def test_links_and_empty_folders_are_no_files():
    """A person who counts the files of the restored folder must come to the number that was told."""
    text = said(
        Restored("music", b"a", 10, "written"),
        Restored("music", b"b", 0, "written", what="link"),
        Restored("music", b"c", 0, "written", what="link"),
        Restored("music", b"d", 0, "written", what="folder"),
        RunEnded("restore", 0, 1, Summary()),
    )

    assert "1 file written, 10 bytes" in text
    assert "2 links, 1 empty folder written" in text


def test_what_was_repaired_is_not_told_as_kept_versions():
    """Bad bytes lie in quarantine; a version is what somebody may want back."""
    text = said(
        Planned("red", 1, 1000),
        Copied("red", "music", b"a", 1000, Level.MEDIA, "repaired"),
        RunEnded("backup", 4, 1, Summary()),
    )

    assert "1 of them found bad and repaired" in text
    assert "versions" not in text


def test_worse_findings_come_first():
    """Damage before a note about extra files."""
    tally = tallied(Found(Finding(FindingKind.EXTRA, "extra", path=b"x", location="red")), damaged(1))

    headings = [line.plain for line in complaints(tally) if line.plain.endswith(": 1")]
    assert headings == ["Damaged copies: 1", "Extra files that nobody recorded: 1"]


def test_no_line_needs_more_than_eighty_columns_but_sentences_of_findings():
    """Tables fold; a path stays whole on its line, so that it can be copied and searched."""
    text = said(
        Planned("a-location-with-quite-a-long-name", 5, 2000),
        Copied("a-location-with-quite-a-long-name", "music", b"a", 1000, Level.MEDIA, "taken"),
        RunEnded("backup", 0, 12.4, Summary()),
    )

    assert max(map(len, text.splitlines())) <= 80


def test_moved_files_are_counted_and_said_to_have_cost_nothing():
    """Whoever renamed an artist wants to know that nothing was sent again."""
    text = said(
        RunStarted("backup", "0", 0),
        Scanned("music", 500, 2000, 0, 0, 0, 0, True, 500),
        *(Moved("red", "music", b"B/%d" % n, 4, b"music/A/%d" % n) for n in range(500)),
        RunEnded("backup", 0, 0.5, Summary()),
    )

    assert "500 moved" in text
    assert "moved: 500 files, no bytes sent" in text


def test_a_dry_run_says_what_would_move_and_from_where():
    """Ten of them are enough to see that it is the right folder."""
    text = said(
        RunStarted("backup", "0", 0),
        *(WouldMove("music", b"B/%d" % n, 4, b"music/A/%d" % n, ("red", "blue")) for n in range(12)),
        RunEnded("backup", 0, 0.5, Summary()),
    )

    assert "would move: 12 files, no bytes sent" in text
    assert "music/A/0 → music/B/0 at red, blue" in text
    assert "and 2 more" in text


def test_new_contents_are_told_by_what_they_were_taken_for():
    """A retag that was taken for a replacement would be worth a look."""
    text = said(
        RunStarted("backup", "0", 0),
        Scanned("music", 500, 2000, 0, 330, 0, 0, True),
        Judged("music", Verdict.TAG_EDIT, 329),
        Judged("music", Verdict.RECOMPRESSED, 1),
    )

    assert "  music: 500 entries, 2.0 kB; 330 changed\n    of these 329 tag edits, 1 recompressed\n" in text


def test_what_was_retired_is_counted_and_said_to_be_kept():
    """Whoever deleted an album wants to know that its bytes are still there."""
    text = said(
        RunStarted("backup", "0", 0),
        Scanned("music", 488, 2000, 0, 0, 0, 12, True),
        *(Retired("red", "music", b"B/%d" % n, 4) for n in range(12)),
        RunEnded("backup", 0, 0.5, Summary()),
    )

    assert "12 gone" in text
    assert "retired: 12 files gone from the library, kept as versions" in text


def test_a_dry_run_says_what_would_be_retired_and_where():
    """Ten of them are enough to see that it is the right folder."""
    text = said(
        RunStarted("backup", "0", 0),
        *(WouldRetire("music", b"B/%d" % n, 4, ("red", "blue")) for n in range(12)),
        RunEnded("backup", 0, 0.5, Summary()),
    )

    assert "would retire: 12 files gone from the library, kept as versions" in text
    assert "music/B/0 at red, blue" in text
    assert "and 2 more" in text


def test_a_hold_leads_to_the_list_of_holds():
    """The next command is the one that says which commands end it."""
    held = Finding(FindingKind.HELD, "removed-7k2m: 30 of 30 entries removed", "music")
    text = said(RunStarted("backup", "0", 0), Found(held), RunEnded("backup", 7, 0.5, Summary()))

    assert "fonoteca hold list" in text
    assert "repair --library" not in text
