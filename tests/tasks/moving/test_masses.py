"""Times that moved with a whole library: nothing is read at once, nothing is sent, and the copies follow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.core.event import Advanced, Copied, Scanned
from fonoteca.tasks import scan
from support.archives import OLD, Home, Ran, restore_bare, verify_bare
from support.judged import read_twice

HOUR = 3600 * 10**9


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Thirty files, backed up and read twice."""
    home = Home(tmp_path, ("red", "blue"))
    for number in range(30):
        home.write(f"album/{number:02}.jpg", b"picture" * (number + 1), mtime_ns=OLD + number * 10**9)
    home.backup()
    read_twice(home)
    return home


def shift(home: Home, by_ns: int, some: int = 30) -> None:
    """Let the times of the first `some` files be shown so much later, as another disk would: under other inodes."""
    for path in sorted((home.base / "music/album").iterdir())[:some]:
        mtime_ns = path.stat().st_mtime_ns
        twin = path.with_name("twin")
        twin.write_bytes(path.read_bytes())
        os.utime(twin, ns=(mtime_ns + by_ns, mtime_ns + by_ns))
        twin.rename(path)


def read(ran: Ran) -> int:
    """How many files were read."""
    return sum(event.files for event in ran.events if isinstance(event, Advanced))


def times(folder: Path) -> dict[str, int]:
    """The mtimes there."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "album").iterdir()}


@pytest.mark.parametrize(
    "by_ns", [HOUR, -HOUR, 5 * HOUR + HOUR // 2, -(10**9)], ids=["+1h", "-1h", "+5.5h", "-1s"]
)
def test_times_that_moved_as_a_whole_cost_no_reading_and_the_copies_follow(home: Home, by_ns: int):
    """Summer time on a FAT disk made programs copy terabytes; here a name's time is set, at every location."""
    shift(home, by_ns)
    done = home.backup()

    assert (0, [], 0) == (done.code, done.found(), read(done))
    assert [] == [event for event in done.events if isinstance(event, Copied)]
    (scanned,) = (event for event in done.events if isinstance(event, Scanned))
    assert (0, 30) == (scanned.written, scanned.touched)
    for name in ("red", "blue"):
        assert times(home.base / "music") == times(home.place(name) / "music")
        assert 0 == verify_bare(home.place(name)).code
    assert [] == home.ask("SELECT * FROM versions")
    assert "moved together" in done.said
    restore_bare(home.place(), home.base / "back")
    assert times(home.base / "music") == times(home.base / "back")


def test_a_location_that_was_away_follows_later(home: Home):
    """Its times are set when it is there, without a reading."""
    (home.base / "blue").rename(home.base / "away")
    shift(home, HOUR)
    home.backup()
    (home.base / "away").rename(home.base / "blue")
    done = home.backup()

    assert (0, 0) == (done.code, read(done))
    assert times(home.base / "music") == times(home.place("blue") / "music")


def test_half_a_library_is_read(home: Home):
    """What is not most of it may be somebody's doing."""
    shift(home, HOUR, some=15)
    done = home.backup()

    assert (0, 15) == (done.code, read(done))


def test_files_that_somebody_wrote_in_place_are_read(home: Home):
    """The same inode with another time was written, whatever the amount."""
    for path in (home.base / "music/album").iterdir():
        mtime_ns = path.stat().st_mtime_ns + HOUR
        path.write_bytes(path.read_bytes()[::-1])
        os.utime(path, ns=(mtime_ns, mtime_ns))
    done = home.backup()

    assert 0 == done.code
    assert 60 == len([event for event in done.events if isinstance(event, Copied)])


def test_where_inodes_do_not_last_a_shift_is_believed_in_place(home: Home, monkeypatch):
    """FAT itself: there is no ctime, no inode, and the clock on the wall moved."""
    monkeypatch.setattr(scan, "trusts_ctime", lambda kind: False)
    for path in (home.base / "music/album").iterdir():
        mtime_ns = path.stat().st_mtime_ns - HOUR
        os.utime(path, ns=(mtime_ns, mtime_ns))
    done = home.backup()

    assert (0, 0) == (done.code, read(done))
    assert times(home.base / "music") == times(home.place() / "music")


def test_one_file_of_another_size_among_them_is_read(home: Home):
    """An edit under cover of a time zone is still an edit."""
    shift(home, HOUR, some=29)
    home.write("album/29.jpg", b"edited", mtime_ns=OLD + 29 * 10**9 + HOUR)
    done = home.backup()

    assert (0, 1) == (done.code, read(done))
    assert b"edited" == (home.place() / "music/album/29.jpg").read_bytes()
