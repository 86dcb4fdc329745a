"""What a person is told of, and when: one message for one event, then one a day, and never one for a tag edit."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.copy import Level
from fonoteca.core.judgement import judge
from fonoteca.core.notice import (
    DAY_NS,
    Remembered,
    Topic,
    Trouble,
    Turn,
    due,
    failed_run,
    is_fully_protected,
    stands_at,
    told,
    troubles_of,
)
from fonoteca.core.policy import DAY_S
from fonoteca.core.status import (
    ArchiveStatus,
    FailureStatus,
    HoldStatus,
    LibraryStatus,
    LocationStatus,
    Presence,
)

HOUR_NS = DAY_NS // 24
NOW = 1000 * DAY_NS
MUSIC = LibraryStatus("music", "/home/ana/Music", True, entries=10, last_scan_ns=NOW, copies=((2, 10),))
RED = LocationStatus(
    "red", "/r", Presence.PRESENT, copies=10, level=Level.MEDIA, oldest_verified_ns=NOW, last_seen_ns=NOW
)
DAMAGE = Trouble("copies damaged at red", Topic.DAMAGE, "3 copies are damaged at red.", "No.", grade=1)
LACK = Trouble("copies below policy music", Topic.BELOW, "3 entries …", "No.", grade=1, patience_s=DAY_S)


class Person:
    """Someone whose notices all arrive."""

    def __init__(self) -> None:
        self.memory: dict[str, Remembered] = {}

    def sees(self, hours: float, *troubles: Trouble) -> list[Turn]:
        """What is told after so many hours since the beginning."""
        now = NOW + int(hours * HOUR_NS)
        news, self.memory = due(troubles, self.memory, now)
        self.memory = told(self.memory, news, now)
        return [each.turn for each in news]


def status(library: LibraryStatus = MUSIC, location: LocationStatus = RED, **more: object) -> ArchiveStatus:
    """An archive that is well, unless told otherwise."""
    known = ArchiveStatus(NOW, 2, (library,), (location,), verify_every_ns=90 * DAY_NS)
    return replace(known, **more)  # type: ignore[arg-type]


def topics(now: ArchiveStatus, *, doubt: bool = False) -> dict[Topic, int]:
    """What its owner is told of, and with how much patience in days."""
    found = troubles_of(judge(now), remind_s=30 * DAY_S, is_clock_in_doubt=doubt)
    return {each.topic: each.patience_s // DAY_S for each in found}


AWAY = replace(RED, presence=Presence.AWAY, missing=2)
FULL = FailureStatus("red", "Full", "red is full.", NOW)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (status(), {}),
        (status(location=replace(RED, damaged=3)), {Topic.DAMAGE: 0}),
        (status(location=replace(RED, damaged=3, lost=1)), {Topic.DAMAGE: 0}),
        (status(replace(MUSIC, held=2, spoilt=2)), {Topic.DAMAGE: 0}),
        (status(replace(MUSIC, damaged_inside=1)), {Topic.DAMAGE: 0}),
        (status(holds=(HoldStatus("removed-7", "music", "removed", NOW, 6, 10),)), {Topic.HOLD: 0}),
        (status(replace(MUSIC, held=1)), {Topic.HOLD: 0}),
        (status(failures=(FULL,)), {Topic.FULL: 0}),
        (status(failures=(replace(FULL, kind="Broken"),)), {Topic.FAILED: 0}),
        (status(location=replace(RED, oldest_verified_ns=0)), {Topic.OVERDUE: 1}),
        (status(replace(MUSIC, copies=((1, 2), (2, 8)))), {Topic.BELOW: 1}),
        (status(location=replace(AWAY, excused=True)), {}),
        (status(replace(MUSIC, copies=((1, 10),)), replace(AWAY, excused=True)), {}),
        (status(location=AWAY), {Topic.UNSEEN: 1, Topic.BELOW: 1}),
        (status(replace(MUSIC, present=False)), {Topic.UNSEEN: 30}),
        (status(locations=()), {}),
    ],
)
def test_what_is_told_of(now: ArchiveStatus, expected: dict[Topic, int]) -> None:
    """A row for each thing that its owner hears of, and for those that are nobody's trouble."""
    assert expected == topics(now)


def test_overdue_waits_while_the_clock_is_in_doubt() -> None:
    """A clock that jumped a year would make everything overdue at once."""
    late = status(location=replace(RED, oldest_verified_ns=0))

    assert {} == topics(late, doubt=True)


def test_one_event_is_one_message_then_one_a_day() -> None:
    """Quiet while nothing changes, and never silent for longer than a day."""
    ana = Person()
    told_at = [hour for hour in range(0, 73, 3) if ana.sees(hour, DAMAGE)]

    assert [0, 24, 48, 72] == told_at


