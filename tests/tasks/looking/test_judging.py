"""Rot below the files, memory that lies, files that a crash emptied: what leaves the library, and what is told."""

from __future__ import annotations

import hashlib
import itertools
import os
import sqlite3
from collections.abc import Callable

import pytest

from fonoteca.core.event import Found
from fonoteca.core.finding import FindingKind
from fonoteca.disk import calls
from fonoteca.tasks import setup
from support.archives import OLD, Home, Ran
from support.disks import disk
from support.judged import a_day_later

SECOND = 1_000_000_000
SIZES = pytest.mark.parametrize("size", [5_000, 700_000], ids=["small", "large"])


def misread(monkeypatch: pytest.MonkeyPatch, name: str, turned: Callable[[int], int]) -> None:
    """Let byte 1000 of every library file `name` be read wrong: the n-th reading of it (from 0) XORed with `turned`."""
    real, count = calls.read_into, itertools.count()

    def read_into(fd: int, buffer: memoryview, offset: int) -> int:
        size = real(fd, buffer, offset)
        path = os.readlink(f"/proc/self/fd/{fd}")
        is_ours = path.endswith("/" + name) and "/red/" not in path and "/blue/" not in path
        if is_ours and offset <= 1000 < offset + size:
            buffer[1000 - offset] ^= turned(next(count))
        return size

    monkeypatch.setattr(calls, "read_into", read_into)


def home_with(tmp_path, size: int) -> tuple[Home, bytes]:
    """A backed-up library of two files, a day later, and what is in `a.flac`."""
    home = Home(tmp_path)
    data = os.urandom(size)
    home.write("a.flac", data)
    home.write("other.jpg", b"other")
    home.backup()
    a_day_later(home)
    return home, data


def about_bytes(ran: Ran) -> list[FindingKind]:
    """Kinds of findings, without those about the random bytes' tags."""
    return [each.kind for each in ran.found() if each.kind is not FindingKind.TAGS_UNREADABLE]


@SIZES
def test_rot_is_held_and_named_with_its_good_copies(tmp_path, monkeypatch, size):
    """Nothing wrote the file, and it reads otherwise each time: the good copy must stay what it is."""
    home, data = home_with(tmp_path, size)
    misread(monkeypatch, "a.flac", lambda n: 0x10)

    ended = home.backup()

    (rot,) = ended.found(FindingKind.ROT)
    assert (b"a.flac", True) == (rot.path, rot.repairable)
    assert rot.detail.startswith("rot: ")
    assert hashlib.sha256(data).hexdigest() in rot.detail
    assert "good copies at red" in rot.detail
    assert 4 == ended.code
    assert data == (home.place() / "music/a.flac").read_bytes()
    assert [(b"a.flac",)] == home.ask("SELECT name FROM entries WHERE state = 'held'")
    assert [FindingKind.ROT] == about_bytes(home.backup()), "a hold must not wear off"


@SIZES
def test_memory_that_lied_once_accuses_no_file(tmp_path, monkeypatch, size):
    """The second reading, past the cache, is what was recorded: there is nothing wrong with the disk."""
    home, _ = home_with(tmp_path, size)
    misread(monkeypatch, "a.flac", lambda n: 0x10 if n == 0 else 0)

    ended = home.backup()

    assert ([], 0) == (about_bytes(ended), ended.code)
    assert [] == home.ask("SELECT name FROM entries WHERE state <> 'present'")


@SIZES
def test_readings_that_differ_are_about_the_machine(tmp_path, monkeypatch, size):
    """Nobody can say what is on that disk: nothing of it goes anywhere, and nothing is called rot."""
    home, data = home_with(tmp_path, size)
    with monkeypatch.context() as patch:
        misread(patch, "a.flac", lambda n: n % 200 + 1)
        ended = home.backup()

    assert ([FindingKind.UNSTABLE_READS], 3) == (about_bytes(ended), ended.code)
    assert data == (home.place() / "music/a.flac").read_bytes()
    assert 0 == home.backup().code, "it is looked at again, and reads well on another day"
    assert [] == home.ask("SELECT name FROM entries WHERE state <> 'present'")


