"""One file that a location cannot take must not end the backup of all others to it."""

from __future__ import annotations

import errno
import os

import pytest

from fonoteca.core.finding import FindingKind
from fonoteca.core.place import Space
from fonoteca.disk import calls
from fonoteca.locations.open import OpenFolder
from support.archives import OLD, Home, flip_byte

SECOND = 1_000_000_000


def obstruct(home: Home, how: str) -> None:
    """Put something in the way of a key."""
    top = home.place() / "music"
    top.mkdir(exist_ok=True)
    if how == "folder under the key":
        (top / "bad").mkdir()
        (top / "bad/x").write_bytes(b"x")
        home.write("bad", b"new")
    elif how == "link under the key":
        os.symlink("nowhere", top / "bad")
        home.write("bad", b"new")
    elif how == "file in place of its folder":
        (top / "bad").write_bytes(b"x")
        home.write("bad/a.jpg", b"new")
    else:
        (home.base / "elsewhere").mkdir()
        os.symlink(home.base / "elsewhere", top / "bad")
        home.write("bad/a.jpg", b"new")


@pytest.mark.parametrize(
    "how",
    [
        "folder under the key",
        "link under the key",
        "file in place of its folder",
        "link in place of its folder",
    ],
)
def test_a_key_that_is_obstructed_is_reported_and_the_others_are_brought(tmp_path, how):
    """Differing things that stand there are reported; they are not the end of the location's backup."""
    home = Home(tmp_path)
    obstruct(home, how)
    home.write("good.jpg", b"good")
    ended = home.backup()
    again = home.backup()

    assert [] == [failed.sentence for failed in (*ended.failed, *again.failed)]
    assert 1 == len(again.found(FindingKind.DIFFERS))
    assert [(b"music/good.jpg",)] == home.ask("SELECT key FROM copies")


def test_a_folder_that_became_a_file_in_the_library_does_not_block_the_location(tmp_path):
    """`notes/` with a text in it becomes the file `notes`: the old copy keeps its place."""
    home = Home(tmp_path)
    home.write("notes/a.txt", b"x")
    home.backup()
    (tmp_path / "music/notes/a.txt").unlink()
    (tmp_path / "music/notes").rmdir()
    home.write("notes", b"all in one")
    home.write("z.jpg", b"z")
    home.backup()
    ended = home.backup()

    assert [] == [failed.sentence for failed in ended.failed]


def test_a_copy_with_a_bad_sector_is_replaced_and_ends_nothing(tmp_path, monkeypatch):
    """`verify` finds it unreadable; the next backup sends it again, or says that it cannot: the rest is brought."""
    home = Home(tmp_path)
    home.write("bad.jpg", b"bad" * 1000)
    home.backup()
    number = (home.place() / "music/bad.jpg").stat().st_ino
    real = calls.read_into

    def broken(fd, buffer, offset):
        if os.fstat(fd).st_ino == number:
            raise OSError(errno.EIO, "Input/output error")
        return real(fd, buffer, offset)

    monkeypatch.setattr(calls, "read_into", broken)
    assert 1 == len(home.verify("red").found(FindingKind.UNREADABLE_COPY))
    home.write("good.jpg", b"good")
    ended = home.backup()

    assert [] == [failed.sentence for failed in ended.failed]
    assert b"good" == (home.place() / "music/good.jpg").read_bytes()


def test_a_damaged_version_does_not_block_what_comes_after_it(tmp_path):
    """A rotten blob under the name that the old content shall have: the new content is brought all the same."""
    home = Home(tmp_path)
    for number, content in enumerate((b"one", b"two", b"one")):
        home.write("a.jpg", content, mtime_ns=OLD + number * SECOND)
        home.backup()
    (blob,) = [path for path in home.place().glob(".fonoteca/versions/*/*") if path.read_bytes() == b"one"]
    flip_byte(blob)
    home.write("a.jpg", b"three", mtime_ns=OLD + 9 * SECOND)
    home.backup()
    ended = home.backup()

    assert b"three" == (home.place() / "music/a.jpg").read_bytes()
    assert [] == ended.found(FindingKind.DIFFERS)


def test_an_existing_mirror_needs_no_room(tmp_path, monkeypatch):
    """A mirror that fills most of its disk is taken as it is; nothing of it is to be sent."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x" * 50_000)
    (home.place() / "music").mkdir()
    (home.place() / "music/a.jpg").write_bytes(b"x" * 50_000)
    monkeypatch.setattr(OpenFolder, "space", lambda self: Space(100_000, 40_000))
    ended = home.backup()

    assert [] == [failed.sentence for failed in ended.failed]
    assert [(b"music/a.jpg",)] == home.ask("SELECT key FROM copies")


def test_a_refused_file_is_not_told_as_a_run_that_was_cut_off(tmp_path):
    """Nothing was cut off: a differing file stands there, and that was said."""
    home = Home(tmp_path)
    (home.place() / "music").mkdir()
    (home.place() / "music/a.jpg").write_bytes(b"another")
    home.write("a.jpg", b"mine")
    home.backup()
    home.backup()

    assert [] == home.verify("red").found(FindingKind.UNFINISHED)
    assert [] == list(home.place().glob(".fonoteca/libraries/*/manifest/*.open.jsonl"))
