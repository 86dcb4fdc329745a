"""Watching is a hint: what it misses, a scan finds, and `status` says how far it can be relied on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD

from fonoteca.daemon import watching
from fonoteca.daemon.work import Follow, Scan
from fonoteca.disk import mounts
from fonoteca.library import eventful
from support.archives import Home, tree
from support.keepers import Keeper, keeper, settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small archive."""
    made = Home(tmp_path)
    for number in range(3):
        made.write(f"Nina/{number}.jpg", b"nina %d" % number)
    return made


def mirrored(home: Home) -> bool:
    """Whether the location holds exactly what the library holds."""
    return tree(home.base / "music") == tree(home.place() / "music")


def reasons(one: Keeper) -> list[str]:
    """Why everything was looked at, each time."""
    return [each.work.reason for each in one.did(Scan)]  # type: ignore[union-attr]


def inotify(one: Keeper) -> InotifyFD:
    """The inotify instance of the library."""
    return one.daemon.watching.watch._observers["music"].inotify


def test_a_queue_that_ran_over_means_a_scan(home: Home) -> None:
    """The kernel says that it dropped events, not which."""
    with keeper(home) as one:
        one.rest()
        inotify(one).handle_event(InotifyEvent(-1, InotifyConstants.IN_Q_OVERFLOW, 0, b""))  # type: ignore[arg-type]
        one.rest()

        assert ["start", "missed"] == reasons(one)
        assert "events came faster than they were read" in one.said


def test_a_queue_that_really_ran_over(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """The kernel's own queue, while nobody reads it; folders that came meanwhile are watched afterwards."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with keeper(home) as one:
        one.rest()
        with inotify(one)._lock:
            for number in range(2 * limit):  # some were read before the lock was ours
                os.utime(home.base / f"music/Nina/{number % 2}.jpg")  # the same event twice in a row is one
            home.write("Miles/blue.jpg", b"blue")
        one.rest()
        home.write("Miles/later.jpg", b"later")
        one.rest()

        assert ["start", "missed"] == reasons(one)
        assert mirrored(home)
        assert [] == caplog.records  # said by us, and by nobody else


def test_after_an_overflow_events_still_come(home: Home) -> None:
    """Watches are made anew, for folders whose making was among what was dropped."""
    with keeper(home) as one:
        one.rest()
        inotify(one).handle_event(InotifyEvent(-1, InotifyConstants.IN_Q_OVERFLOW, 0, b""))  # type: ignore[arg-type]
        one.rest()
        home.write("Nina/later.jpg", b"later")
        one.rest()

        assert mirrored(home)
        assert 2 == len(reasons(one))


@pytest.mark.parametrize("thread", ["inotify", "emitter", "observer"])
def test_a_watch_that_died_is_begun_anew(home: Home, thread: str) -> None:
    """Nobody restarts a daemon because one of its threads is gone."""
    with keeper(home) as one:
        one.rest()
        observer = one.daemon.watching.watch._observers["music"]
        (emitter,) = observer.emitters
        dying = {"inotify": observer.inotify, "emitter": emitter, "observer": observer}[thread]
        dying.stop()
        dying.join()
        home.write("Nina/meanwhile.jpg", b"meanwhile")
        one.rest()
        home.write("Nina/later.jpg", b"later")
        one.rest()

        assert ["start", "missed"] == reasons(one)
        assert "the watch died" in one.said
        assert mirrored(home)


def test_too_few_watches_are_said_with_what_raises_them(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel calls it "no space left on device", which helps nobody."""
    for number in range(60):
        home.write(f"artist {number}/a.jpg", b"a%d" % number)
    real, made = InotifyFD.add_callback, []

    def add_callback(self: InotifyFD, *given: object) -> object:
        if len(made) >= 50:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        made.append(given)
        return real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "add_callback", add_callback)
    monkeypatch.setattr(eventful, "_allowed", lambda: (eventful.MAX_WATCHES[0], 50))
    with keeper(home) as one:
        one.rest()
        home.write("artist 7/b.jpg", b"b")
        one.until(lambda: mirrored(home))

        (words,) = one.daemon.lookout.words().values()
        assert (
            "polling (62 folders need 62 inotify watches, 50 are allowed for all programs together)" in words
        )
        assert "sudo sysctl fs.inotify.max_user_watches=65536" in words
        assert 50 == len(made)  # no busy retry


