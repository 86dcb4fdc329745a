"""A place that is served no faster than its rate, and not at all where that says paused."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from fonoteca.core.place import Key
from fonoteca.core.policy import Rate, Window
from fonoteca.errors import Paused
from fonoteca.locations import limited
from fonoteca.locations.limited import Flow, Limited
from support.archives import Home, restore_bare
from support.faults import memory_location
from support.places import content, put

NOON = 12 * 60
SLOW = Rate(100_000)
BY_DAY_PAUSED = Rate(windows=((Window(8 * 60, 23 * 60), 0),))


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def at_leisure(rate: Rate, clock: Clock, minute: int = NOON) -> Limited:
    """A place in memory, limited, by a clock of our own."""
    made = Limited(memory_location(), rate)
    made.there = Flow("red", rate, lambda: clock.now, clock.sleep, lambda: minute)
    made.back = Flow("red", rate, lambda: clock.now, clock.sleep, lambda: minute)
    return made


def test_bytes_go_and_come_back_no_faster_than_the_rate():
    """1 MB at 100 KB/s are ten seconds, less the first one's worth; each direction for itself."""
    clock = Clock()
    with at_leisure(SLOW, clock).open(write=True) as place:
        put(place, b"music/a", bytes(1_000_000))
        went = clock.now
        content(place, b"music/a")

    assert went - 1000 == pytest.approx(9, abs=0.01)
    assert clock.now - went == pytest.approx(9, abs=0.01)


def test_a_paused_place_is_not_even_opened():
    """The line belongs to others by day."""
    with pytest.raises(Paused, match="until 23:00"), at_leisure(BY_DAY_PAUSED, Clock()).open(write=True):
        pass
    with at_leisure(BY_DAY_PAUSED, Clock(), 23 * 60).open(write=True) as place:
        assert put(place, b"music/a", b"x").error is None


def test_a_pause_that_begins_in_the_middle_ends_the_work():
    """At eight in the morning whatever is on its way stops; what was finished stands."""
    clock = Clock()
    location = at_leisure(Rate(1000, BY_DAY_PAUSED.windows), clock, 7 * 60)
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        location.there.minute = lambda: NOON
        with pytest.raises(Paused), place.batch() as batch:
            batch.create(Key(b"music/b"), 5000, 0).write(bytes(5000))
        assert place.stat(Key(b"music/a")) is not None


def test_a_backup_at_the_wrong_time_is_resumable_and_the_other_places_are_served(tmp_path: Path, monkeypatch):
    """Exit code 8, as for a budget: nothing is wrong, and the next run goes on. A restore does not wait."""
    home = Home(tmp_path, ("red", "blue"))
    config = Path(home.config_path)
    rated = re.sub(
        r"(\[location\.blue\]\n)", '\\1rate = "08:00-23:00 paused, else unlimited"\n', config.read_text()
    )
    config.write_text(rated)
    home.write("a.jpg", os.urandom(1000))
    monkeypatch.setattr(limited, "minute_of_day", lambda: NOON)

    by_day = home.backup()
    monkeypatch.setattr(limited, "minute_of_day", lambda: 0)
    at_night = home.backup()
    monkeypatch.setattr(limited, "minute_of_day", lambda: NOON)
    back = home.restore(tmp_path / "back", source="blue")

    assert (8, ["Paused"]) == (by_day.code, [each.kind for each in by_day.failed])
    assert (home.place("red") / "music/a.jpg").exists()
    assert (0, 0) == (at_night.code, back.code)
    assert 0 == restore_bare(home.place("blue"), tmp_path / "bare").code
