"""A user's file gets other content at once or not at all, and keeps what else it is."""

from __future__ import annotations

import errno
import os

import pytest

from fonoteca.core.digest import digest
from fonoteca.disk import calls
from fonoteca.disk.replacing import Moved, Replacement
from fonoteca.library.scan import file_stat
from support import faults

MTIME = 1_400_000_000_123_456_789


@pytest.fixture
def song(tmp_path):
    """A file with a mode and an attribute of its own."""
    path = tmp_path / "a.flac"
    path.write_bytes(b"bad")
    path.chmod(0o640)
    os.setxattr(path, "user.rating", b"5")
    return path


def replaced(path, data=b"good bytes"):
    """Give `path` other content."""
    expected = file_stat(path.stat())
    with Replacement(os.fsencode(path), MTIME) as new:
        new.begin().write(data)
        level, found = new.finish()
        new.swap(expected)
    return level, found


def test_content_and_date_are_new_and_mode_and_attributes_stay(song):
    """A player, a share and a rating program notice nothing."""
    before = song.stat()

    _, found = replaced(song)

    now = song.stat()
    assert (b"good bytes", digest(b"good bytes").xxh3_128) == (song.read_bytes(), found)
    assert (MTIME, before.st_mode, before.st_uid) == (now.st_mtime_ns, now.st_mode, now.st_uid)
    assert b"5" == os.getxattr(song, "user.rating")
    assert ["a.flac"] == os.listdir(song.parent)


def test_a_file_that_changed_meanwhile_stays_as_it_is(song):
    """The last look is just before the rename."""
    expected = file_stat(song.stat())
    with Replacement(os.fsencode(song), MTIME) as new:
        new.begin().write(b"good bytes")
        new.finish()
        song.write_bytes(b"an edit")

        with pytest.raises(Moved):
            new.swap(expected)

    assert (b"an edit", ["a.flac"]) == (song.read_bytes(), os.listdir(song.parent))


@pytest.mark.parametrize("name", ["write_all", "fchmod", "setxattr", "utime", "fsync", "rename"])
def test_a_failure_before_the_rename_leaves_the_old_file_alone(song, monkeypatch, name):
    """A full disk or a refused owner costs nothing."""
    faults.fail_at(monkeypatch, name, errno.ENOSPC)

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        replaced(song)

    assert (b"bad", ["a.flac"]) == (song.read_bytes(), os.listdir(song.parent))


def test_the_content_is_durable_before_it_has_the_name(song, monkeypatch):
    """After a power cut it is the old file or the new one."""
    with faults.recorded(monkeypatch) as log:
        replaced(song)

    assert ["write_all", "fsync", "rename", "fsync"] == log.names("write_all", "fsync", "rename")


def test_what_a_killed_run_left_is_removed_by_the_next(song):
    """Nothing piles up beside the music."""
    leftover = Replacement(os.fsencode(song), MTIME)
    leftover.begin().write(b"half")
    assert 2 == len(os.listdir(song.parent))

    replaced(song)

    assert ["a.flac"] == os.listdir(song.parent)
    calls.close(leftover._fd)
    calls.close(leftover._folder_fd)
