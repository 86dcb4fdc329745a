"""Families that few people have, and those who have them have thousands of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from fonoteca.audio.model import AudioProperties, Tagged
from fonoteca.audio.read import read_tags
from fonoteca.audio.source import source_of
from support.audio import inside, make_audio, tags_of
from support.crafted import dsdiff, dsf, id3v2, midi, monkeys_audio, musepack_sv7, optimfrog, text_frame
from support.tools import run_tool

TONE = (
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    "sine=sample_rate=44100:duration=1",
    "-ac",
    "2",
    "-metadata",
    "title=T",
)


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (optimfrog(), "a.ofr", ("optimfrog", "optimfrog", 1.0, 44100, 2, 16)),
        (monkeys_audio(), "a.ape", ("ape", "ape", 1.0, 44100, 2, 16)),
        (dsf(), "a.dsf", ("dsf", "dsd", 1.0, 2_822_400, 2, 1)),
        (dsdiff(), "a.dff", ("dsdiff", "dsd", 0.25, 2_822_400, 2, 1)),
        (musepack_sv7(2), "a.mpc", ("musepack", "musepack", 1.972245, 44100, 2, None)),
        (midi(), "a.mid", ("midi", "midi", 1.0, None, None, None)),
    ],
)
def test_the_header_tells_the_sound(data: bytes, name: str, expected: tuple[object, ...]):
    """Length and rate are what a listing shows of them."""
    found = read_tags(source_of(data, name.encode()))

    assert isinstance(found, Tagged), found
    audio = found.audio
    assert isinstance(audio, AudioProperties)
    assert expected == (
        audio.container,
        audio.codec,
        audio.duration,
        audio.sample_rate,
        audio.channels,
        audio.bits_per_sample,
    )


@pytest.mark.parametrize(
    ("suffix", "options", "container", "codec"),
    [
        ("mp2", ("-c:a", "mp2"), "mp2", "mp2"),
        ("eac3", ("-c:a", "eac3"), "eac3", "eac3"),
        ("oga", ("-c:a", "flac", "-f", "ogg"), "ogg", "flac"),
        ("mka", ("-c:a", "flac"), "matroska", None),
        ("caf", ("-c:a", "pcm_s16be"), "caf", None),
        ("au", ("-c:a", "pcm_s16be"), "au", None),
        ("w64", ("-c:a", "pcm_s16le"), "w64", None),
        ("aifc", ("-c:a", "pcm_s16le", "-f", "aiff"), "aiff", "pcm_s16le"),
        ("mp4", ("-c:a", "ac3"), "mp4", "ac3"),
    ],
)
def test_an_encoders_file_is_known_for_what_it_is(
    suffix: str, options: tuple[str, ...], container: str, codec: str | None, tmp_path: Path
):
    """Real programs write things that no specification's example shows."""
    path = tmp_path / f"a.{suffix}"
    run_tool("ffmpeg", *TONE, *options, str(path))

    audio = inside(path).audio

    assert audio is not None
    assert (container, codec) == (audio.container, audio.codec)


def test_dsdiff_and_tta_carry_id3(tmp_path: Path):
    """Both were given ID3 by their users rather than by their makers."""
    tag = id3v2([text_frame("TIT2", "T")])
    tta = tag + make_audio("tta", tmp_path / "a.tta").read_bytes()

    assert [{"TITLE": ["T"]}] * 2 == [tags_of(dsdiff(tag), "a.dff"), tags_of(tta, "a.tta")]


def test_mp4_chapters_are_told_in_time(tmp_path: Path):
    """An audiobook without its chapters is a block of eleven hours."""
    plain = make_audio("m4a", tmp_path / "a.m4a", seconds=2)
    (tmp_path / "meta.txt").write_text(
        ";FFMETADATA1\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=2000\ntitle=Two\n"
    )
    book = tmp_path / "book.m4b"
    run_tool(
        "ffmpeg", "-v", "error", "-i", str(plain), "-i", str(tmp_path / "meta.txt"),
        "-map", "0:a", "-map_chapters", "1", "-c", "copy", "-f", "ipod", str(book),
    )  # fmt: skip

    assert ["00:00:00.000 One", "00:00:00.500 Two"] == inside(book).tags["_CHAPTERS"]


def test_multichannel_wavpack_counts_all_its_channels(tmp_path: Path):
    """Surround is kept in pairs of blocks, and the first alone would say stereo."""
    path = tmp_path / "a.wv"
    run_tool("ffmpeg", *TONE[:-4], "-ac", "6", "-c:a", "wavpack", str(path))

    audio = inside(path).audio

    assert audio is not None
    assert audio.channels == 6
