"""Sample entries of MP4: what of them is the decoder's setup, and what is only a note."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.sounds import flipped, noise, sample, sound_of
from support.tools import run_tool


@pytest.mark.parametrize("options", [
    ("a.mp4", "-c:a", "flac", "-strict", "-2"), ("a.mp4", "-c:a", "libopus"), ("a.mp4", "-c:a", "ac3"),
    ("a.mp4", "-c:a", "eac3"), ("a.mp4", "-c:a", "libmp3lame"), ("a.m4a", "-c:a", "alac"), ("a.mov", "-c:a", "alac"),
    ("a.mov", "-c:a", "pcm_s24be"), ("a.m4a", "-c:a", "aac", "-ac", "1"),
])  # fmt: skip
def test_a_decoders_setup_outlives_a_copy_of_the_stream(options: tuple[str, ...], tmp_path: Path):
    """ffmpeg writes `stsd` anew: bit rates and `btrt` change, what the decoder needs does not."""
    path = noise(tmp_path / options[0], *options[1:])
    copy = path.with_name(f"b{path.suffix}")
    run_tool(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(path),
        "-c",
        "copy",
        "-strict",
        "-2",
        "-metadata",
        "title=T",
        str(copy),
    )

    before, after = sound_of("mp4", path.read_bytes()), sound_of("mp4", copy.read_bytes())

    assert before.payload is not None
    assert before == after


@pytest.mark.parametrize("offset", [0, 1])
def test_a_flip_in_the_decoders_setup_changes_the_digest(offset: int):
    """Wrong AAC setup is wrong sound, whatever the samples are."""
    data = sample("m4a").data
    # Behind tag 5 and its length in four bytes stands the AudioSpecificConfig.
    place = data.index(b"\x05\x80\x80\x80", data.index(b"esds")) + 5 + offset

    assert sound_of("mp4", data).payload != sound_of("mp4", flipped(data, place)).payload


def test_bit_rates_of_esds_are_no_sound():
    """They are a note about the stream, and each program that copies it computes them its own way."""
    data = sample("m4a").data
    place = data.index(b"esds") + 26

    assert sound_of("mp4", data).payload == sound_of("mp4", flipped(data, place, 4)).payload


def test_flac_in_mp4_declares_its_md5(tmp_path: Path):
    """So it can be told from a FLAC file of the same sound that only its container is another."""
    wav = noise(tmp_path / "a.wav")
    mp4, flac = tmp_path / "a.mp4", tmp_path / "a.flac"
    for path in (mp4, flac):
        run_tool("ffmpeg", "-v", "error", "-i", str(wav), "-c:a", "flac", "-strict", "-2", str(path))

    assert f"md5:{flac.read_bytes()[26:42].hex()}" == sound_of("mp4", mp4.read_bytes()).lossless
