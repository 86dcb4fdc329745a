"""Progress while a run goes on."""

import io

import pytest

from fonoteca.core.copy import Level
from fonoteca.core.event import Advanced, Copied, LocationFailed, Phase, Planned
from fonoteca.render import live
from fonoteca.render.live import Gauge, Live


class Terminal(io.StringIO):
    """A terminal, as far as anybody asks."""

    def isatty(self):
        return True


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The display's clock."""
    clock = Clock()
    monkeypatch.setattr(live, "monotonic", clock)
    return clock


def copied(location="red", size=1000):
    """A copy that stands."""
    return Copied(location, "music", b"a.flac", size, Level.MEDIA, "sent")


def test_nothing_is_said_of_a_run_that_is_over_at_once(clock):
    """A display that flashes up is noise."""
    out = io.StringIO()
    progress = Live(out)
    for event in (Phase("copy"), Planned("red", 1, 1000), copied(), LocationFailed("blue", "Away", "gone")):
        progress.take(event)
    progress.close()

    assert out.getvalue() == ""


def test_where_nothing_can_move_a_plain_line_appears_now_and_then(clock):
    """A log gets a line a quarter of a minute, without control characters."""
    out = io.StringIO()
    progress = Live(out)
    progress.take(Planned("red", 4, 4000))
    progress.take(Phase("copy"))
    progress.take(copied())
    clock.now += 20
    progress.take(copied())
    progress.close()

    assert out.getvalue() == "Copying: red: 2 of 4 files, 2.0 kB of 4.0 kB, 100 bytes/s, 20 s left\n"


def test_a_dumb_terminal_gets_plain_lines(clock, monkeypatch):
    """TERM=dumb cannot move its cursor."""
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    progress = Live(out)
    progress.take(Phase("verify"))
    progress.take(Advanced(1, 1000, "red"))
    clock.now += 20
    progress.take(Advanced(1, 1000, "red"))
    progress.close()

    assert out.getvalue() == "Verifying: red: 2 files, 2.0 kB, 100 bytes/s\n"


def test_on_a_terminal_bars_appear_after_a_second_and_go_away(clock, monkeypatch):
    """What the display showed, the closing report says better."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    progress = Live(out)
    progress.take(Planned("red", 4, 4000))
    progress.take(Phase("copy"))
    clock.now += 2
    progress.take(copied())
    progress.close()

    text = out.getvalue()
    assert "Copying: red" in text
    assert "1/4" in text
    assert text.endswith("\x1b[2K")


def test_a_failure_in_a_long_run_is_said_at_once_and_escaped(clock):
    """An unplugged drive is news now, not in three hours."""
    out = io.StringIO()
    progress = Live(out)
    clock.now += 5
    progress.take(LocationFailed("red", "Away", "red is away: \x1b[2J."))
    progress.close()

    assert out.getvalue() == "red is away: \\x1b[2J.\n"


def test_steps_and_finished_copies_are_not_counted_twice(clock):
    """A task may announce blocks, whole copies, or both."""
    gauge = Gauge("Copying", files=0, bytes=900, done_files=1, done_bytes=1000)

    assert (gauge.seen_files, gauge.seen_bytes) == (1, 1000)
