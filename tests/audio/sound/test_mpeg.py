"""Bare MPEG audio: the chain of frames, the encoder's figures, and what lies around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from mutagen.id3 import ID3, POPM

from fonoteca.audio.sound.mpegheader import mpeg_header
from fonoteca.core.sound import Soundness
from support.audio import make_png
from support.crafted import apev2, id3v1, id3v2, text_frame
from support.sounding import (
    copied_by_ffmpeg,
    faulty,
    flip_bit,
    places,
    sound_in,
    sound_of,
    soundness_of,
    wav_file,
)
from support.tools import run_tool

LYRICS = b"LYRICSBEGININD00002" + b"10" + b"000021LYRICS200"
KINDS = {
    "variable": ("-V", "5"),
    "constant": ("-b", "96"),
    "bare": ("-t", "-b", "96"),
    "free": ("--freeformat", "-b", "200"),
    "low": ("-p", "--resample", "22.05", "-m", "m", "-b", "64"),
    "lowest": ("--resample", "8", "-b", "16"),
}

UNCOUNTED = ("bare", "lowest", "mp2")
"""Without an encoder's frame; the lowest bit rates have no room for it."""


@cache
def encoded(kind: str) -> bytes:
    """Half a second by LAME; `bare` is without an encoder's frame. `mp2` by ffmpeg."""
    with TemporaryDirectory() as folder:
        wav, path = str(wav_file(Path(folder), 0.5)), Path(folder) / "a.mp3"
        if kind == "mp2":
            run_tool("ffmpeg", "-v", "error", "-i", wav, "-c:a", "mp2", "-b:a", "96k", "-f", "mp2", str(path))
        else:
            run_tool("lame", "--quiet", *KINDS[kind], wav, str(path))
        return path.read_bytes()


def frames_of(data: bytes) -> list[int]:
    """Where the frames of a stream with a bit rate begin, and its end."""
    at = [0]
    while at[-1] < len(data):
        header = mpeg_header(data[at[-1] : at[-1] + 4])
        assert header is not None
        at.append(at[-1] + header.length)
    return at


def by_id3v2(path: Path) -> None:
    """ID3v2 and ID3v1."""
    run_tool("id3v2", "-t", "Another", "-a", "Someone", str(path))


def by_eyed3(path: Path) -> None:
    """A title, a cover of 5 MB and a play count."""
    cover = path.with_suffix(".png")
    cover.write_bytes(make_png() + bytes(5_000_000))
    run_tool(
        "eyeD3", "-Q", "-t", "Another", "--play-count", "12", f"--add-image={cover}:FRONT_COVER", str(path)
    )


def by_eyed3_removed(path: Path) -> None:
    """All tags gone."""
    by_id3v2(path)
    run_tool("eyeD3", "-Q", "--remove-all", str(path))


def by_mutagen(path: Path) -> None:
    """A rating."""
    tags = ID3()
    tags.add(POPM(email="me@example.org", rating=200, count=3))
    tags.save(path, v1=2)


def by_ffmpeg(path: Path) -> None:
    """A stream written anew, with an encoder's frame of ffmpeg's own."""
    copied_by_ffmpeg(path).replace(path)


WRITERS = (by_id3v2, by_eyed3, by_eyed3_removed, by_mutagen, by_ffmpeg)


@pytest.mark.parametrize("edit", WRITERS)
@pytest.mark.parametrize("kind", ["variable", "constant", "bare", "low"])
def test_no_tag_writer_changes_the_payload(tmp_path: Path, kind: str, edit: Callable[[Path], None]) -> None:
    """Nor makes it look damaged."""
    path = tmp_path / "a.mp3"
    path.write_bytes(encoded(kind))

    edit(path)

    after = sound_in(path, "mp3")
    assert sound_of(encoded(kind), "mp3").payload == after.payload
    assert after.check.soundness in (Soundness.SOUND, sound_of(encoded(kind), "mp3").check.soundness)


def test_mp3gain_changes_the_payload_and_is_no_damage(tmp_path: Path) -> None:
    """It writes into the frames: the sound is another one, and the encoder's CRC tells so."""
    path = tmp_path / "a.mp3"
    path.write_bytes(encoded("variable"))

    run_tool("mp3gain", "-q", "-g", "3", str(path))

    after = sound_in(path, "mp3")
    assert Soundness.ALTERED is after.check.soundness
    assert sound_of(encoded("variable"), "mp3").payload != after.payload


def test_measuring_gain_does_not_change_the_payload(tmp_path: Path) -> None:
    """mp3gain's analysis goes into an APEv2 tag alone."""
    path = tmp_path / "a.mp3"
    path.write_bytes(encoded("variable"))

    run_tool("mp3gain", "-q", str(path))

    assert sound_of(encoded("variable"), "mp3") == sound_in(path, "mp3")
    assert encoded("variable") != path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "soundness"),
    [
        ("variable", Soundness.SOUND),
        ("constant", Soundness.SOUND),
        ("free", Soundness.SOUND),
        ("low", Soundness.SOUND),
        ("lowest", Soundness.STRUCTURE),
        ("bare", Soundness.STRUCTURE),
        ("mp2", Soundness.STRUCTURE),
    ],
)
def test_only_the_encoders_checksum_makes_it_sound(kind: str, soundness: Soundness) -> None:
    """Frames in a row say nothing of what is in them."""
    assert soundness is soundness_of(encoded(kind), "mp3")


