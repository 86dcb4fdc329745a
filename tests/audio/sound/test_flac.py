"""FLAC: what its payload is, and how far its own checks go."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from mutagen.flac import FLAC, Picture

from fonoteca.audio.sound.crc import crc8_of_flac, crc16_of_flac
from fonoteca.core.sound import Soundness
from support.audio import make_audio
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

COVER = bytes(range(256)) * 20_000


def encoded(folder: Path, *options: str, seconds: float = 1.0) -> Path:
    """A tone as the reference encoder writes it."""
    target = folder / "tone.flac"
    run_tool("flac", "-s", "-f", *options, "-o", str(target), str(wav_file(folder, seconds)))
    return target


def frame(number: int, value: int, samples: int = 16) -> bytes:
    """A FLAC frame of `samples` equal samples: mono, 16 bits."""
    header = b"\xff\xf8\x60\x08" + chr(number).encode() + bytes((samples - 1,))
    header += bytes((crc8_of_flac(header),))
    body = header + b"\0" + value.to_bytes(2, "big")
    return body + crc16_of_flac(body).to_bytes(2, "big")


def made(*frames: bytes, samples: int | None = None, blocks: bytes = b"") -> bytes:
    """A FLAC of these frames; `blocks` stand between STREAMINFO and them."""
    total = 16 * len(frames) if samples is None else samples
    packed = 44100 << 44 | 15 << 36 | total
    info = struct.pack(">HH", 16, 16) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + (b"\0" if blocks else b"\x80") + b"\0\0\x22" + info + blocks + b"".join(frames)


def by_metaflac(path: Path) -> None:
    """Another title and a cover of 5 MB."""
    cover = path.with_suffix(".png")
    cover.write_bytes(COVER)
    specification = f"3|image/png||16x16x24|{cover}"
    run_tool("metaflac", "--set-tag=TITLE=Another", f"--import-picture-from={specification}", str(path))


def by_metaflac_all_removed(path: Path) -> None:
    """No tags, no padding, nothing."""
    run_tool("metaflac", "--remove-all", "--dont-use-padding", str(path))


def by_metaflac_replay_gain(path: Path) -> None:
    """ReplayGain tags."""
    run_tool("metaflac", "--add-replay-gain", str(path))


def by_mutagen(path: Path) -> None:
    """A rating, a play count and a picture."""
    file = FLAC(path)
    file["RATING"], file["PLAYCOUNT"] = "0.8", "12"
    picture = Picture()
    picture.data = COVER
    file.add_picture(picture)
    file.save()


def by_ffmpeg(path: Path) -> None:
    """A container written anew."""
    copied_by_ffmpeg(path).replace(path)


def by_id3(path: Path) -> None:
    """Tags that have no place in a FLAC, as some programs put them."""
    tag = id3v2([text_frame("TIT2", "Another")], padding=100)
    behind = apev2({"Title": "Another"}, path.parent) + id3v1("Another")
    path.write_bytes(tag + tag + path.read_bytes() + behind)


WRITERS = (by_metaflac, by_metaflac_all_removed, by_metaflac_replay_gain, by_mutagen, by_ffmpeg, by_id3)


@pytest.mark.parametrize("edit", WRITERS)
def test_no_tag_writer_changes_the_payload(tmp_path: Path, edit: Callable[[Path], None]) -> None:
    """An edit of tags is told from a change of the sound by this alone."""
    path = encoded(tmp_path)
    before = sound_in(path, "flac")

    edit(path)

    assert before == sound_in(path, "flac")
    assert before.check.soundness is Soundness.SOUND


@pytest.mark.parametrize("options", ["-0", "-8", "-8 -p -e", "-b 192", "--lax -b 7777", "--lax -b 16384"])
def test_frames_of_all_kinds_hold(tmp_path: Path, options: str) -> None:
    """Block sizes and predictors are the encoder's choice."""
    path = encoded(tmp_path, *options.split())

    assert Soundness.SOUND is sound_in(path, "flac").check.soundness


