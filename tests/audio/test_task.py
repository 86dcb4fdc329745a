"""One file inside a worker: the stat sandwich, and who may be opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.audio import task
from fonoteca.audio.model import Changed, Tagged, Unreadable
from fonoteca.audio.source import SMALL
from fonoteca.audio.task import read_file
from fonoteca.core.sound import Soundness
from support.audio import make_audio


def _ticket(path: Path) -> tuple[bytes, int, int, int, int, int]:
    stat = path.stat()
    return (os.fsencode(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, 1)


def test_tags_are_believed_only_of_the_file_that_the_scan_saw(tmp_path: Path):
    """A file replaced between scan and reading would give the new tags to the old content."""
    path = make_audio("mp3", tmp_path / "a.mp3", tags={"TITLE": "old"})
    ticket = _ticket(path)
    os.utime(path, ns=(0, 0))

    assert Changed() == read_file(ticket)


def test_a_file_that_changes_while_it_is_read_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The second look at the stat is what makes the first worth something."""
    path = make_audio("mp3", tmp_path / "a.mp3", tags={"TITLE": "old"})
    read = task.read_tags

    def read_and_touch(source: object) -> object:
        os.utime(path, ns=(0, 0))
        return read(source)  # type: ignore[arg-type]

    monkeypatch.setattr(task, "read_tags", read_and_touch)

    assert Changed() == read_file(_ticket(path))


def test_a_link_or_fifo_in_the_files_place_is_never_followed(tmp_path: Path):
    """A link leads out of the library, a FIFO holds whoever opens it."""
    path = make_audio("mp3", tmp_path / "a.mp3")
    ticket = _ticket(path)
    path.rename(tmp_path / "b.mp3")
    path.symlink_to("b.mp3")
    linked = read_file(ticket)
    path.unlink()
    os.mkfifo(path)

    assert (Changed(), Changed()) == (linked, read_file(ticket))


def test_a_file_that_went_away_is_changed(tmp_path: Path):
    """The scan will say so; it is no fault of its tags."""
    path = make_audio("mp3", tmp_path / "a.mp3")
    ticket = _ticket(path)
    path.unlink()

    assert Changed() == read_file(ticket)


def test_an_empty_track_is_unreadable(tmp_path: Path):
    """A file cut to nothing is worth a line."""
    path = tmp_path / "a.flac"
    path.write_bytes(b"")

    outcome = read_file(_ticket(path))

    assert isinstance(outcome, Unreadable)
    assert "it is empty" == outcome.reason
    assert outcome.sound is not None
    assert Soundness.DAMAGED is outcome.sound.check.soundness


def test_a_large_file_is_read_through_a_window(tmp_path: Path):
    """Nothing reads a gigabyte into memory for a title at its beginning."""
    path = make_audio("wav", tmp_path / "a.wav", seconds=8, tags={"TITLE": "T"})
    assert path.stat().st_size > SMALL

    outcome = read_file(_ticket(path))

    assert isinstance(outcome, Tagged)
    assert {"TITLE": ["T"]} == outcome.tags
