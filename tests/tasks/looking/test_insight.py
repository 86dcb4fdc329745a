"""Edits and damage of real tracks, through a backup: what arrives as a new version, and what is held."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fonoteca.core.event import Copied, Judged
from fonoteca.core.finding import FindingKind
from support.archives import OLD, Home, Ran
from support.audio import SUFFIX, make_audio
from support.faults import cut_short, flip_bit
from support.judged import a_day_later
from support.retagging import same_size_edit
from support.tools import run_tool

FAMILIES = ("flac", "mp3", "vorbis", "opus", "m4a", "alac", "wav", "aiff", "wavpack", "wma", "tta")
TAGS = {"TITLE": "Be My Husbnd", "ARTIST": "Nina Simone", "ALBUM": "Pastel Blues", "TRACKNUMBER": "1"}
OTHER = {**TAGS, "TITLE": "Be My Husband"}


def protected(home: Home, family: str, **more: object) -> Path:
    """A track in its library, backed up a day ago."""
    track = make_audio(family, home.base / "music" / ("track" + SUFFIX[family]), tags=TAGS, **more)
    os.utime(track, ns=(OLD, OLD))
    home.backup()
    a_day_later(home)
    return track


def verdicts(home: Home) -> list[object]:
    """How each later content came."""
    return [row[0] for row in home.ask("SELECT verdict FROM history ORDER BY id")]


def outward(ran: Ran) -> list[bytes]:
    """Paths of which something went to a location."""
    return [event.path for event in ran.events if isinstance(event, Copied)]


def assert_held(home: Home, ran: Ran, track: Path, before: bytes, kind: FindingKind) -> None:
    """Nothing left the library, the copy is what it was, and the finding names it."""
    assert [] == outward(ran)
    assert before == (home.place() / "music" / track.name).read_bytes()
    (finding,) = ran.found(kind)
    assert "good copies at red" in finding.detail
    assert (7 if kind is FindingKind.SUSPECT else 4) == ran.code
    assert [] == verdicts(home)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive with an empty library."""
    return Home(tmp_path)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("keeps", ["nothing", "mtime", "mtime and size"])
def test_a_tag_edit_is_a_new_version_whatever_the_tagger_keeps(home: Home, family: str, keeps: str):
    """Taggers that keep the mtime, and padding that keeps the size, hide nothing from a ctime and a payload."""
    track = protected(home, family)
    before = track.read_bytes()
    if keeps == "mtime and size":
        track.write_bytes(same_size_edit(before))
    else:
        make_audio(family, track, tags=OTHER)
    if keeps != "nothing":
        os.utime(track, ns=(OLD, OLD))
    done = home.backup()

    assert (0, [], ["tag edit"]) == (done.code, done.found(), verdicts(home))
    assert track.read_bytes() == (home.place() / "music" / track.name).read_bytes()
    assert before in {
        blob.read_bytes() for blob in home.place().glob(".fonoteca/versions/**/*") if blob.is_file()
    }


@pytest.mark.parametrize("family", ["flac", "mp3", "m4a", "vorbis"])
def test_a_play_count_is_told_from_a_persons_edit(home: Home, family: str):
    """A version each for what players write, yet not in the list of what somebody wanted."""
    track = protected(home, family)
    make_audio(family, track, tags={**TAGS, "REPLAYGAIN_TRACK_GAIN": "-3.2 dB"})
    done = home.backup()

    assert (0, ["volatile tag edit"]) == (done.code, verdicts(home))


@pytest.mark.parametrize("family", ["flac", "vorbis", "opus", "tta"])
def test_another_whole_recording_is_a_replacement(home: Home, family: str):
    """A better rip is what somebody wanted, and its own checks say that it is whole."""
    track = protected(home, family)
    make_audio(family, track, tags=TAGS, seed=5)
    done = home.backup()

    assert (0, ["replaced"]) == (done.code, verdicts(home))