@pytest.mark.parametrize("kind", [*KINDS, "mp2"])
def test_a_file_that_was_cut_is_never_sound(kind: str) -> None:
    """Where no length is declared a cut between two frames cannot be seen, and nothing is claimed."""
    data = encoded(kind)

    found = {at: soundness_of(data[:at], "mp3") for at in places(0, len(data), 1000)}

    assert Soundness.SOUND not in found.values()
    if kind in UNCOUNTED:
        between = frames_of(data)
        assert {Soundness.DAMAGED} == {what for at, what in found.items() if at not in between}
    else:
        assert {Soundness.DAMAGED} == set(found.values())


@pytest.mark.parametrize("kind", [*KINDS, "mp2"])
def test_one_flipped_bit_changes_the_payload(kind: str) -> None:
    """In any frame of sound."""
    data = encoded(kind)
    whole = sound_of(data, "mp3")
    start = 0 if kind in UNCOUNTED else len(data) - len(data) * 3 // 4

    flipped = [sound_of(flip_bit(data, at, at % 8), "mp3") for at in places(start, len(data), 1000)]

    assert whole.payload not in {sound.payload for sound in flipped}
    assert Soundness.SOUND not in {sound.check.soundness for sound in flipped}


def test_the_encoders_frame_guards_itself() -> None:
    """A flip in LAME's figures is found, and the sound is still known as the same."""
    data = encoded("variable")
    flipped = sound_of(flip_bit(data, data.index(b"LAME") + 21), "mp3")

    assert (Soundness.DAMAGED, sound_of(data, "mp3").payload) == (flipped.check.soundness, flipped.payload)


def test_tags_on_all_sides_are_no_sound(tmp_path: Path) -> None:
    """Stacked ID3v2, APEv2, Lyrics3 and ID3v1, in the orders that programs left them in."""
    data = encoded("variable")
    front = id3v2([text_frame("TIT2", "a")], version=3, padding=700)
    ape = apev2({"Title": "c"}, tmp_path)
    tagged = [
        front + front + data,
        front + bytes(2000) + data,
        ape + front + data + ape + id3v1("x"),
        data + LYRICS + id3v1("x"),
        data + ape + LYRICS + id3v1("x"),
        data + id3v1("x") + ape,
        data + id3v1("x") + id3v1("x"),
        data + bytes(3000),
    ]

    assert {sound_of(data, "mp3")} == {sound_of(one, "mp3") for one in tagged}


def test_junk_in_front_is_no_sound() -> None:
    """What a tag with a wrong size leaves there."""
    data = encoded("bare")

    assert sound_of(data, "mp3").payload == sound_of(b"\0\xff\xfb\x90junk" * 99 + data, "mp3").payload


def test_junk_between_frames_is_damage() -> None:
    """Found where it begins; a tag there is none, for streams are joined as they are."""
    data, cut = encoded("bare"), frames_of(encoded("bare"))[5]
    tag = id3v2([text_frame("TIT2", "a")])

    check = sound_of(data[:cut] + b"junk" * 500 + data[cut:], "mp3").check

    assert (Soundness.DAMAGED, cut) == (check.soundness, check.at)
    assert sound_of(data, "mp3") == sound_of(data[:cut] + tag + data[cut:], "mp3")
    assert sound_of(data, "mp3") == sound_of(data[:cut] + id3v1("x") + data[cut:], "mp3")


def test_a_missing_frame_is_damage_where_frames_are_counted() -> None:
    """Xing's count, also without a checksum of LAME's."""
    data = encoded("variable").replace(b"LAME3.", b"OTHER.", 1)
    at = frames_of(data)

    assert Soundness.STRUCTURE is soundness_of(data, "mp3")
    assert Soundness.DAMAGED is soundness_of(data[: at[8]] + data[at[9] :], "mp3")


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfb\x90\x64", b"x" * 3000, bytes(5000), b"\xff\xfb\x90\0" * 9000]
)
def test_what_is_no_mpeg_has_no_payload(data: bytes) -> None:
    """An unknown layout is never guessed at."""
    sound = sound_of(data, "mp3")

    assert (Soundness.DAMAGED, None) == (sound.check.soundness, sound.payload)
    assert sound.reason


@pytest.mark.parametrize("kind", [*KINDS, "mp2"])
def test_no_faulty_file_raises(kind: str) -> None:
    """Cut, flipped, repeated, blotted: each gets an outcome, and none that was cut the word sound."""
    whole = sound_of(encoded(kind), "mp3").payload

    for broken in faulty(encoded(kind), 200, seed=3):
        sound = sound_of(broken, "mp3")
        assert sound.check.soundness is not Soundness.SOUND or sound.payload == whole


def test_syncs_without_end_take_no_time() -> None:
    """A hostile file that offers a frame every three bytes is given up on."""
    data = encoded("bare") + b"\xff\xfb\x90" * 700_000 + encoded("bare")

    assert Soundness.DAMAGED is soundness_of(data, "mp3")
