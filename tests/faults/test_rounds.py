"""Second rounds, cut-off runs met by a second trouble, and errors about one file that end a whole location."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import time

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import copies
from fonoteca.core.event import Phase, Scanned
from fonoteca.disk import calls
from fonoteca.tasks import backup
from fonoteca.tasks.checking import survey
from fonoteca.tasks.copying import drafts
from fonoteca.tasks.copying.finish import finish
from fonoteca.tasks.copying.transfer import Transfer
from fonoteca.tasks.manifest import seal
from support.archives import OLD, Home, Ran

SECOND = 1_000_000_000


def cut_off_before_the_seal(home: Home, monkeypatch) -> None:
    """A backup that published and then died: its intent stands."""

    def die(self, lines, full=False):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(seal.Ledger, "seal", die)
        home.backup()
    assert 1 == len(list(home.place().glob(".fonoteca/libraries/*/manifest/*.open.jsonl")))


def test_what_a_fast_lane_published_is_not_taken_for_strange_in_the_second_round(tmp_path, monkeypatch):
    """One lane lags, so a written file is read again; the other lane has it already, only not yet reported."""
    home = Home(tmp_path, ("red", "blue"))
    for number in range(6):  # so many that the guard need not judge the written ones first
        home.write(f"{number}.jpg", b"x")
    home.backup()
    for number in range(3):
        home.write(f"{number}.jpg", b"new", mtime_ns=OLD + SECOND)
    monkeypatch.setattr(drafts, "DRAFT_FILES", 1)
    real_round, real_finish = Transfer._round, finish

    def a_round(self, *, again):
        self.lanes[1].lagging = not again
        time.sleep(0.5 if again else 0.0)  # red's first draft is published, and not reported yet
        yield from real_round(self, again=again)

    def slowly(lane, draft):
        done = real_finish(lane, draft)
        time.sleep(1.0 if lane.name == "red" else 0.0)
        return done

    monkeypatch.setattr(Transfer, "_round", a_round)
    monkeypatch.setattr("fonoteca.tasks.copying.making.finish", slowly)
    ended = home.backup()

    assert [] == ended.found()
    assert 0 == ended.code
    assert [] == list(home.place("red").glob(".fonoteca/quarantine/*/*"))


def test_a_cut_off_batch_is_completed_also_at_a_place_that_was_rolled_back(tmp_path, monkeypatch):
    """The image of the disk was made while an intent stood: its kept old content must be recorded."""
    home = Home(tmp_path)
    home.write("a.jpg", b"one")
    home.backup()
    home.write("a.jpg", b"two", mtime_ns=OLD + SECOND)
    cut_off_before_the_seal(home, monkeypatch)
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    home.backup()
    home.write("b.jpg", b"b")
    home.backup()
    for name in (".fonoteca", "music"):
        shutil.rmtree(home.place() / name)
        shutil.copytree(tmp_path / "image" / name, home.place() / name, symlinks=True)
    home.backup()

    assert 1 == len(list(home.place().glob(".fonoteca/versions/*/*")))
    assert [(1,)] == home.ask("SELECT count(*) FROM versions")


def test_an_intent_whose_file_cannot_be_read_does_not_lock_the_location_for_ever(tmp_path, monkeypatch):
    """The cut-off was the disk dying a little: the unreadable file is one finding, the rest goes on."""
    home = Home(tmp_path)
    home.write("a.jpg", b"a" * 100)
    cut_off_before_the_seal(home, monkeypatch)
    number = (home.place() / "music/a.jpg").stat().st_ino
    real = calls.read_into

    def broken(fd, buffer, offset):
        if os.fstat(fd).st_ino == number:
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, buffer, offset)

    monkeypatch.setattr(calls, "read_into", broken)
    home.write("good.jpg", b"good")
    home.backup()
    home.backup()

    assert b"good" == (home.place() / "music/good.jpg").read_bytes()


def test_a_catalogue_that_fails_in_the_middle_of_a_batch_records_all_of_it_or_nothing(tmp_path, monkeypatch):
    """SQLite fails between the version and the copy: the next run must not count the version twice."""
    home = Home(tmp_path)
    home.write("a.jpg", b"one")
    home.backup()
    home.write("a.jpg", b"two", mtime_ns=OLD + SECOND)

    def fail(connection, stood):
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch, contextlib.suppress(Exception):
        patch.setattr(copies, "record_many", fail)
        home.backup()
    home.backup()

    assert [(1,)] == home.ask("SELECT count(*) FROM versions")


def test_a_file_that_is_too_large_for_a_place_fails_alone(tmp_path, monkeypatch):
    """5 GB onto a FAT stick: that one cannot go there, all others can."""
    home = Home(tmp_path)
    home.write("aaa.jpg", b"HUGE" + b"x" * 400_000)
    home.write("zzz.jpg", b"good")
    real = calls.write_all

    def write_all(fd, block):
        if bytes(block[:4]) == b"HUGE":
            raise OSError(errno.EFBIG, "File too large")
        return real(fd, block)

    monkeypatch.setattr(calls, "write_all", write_all)
    home.backup()
    home.backup()

    assert (home.place() / "music/zzz.jpg").exists()
    assert [(b"music/zzz.jpg",)] == home.ask("SELECT key FROM copies")


def test_a_folder_there_that_may_not_be_written_fails_alone(tmp_path, monkeypatch):
    """One folder of the mirror belongs to root: what goes into it cannot, everything else can."""
    home = Home(tmp_path)
    home.write("aaa/a.jpg", b"x")
    home.write("zzz.jpg", b"good")
    real = calls.mkdir

    def mkdir(name, *args, **named):
        if name == b"aaa":
            raise OSError(errno.EACCES, "Permission denied")
        return real(name, *args, **named)

    monkeypatch.setattr(calls, "mkdir", mkdir)
    ended = home.backup()

    assert 3 == ended.code
    assert [(b"music/zzz.jpg",)] == home.ask("SELECT key FROM copies")


def test_nothing_is_read_for_a_location_that_has_failed(tmp_path, monkeypatch):
    """The new disk is broken from the start: a whole library is not read for nobody."""
    home = Home(tmp_path, ("red",))
    for number in range(60):
        home.write(f"{number:02d}.jpg", os.urandom(300_000))
    home.scan()
    reads = []
    real_read, real_write = calls.read_into, calls.write_all

    def write_all(fd, block):
        if len(block) > 10_000 and b"/incoming/" in os.readlink(b"/proc/self/fd/%d" % fd):
            raise OSError(errno.EIO, "Input/output error")
        return real_write(fd, block)

    def read_into(fd, buffer, offset):
        if offset == 0 and b"/music/" in os.readlink(b"/proc/self/fd/%d" % fd):
            reads.append(fd)
            time.sleep(0.01)
        return real_read(fd, buffer, offset)

    with sqlite3.connect(home.catalogue) as connection:  # as a week later: nothing racy any more
        connection.execute("UPDATE entries SET trusted = 1")
    monkeypatch.setattr(calls, "write_all", write_all)
    monkeypatch.setattr(calls, "read_into", read_into)
    ended = home.backup()

    assert 1 == len(ended.failed)
    assert len(reads) <= 20


def test_a_place_that_another_run_writes_is_exit_code_11(tmp_path):
    """Another archive's run holds the location's lock: the exit code has a number for that."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    with Archive.open(home.config, Access.READ) as archive:
        location = archive.location(home.config.locations["red"])
        with location.open(write=True):
            ended = home.backup()

    assert 11 == ended.code


