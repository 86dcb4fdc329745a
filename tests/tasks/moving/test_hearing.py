"""Tracks that were moved and retagged by what writes a new file each time: known by their payload."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.core.event import Copied, Moved
from fonoteca.core.finding import FindingKind
from support.archives import OLD, Home, Ran
from support.audio import SUFFIX, make_audio
from support.judged import a_day_later

TAGS = {"TITLE": "Be My Husbnd", "ARTIST": "Nina Simone"}
OTHER = {**TAGS, "TITLE": "Be My Husband"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive with an empty library."""
    return Home(tmp_path)


def track(home: Home, name: str, family: str = "flac", *, tags=TAGS, seed: int = 0) -> Path:
    """A track in its library."""
    path = make_audio(family, home.base / "music" / (name + SUFFIX[family]), tags=tags, seed=seed)
    os.utime(path, ns=(OLD, OLD))
    return path


def moved(ran: Ran) -> dict[bytes, bytes]:
    """New path to old key."""
    return {event.path: bytes(event.was) for event in ran.events if isinstance(event, Moved)}


@pytest.mark.parametrize("family", ["flac", "mp3", "vorbis", "m4a"])
def test_a_track_that_was_moved_and_retagged_keeps_its_entry(home: Home, family: str):
    """Its history goes on: the old tags are a version of it, not of a file that is gone."""
    old = track(home, "Nina/01", family)
    home.backup()
    a_day_later(home)
    (entry,) = home.ask("SELECT id FROM entries")
    new = track(home, "Nina Simone/01 Be My Husband", family, tags=OTHER)
    old.unlink()
    done = home.backup()

    relative = os.fsencode(new.relative_to(home.base / "music"))
    assert {relative} == set(moved(done))
    assert (0, []) == (done.code, done.found())
    assert [entry] == home.ask("SELECT id FROM entries")
    assert [("tag edit",)] == home.ask("SELECT verdict FROM history")
    assert new.read_bytes() == (home.place() / "music" / new.relative_to(home.base / "music")).read_bytes()


def test_a_new_track_beside_one_that_is_gone_is_new(home: Home):
    """Another recording of the same length and tags is no move."""
    old = track(home, "one")
    home.backup()
    a_day_later(home)
    track(home, "two", seed=3)
    old.unlink()
    done = home.backup()

    assert {} == moved(done)
    assert [b"two.flac"] == [event.path for event in done.events if isinstance(event, Copied)]
    assert [b"one.flac"] == [each.path for each in done.found(FindingKind.GONE)]


def test_the_same_sound_beside_its_source_is_another_track(home: Home):
    """A compilation holds the song a second time, with other tags."""
    track(home, "album")
    home.backup()
    a_day_later(home)
    track(home, "compilation", tags=OTHER)
    done = home.backup()

    assert ({}, []) == (moved(done), done.found())
    assert [(2,)] == home.ask("SELECT count(*) FROM entries WHERE state = 'present'")


def test_of_two_that_were_retagged_each_is_known(home: Home):
    """Renamed from their tags, all at once, by a program that writes new files."""
    old = [track(home, f"{number}", seed=number) for number in range(4)]
    home.backup()
    a_day_later(home)
    for number, each in enumerate(old):
        track(home, f"renamed {3 - number}", tags=OTHER, seed=number)
        each.unlink()
    done = home.backup()

    expected = {b"renamed %d.flac" % (3 - number): b"music/%d.flac" % number for number in range(4)}
    assert expected == moved(done)
    assert ["tag edit"] * 4 == [row[0] for row in home.ask("SELECT verdict FROM history")]
    assert 0 == home.verify().code