@SIZES
def test_a_rotten_file_is_not_sent_to_a_place_that_lacks_it(tmp_path, monkeypatch, size):
    """A new drive: every file is read for it, and one of them turned meanwhile."""
    home, _ = home_with(tmp_path, size)
    setup.location_add(home.config_path, "blue", str(tmp_path / "blue"), plain_folder=True)
    misread(monkeypatch, "a.flac", lambda n: 0x10)

    ended = home.backup()

    assert [FindingKind.ROT] == about_bytes(ended)
    assert not (home.place("blue") / "music/a.flac").exists()
    assert (home.place("blue") / "music/other.jpg").exists()


@SIZES
def test_a_place_that_lacks_a_file_gets_its_bytes_though_memory_lied_once(tmp_path, monkeypatch, size):
    """The bytes that were on their way are not those of the file: they are read once more for it."""
    home, data = home_with(tmp_path, size)
    setup.location_add(home.config_path, "blue", str(tmp_path / "blue"), plain_folder=True)
    misread(monkeypatch, "a.flac", lambda n: 0x10 if n == 0 else 0)

    ended = home.backup()

    assert ([], 0) == (about_bytes(ended), ended.code)
    assert data == (home.place("blue") / "music/a.flac").read_bytes()


def test_verify_reads_a_library_file_twice_before_it_says_rot(tmp_path, monkeypatch):
    """`verify` and `backup` judge alike."""
    home, _ = home_with(tmp_path, 5_000)
    with monkeypatch.context() as patch:
        misread(patch, "a.flac", lambda n: 0x10 if n == 0 else 0)
        assert [] == about_bytes(home.verify("music"))
    a_day_later(home)
    with monkeypatch.context() as patch:
        misread(patch, "a.flac", lambda n: n % 200 + 1)
        assert [FindingKind.UNSTABLE_READS] == about_bytes(home.verify("music"))
    misread(monkeypatch, "a.flac", lambda n: 0x10)

    ended = home.verify("music")

    assert ([FindingKind.ROT], 4) == (about_bytes(ended), ended.code)
    assert [("rot",)] == home.ask(
        "SELECT kind FROM findings WHERE closed_ns IS NULL AND kind NOT IN ('tags unreadable', 'damaged inside')"
    ), "the verdict before it is over"


def test_a_byte_that_turned_below_the_file_system_is_rot(tmp_path):
    """A real disk: the image is changed while it is not mounted, so no stat moves at all."""
    marker = os.urandom(64)
    with disk(tmp_path, "music") as music:
        home = Home(tmp_path)
        home.write("a.flac", b"x" * 10_000 + marker + b"y" * 10_000)
        home.write("other.jpg", b"other")
        home.backup()
        a_day_later(home)
        music.unmount()
        image = bytearray(music.image.read_bytes())
        image[image.index(marker) + 20] ^= 1
        music.image.write_bytes(image)
        music.mount()

        ended = home.backup()

    (rot,) = ended.found(FindingKind.ROT)
    assert (b"a.flac", True) == (rot.path, rot.repairable)
    assert marker in (home.place() / "music/a.flac").read_bytes()
    assert 4 == ended.code


def test_a_difference_under_a_stat_that_was_too_young_is_suspect(tmp_path, monkeypatch):
    """Read within two seconds of being written: a later write could have kept the times, so it is not called rot."""
    home, _ = home_with(tmp_path, 5_000)
    with sqlite3.connect(home.catalogue) as connection:
        connection.execute("UPDATE entries SET trusted = 0")
    misread(monkeypatch, "a.flac", lambda n: 0x10)

    ended = home.backup()

    assert ([FindingKind.SUSPECT], 7) == (about_bytes(ended), ended.code)


