"""What goes wrong around a daemon: it says so once, loses nothing, and goes on when it can."""

from __future__ import annotations

import functools
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fonoteca.daemon.work import Follow, Scan
from fonoteca.tasks import setup
from support.archives import Home, tree
from support.disks import disk
from support.keepers import keeper, settings
from support.stories import SOURCE


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small archive with two locations."""
    made = Home(tmp_path, ("red", "blue"))
    for number in range(3):
        made.write(f"Nina/{number}.jpg", b"nina %d" % number)
    return made


def mirrored(home: Home, name: str = "red") -> bool:
    """Whether a location holds exactly what the library holds."""
    return tree(home.base / "music") == tree(home.place(name) / "music")


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is free on the disk at `folder`."""
    stuffing = folder / "stuffing"
    with stuffing.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass
    try:
        yield
    finally:
        stuffing.unlink()


def test_a_full_location_stops_no_other(tmp_path: Path) -> None:
    """The other one has its copies at once; the full one when there is room again."""
    with disk(tmp_path, "small", megabytes=16) as drive:
        home = Home(tmp_path, ("red",))
        home.write("Nina/0.jpg", b"nina")
        place = drive.mount_point / "music"
        setup.location_add(home.config_path, "small", str(place))
        with keeper(home) as one:
            one.rest()
            with filled(drive.mount_point):
                home.write("Nina/big.jpg", os.urandom(3 << 20))
                one.until(lambda: mirrored(home))
                one.rest()
                assert 1 == one.said.count("Make room there and run this again.")
                before = len(one.did(Follow))
                one.hands.advance(3600)
                one.rest()
                assert len(one.did(Follow)) <= before + 1  # for `SHA256SUMS`: nothing is tried all the time
            one.hands.advance(7 * 3600)
            one.rest()

            assert tree(home.base / "music") == tree(place / "music")


def test_a_full_disk_under_the_catalogue_is_waited_for(tmp_path: Path) -> None:
    """Nothing is copied that could not be remembered; it is when there is room again."""
    with disk(tmp_path, "own", megabytes=16) as drive:
        home = Home(tmp_path, ())
        settings(home, archive={"catalogue": str(drive.mount_point / "catalogue.sqlite")})
        setup.location_add(home.config_path, "red", str(home.place()), plain_folder=True)
        home.write("Nina/0.jpg", b"nina")
        with keeper(home) as one:
            one.rest()
            with filled(drive.mount_point):
                for number in range(50):
                    home.write(f"album {number}/{'x' * 200}.jpg", b"%d" % number)
                one.until(lambda: one.outcomes[-1].error)
                for _ in range(60):
                    one.hands.advance(60)
                    one.step()
                assert 1 <= one.said.count("failed") <= 2
            one.hands.advance(300)
            one.until(lambda: mirrored(home))
            one.rest()

        assert 0 == home.verify("red").code


def test_a_catalogue_that_another_program_locked_is_waited_for(home: Home) -> None:
    """Somebody looks into it with a tool of theirs."""
    with keeper(home) as one:
        one.rest()
        holder = sqlite3.connect(home.catalogue, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        home.write("Nina/new.jpg", b"new")
        one.until(lambda: one.outcomes[-1].error)
        assert "locked" in one.said
        holder.execute("ROLLBACK")
        holder.close()
        one.hands.advance(300)
        one.rest()

        assert mirrored(home)


def test_five_thousand_events_a_second(home: Home) -> None:
    """Are gathered: the loop goes round a few times, and what rests is copied once."""
    with keeper(home) as one:
        one.rest()
        before, rounds = len(one.did(Follow)), 0
        files = [(home.base / f"music/Nina/{number}.jpg").open("ab") for number in range(50)]
        began = time.monotonic()
        for number in range(10_000):
            os.write(files[number % 50].fileno(), b"more")
            if not number % 2500:
                one.step(patient=False)
                rounds += 1
        took = time.monotonic() - began
        for file in files:
            file.close()
        one.rest()

        assert mirrored(home)
        assert len(one.did(Follow)) - before <= 2
        assert 1 == len(one.did(Scan))
        assert took < 10


@functools.cache
def _lacks_namespaces() -> bool:
    tried = ["unshare", "-Ur", "sh", "-c", "echo 50 > /proc/sys/user/max_inotify_watches"]
    try:
        return bool(subprocess.run(tried, capture_output=True, check=False).returncode)
    except FileNotFoundError:
        return True


def test_fifty_watches_for_five_thousand_folders(home: Home) -> None:
    """In a user namespace with such a limit of its own: said once with what raises it, polled, never retried busily."""
    if _lacks_namespaces():
        pytest.skip("this kernel lets nobody make a user namespace")
    for number in range(5000):
        (home.base / f"music/{number // 100}/{number}").mkdir(parents=True)
    settings(home, background={"settle": "1s"})
    limited = 'echo 50 > /proc/sys/user/max_inotify_watches && exec "$@"'
    said = home.base / "said"
    daemon = subprocess.Popen(
        [
            *("unshare", "-Ur", "sh", "-c", limited, "sh"),
            *(sys.executable, "-m", "fonoteca", "--config", home.config_path, "daemon"),
        ],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=said.open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 60
        while "3 files to red" not in said.read_text():
            assert daemon.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.05)  # a real process in real time
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()

    assert 1 == said.read_text().count("watch: music: polling (")
    assert (
        "5,052 folders need 5,052 inotify watches, 50 are allowed for all programs together"
        in said.read_text()
    )
    assert "sudo sysctl user.max_inotify_watches=65536" in said.read_text()
