"""From a task's events to what the caller sees."""

import io
import json
import sys

import pytest

from fonoteca.cli.face import Face, Flags
from fonoteca.cli.playing import play
from fonoteca.cli.stopping import Stop
from fonoteca.core.copy import Level
from fonoteca.core.event import Copied, Found, Phase, RunEnded, RunStarted, Summary
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.errors import Interrupted

STARTED = RunStarted("backup", "ab" * 16, 0)
COPIED = Copied("red", "music", b"a.flac", 1000, Level.MEDIA, "sent")
DAMAGE = Found(Finding(FindingKind.DAMAGED, "expected 1f…, found 9c…", "music", "red", b"a.flac"))


def ended(code=0):
    """The end of a run."""
    return RunEnded("backup", code, 1.0, Summary())


def face(**flags):
    """A face with these flags."""
    return Face(Flags(Stop(), **flags))


def test_the_exit_code_is_the_run_s(capsys):
    """A face decides nothing about music."""
    assert play([STARTED, DAMAGE, ended(4)], face()) == 4
    assert "Damaged copies: 1" in capsys.readouterr().out


def test_quiet_says_nothing_on_success(capsys):
    """A cron job that is silent sends no mail."""
    assert play([STARTED, COPIED, ended()], face(quiet=True)) == 0
    assert capsys.readouterr() == ("", "")


def test_quiet_keeps_notes_of_a_good_run_to_itself(capsys):
    """An extra file at a location is no mail every night."""
    extra = Found(Finding(FindingKind.EXTRA, "5 bytes", location="red", path=b"x"))

    assert play([STARTED, extra, ended()], face(quiet=True)) == 0
    assert capsys.readouterr() == ("", "")


def test_quiet_still_says_what_is_wrong_on_stderr(capsys):
    """Silence would be a lie."""
    play([STARTED, DAMAGE, ended(4)], face(quiet=True))

    out, err = capsys.readouterr()
    assert out == ""
    assert "music/a.flac at red: expected 1f…, found 9c…" in err


def test_json_is_a_line_an_event(capsys):
    """Begun with the run, closed with the summary."""
    play([STARTED, COPIED, ended()], face(json=True))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["type"] for line in lines] == ["run_started", "copied", "summary"]


def test_an_interrupted_run_says_what_was_done(capsys):
    """And that the same command continues."""

    def events():
        yield STARTED
        yield COPIED
        raise Interrupted

    with pytest.raises(Interrupted):
        play(events(), face())

    out = capsys.readouterr().out
    assert "stopped" in out
    assert "1 file copied" in out


def test_a_stream_without_an_end_is_not_success(capsys):
    """Unknown means failure."""
    assert play([STARTED, COPIED], face()) == 1
    assert play([STARTED, COPIED], face(json=True)) == 1


def test_json_tells_at_once_what_begins(monkeypatch):
    """A program that watches would otherwise see the start of a long copy when its first second is over, or later."""
    seen = []

    class Pipe(io.StringIO):
        def flush(self):
            seen.append(self.getvalue())

    monkeypatch.setattr(sys, "stdout", Pipe())

    def events():
        yield STARTED
        yield Phase("copy")
        assert '"copy"' in seen[-1]
        yield ended()

    assert play(events(), face(json=True)) == 0