@pytest.mark.parametrize(
    ("channels", "bits", "rate"), [(1, 8, 8000), (1, 16, 44100), (2, 16, 22051), (3, 24, 96000)]
)
def test_frames_of_all_widths_hold(tmp_path: Path, channels: int, bits: int, rate: int) -> None:
    """Some sound and much silence, in few and many channels."""
    raw, path = tmp_path / "raw", tmp_path / "a.flac"
    raw.write_bytes(b"".join(bytes((n * n % 251, n % 7, 0)) for n in range(36_000)) + bytes(72_000))
    form = (
        "--force-raw-format",
        "--endian=little",
        "--sign=signed",
        f"--channels={channels}",
        f"--bps={bits}",
    )
    run_tool("flac", "-s", "-f", *form, f"--sample-rate={rate}", "-o", str(path), str(raw))

    assert Soundness.SOUND is sound_in(path, "flac").check.soundness


def test_a_file_that_was_cut_is_never_sound(tmp_path: Path) -> None:
    """Wherever the cut is, also between two frames."""
    data = encoded(tmp_path, "--no-padding", seconds=0.5).read_bytes()

    found = {soundness_of(data[:at], "flac") for at in places(0, len(data), 1500)}

    assert {Soundness.DAMAGED} == found


def test_a_cut_that_the_checksum_cannot_see_is_seen() -> None:
    """A frame that lost the zero byte at its end has a CRC-16 that holds as well as before."""
    last = next(one for one in (frame(1, value) for value in range(65536)) if one[-1] == 0)
    data = made(frame(0, 7), last)

    assert crc16_of_flac(last[:-1]) == 0
    assert Soundness.SOUND is soundness_of(data, "flac")
    assert Soundness.DAMAGED is soundness_of(data[:-1], "flac")


def test_one_flipped_bit_changes_the_payload_and_is_found(tmp_path: Path) -> None:
    """In the frames, wherever it is."""
    data = encoded(tmp_path, "--no-padding", "--no-seektable").read_bytes()
    start = data.index(b"\xff\xf8")
    whole = sound_of(data, "flac")

    flipped = [sound_of(flip_bit(data, at, at % 8), "flac") for at in places(start, len(data), 1500)]

    assert {Soundness.DAMAGED} == {sound.check.soundness for sound in flipped}
    assert whole.payload not in {sound.payload for sound in flipped}


def test_damage_is_located(tmp_path: Path) -> None:
    """The finding names the frame and where it begins."""
    frames = [frame(number, number) for number in range(40)]
    data = made(*frames)
    start = len(data) - sum(map(len, frames))

    check = sound_of(flip_bit(data, start + len(frames[0]) * 12 + 8), "flac").check

    assert ("frame 12: CRC-16 differs", start + len(frames[0]) * 12) == (check.detail, check.at)


def test_a_flipped_streaminfo_is_another_payload(tmp_path: Path) -> None:
    """It says how the frames are to be played, and what their decoded MD5 is."""
    data = encoded(tmp_path).read_bytes()

    assert sound_of(data, "flac").payload != sound_of(flip_bit(data, 30), "flac").payload


def test_without_a_declared_length_it_is_structure_only(tmp_path: Path) -> None:
    """An encoder that writes to a pipe cannot go back to say how many samples there were."""
    data = made(frame(0, 1), frame(1, 2), samples=0)

    assert Soundness.STRUCTURE is soundness_of(data, "flac")
    assert Soundness.STRUCTURE is soundness_of(data[: -len(frame(1, 2))], "flac")
    assert Soundness.DAMAGED is soundness_of(data[:-1], "flac")


@pytest.mark.parametrize(
    ("frames", "samples"),
    [
        ((frame(0, 1), frame(0, 1)), 32),
        ((frame(0, 1), frame(2, 1)), 32),
        ((frame(0, 1), frame(1, 1)), 16),
        ((frame(0, 1), frame(1, 1)), 48),
        ((frame(0, 1), frame(1, 1)), 30),
        ((), 16),
    ],
)
def test_frames_that_are_too_many_or_missing_or_out_of_order_are_damage(
    frames: tuple[bytes, ...], samples: int
) -> None:
    """Each of them holds; together they are not what was encoded."""
    assert Soundness.DAMAGED is soundness_of(made(*frames, samples=samples), "flac")


