"""A file that goes back to an earlier content: the locations take that from their versions, and nothing is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.core.event import Copied
from fonoteca.tasks import setup
from fonoteca.tasks.copying import making
from support.archives import OLD, Home, Ran, flip_byte
from support.judged import a_day_later

SECOND = 1_000_000_000


@pytest.fixture(params=[5_000, 700_000], ids=["small", "large"])
def edited(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Home, bytes, bytes]:
    """A library whose file was edited and copied since its first backup: as it was, and as it is."""
    home = Home(tmp_path, locations=("red", "blue"))
    first, second = os.urandom(request.param), os.urandom(request.param)
    home.write("a.jpg", first)
    home.backup()
    a_day_later(home)
    home.write("a.jpg", second, mtime_ns=OLD + SECOND)
    assert ["replaced", "replaced"] == hows(home.backup())
    return home, first, second


def hows(ran: Ran) -> list[str]:
    """What became of each copy, in order of the words."""
    return sorted(event.how for event in ran.events if isinstance(event, Copied))


def versions(home: Home, place: str) -> list[bytes]:
    """The bytes of everything kept below `versions/`."""
    folder = home.place(place) / ".fonoteca/versions"
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def copy(home: Home, place: str) -> bytes:
    """The copy of the file."""
    return (home.place(place) / "music/a.jpg").read_bytes()


def test_what_went_back_is_taken_from_the_versions(edited: tuple[Home, bytes, bytes]):
    """An undone edit: right at both places, every content kept, no byte sent."""
    home, first, second = edited
    home.write("a.jpg", first, mtime_ns=OLD + 2 * SECOND)

    ran = home.backup()

    assert (["reverted", "reverted"], 0) == (hows(ran), ran.code)
    for place in ("red", "blue"):
        assert first == copy(home, place)
        assert OLD + 2 * SECOND == (home.place(place) / "music/a.jpg").stat().st_mtime_ns
        assert sorted([first, second]) == versions(home, place)
    assert 0 == home.verify().code
    assert [] == hows(home.backup())


@pytest.mark.parametrize("fault", ["damaged", "gone"])
def test_where_the_version_is_not_what_it_was_the_bytes_are_sent(
    edited: tuple[Home, bytes, bytes], fault: str
):
    """A bad version never becomes the copy: that place gets the file's own bytes, in the same run."""
    home, first, _ = edited
    (blob,) = (path for path in (home.place("red") / ".fonoteca/versions").rglob("*") if path.is_file())
    blob.unlink() if fault == "gone" else flip_byte(blob, 1000)
    home.write("a.jpg", first, mtime_ns=OLD + 2 * SECOND)

    ran = home.backup()

    assert (["replaced", "reverted"], 0) == (hows(ran), ran.code)
    assert (first, first) == (copy(home, "red"), copy(home, "blue"))


def test_a_place_that_has_no_copy_is_sent_the_bytes(edited: tuple[Home, bytes, bytes]):
    """What the others take from their versions a new place has to be given."""
    home, first, _ = edited
    setup.location_add(home.config_path, "green", str(home.base / "green"), plain_folder=True)
    home.write("a.jpg", first, mtime_ns=OLD + 2 * SECOND)

    ran = home.backup()

    assert (["reverted", "reverted", "sent"], 0) == (hows(ran), ran.code)
    assert [first] * 3 == [copy(home, place) for place in ("red", "blue", "green")]


def test_an_edit_of_the_same_size_is_sent_as_any(edited: tuple[Home, bytes, bytes]):
    """It is read before it is sent, since it might have been an earlier content; it is not, so it goes."""
    home, first, _ = edited
    third = os.urandom(len(first))
    home.write("a.jpg", third, mtime_ns=OLD + 2 * SECOND)

    assert ["replaced", "replaced"] == hows(home.backup())
    assert (third, third) == (copy(home, "red"), copy(home, "blue"))


def test_lanes_in_processes_of_their_own_take_versions_too(
    edited: tuple[Home, bytes, bytes], monkeypatch: pytest.MonkeyPatch
):
    """With many files each lane is a process: what it gives back is sent there as well."""
    home, first, _ = edited
    monkeypatch.setattr(making, "APART_FILES", 1)
    (blob,) = (path for path in (home.place("red") / ".fonoteca/versions").rglob("*") if path.is_file())
    flip_byte(blob, 1000)
    home.write("a.jpg", first, mtime_ns=OLD + 2 * SECOND)

    assert ["replaced", "reverted"] == hows(home.backup())
    assert (first, first) == (copy(home, "red"), copy(home, "blue"))


def test_a_place_that_is_served_after_the_others_takes_its_version_too(edited: tuple[Home, bytes, bytes]):
    """A server, whose turn comes last, or a drive that was away: what went back is recorded by then."""
    home, first, second = edited
    home.write("a.jpg", first, mtime_ns=OLD + 2 * SECOND)
    away = home.place("blue").rename(home.base / "away")
    assert ["reverted"] == hows(home.backup())
    away.rename(home.place("blue"))

    ran = home.backup()

    assert (["reverted"], 0) == (hows(ran), ran.code)
    assert first == copy(home, "blue")
    assert sorted([first, second]) == versions(home, "blue")
    assert 0 == home.verify().code


@pytest.mark.parametrize("fault", ["damaged", "gone", None])
def test_a_file_that_was_deleted_and_comes_back_is_taken_from_the_versions(
    edited: tuple[Home, bytes, bytes], fault: str | None
):
    """An album that was put back: no byte is sent, unless what a place keeps is not what it was."""
    home, _, second = edited
    for name in "bcdefghij":
        home.write(f"{name}.jpg", os.urandom(1000))
    home.backup()
    track = home.base / "music/a.jpg"
    track.unlink()
    assert 0 == home.backup().code
    a_day_later(home)
    if fault is not None:
        blobs = [each for each in (home.place("red") / ".fonoteca/versions").rglob("*") if each.is_file()]
        (blob,) = (each for each in blobs if each.read_bytes() == second)
        blob.unlink() if fault == "gone" else flip_byte(blob, 1000)
    home.write("a.jpg", second, mtime_ns=OLD + SECOND)

    ran = home.backup()

    expected = ["reverted", "reverted"] if fault is None else ["reverted", "sent"]
    assert (expected, 0) == (hows(ran), ran.code)
    assert (second, second) == (copy(home, "red"), copy(home, "blue"))
    assert 0 == home.verify("blue").code
