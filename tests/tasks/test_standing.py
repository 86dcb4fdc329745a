"""Since when each thing is wrong, and why a location was passed over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import notices
from fonoteca.core.event import Event, LocationFailed
from fonoteca.core.judgement import Concern, Reason, judge
from fonoteca.core.notice import UNDELIVERED, Remembered
from fonoteca.core.report import ExitCode
from fonoteca.core.times import time_text
from fonoteca.tasks.run import run
from fonoteca.tasks.status import status
from support.archives import Home, flip_byte, ran

HOUR_NS = 3600 * 10**9
FULL = LocationFailed("red", "Full", "red is full: 9 bytes are needed.")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small archive, copied, with a clock of ours."""
    made = Home(tmp_path)
    start = made.now()
    made.now = lambda: start
    made.write("a.jpg", b"a")
    made.backup()
    return made


def later(home: Home, hours: int) -> int:
    """Time goes by; gives the new time."""
    now = home.now() + hours * HOUR_NS
    home.now = lambda: now
    return now


def reason(home: Home, concern: Concern) -> Reason | None:
    """What `status` says of it."""
    with Archive.open(home.config, Access.READ, now=home.now) as archive:
        found = judge(status(archive)).reasons
    return next((each for each in found if each.concern is concern), None)


def ends(home: Home, *events: Event, task: str = "backup") -> None:
    """A run in which just that happened."""
    with Archive.open(home.config, Access.WRITE, now=home.now) as archive:
        ran(run(archive, task, iter(events)))


def test_a_full_location_is_said_until_a_backup_came_through(home: Home) -> None:
    """Since the first time, with the sentence that says how much is lacking."""
    first = later(home, 1)
    ends(home, FULL)
    later(home, 1)
    ends(home, FULL)
    found = reason(home, Concern.FULL)

    assert found is not None
    assert (FULL.sentence, first, ExitCode.INCOMPLETE) == (found.sentence, found.since_ns, found.code)
    later(home, 1)
    home.verify("red")
    assert reason(home, Concern.FULL) is not None
    later(home, 1)
    home.backup()
    assert reason(home, Concern.FULL) is None


def test_another_failure_begins_anew(home: Home) -> None:
    """Full and broken are two things."""
    ends(home, FULL)
    second = later(home, 1)
    ends(home, LocationFailed("red", "Broken", "red failed: Input/output error."))
    found = reason(home, Concern.FAILED)

    assert found is not None
    assert second == found.since_ns
    assert reason(home, Concern.FULL) is None


def test_being_away_is_no_failure(home: Home) -> None:
    """It has a reason of its own."""
    ends(home, LocationFailed("red", "Away", "red is away."))

    assert reason(home, Concern.FAILED) is None


def test_damage_stands_since_it_was_found(home: Home) -> None:
    """Not since it was looked at last."""
    flip_byte(home.place() / "music/a.jpg")
    first = later(home, 1)
    home.verify("red")
    later(home, 5)
    home.verify("red")
    found = reason(home, Concern.DAMAGED_COPIES)

    assert found is not None
    assert first == found.since_ns


def test_a_place_is_away_since_it_was_seen(home: Home) -> None:
    """The last time that it was opened is all that anybody knows."""
    seen = later(home, 1)
    home.backup()
    later(home, 20)
    shutil.move(home.place(), home.base / "elsewhere")
    found = reason(home, Concern.AWAY)

    assert found is not None
    assert seen == found.since_ns


def test_what_has_no_date_of_its_own_has_that_of_the_first_look(home: Home) -> None:
    """The daemon looks after each piece of work, and remembers."""
    found = reason(home, Concern.BELOW_POLICY)
    assert found is not None
    assert found.since_ns is None

    with Archive.open(home.config, Access.WRITE) as archive:
        notices.save(archive.catalogue, {found.key: Remembered("…", 0, 7)})
    again = reason(home, Concern.BELOW_POLICY)

    assert again is not None
    assert 7 == again.since_ns


def test_notices_that_do_not_arrive_are_a_warning(home: Home) -> None:
    """Nobody would hear that nobody hears."""
    now = home.now()
    with Archive.open(home.config, Access.WRITE) as archive:
        notices.save(archive.catalogue, {UNDELIVERED: Remembered("notices do not arrive.", 0, now)})
        found = status(archive).warnings

    assert f"Since {time_text(now)} notices do not arrive." in found