def test_the_end_is_told_once() -> None:
    """Whoever heard of it hears that it is over, and then nothing."""
    ana = Person()
    turns = [*ana.sees(0, DAMAGE), *ana.sees(1), *ana.sees(2), *ana.sees(30)]

    assert [Turn.BEGAN, Turn.ENDED] == turns


def test_what_nobody_heard_of_has_no_end() -> None:
    """A lack that was over within a day was never a trouble."""
    ana = Person()

    assert [] == [*ana.sees(0, LACK), *ana.sees(5), *ana.sees(6)]


def test_patience_is_counted_from_the_beginning() -> None:
    """What new music lacks is copied within the hour; what lasts a day is said."""
    ana = Person()
    told_at = [hour for hour in range(0, 60, 6) if ana.sees(hour, LACK)]

    assert [24, 48] == told_at


def test_worse_is_told_at_once() -> None:
    """Three files and three thousand are not the same event."""
    ana = Person()
    ana.sees(0, DAMAGE)

    assert [] == ana.sees(1, replace(DAMAGE, sentence="9 copies …"))
    assert [Turn.WORSE] == ana.sees(2, replace(DAMAGE, grade=4))
    assert [] == ana.sees(3, replace(DAMAGE, grade=4))
    assert [] == ana.sees(4, DAMAGE)


def test_damage_that_comes_back_is_another_event() -> None:
    """It is told at once; a run that fails every other time is told once a day."""
    ana, ben = Person(), Person()
    failing = failed_run("scan", "The scan failed.")
    damaged = [turn for hour in range(0, 8, 2) for turn in (*ana.sees(hour, DAMAGE), *ana.sees(hour + 1))]
    failed = [turn for hour in range(0, 8, 2) for turn in (*ben.sees(hour, failing), *ben.sees(hour + 1))]

    assert [Turn.BEGAN, Turn.ENDED] * 4 == damaged
    assert [Turn.BEGAN, Turn.ENDED] == failed


def test_a_hold_that_ended_is_not_told() -> None:
    """Its owner ended it."""
    hold = Trouble("hold removed-7k2m music", Topic.HOLD, "…", "No.")
    ana = Person()

    assert [Turn.BEGAN] == [*ana.sees(0, hold), *ana.sees(1)]


def test_what_was_not_delivered_is_told_again() -> None:
    """Only what arrived is remembered as told."""
    first, memory = due([DAMAGE], {}, NOW)
    second, _ = due([DAMAGE], memory, NOW + HOUR_NS)

    assert [Turn.BEGAN] * 2 == [each.turn for each in (*first, *second)]


def test_what_came_so_is_told_and_not_reminded_of() -> None:
    """An old rip with a scratch in it is no daily mail for ever."""
    inside = next(
        troubles_of(judge(status(replace(MUSIC, damaged_inside=1))), remind_s=0, is_clock_in_doubt=False)
    )
    ana = Person()

    assert [[Turn.BEGAN], [], []] == [ana.sees(hours, inside) for hours in (0, 30, 300)]


def test_a_clock_that_jumps_neither_floods_nor_silences() -> None:
    """A year ahead and back again: one reminder, and then within a day of the true time another."""
    ana = Person()
    ana.sees(0, DAMAGE)
    ahead = ana.sees(24 * 365, DAMAGE)
    back = [hour for hour in range(1, 60) if ana.sees(hour, DAMAGE)]

    assert [Turn.LASTS] == ahead
    assert [] == [each for each in back if each < 24]
    assert len(back) <= 2


def test_damage_is_known_by_its_place() -> None:
    """What was found and put right by one run is not said of a place whose damage stands."""
    assert stands_at("copies damaged at red", None, "red")
    assert stands_at("files damaged music", "music", None)
    assert not stands_at("copies damaged at red", None, "blue")
    assert not stands_at("copies missing at red", None, "red")


def test_fully_protected_needs_music() -> None:
    """An empty library is not the great day."""
    assert is_fully_protected(judge(status()), 10)
    assert not is_fully_protected(judge(status()), 0)


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=60))
def test_nobody_is_told_twice_a_day_of_one_thing_that_comes_and_goes(steps: list[tuple[int, bool]]) -> None:
    """Whatever it does: between two messages that it stands there is a day."""
    full = Trouble("location full at red", Topic.FULL, "red is full.", "No.")
    ana, hours, told_at = Person(), 0, []
    for step, stands in steps:
        hours += step
        turns = ana.sees(hours, *([full] if stands else []))
        told_at += [hours for turn in turns if turn in (Turn.BEGAN, Turn.LASTS)]

    assert not [each for each, after in pairwise(told_at) if after - each < 24]