def test_zeros_behind_the_last_frame_are_no_sound() -> None:
    """A copy in whole sectors has some."""
    data = made(frame(0, 1), frame(1, 2))

    assert sound_of(data, "flac") == sound_of(data + bytes(5000), "flac")


def test_junk_behind_the_last_frame_is_no_sound_but_told() -> None:
    """It may be what a cut left of a tag."""
    data = made(frame(0, 1), frame(1, 2))

    sound = sound_of(data + b"TAG, and then it was cut", "flac")

    assert (Soundness.STRUCTURE, len(data)) == (sound.check.soundness, sound.check.at)
    assert sound_of(data, "flac").payload == sound.payload


@pytest.mark.parametrize("declared", [0, 8, 20, 0xFFFFFF])
def test_a_comment_block_that_lies_about_its_size_is_walked_through(declared: int) -> None:
    """Such files exist; mutagen reads them, and writes them back honest."""
    comments = struct.pack("<I6sII7s", 6, b"vendor", 1, 7, b"TITLE=x")
    honest = b"\x04" + len(comments).to_bytes(3, "big") + comments + b"\x81\0\0\x02\0\0"
    lying = b"\x04" + declared.to_bytes(3, "big") + comments + b"\x81\0\0\x02\0\0"
    frames = (frame(0, 1), frame(1, 2))

    assert sound_of(made(*frames, blocks=honest), "flac") == sound_of(made(*frames, blocks=lying), "flac")


def test_a_picture_of_more_than_16_mib_is_walked_through() -> None:
    """Its size does not fit into the block's header."""
    picture = struct.pack(">II9sI16xI", 3, 9, b"image/png", 0, 1 << 24) + bytes(1 << 24)
    block = b"\x86\xff\xff\xff" + picture

    assert sound_of(made(frame(0, 1)), "flac") == sound_of(made(frame(0, 1), blocks=block), "flac")


@pytest.mark.parametrize(
    "data", [b"", b"fLaC", made(frame(0, 1))[:40], b"x" * 5000, made(blocks=b"\x84\0\0\0junk", samples=16)]
)
def test_what_is_no_flac_has_no_payload(data: bytes) -> None:
    """An unknown layout is never guessed at."""
    sound = sound_of(data, "flac")

    assert (Soundness.DAMAGED, None) == (sound.check.soundness, sound.payload)
    assert sound.reason


def test_the_declared_md5_is_the_same_for_any_compression(tmp_path: Path) -> None:
    """So a recompressed file is known as the same sound."""
    fast, slow = sound_in(encoded(tmp_path, "-0"), "flac"), sound_in(encoded(tmp_path, "-8"), "flac")

    assert fast.lossless == slow.lossless
    assert (fast.lossless or "").startswith("md5:")
    assert fast.payload != slow.payload


def test_no_faulty_file_raises(tmp_path: Path) -> None:
    """Cut, flipped, repeated, blotted: each gets an outcome, and none that was cut the word sound."""
    data = make_audio(
        "flac", tmp_path / "a.flac", seconds=0.3, tags={"TITLE": "x"}, picture=True
    ).read_bytes()
    whole = sound_of(data, "flac").payload

    for broken in faulty(data, 600, seed=1):
        sound = sound_of(broken, "flac")
        assert sound.check.soundness is not Soundness.SOUND or sound.payload == whole


def test_headers_without_end_take_no_time() -> None:
    """A hostile file of nothing but frame headers is read once, not once a header."""
    header = frame(0, 1)[:7]
    data = made(frame(0, 1), samples=1 << 30) + header * 300_000

    assert Soundness.DAMAGED is soundness_of(data, "flac")