def test_a_limit_that_is_reached_later_ends_in_polling(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs take watches too, and folders come."""
    with keeper(home) as one:
        one.rest()

        def full(self: InotifyFD, *given: object) -> object:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

        monkeypatch.setattr(InotifyFD, "add_callback", full)
        home.write("new folder/a.jpg", b"a")
        one.until(lambda: mirrored(home))

        assert "too few inotify watches" in one.said
        assert one.daemon.lookout.words()["music"].startswith("polling")


def test_a_file_system_without_events_is_polled(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS tells nobody what another machine wrote."""
    monkeypatch.setattr(watching.Watch, "add", lambda *given: eventful.Unwatched("no events on nfs"))
    with keeper(home) as one:
        one.rest()
        home.write("Nina/from elsewhere.jpg", b"a")
        one.until(lambda: mirrored(home))

        assert {"music": "polling (no events on nfs)"} == one.daemon.lookout.words()
        assert "watch: music: polling (no events on nfs)" in one.said


def test_polling_slows_down_where_nothing_happens(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quiet library on a NAS is not walked through every minute for years."""
    monkeypatch.setattr(watching.Watch, "add", lambda *given: eventful.Unwatched("no events on nfs"))
    settings(home, schedule={"scan": "30 days"})
    with keeper(home) as one:
        one.rest()
        before = len(one.did(Follow))
        for _ in range(24 * 6):
            one.hands.advance(600)
            one.step()
            one.until(lambda: one.daemon.worker.outcome is None, advancing=False)

        assert 23 <= len(one.did(Follow)) - before <= 40


def test_silence_that_hid_a_change_is_not_believed_again(home: Home) -> None:
    """A scan found what no event had told of: from now on that library is polled."""
    with keeper(home) as one:
        one.rest()
        one.daemon.watching.watch.drop("music")  # as deaf as a file system that never tells
        one.daemon.watching.watch.is_whole = lambda library: True  # type: ignore[method-assign]
        (home.base / "music/Nina/0.jpg").unlink()
        one.hands.advance(7 * 3600)
        one.rest()

        assert "schedule" in reasons(one)
        assert {"music": "polling (changes came without events)"} == one.daemon.lookout.words()


def test_an_unreadable_folder_ends_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its neighbours are watched as before."""
    real = InotifyFD.add_callback

    def add_callback(self: InotifyFD, path: bytes, *given: object) -> object:
        if path.endswith(b"/closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(self, path, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "add_callback", add_callback)
    home.write("closed/a.jpg", b"a")
    with keeper(home) as one:
        one.rest()
        home.write("Nina/new.jpg", b"new")
        one.rest()

        assert mirrored(home)
        assert ["start"] == reasons(one)


def test_a_machine_that_slept_is_looked_at_anew(home: Home) -> None:
    """Drives were swapped and clocks went on while nobody watched."""
    with keeper(home) as one:
        one.rest()
        one.hands.sleep(8 * 3600)
        one.rest()

        assert ["start", "sleep"] == reasons(one)


@pytest.mark.parametrize("years", [-1, 1])
def test_a_clock_that_jumps_by_a_year_stops_nothing(home: Home, years: int) -> None:
    """New music goes by a clock that never jumps; the schedule goes on from the new time."""
    with keeper(home) as one:
        one.rest()
        one.hands.jumped_s = years * 365 * 86400
        home.write("Nina/then.jpg", b"then")
        one.until(lambda: mirrored(home))
        one.rest()
        scans = len(reasons(one))
        one.hands.advance(7 * 3600)
        one.rest()

        assert scans + 1 == len(reasons(one))


@pytest.mark.parametrize(
    ("line", "silent"),
    [
        (b"36 25 0:31 / /m/Music/nas rw - nfs4 nas:/export rw", "nfs4"),
        (b"36 25 0:31 / /m/Music/phone rw - fuse.sshfs ana@phone:/ rw", "fuse.sshfs"),
        (b"36 25 8:1 / /m/Music/disk rw - ext4 /dev/sdb1 rw", None),
        (b"36 25 0:31 / /m/Musical rw - nfs4 nas:/export rw", None),
    ],
)
def test_a_mount_inside_a_library_may_be_silent(line: bytes, silent: str | None) -> None:
    """One album on a NAS is enough to make events of the whole library incomplete."""
    found = [mount.type for mount in mounts.read_mounts(line) if eventful._is_silent(mount, b"/m/Music/")]

    assert ([silent] if silent else []) == found
