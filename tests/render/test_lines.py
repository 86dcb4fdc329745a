"""JSON Lines, for programs."""

import base64
import json

from fonoteca.core.copy import Level
from fonoteca.core.event import Advanced, Copied, Found, Moved, Phase, RunEnded, RunStarted, Summary, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.status import ArchiveStatus, FailureStatus, HoldStatus, LibraryStatus
from fonoteca.render.lines import Lines, status_line

RUN = "5f" * 16


def written(events, **options):
    """The lines that `events` become, parsed."""
    out = []
    lines = Lines(out.append, "00" * 16, **options)
    for event in events:
        lines.take(event)
    return [json.loads(line) for line in out]


def test_the_first_line_says_schema_and_run_and_the_last_is_the_summary():
    """A program knows what it reads, and whether it read all of it."""
    first, last = written(
        [
            RunStarted("backup", RUN, 0),
            RunEnded("backup", 3, 1.25, Summary({"copied": 1}, {"red": {"files": 1}})),
        ]
    )

    assert first == {
        "type": "run_started",
        "schema_version": 1,
        "run_id": RUN,
        "task": "backup",
        "time": "1970-01-01T00:00:00Z",
    } | {"run_id": RUN}
    assert last == {
        "type": "summary",
        "task": "backup",
        "exit_code": 3,
        "seconds": 1.25,
        "counts": {"copied": 1},
        "locations": {"red": {"files": 1}},
    }


def test_a_path_that_is_not_utf8_keeps_its_exact_bytes():
    """JSON cannot hold such a name; base64 can."""
    (line,) = written([Copied("red", "music", b"caf\xe9.mp3", 5, Level.MEDIA, "sent")])

    assert base64.b64decode(line["path_b64"]) == b"caf\xe9.mp3"
    assert line["path"] == "caf\ufffd.mp3"
    assert line["level"] == "media"


def test_a_path_in_utf8_stands_alone():
    """No `path_b64` where it says nothing new."""
    (line,) = written([Copied("red", "music", "café.mp3".encode(), 5, Level.MEDIA, "sent")])

    assert line["path"] == "café.mp3"
    assert "path_b64" not in line


def test_a_line_is_ascii_so_that_no_name_acts_on_a_terminal():
    """Who looks at JSON in a terminal is safe as well."""
    out = []
    Lines(out.append, RUN).take(Warned("a\u202eb\x9b31m\udcff"))

    assert out[0].isascii()
    assert json.loads(out[0])["sentence"] == "a\u202eb\x9b31m\udcff"


def test_a_finding_is_flat():
    """`jq 'select(.type == "finding") | .path'` just works."""
    (line,) = written([Found(Finding(FindingKind.DAMAGED, "bad", "music", "red", b"a.mp3", True))])

    del line["schema_version"], line["run_id"]
    assert line == {
        "type": "finding",
        "kind": "damaged",
        "severity": "damage",
        "detail": "bad",
        "library": "music",
        "location": "red",
        "path": "a.mp3",
        "repairable": True,
        "version": None,
    }


def test_progress_is_summed_up_not_written_a_block_a_line():
    """A gigabyte in blocks would be a thousand lines."""
    assert written([Advanced(0, 1 << 20, "red")] * 1000) == []


def test_quiet_leaves_out_what_only_says_that_work_goes_on():
    """Results, findings and the summary stay."""
    lines = written([Phase("scan"), Warned("x")], quiet=True)

    assert [line["type"] for line in lines] == ["warning"]


def test_a_status_is_one_object():
    """`fonoteca status --json | jq .overall`."""
    line = status_line(
        ArchiveStatus(0, 2, libraries=(LibraryStatus("music", "/m", True, last_scan_ns=0, copies=((1, 3),)),))
    )

    assert json.loads(json.dumps(line))["libraries"][0]["copies"] == {"1": 3}
    assert (line["overall"], line["exit_code"]) == ("unprotected", 6)
    assert line["libraries"][0]["last_scan"] == "1970-01-01T00:00:00Z"


def test_a_move_says_both_names_with_their_exact_bytes():
    """A program that follows along must be able to find both."""
    (line,) = written([Moved("red", "music", b"new\xe9", 4, b"music/old\xe9")])

    assert ("moved", "red") == (line["type"], line["location"])
    assert (b"new\xe9", b"music/old\xe9") == (
        base64.b64decode(line["path_b64"]),
        base64.b64decode(line["was_b64"]),
    )


def test_a_status_says_what_kind_of_thing_is_wrong_where_and_since_when():
    """A panel at the wall shows these, and parses no sentence."""
    known = ArchiveStatus(
        time_ns=5 * 10**9,
        wanted_copies=1,
        libraries=(LibraryStatus("music", "/m", True, 2, copies=((0, 2),)),),
        holds=(HoldStatus("removed-7", "music", "removed", 10**9, 6, 10),),
        failures=(FailureStatus("red", "Full", "red is full.", 10**9),),
        since=(("copies below policy music", 2 * 10**9),),
    )
    line = json.loads(json.dumps(status_line(known)))
    about = {each["concern"]: (each["library"], each["hold"], each["since"]) for each in line["reasons"]}

    assert about["hold"] == ("music", "removed-7", "1970-01-01T00:00:01Z")
    assert about["copies below policy"] == ("music", None, "1970-01-01T00:00:02Z")
    assert about["unprotected"] == (None, None, None)
    assert line["failures"][0] == {
        "location": "red",
        "kind": "Full",
        "sentence": "red is full.",
        "since": "1970-01-01T00:00:01Z",
    }