@pytest.mark.parametrize("family", ["m4a", "wav", "aiff", "wma", "wavpack"])
def test_another_recording_that_nothing_proves_pins_the_old_one(home: Home, family: str):
    """These have no checksum over their sound: it is taken, and what it replaced is kept."""
    track = protected(home, family)
    make_audio(family, track, tags=TAGS, seed=5)
    done = home.backup()

    assert (0, ["replaced, unproven"]) == (done.code, verdicts(home))


def test_a_flac_compressed_again_is_told_by_its_decoded_sound(home: Home):
    """`flac --best -f` changes every frame and no sample."""
    track = protected(home, "flac", seconds=3.0)
    run_tool("flac", "-s", "-f", "-0", "-b", "1152", str(track))
    done = home.backup()

    assert (0, ["recompressed"]) == (done.code, verdicts(home))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_write_that_cuts_a_track_is_damage_and_stays_here(home: Home, family: str):
    """A full disk under a tagger, a crash in the middle: the copy must not follow."""
    track = protected(home, family)
    before = track.read_bytes()
    cut_short(track, len(before) - max(700, len(before) // 3))
    done = home.backup()

    assert_held(home, done, track, before, FindingKind.DAMAGED_BY_WRITE)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", ["same", "none", "other"])
def test_a_track_overwritten_with_noise_is_damage_and_stays_here(home: Home, family: str, size: str):
    """Ransomware and lost allocations leave no frame that parses."""
    track = protected(home, family)
    before = track.read_bytes()
    track.write_bytes(os.urandom({"same": len(before), "none": 0, "other": len(before) // 2}[size]))
    done = home.backup()

    assert_held(home, done, track, before, FindingKind.DAMAGED_BY_WRITE)


@pytest.mark.parametrize("family", ["flac", "vorbis", "opus", "tta"])
def test_a_bit_that_a_write_turned_is_damage_and_stays_here(home: Home, family: str):
    """The mtime moved, so somebody wrote; the format's own sum says that it went wrong."""
    track = protected(home, family)
    before = track.read_bytes()
    flip_bit(track, len(before) * 2 // 3)
    os.utime(track)
    done = home.backup()

    assert_held(home, done, track, before, FindingKind.DAMAGED_BY_WRITE)


@pytest.mark.parametrize("family", ["mp3", "m4a", "wav"])
def test_other_sound_under_a_kept_mtime_and_size_is_suspect(home: Home, family: str):
    """Nothing shows that somebody wanted it, and the format cannot prove it whole."""
    track = protected(home, family)
    before = track.read_bytes()
    flip_bit(track, len(before) * 2 // 3)
    os.utime(track, ns=(OLD, OLD))
    done = home.backup()

    assert_held(home, done, track, before, FindingKind.SUSPECT)


def test_a_tagger_that_breaks_the_table_of_an_mp4_is_found_out(home: Home):
    """Offsets that point elsewhere: `stco` moved by 400 bytes, all the sound still in the file."""
    track = protected(home, "m4a")
    before = track.read_bytes()
    at = before.rindex(b"stco") + 12
    moved = (int.from_bytes(before[at : at + 4], "big") + 400).to_bytes(4, "big")
    track.write_bytes(before[:at] + moved + before[at + 4 :])
    done = home.backup()

    assert [b"track.m4a"] != outward(done) or ["replaced, unproven"] == verdicts(home)
    assert "tag edit" not in verdicts(home)


def test_gain_written_into_the_frames_is_no_tag_edit_and_no_damage(home: Home):
    """mp3gain changes the sound without an encoder: taken, and the old one pinned."""
    track = protected(home, "mp3", seconds=2.0)
    run_tool("mp3gain", "-q", "-s", "s", "-g", "2", str(track))
    done = home.backup()

    assert (0, ["replaced, unproven"]) == (done.code, verdicts(home))


def test_what_was_held_comes_free_when_its_recorded_bytes_are_back(home: Home):
    """Putting the copy back is all that it takes."""
    track = protected(home, "flac")
    cut_short(track, 5000)
    home.backup()
    shutil.copy2(home.place() / "music/track.flac", track)
    done = home.backup()

    assert (0, [], []) == (done.code, done.found(), outward(done))
    assert [("present",)] == home.ask("SELECT state FROM entries")
    assert [] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")


def test_what_is_held_is_still_told_by_verify_and_by_the_next_backup(home: Home):
    """A finding ends when its cause does, not when the next command looks away."""
    track = protected(home, "flac")
    cut_short(track, 5000)
    home.backup()
    home.verify("music")

    assert [("damaged by a write",)] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")
    assert 4 == home.backup().code


def test_an_edit_that_verify_meets_first_is_left_to_the_next_backup(home: Home):
    """`verify` compares with what is recorded; a file that somebody touched is judged by the next scan."""
    track = protected(home, "flac")
    track.write_bytes(same_size_edit(track.read_bytes()))
    os.utime(track, ns=(OLD, OLD))
    looked = home.verify("music")

    assert (0, []) == (looked.code, looked.found())
    assert "Run `fonoteca backup`" in looked.said
    home.backup()
    assert ["tag edit"] == verdicts(home)


def test_no_process_to_look_with_leaves_the_file_unread_and_says_so(home: Home, monkeypatch):
    """Without a look nothing is proven, so nothing is sent: the next run tries again."""
    track = protected(home, "flac")
    make_audio("flac", track, tags=OTHER)

    def look(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr("fonoteca.tasks.looking.insight.Insights.look", look)
        done = home.backup()
        assert [FindingKind.UNREADABLE] == [each.kind for each in done.found()]
        assert ([], 3) == (outward(done), done.code)
    home.backup()

    assert ["tag edit"] == verdicts(home)


def test_a_new_version_is_looked_into_once(home: Home, monkeypatch):
    """What the verdict read inside it is what is recorded of it."""
    track = protected(home, "flac")
    make_audio("flac", track, tags=OTHER)
    done = home.backup()

    assert [] == [event for event in done.events if getattr(event, "name", "") == "look inside"]
    (row,) = home.ask(
        "SELECT count(*) FROM analyses a JOIN entries e ON e.content = a.content WHERE a.payload IS NOT NULL"
    )
    assert (1,) == row


def test_every_tag_writer_at_hand_makes_a_tag_edit(home: Home):
    """Not only mutagen."""
    flac, mp3 = protected(home, "flac"), protected(home, "mp3")
    run_tool("metaflac", "--remove-tag=TITLE", "--set-tag=TITLE=x", str(flac))
    run_tool("id3v2", "-t", "x", str(mp3))
    done = home.backup()

    assert (0, ["tag edit", "tag edit"]) == (done.code, verdicts(home))


def test_a_run_says_how_its_new_contents_came(home: Home):
    """A person who retagged an album wants to read that it was taken for that."""
    for number in range(3):
        make_audio("flac", home.base / f"music/{number}.flac", tags=TAGS, seed=number)
    home.write("cover.jpg", b"one")
    home.backup()
    a_day_later(home)
    for number in range(3):
        make_audio("flac", home.base / f"music/{number}.flac", tags=OTHER, seed=number)
    home.write("cover.jpg", b"two!")
    done = home.backup()

    told = [(event.verdict.value, event.files) for event in done.events if isinstance(event, Judged)]
    assert [("companion edited", 1), ("tag edit", 3)] == told


@pytest.mark.parametrize("how", ["cut", "noise", "a bit", "suspect"])
def test_what_is_held_is_put_back_by_repair(home: Home, how: str):
    """The finding offers it: the bad bytes go to quarantine, and the recorded ones stand again."""
    family = "m4a" if how == "suspect" else "flac"
    track = protected(home, family)
    before = track.read_bytes()
    if how == "cut":
        cut_short(track, 5000)
    elif how == "noise":
        track.write_bytes(os.urandom(len(before)))
    else:
        flip_bit(track, len(before) * 2 // 3)
    os.utime(track, ns=(OLD, OLD) if how == "suspect" else (OLD + 1, OLD + 1))
    home.backup()
    bad = track.read_bytes()
    home.repair(libraries=True, apply=True)

    assert before == track.read_bytes()
    quarantine = home.place().glob(".fonoteca/quarantine/**/*")
    assert bad in {each.read_bytes() for each in quarantine if each.is_file()}
    assert (0, []) == (home.backup().code, home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL"))
