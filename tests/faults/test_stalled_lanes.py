"""Threads, queues and memory of a transfer that goes wrong, or just goes on."""

from __future__ import annotations

import os
import threading
import time

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Phase
from fonoteca.disk import calls
from fonoteca.errors import Interrupted
from fonoteca.tasks import backup
from fonoteca.tasks.copying import drafts, lanes
from fonoteca.tasks.copying.blocks import BLOCK_BYTES
from fonoteca.tasks.copying.transfer import Transfer
from fonoteca.tasks.copying.works import Works
from support.archives import OLD, Home, ran

MIB = 1 << 20


@pytest.mark.timeout(60)
def test_a_lane_that_lags_in_the_second_round_too_does_not_make_it_endless(tmp_path, monkeypatch):
    """A stick that stalls twice: the run ends, and the next one brings the rest."""
    home = Home(tmp_path, ("red", "blue"))
    for number in range(20):
        home.write(f"{number:02d}.jpg", os.urandom(300_000))
    reads = []
    real_round, real_work = Transfer._round, Works.of

    def a_round(self, *, again):
        self.lanes[0].lagging = True  # as `_leave_behind` does after ten slow seconds
        yield from real_round(self, again=again)

    def work(self, item, *, again):
        reads.append(item.name)
        if len(reads) > 1000:
            raise AssertionError("the second round never ends: each file was planned fifty times")
        return real_work(self, item, again=again)

    monkeypatch.setattr(Transfer, "_round", a_round)
    monkeypatch.setattr(Works, "of", work)

    home.backup()

    assert len(reads) <= 60


def test_large_files_that_overlap_are_published_a_draft_at_a_time(tmp_path, monkeypatch):
    """Two readers stream without a gap; what is staged is published every so many bytes, not at the very end."""
    monkeypatch.setattr(drafts, "DRAFT_BYTES", 4 * MIB)
    home = Home(tmp_path)
    for number in range(40):
        home.write(f"{number:02d}.jpg", os.urandom(2 * MIB))
    sizes = []
    real = lanes.Lane._send_on

    def send_on(self, draft):
        sizes.append(draft.bytes)
        real(self, draft)

    monkeypatch.setattr(lanes.Lane, "_send_on", send_on)
    home.backup()

    assert max(sizes) <= 12 * MIB, f"drafts of {[size // MIB for size in sizes]} MiB"


def reader_threads() -> list[str]:
    """Return the names of the reader threads that live."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("reads ")]


@pytest.mark.timeout(60)
def test_no_reader_goes_on_when_the_caller_wants_no_more(tmp_path, monkeypatch):
    """A closed generator leaves no thread behind, also when a large file was under way."""
    home = Home(tmp_path)
    for number in range(3):
        home.write(f"{number}.jpg", os.urandom(60 * MIB))
    real = calls.read_into
    begun = threading.Event()

    def reading_slowly(fd, buffer, offset):
        if threading.current_thread().name.startswith("reads "):
            begun.set()
            time.sleep(0.01)
        return real(fd, buffer, offset)

    monkeypatch.setattr(calls, "read_into", reading_slowly)
    with Archive.open(home.config, Access.WRITE) as archive:
        events = backup.backup(archive)
        for event in events:
            if isinstance(event, Phase) and event.name == "copy":
                break
        monkeypatch.setattr(
            archive,
            "stop",
            type("Stop", (), {"requested": property(lambda s: begun.is_set()), "signal_number": 2})(),
        )
        with pytest.raises(Interrupted):
            ran(events)
    deadline = time.monotonic() + 10
    while reader_threads() and time.monotonic() < deadline:
        time.sleep(0.1)

    assert [] == reader_threads()


def test_a_small_file_that_grew_since_the_scan_is_not_read_into_memory_whole(tmp_path, monkeypatch):
    """A download in progress: 1 byte at the scan, gigabytes when its turn comes."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"x")
    asked = []
    real = calls.read_into

    def read_into(fd, buffer, offset):
        if os.readlink(f"/proc/self/fd/{fd}") == str(path):
            asked.append(len(buffer))
        return real(fd, buffer, offset)

    monkeypatch.setattr(calls, "read_into", read_into)
    with Archive.open(home.config, Access.WRITE) as archive:
        for event in backup.backup(archive):
            if isinstance(event, Phase) and event.name == "copy":
                os.truncate(path, 48 * MIB)
                os.utime(path, ns=(OLD, OLD))

    assert max(asked) <= BLOCK_BYTES, f"{max(asked) // MIB} MiB were asked for at once"
    assert 48 * MIB == (home.place() / "music/a.jpg").stat().st_size


def test_what_a_recorder_remembers_of_new_files_is_forgotten_when_a_lane_lagged(tmp_path, monkeypatch):
    """A million files while one stick lags: memory stays flat."""
    home = Home(tmp_path, ("red", "blue"))
    for number in range(20):
        home.write(f"{number:02d}.jpg", b"x")
    recorders = []
    real = Transfer._round

    def a_round(self, *, again):
        recorders.append(self.recorder)
        self.lanes[0].lagging = not again
        yield from real(self, again=again)

    monkeypatch.setattr(Transfer, "_round", a_round)
    home.backup()

    assert {} == recorders[-1]._numbers


@pytest.mark.timeout(30)
def test_a_stager_that_fails_while_it_closes_does_not_wait_for_ever(tmp_path, monkeypatch):
    """Even its last act can fail; then it has had its `Close` already."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")

    def hand_over(self):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(lanes.Lane, "_hand_over", hand_over)
    ended = threading.Event()

    def attempt():
        try:
            home.backup()
        except BaseException:  # whatever it says, it has to come to an end
            pass
        ended.set()

    threading.Thread(target=attempt, daemon=True).start()

    assert ended.wait(8), "the run hangs"
