"""Lanes in processes of their own: the same result, and no worse an end."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import sys
import threading

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Advanced
from fonoteca.core.finding import FindingKind
from fonoteca.disk import calls
from fonoteca.errors import Interrupted
from fonoteca.tasks import backup
from fonoteca.tasks.copying import making
from fonoteca.tasks.copying.apart import LaneApart
from fonoteca.tasks.copying.wire import LaneCrashed
from support.archives import OLD, Home, ran, tree

SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    """Every lane works in a process of its own, however little there is to do."""
    monkeypatch.setattr(making, "APART_FILES", 0)


@pytest.fixture
def started(monkeypatch):
    """The lanes whose processes were started."""
    lanes = []
    real = LaneApart.start

    def start(self):
        real(self)
        lanes.append(self)

    monkeypatch.setattr(LaneApart, "start", start)
    return lanes


def filled(tmp_path) -> Home:
    """A library with files of every size that is treated in its own way."""
    home = Home(tmp_path, ("red", "blue"))
    home.fill()
    for number, size in enumerate((0, 1, 4096, 256 << 10, (256 << 10) + 1, 3 << 20, (5 << 20) + 7)):
        home.write(f"sizes/{number}.jpg", os.urandom(size))
    return home


def library(home: Home) -> dict:
    """What lies in the library."""
    return files(home.base / "music")


def files(folder) -> dict:
    """Every file of a folder: links and empty folders are lines of the manifest at a location."""
    return {path: what for path, what in tree(folder).items() if what[0] == "file"}


def test_everything_comes_to_every_location_by_processes_too(tmp_path, started):
    """New, small, large and empty files: the copies are the library."""
    home = filled(tmp_path)
    home.verify()  # reads something in this process first: its buffers are not those of the lanes

    ended = home.backup()

    assert 0 == ended.code
    assert ["red", "blue"] == [lane.name for lane in started]
    assert library(home) == files(home.place("red") / "music") == files(home.place("blue") / "music")
    assert 0 == home.verify().code


def test_written_files_become_versions_by_processes_too(tmp_path):
    """What a process reports back is what was given to it: old contents, kept keys, levels."""
    home = filled(tmp_path)
    home.backup()
    home.write("sizes/2.jpg", b"other", mtime_ns=OLD + SECOND)
    home.write("sizes/5.jpg", os.urandom(3 << 20), mtime_ns=OLD + SECOND)
    os.utime(home.base / "music/sizes/3.jpg", ns=(OLD + SECOND, OLD + SECOND))

    ended = home.backup()

    assert 0 == ended.code
    assert library(home) == files(home.place("red") / "music") == files(home.place("blue") / "music")
    assert 4 == len(home.ask("SELECT 1 FROM versions"))
    assert 2 == len(list(home.place().glob(".fonoteca/versions/*/*")))
    assert 0 == home.verify().code


def test_what_stands_there_already_is_taken_by_processes_too(tmp_path):
    """An existing mirror costs no second transfer, and a differing file is left and reported."""
    home = Home(tmp_path)
    home.write("same.jpg", b"same")
    home.write("other.jpg", b"mine")
    (home.place() / "music").mkdir()
    (home.place() / "music/same.jpg").write_bytes(b"same")
    (home.place() / "music/other.jpg").write_bytes(b"yours")

    ended = home.backup()

    assert [b"other.jpg"] == [each.path for each in ended.found(FindingKind.DIFFERS)]
    assert b"yours" == (home.place() / "music/other.jpg").read_bytes()
    assert [(b"music/same.jpg",)] == home.ask("SELECT key FROM copies WHERE state = 'good'")


def test_a_killed_process_fails_its_location_alone(tmp_path, monkeypatch, started):
    """The kernel takes the process of one lane for want of memory: the other location gets everything."""
    home = filled(tmp_path)
    real = LaneApart.start

    def start(self):
        real(self)
        if self.name == "red":
            os.kill(self._pid, signal.SIGKILL)

    monkeypatch.setattr(LaneApart, "start", start)
    ended = home.backup()

    assert [("red", "Broken")] == [(each.location, each.kind) for each in ended.failed]
    assert "signal 9" in ended.failed[0].sentence
    assert library(home) == files(home.place("blue") / "music")
    monkeypatch.setattr(LaneApart, "start", real)
    assert 0 == home.backup().code
    assert library(home) == files(home.place("red") / "music")


def test_a_full_disk_is_told_as_such_from_the_process(tmp_path, monkeypatch):
    """An error crosses the pipe with its kind and what it says."""
    home = filled(tmp_path)
    real = calls.write_all

    def write_all(fd, block):
        if b"/red/" in os.readlink(b"/proc/self/fd/%d" % fd) and len(block) > 100_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, block)

    monkeypatch.setattr(calls, "write_all", write_all)
    ended = home.backup()

    assert [("red", "Full")] == [(each.location, each.kind) for each in ended.failed]
    assert library(home) == files(home.place("blue") / "music")


def test_a_bug_in_the_process_is_no_failing_disk(tmp_path, monkeypatch):
    """What is our fault is told as ours, with what Python said there."""
    home = filled(tmp_path)

    def finish(lane, draft):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("fonoteca.tasks.copying.making.finish", finish)

    with pytest.raises(LaneCrashed, match="ZeroDivisionError: a bug"):
        home.backup()


def test_without_room_for_a_process_the_lane_works_here(tmp_path, monkeypatch):
    """A limit on processes makes it slower, and nothing else."""
    home = filled(tmp_path)

    def fork():
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fork", fork)
        ended = home.backup()

    assert 0 == ended.code
    assert library(home) == files(home.place("red") / "music") == files(home.place("blue") / "music")


def test_stopping_leaves_no_process_and_no_half_made_file(tmp_path, monkeypatch, started):
    """Ctrl-C in the middle: what was finished stands, the rest comes with the next run."""
    home = filled(tmp_path)
    for number in range(400):
        home.write(f"many/{number}.jpg", os.urandom(100))
    stop = threading.Event()
    with Archive.open(home.config, Access.WRITE) as archive:
        requested = type("Stop", (), {"requested": property(lambda self: stop.is_set()), "signal_number": 2})
        monkeypatch.setattr(archive, "stop", requested())
        with pytest.raises(Interrupted):
            for event in backup.backup(archive):
                if isinstance(event, Advanced):
                    stop.set()

    assert [True, True] == [lane.join(0) for lane in started]
    for lane in started:
        with pytest.raises(ProcessLookupError):
            os.kill(lane._pid, 0)
    assert 0 == home.backup().code
    assert library(home) == files(home.place("red") / "music") == files(home.place("blue") / "music")


RUN = """
import os, signal, sys
from fonoteca.archive import Access, Archive
from fonoteca.config.load import load
from fonoteca.tasks import backup
from fonoteca.tasks.copying import making
from fonoteca.tasks.copying.apart import LaneApart
making.APART_FILES = 0
real = LaneApart.start
def start(self):
    real(self)
    print(self._pid, flush=True)
    signal.pause()
LaneApart.start = start
with Archive.open(load(sys.argv[1]), Access.WRITE) as archive:
    list(backup.backup(archive))
"""


def test_a_killed_program_leaves_no_process_behind(tmp_path):
    """`kill -9` of the program: the kernel ends the lane too, and the location can be opened again."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    with subprocess.Popen([sys.executable, "-c", RUN, home.config_path], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        lane = os.pidfd_open(int(program.stdout.readline()))
        program.kill()
        ended, _, _ = select.select([lane], [], [], 20)
        os.close(lane)

    assert ended, "the lane's process lives on"
    assert 0 == ran_again(home)


def ran_again(home: Home) -> int:
    """The exit code of the next run."""
    with Archive.open(home.config, Access.WRITE) as archive:
        return ran(backup.backup(archive)).code
