"""What is done by the clock: once each time, also after a restart, and not while somebody listens."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fonoteca.core.timetable import Duty
from fonoteca.daemon.work import Regular, Scan, name_of
from support.archives import Home, flip_byte
from support.keepers import Hands, Keeper, keeper, settings

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small archive."""
    made = Home(tmp_path)
    for number in range(3):
        made.write(f"Nina/{number}.jpg", b"nina %d" % number)
    return made


def lived(one: Keeper, hours: int) -> Counter[str]:
    """How often each thing was done in so many hours."""
    before = len(one.outcomes)
    for _ in range(hours):
        one.hands.advance(HOUR_S)
        one.step(patient=False)
        while one.daemon.worker.outcome:
            one.until(lambda: not one.daemon.worker.outcome, advancing=False)
            one.step(patient=False)
    return Counter(name_of(each.work) for each in one.outcomes[before:])


def test_two_weeks_have_their_scans_scrubs_drills_and_reports(home: Home) -> None:
    """Nothing is missed, nothing is done twice."""
    settings(home, schedule={"scan": "1 day", "scrub": "0 2 * * *", "drill": "3 days", "report": "7 days"})
    with keeper(home) as one:
        one.rest()
        done = lived(one, 24 * 15)

    assert {"scan": 15, "scrub": 15, "drill": 5, "report": 2} == {
        name: count for name, count in done.items() if name != "new music"
    }
    assert not [each for each in one.outcomes if each.error or each.found]


def test_a_restart_neither_forgets_nor_repeats(home: Home) -> None:
    """The times are kept in the catalogue."""
    settings(home, schedule={"drill": "3 days", "scan": "30 days"})
    hands = Hands()
    with keeper(home, hands=hands) as one:
        one.rest()
        first = lived(one, 24 * 2)
    with keeper(home, hands=hands) as one:
        one.rest()
        second = lived(one, 24 * 2)
    with keeper(home, hands=hands) as one:
        one.rest()
        third = lived(one, 24)

    assert [0, 1, 0] == [each["drill"] for each in (first, second, third)]


def test_what_was_missed_is_done_once(home: Home) -> None:
    """The machine was off for a month: one scrub, not thirty."""
    settings(home, schedule={"scrub": "1 day"})
    hands = Hands()
    with keeper(home, hands=hands) as one:
        one.rest()
    hands.advance(30 * DAY_S)
    with keeper(home, hands=hands) as one:
        one.rest()
        done = lived(one, 1)

    scrubs = [each for each in one.did(Regular) if name_of(each.work) == "scrub"]
    assert (1, 0) == (len(scrubs), done["scrub"])


def test_quiet_hours_are_quiet(home: Home) -> None:
    """New music is copied; what reads everything waits until they are over."""
    settings(home, background={"quiet": "00:00-24:00"})
    with keeper(home) as one:
        home.write("Nina/new.jpg", b"new")
        one.until(lambda: (home.place() / "music/Nina/new.jpg").exists())
        assert [] == one.did(Scan)

        Path(home.config_path).write_text(
            Path(home.config_path).read_text().replace("00:00-24:00", "00:00-00:01")
        )
        one.daemon.reload()
        one.hands.advance(120)
        one.rest()

        assert 1 == len(one.did(Scan))


def test_a_scrub_finds_damage_and_says_it(home: Home) -> None:
    """Once, with the place; and again only when it was well in between."""
    with keeper(home) as one:
        one.rest()
        flip_byte(home.place() / "music/Nina/1.jpg")
        lived(one, 3 * 24)

    said = [line for line in one.said.splitlines() if "music/Nina/1.jpg at red: " in line]
    assert said
    assert len(said) == len(set(said)), said


def test_what_a_scrub_found_is_put_right_at_once(home: Home) -> None:
    """Not with the next music, which may be months away."""
    settings(home, schedule={"scan": "90 days", "scrub": "1 day"})
    copy = home.place() / "music/Nina/1.jpg"
    with keeper(home) as one:
        one.rest()
        flip_byte(copy)
        lived(one, 7 * 24)

        assert b"nina 1" == copy.read_bytes()
        assert 1 == len(one.did(Scan))


def test_a_drill_leaves_nothing_behind(home: Home) -> None:
    """It restores beside the catalogue, and cleans up."""
    settings(home, schedule={"drill": "1 day"})
    before = {each.name for each in home.catalogue.parent.iterdir()}
    with keeper(home) as one:
        one.rest()
        done = lived(one, 25)

    assert 1 == done["drill"]
    assert {each.name for each in home.catalogue.parent.iterdir()} - before <= {
        "catalogue.sqlite.daemon.lock",
        "catalogue.sqlite.lock",
        "catalogue.sqlite",
    }


def test_prune_is_off_unless_a_person_says_so(home: Home) -> None:
    """What removes is never done unasked."""
    with keeper(home) as one:
        one.rest()

        assert Duty.PRUNE.value not in one.daemon.agenda.due_times(
            one.daemon.config.schedule, one.daemon.clock.wall_ns(), one.daemon.clock.zone
        )


def test_checksum_files_are_written_hourly_and_at_the_end(home: Home) -> None:
    """Each new track would have all of it written anew; yet who looks in a drawer finds it complete."""
    sums = home.place() / "SHA256SUMS"
    with keeper(home) as one:
        one.rest()
        home.write("Nina/first.jpg", b"first")
        one.rest()
        assert b"first" not in sums.read_bytes()
        one.hands.advance(3600)
        one.rest()
        assert b"first" in sums.read_bytes()
        home.write("Nina/second.jpg", b"second")
        one.rest()
        assert b"second" not in sums.read_bytes()

    assert b"second" in sums.read_bytes()
