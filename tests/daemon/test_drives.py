"""Drives that come and go: caught up at once, said to be up to date, never held."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.daemon.work import CatchUp, Scan, ScrubPlace
from fonoteca.tasks import setup
from support.archives import Home, tree
from support.disks import disk
from support.keepers import keeper, open_below


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small archive with two locations, one of them removable."""
    made = Home(tmp_path, ("red", "blue"))
    text = Path(made.config_path).read_text()
    Path(made.config_path).write_text(text.replace("[location.blue]", "[location.blue]\nremovable = true"))
    for number in range(3):
        made.write(f"Nina/{number}.jpg", b"nina %d" % number)
    return made


def mirrored(home: Home, name: str) -> bool:
    """Whether a location holds exactly what the library holds."""
    return tree(home.base / "music") == tree(home.place(name) / "music")


def test_a_location_that_comes_back_is_caught_up(home: Home) -> None:
    """At once, without a scan, and said to be ready to go."""
    with keeper(home) as one:
        one.rest()
        (home.base / "blue").rename(home.base / "drawer")
        home.write("Nina/new.jpg", b"new")
        one.hands.advance(60)
        one.rest()
        assert "blue is away." in one.said

        (home.base / "drawer").rename(home.base / "blue")
        one.hands.advance(60)
        one.rest()

        assert mirrored(home, "blue")
        assert "blue is up to date: eject it now." in one.said
        assert (1, 1) == (len(one.did(CatchUp)), len(one.did(Scan)))


def test_a_location_that_lacks_what_is_being_written_is_said_to_be_ready_later(home: Home) -> None:
    """Who waits beside the drive hears it when the last file has come to rest."""
    with keeper(home) as one:
        one.rest()
        (home.base / "blue").rename(home.base / "drawer")
        home.write("Nina/new.jpg", b"new")
        one.hands.advance(60)
        one.rest()
        one.hands.advance(60)
        (home.base / "drawer").rename(home.base / "blue")
        home.write("Nina/new.jpg", b"newer than that")
        while not one.daemon.watching.has_hints:
            one.daemon.bell.wait(0.01)
        one.until(lambda: "blue still lacks 1 copies" in one.said, advancing=False)
        one.rest()

        assert mirrored(home, "blue")
        assert 1 == one.said.count("blue is up to date: eject it now.")
        assert 1 == one.said.count("blue still lacks")


def test_nothing_is_open_on_a_location_between_two_pieces_of_work(home: Home) -> None:
    """Else "eject it now" would be a lie."""
    with keeper(home) as one:
        one.rest()

        assert [] == [*open_below(home.base / "blue"), *open_below(home.base / "red")]


def test_another_drive_under_the_same_path_is_no_location_of_ours(home: Home) -> None:
    """It is told apart by who it says it is, and nothing is written to it."""
    other = Home(home.base / "other", ("blue",))
    other.write("a.jpg", b"a")
    other.backup()
    with keeper(home) as one:
        one.rest()
        (home.base / "blue").rename(home.base / "drawer")
        one.hands.advance(60)
        one.rest()
        other.place("blue").rename(home.base / "blue")
        before = tree(home.base / "blue")
        one.hands.advance(60)
        one.rest()

        assert before == tree(home.base / "blue")
        assert "up to date" not in one.said


def test_a_library_that_comes_back_is_looked_at(home: Home) -> None:
    """Nothing of it was taken for removed meanwhile."""
    with keeper(home) as one:
        one.rest()
        (home.base / "music").rename(home.base / "travelling")
        one.hands.advance(60)
        one.rest()
        assert {"music": "away (its folder is not there)"} == one.daemon.lookout.words()

        (home.base / "travelling/Nina/late.jpg").write_bytes(b"late")
        (home.base / "travelling").rename(home.base / "music")
        one.hands.advance(60)
        one.rest()

        assert mirrored(home, "red")
        assert [(0,)] == home.ask("SELECT count(*) FROM entries WHERE state = 'gone'")


def test_a_mounted_drive_wakes_the_daemon(tmp_path: Path) -> None:
    """The kernel tells of it: nobody waits for the next minute. It can be unmounted right after."""
    with disk(tmp_path) as drive:
        home = Home(tmp_path, ("red",))
        home.write("a.jpg", b"a")
        setup.location_add(home.config_path, "stick", str(drive.mount_point / "music"))
        with keeper(home) as one:
            one.rest()
            drive.unmount()
            one.until(lambda: "stick is away." in one.said, advancing=False)
            home.write("b.jpg", b"b")
            one.rest()
            drive.mount()
            one.until(lambda: "stick is up to date." in one.said, advancing=False)

            assert tree(home.base / "music") == tree(drive.mount_point / "music/music")
            drive.unmount()


def test_a_drive_that_is_pulled_in_the_middle_costs_a_later_catch_up(tmp_path: Path) -> None:
    """No word of success, no crash, and all of it when it is back."""
    with disk(tmp_path, megabytes=64) as drive:
        home = Home(tmp_path, ("red",))
        setup.location_add(home.config_path, "stick", str(drive.mount_point / "music"))
        with keeper(home) as one:
            one.rest()
            for number in range(300):
                home.write(f"album/{number}.jpg", os.urandom(100_000))
            one.until(lambda: one.daemon.worker.outcome is not None)
            drive.unmount(lazily=True)
            one.rest()
            assert "stick is away" in one.said

            drive.mount()
            one.until(lambda: tree(home.base / "music") == tree(drive.mount_point / "music/music"))
            one.rest()

            assert one.did(ScrubPlace)
