"""A scrub reads what is most in need of it, within its budget, and records what it saw."""

from __future__ import annotations

import itertools
import time

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.copy import Level
from fonoteca.core.event import BudgetReached, Verified
from fonoteca.core.finding import FindingKind
from fonoteca.core.policy import Budget
from fonoteca.disk import calls, native
from fonoteca.disk.gentle import IDLE
from fonoteca.errors import Interrupted, UsageError
from fonoteca.tasks import scrub
from support.archives import OLD, Home, flip_byte
from support.judged import a_day_later

DAY = 86_400 * 10**9
SIZE = 1000


@pytest.fixture
def home(tmp_path):
    """Eight files at two locations."""
    home = Home(tmp_path, ("red", "blue"))
    for number in range(8):
        home.write(f"{number}.jpg", bytes([number]) * SIZE)
    home.backup()
    return home


def order(ran):
    """What was read, in order: (location or None, path)."""
    return [(event.location, event.path) for event in ran.events if isinstance(event, Verified)]


def left(ran):
    """What a budget left over."""
    return next((event for event in ran.events if isinstance(event, BudgetReached)), None)


def test_without_a_budget_everything_is_read(home):
    """Both locations and the library, each copy once."""
    ran = home.scrub()

    places = ("red", "blue", None)
    expected = {(place, b"%d.jpg" % number) for place in places for number in range(8)}
    assert expected == set(order(ran))
    assert (24, 0, None) == (len(order(ran)), ran.code, left(ran))


def test_a_byte_budget_stops_at_the_next_file_and_the_next_run_goes_on_there(home):
    """24 files of 1,000 bytes at 6,500 a night are read in four nights, none twice."""
    nights = [home.scrub(budget=Budget(bytes=6500)) for _ in range(4)]

    assert [(8, 7)] * 4 == [(night.code, len(order(night))) for night in nights]
    assert 21 == len({each for night in nights[:3] for each in order(night)})
    assert 24 == len({each for night in nights for each in order(night)})
    assert BudgetReached(17, 17 * SIZE) == left(nights[0])


def test_a_time_budget_is_kept_by_the_clock(home):
    """A clock that moves a minute at each look: after thirty nothing new is begun."""
    minutes = itertools.count(0, 60)

    ran = home.scrub(budget=Budget(seconds=600), clock=lambda: float(next(minutes)))

    assert 8 == ran.code
    assert 0 < len(order(ran)) < 24


def test_a_rate_is_kept_by_waiting(home):
    """24,000 bytes at 1,000 a second take 24 s by the clock that is asked."""
    waited = []

    home.scrub(budget=Budget(rate=1000), clock=lambda: sum(waited), sleep=waited.append)

    assert 23 <= sum(waited) <= 26


def test_what_failed_comes_first_then_what_is_new_then_the_oldest(home):
    """A copy that was found bad is looked at again every night."""
    home.scrub()
    with Archive.open(home.config, Access.WRITE) as archive:
        archive.catalogue.execute("UPDATE copies SET verified_ns = verified_ns - 5 * 86400000000000")
        archive.catalogue.execute(
            "UPDATE copies SET verified_ns = verified_ns - 86400000000000 WHERE key = CAST('music/5.jpg' AS BLOB)"
        )
        archive.catalogue.execute(
            "UPDATE copies SET state = 'damaged', level = 0, verified_ns = NULL "
            "WHERE key = CAST('music/7.jpg' AS BLOB)"
        )
        archive.catalogue.execute(
            "UPDATE copies SET level = 2 WHERE key = CAST('music/6.jpg' AS BLOB) AND location = 1"
        )

    ran = home.scrub(budget=Budget(bytes=3 * SIZE))

    assert [b"7.jpg", b"7.jpg", b"6.jpg", b"5.jpg", b"5.jpg"] == [path for _, path in sorted_by_turn(ran)]


def sorted_by_turn(ran):
    """What was read, parcels of two places apart made one list again."""
    found = order(ran)
    return sorted(found, key=lambda each: -int(each[1][:1]))


def test_rot_in_a_copy_a_version_and_the_library_is_found(home):
    """All three kinds of bytes are read, and the finding says that a good copy is known."""
    home.write("3.jpg", b"new" * 500, mtime_ns=OLD + 10**9)
    home.backup()
    a_day_later(home)  # an equal ctime of a file that was just written proves nothing
    flip_byte(home.place("red") / "music/1.jpg")
    (version,) = (home.place("blue") / ".fonoteca/versions").glob("*/*")
    flip_byte(version)
    original = home.base / "music/2.jpg"
    real, calls_before = calls.read_into, original.stat()

    def rotten(fd, buffer, offset):
        """Rot below the file system: the stat stands still."""
        count = real(fd, buffer, offset)
        if calls.fstat(fd).st_ino == calls_before.st_ino and count:
            buffer[0] ^= 1
        return count

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calls, "read_into", rotten)
        ran = home.scrub()

    seen = {(each.kind, each.location, each.path, each.repairable) for each in ran.found()}
    assert {
        (FindingKind.DAMAGED, "red", b"1.jpg", True),
        (FindingKind.DAMAGED, "blue", b"3.jpg", True),
        (FindingKind.ROT, None, b"2.jpg", True),
    } == seen
    assert 4 == ran.code
    assert [("held",)] == home.ask("SELECT state FROM entries WHERE name = CAST('2.jpg' AS BLOB)")