@pytest.mark.parametrize("name", ["a.flac", "other.jpg"])
def test_a_file_that_a_crash_emptied_is_held(tmp_path, name):
    """Truncated to zero and written no further: an empty file must not supersede music, nor a cover."""
    home, _ = home_with(tmp_path, 5_000)
    before = (home.place() / "music" / name).read_bytes()
    home.write(name, b"", mtime_ns=OLD + SECOND)

    ended = home.backup()

    (damage,) = ended.found(FindingKind.DAMAGED_BY_WRITE)
    assert (name.encode(), True) == (damage.path, damage.repairable)
    assert "damaged by a write: " in damage.detail
    assert 4 == ended.code
    assert before == (home.place() / "music" / name).read_bytes()
    assert 4 == home.backup().code, "a hold must not wear off"
    said = home.verify().said
    assert "Held files of music that were not compared: 1." in said
    assert "fonoteca backup" not in said, "that was just done"
    home.write(name, before, mtime_ns=OLD)
    assert 0 == home.backup().code, "what was recorded is back"


def test_a_file_that_was_empty_from_the_start_is_no_damage(tmp_path):
    """Playlists and notes may be empty."""
    home = Home(tmp_path)
    home.write("notes.txt", b"")
    home.backup()
    home.write("notes.txt", b"", mtime_ns=OLD + SECOND)

    assert 0 == home.backup().code


def test_the_history_says_by_which_verdict_a_content_came(tmp_path):
    """What the user did, in their words: edited a companion, replaced a track, went back."""
    home, data = home_with(tmp_path, 5_000)
    home.write("a.flac", b"new sound" * 100, mtime_ns=OLD + SECOND)
    home.write("other.jpg", b"another cover", mtime_ns=OLD + SECOND)
    home.backup()
    home.write("a.flac", data, mtime_ns=OLD + 2 * SECOND)
    home.backup()

    found = home.ask("SELECT e.name, h.verdict FROM history h JOIN entries e ON e.id = h.entry ORDER BY h.id")
    assert [
        (b"a.flac", "replaced, unproven"),
        (b"other.jpg", "companion edited"),
        (b"a.flac", "reverted"),
    ] == sorted(found, key=lambda row: (row[1] == "reverted", row[0]))
    assert data == (home.place() / "music/a.flac").read_bytes()


def test_what_went_back_under_its_old_times_is_a_reversion(tmp_path):
    """`cp -p` from an old backup within the same second, size and mtime as they are: known bytes are not suspect."""
    home, data = home_with(tmp_path, 5_000)
    home.write("a.flac", b"z" * 5_000, mtime_ns=OLD + SECOND)
    home.backup()
    home.write("a.flac", data, mtime_ns=OLD + SECOND)

    ended = home.backup()

    assert ([], 0) == (about_bytes(ended), ended.code)
    assert data == (home.place() / "music/a.flac").read_bytes()
    assert [("reverted",)] == home.ask("SELECT verdict FROM history ORDER BY id DESC LIMIT 1")


def test_many_rotten_files_are_one_finding_about_the_machine(tmp_path, monkeypatch):
    """A dying controller turns bits in everything that goes through it."""
    home = Home(tmp_path)
    for number in range(21):
        home.write(f"{number}/cover.jpg", os.urandom(2_000))
    home.backup()
    a_day_later(home)
    with monkeypatch.context() as patch:
        misread(patch, "cover.jpg", lambda n: 0x10)
        ended = home.backup()
        verified = home.verify("music")

    for ran in (ended, verified):
        assert 21 == len(ran.found(FindingKind.ROT))
        assert 1 == len(ran.found(FindingKind.MACHINE))
    assert Found(verified.found(FindingKind.MACHINE)[0]) in verified.events
    home.backup()
    still = home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")
    assert [("held",)] == still, "the files are right again; that so many were not waits for a word"