def test_the_next_listing_says_what_is_missing_without_a_flush_for_each(tmp_path, monkeypatch):
    """A folder of the mirror was deleted: a hundred thousand findings must not be as many commits."""
    home = Home(tmp_path)
    for number in range(50):
        home.write(f"{number}.jpg", b"x")
    home.backup()
    with sqlite3.connect(home.catalogue) as connection:
        connection.execute("UPDATE locations SET listed_ns = NULL")
    shutil.rmtree(home.place() / "music")
    begun = []
    real = survey.transaction

    def transaction(connection):
        begun.append(connection.in_transaction)
        return real(connection)

    monkeypatch.setattr(survey, "transaction", transaction)
    home.backup()

    assert len(begun) < 10


@pytest.mark.parametrize("moment", ["after the scan", "before the copying"])
def test_a_location_that_vanishes_between_two_steps_fails_alone(tmp_path, moment):
    """The stick is pulled while the library is scanned: the other location gets everything."""
    home = Home(tmp_path, ("red", "blue"))
    home.write("a.jpg", b"x")
    home.backup()
    home.write("b.jpg", b"y")
    seen = []
    with Archive.open(home.config, Access.WRITE) as archive:
        for event in backup.backup(archive):
            seen.append(event)
            now = isinstance(event, Scanned) if moment == "after the scan" else _is_copying(event)
            if now and home.place("red").exists():
                home.place("red").rename(tmp_path / "pulled")
    ended = Ran(tuple(seen))

    assert ["Away"] == [failed.kind for failed in ended.failed]
    assert b"y" == (home.place("blue") / "music/b.jpg").read_bytes()


def _is_copying(event: object) -> bool:
    return isinstance(event, Phase) and event.name == "copy"


def test_a_place_that_was_rolled_back_gets_the_newer_content_of_the_same_size(tmp_path):
    """A tag edit within the padding, then the disk's image of before it: the edit must arrive again."""
    home = Home(tmp_path)
    home.write("a.jpg", b"one")
    home.backup()
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    home.write("a.jpg", b"two", mtime_ns=OLD + SECOND)
    home.backup()
    for name in (".fonoteca", "music"):
        shutil.rmtree(home.place() / name)
        shutil.copytree(tmp_path / "image" / name, home.place() / name, symlinks=True)
    home.backup()

    assert b"two" == (home.place() / "music/a.jpg").read_bytes()
    assert 0 == home.backup().code