def test_what_was_read_once_comes_before_what_was_read_back(home):
    """A first reading may have come from a bad cable: the library's files are read again in the first night."""
    ran = home.scrub(budget=Budget(bytes=8 * SIZE))

    assert {(None, b"%d.jpg" % number) for number in range(8)} == set(order(ran))


def test_every_reading_is_recorded_with_level_and_date(home):
    """Nothing says verified without both."""
    tomorrow = time.time_ns() + DAY

    home.scrub(now=lambda: tomorrow)

    assert [(tomorrow,)] == home.ask("SELECT DISTINCT verified_ns FROM copies")
    assert [(tomorrow,)] == home.ask("SELECT DISTINCT confirmed_ns FROM entries")
    assert home.ask("SELECT min(level) FROM copies")[0][0] >= Level.BYTES
    assert [(8 * SIZE,), (8 * SIZE,)] == home.ask("SELECT bytes FROM readings ORDER BY location")


def test_a_finding_ends_when_the_copy_is_right_again(home):
    """What was put right by hand is no complaint any more."""
    target = home.place("red") / "music/1.jpg"
    flip_byte(target)
    assert 4 == home.scrub("red").code
    flip_byte(target)

    ran = home.scrub("red")

    assert 0 == ran.code
    assert [] == home.ask("SELECT kind, path FROM findings WHERE closed_ns IS NULL")


def test_a_missing_copy_is_a_finding_and_not_charged(home):
    """A file that is not there takes nothing of the night."""
    (home.place("red") / "music/0.jpg").unlink()

    ran = home.scrub("red", budget=Budget(bytes=7 * SIZE))

    assert [(FindingKind.MISSING, b"0.jpg")] == [(each.kind, each.path) for each in ran.found()]
    assert (7, 4) == (len(order(ran)), ran.code)


def test_a_library_file_that_was_written_is_left_to_the_next_scan(home):
    """An edit is no damage, and judging it is not a scrub's matter."""
    home.write("4.jpg", b"edited", mtime_ns=OLD + 10**9)

    ran = home.scrub(libraries=["music"])

    assert ([], 0, 7) == (ran.found(), ran.code, len(order(ran)))


def test_only_what_is_named_is_read(home):
    """A word names a location or a library."""
    assert {"red"} == {place for place, _ in order(home.scrub("red"))}
    assert {None} == {place for place, _ in order(home.scrub("music"))}
    assert {None} == {place for place, _ in order(home.scrub(libraries=["music"]))}
    assert {"blue", None} == {place for place, _ in order(home.scrub("blue", libraries=["music"]))}
    with pytest.raises(UsageError):
        home.scrub("green")


def test_a_location_that_goes_away_in_the_middle_ends_alone(home, monkeypatch):
    """A drive that is pulled out at night does not keep the other from being read."""
    from fonoteca.errors import Away
    from fonoteca.tasks.checking.rereading import Rereader

    real = Rereader.look

    def look(self, parcel):
        if self.place.name == "red":
            raise Away("red", "it was pulled out")
        return real(self, parcel)

    monkeypatch.setattr(Rereader, "look", look)

    ran = home.scrub()

    assert (["red"], 75) == ([each.location for each in ran.failed], ran.code)
    assert 16 == len(order(ran))


def test_a_run_that_is_stopped_keeps_what_it_saw(home):
    """Ctrl-C at the first copy that was read: what was read by then need not be read again."""

    class Stop:
        requested, signal_number = False, 2

    stop = Stop()
    with Archive.open(home.config, Access.WRITE, stop=stop) as archive:
        started = archive.now()
        with pytest.raises(Interrupted):
            for event in scrub.scrub(archive):
                if isinstance(event, Verified) and event.location is not None:
                    stop.requested = True

    assert home.ask(f"SELECT count(*) FROM copies WHERE verified_ns >= {started}")[0][0] > 0


def test_readers_are_last_in_line_for_the_disk(home, monkeypatch):
    """Whoever plays music at night hears no stutter; the thread that records is left as it is."""
    seen = []
    real = calls.read_into

    def asked(fd, buffer, offset):
        seen.append(native.io_priority()[0])
        return real(fd, buffer, offset)

    before = native.io_priority()
    home.scrub("red")
    monkeypatch.setattr(calls, "read_into", asked)

    home.scrub("blue", libraries=["music"])

    assert IDLE in seen
    assert before == native.io_priority()
