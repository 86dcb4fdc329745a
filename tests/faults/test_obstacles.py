"""More of what stands in one file's way, and what a run that was killed leaves."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest

from fonoteca.core.event import Copied
from fonoteca.core.finding import FindingKind
from fonoteca.disk import calls, mounts
from fonoteca.tasks.manifest import seal
from support.archives import OLD, Home, flip_byte

SECOND = 1_000_000_000


def killed_before_the_seal(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that published and then died: its intent stands."""

    def die(self, lines, full=False):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(seal.Ledger, "seal", die)
        home.backup()


def test_an_intent_that_cannot_be_read_itself_does_not_lock_the_location(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad sector under the open segment: what it intended stands there and is taken as it is."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    killed_before_the_seal(home, monkeypatch)
    (intent,) = home.place().glob(".fonoteca/libraries/*/manifest/*.open.jsonl")
    real = calls.read_into

    def broken(fd, buffer, offset):
        if os.readlink(b"/proc/self/fd/%d" % fd) == os.fsencode(intent):
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, buffer, offset)

    with monkeypatch.context() as patch:
        patch.setattr(calls, "read_into", broken)
        ended = home.backup()

    assert [] == ended.failed
    assert [(b"music/a.jpg",)] == home.ask("SELECT key FROM copies")
    assert 0 == home.verify("red").code


def test_names_of_a_run_that_was_cut_off_are_durable_before_they_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have died before its own flush, and a power cut may follow this run."""
    monkeypatch.setattr(mounts.FileSystem, "flushes_together", property(lambda self: False))
    home = Home(tmp_path)
    home.write("deep/er/a.jpg", b"x")
    killed_before_the_seal(home, monkeypatch)
    real = seal.Ledger.seal
    fsync = calls.fsync
    paths: list[bytes] = []

    def watched(fd):
        paths.append(os.readlink(b"/proc/self/fd/%d" % fd))
        return fsync(fd)

    seen: list[list[bytes]] = []

    def at_the_seal(self, lines, *, full=False):
        seen.append(list(paths))
        return real(self, lines, full=full)

    monkeypatch.setattr(calls, "fsync", watched)
    monkeypatch.setattr(seal.Ledger, "seal", at_the_seal)
    home.backup()

    place = os.fsencode(home.place())
    wanted = {place, place + b"/music", place + b"/music/deep", place + b"/music/deep/er"}
    assert wanted <= set(seen[0])


def test_a_version_whose_live_copy_rotted_unseen_keeps_only_what_was_published(tmp_path: Path) -> None:
    """Its size and time stand, its bytes do not: they must never become a version under another's digest."""
    home = Home(tmp_path)
    for number, content in enumerate((b"one", b"two", b"one")):
        home.write("a.jpg", content, mtime_ns=OLD + number * SECOND)
        home.backup()
    flip_byte(home.place() / "music/a.jpg")
    home.write("a.jpg", b"three", mtime_ns=OLD + 9 * SECOND)
    ended = home.backup()

    assert [FindingKind.CHANGED_AT_LOCATION] == [each.kind for each in ended.found()]
    assert b"three" == (home.place() / "music/a.jpg").read_bytes()
    blobs = sorted(path.read_bytes() for path in home.place().glob(".fonoteca/versions/*/*"))
    assert [b"one", b"two"] == blobs


def test_a_copy_that_was_bad_is_told_as_repaired(tmp_path: Path) -> None:
    """What lies in quarantine then is no version of anything."""
    home = Home(tmp_path)
    home.write("a.jpg", b"abc")
    home.write("b.jpg", b"b")
    home.backup()
    flip_byte(home.place() / "music/a.jpg")
    (home.place() / "music/b.jpg").unlink()
    home.verify("red")
    ended = home.backup()

    assert ["repaired", "repaired"] == [event.how for event in ended.events if isinstance(event, Copied)]
    assert [] == list(home.place().glob(".fonoteca/versions/*/*"))
    assert 1 == len(list(home.place().glob(".fonoteca/quarantine/*/*")))


def test_a_location_that_takes_no_time_of_a_file_of_somebody_else_takes_it_as_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror made by root with rsync: its bytes are right, its dates are not ours to set."""
    home = Home(tmp_path)
    (home.place() / "music").mkdir()
    (home.place() / "music/a.jpg").write_bytes(b"x")
    home.write("a.jpg", b"x")
    number, real = (home.place() / "music/a.jpg").stat().st_ino, calls.utime

    def utime(path, *args, **named):
        if isinstance(path, int) and os.fstat(path).st_ino == number:
            raise OSError(errno.EPERM, "Operation not permitted")
        return real(path, *args, **named)

    monkeypatch.setattr(calls, "utime", utime)
    ended = home.backup()

    assert ([], 0) == (ended.failed, ended.code)
    assert [("good",)] == home.ask("SELECT state FROM copies")


def test_a_file_that_one_place_refuses_is_told_until_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Larger than FAT can hold: said by each run, over when it fits."""
    home = Home(tmp_path)
    home.write("a.jpg", b"HUGE")
    real = calls.write_all

    def write_all(fd, block):
        if bytes(block[:4]) == b"HUGE":
            raise OSError(errno.EFBIG, "File too large")
        return real(fd, block)

    with monkeypatch.context() as patch:
        patch.setattr(calls, "write_all", write_all)
        codes = [home.backup().code, home.backup().code]
        (finding,) = home.backup().found()
    home.backup()

    assert [3, 3] == codes
    assert FindingKind.NOT_COPIED is finding.kind
    assert "4 GiB on FAT" in finding.detail
    assert [] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")
    assert [] == list(home.place().glob(".fonoteca/libraries/*/manifest/*.open.jsonl"))


def test_what_a_killed_run_left_of_a_snapshot_is_removed(tmp_path: Path) -> None:
    """It is as large as the catalogue, and lies where nobody looks."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    left = home.catalogue.parent / ".snapshot-abcdef"
    left.mkdir()
    (left / "catalogue.sqlite").write_bytes(b"x" * 1000)
    home.backup()

    assert not left.exists()


def test_what_the_running_process_is_making_of_a_snapshot_stays(tmp_path: Path) -> None:
    """Another location's lane may be sending it at that very moment."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    making = home.catalogue.parent / f".snapshot-{os.getpid()}-abcdef"
    making.mkdir()
    home.backup()

    assert making.exists()
