"""WAV, RF64, BWF: the format and the samples, however the sizes are written."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest

from fonoteca.core.sound import Soundness
from support.crafted import apev2, id3v1, list_info, riff_chunk, wav
from support.sounds import flipped, noise, sample, sound_of
from support.tools import run_tool

SOUND = bytes(range(256)) * 16
PLAIN = wav(data=SOUND)


def word(data: bytes) -> Soundness:
    """The word alone."""
    return sound_of("riff", data).check.soundness


def extensible(tag: int = 1, mask: int = 3, valid: int = 16, bits: int = 16, channels: int = 2) -> bytes:
    """A WAVE_FORMAT_EXTENSIBLE."""
    block = channels * bits // 8
    head = struct.pack("<HHIIHHHHI", 0xFFFE, channels, 44100, 44100 * block, block, bits, 22, valid, mask)
    return head + struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")


def test_containers_of_the_same_samples_are_one_sound(tmp_path: Path):
    """RF64, BWF with its texts, LIST in front or behind, a streamed file: the samples are what counts."""
    path = noise(tmp_path / "a.wav", "-bitexact")
    streamed = tmp_path / "s.wav"
    run_tool("sh", "-c", f"ffmpeg -v error -i {path} -c copy -f wav - > {streamed}")
    others = {"rf64.wav": ("-rf64", "always"), "bext.wav": ("-write_bext", "1", "-metadata", "description=x")}
    found = {sound_of("riff", path.read_bytes()).payload, sound_of("riff", streamed.read_bytes()).payload}
    for name, options in others.items():
        run_tool("ffmpeg", "-v", "error", "-i", str(path), "-c", "copy", *options, str(tmp_path / name))
        found.add(sound_of("riff", (tmp_path / name).read_bytes()).payload)

    assert 1 == len(found)


@pytest.mark.parametrize("options", [
    ("-c:a", "pcm_s24le"), ("-c:a", "pcm_f32le"), ("-c:a", "adpcm_ms"), ("-c:a", "libmp3lame"), ("-c:a", "pcm_mulaw"),
    ("-c:a", "pcm_s16le", "-ac", "6"), ("-c:a", "pcm_u8", "-ac", "1"),
])  # fmt: skip
def test_a_format_chunk_that_is_written_anew_is_the_same_format(options: tuple[str, ...], tmp_path: Path):
    """ffmpeg turns a plain header into an extensible one wherever it may."""
    path = noise(tmp_path / "a.wav", *options)
    run_tool(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(path),
        "-c",
        "copy",
        "-metadata",
        "title=T",
        str(tmp_path / "b.wav"),
    )

    assert sound_of("riff", path.read_bytes()) == sound_of("riff", (tmp_path / "b.wav").read_bytes())


def test_a_plain_and_an_extensible_header_of_one_format_are_equal():
    """And any field of it that says something else makes another sound."""
    plain = sound_of("riff", PLAIN).payload
    others = [extensible(3), extensible(mask=0x600), extensible(valid=12), extensible(bits=24, valid=24)]

    assert plain == sound_of("riff", wav(fmt=extensible(), data=SOUND)).payload
    assert plain == sound_of("riff", wav(fmt=extensible(mask=0, valid=0), data=SOUND)).payload
    assert plain not in {sound_of("riff", wav(fmt=fmt, data=SOUND)).payload for fmt in others}


def test_format_fields_count():
    """The same samples at another rate are another sound."""
    place = PLAIN.index(b"fmt ") + 8
    changed = {sound_of("riff", flipped(PLAIN, place + offset)).payload for offset in (0, 2, 4, 12, 14)}

    assert 6 == len({sound_of("riff", PLAIN).payload, *changed})


def test_chunks_around_the_samples_are_no_sound():
    """Texts before or behind, an odd size and its pad byte."""
    texts = list_info({"INAM": b"A title"})
    odd = wav(data=SOUND[:-1])

    assert sound_of("riff", PLAIN).payload == sound_of("riff", wav(texts, data=SOUND)).payload
    behind = PLAIN[:4] + struct.pack("<I", len(PLAIN) - 8 + len(texts)) + PLAIN[8:] + texts
    assert sound_of("riff", PLAIN) == sound_of("riff", behind)
    assert (Soundness.STRUCTURE, Soundness.STRUCTURE) == (word(odd), word(odd[:-1]))
    assert sound_of("riff", odd).payload == sound_of("riff", odd[:-1]).payload


@pytest.mark.parametrize(("riff", "data"), [(0xFFFFFFFF, 0xFFFFFFFF), (0, 0), (36, 0), (0xFFFFFFFF, 0)])
def test_sizes_that_were_never_filled_in_reach_to_the_end(riff: int, data: int, tmp_path: Path):
    """A recorder that crashed, or a pipe: the samples are there, and how many there should be is not known."""
    place = PLAIN.index(b"data") + 4
    streamed = (
        PLAIN[:4] + struct.pack("<I", riff) + PLAIN[8:place] + struct.pack("<I", data) + PLAIN[place + 4 :]
    )

    for one in (streamed, streamed + id3v1("T"), streamed + apev2({"Title": "T"}, tmp_path)):
        found = sound_of("riff", one)
        assert (Soundness.NO_CHECK, sound_of("riff", PLAIN).payload) == (found.check.soundness, found.payload)


def test_a_riff_size_that_does_not_fit_the_file_is_damage():
    """Behind it chunks are missing, or the samples reach out of it; eight bytes more are a known habit."""
    size = len(PLAIN) - 8

    def with_size(number: int) -> bytes:
        return PLAIN[:4] + struct.pack("<I", number) + PLAIN[8:]

    assert Soundness.DAMAGED is word(with_size(size + 1000))
    assert Soundness.DAMAGED is word(with_size(size - 1000))
    assert Soundness.STRUCTURE is word(with_size(size + 8))


@pytest.mark.parametrize("order", [1, -1])
def test_the_md5_chunk_of_broadcast_wave_is_held_against_the_samples(order: int):
    """BWF MetaEdit writes it back to front; others may write it as it is."""
    md5 = hashlib.md5(SOUND).digest()
    data = wav(riff_chunk(b"MD5 ", md5[::order]), data=SOUND)
    place = data.index(b"data") + 1000

    found, broken = sound_of("riff", data), sound_of("riff", flipped(data, place))

    assert (Soundness.SOUND, f"md5:{md5.hex()}") == (found.check.soundness, found.lossless)
    assert (Soundness.DAMAGED, None) == (broken.check.soundness, broken.lossless)
    assert sound_of("riff", PLAIN).payload == found.payload


def test_a_cut_file_is_damage_in_spite_of_its_md5_chunk():
    """The word sound is for whole files."""
    data = wav(riff_chunk(b"MD5 ", hashlib.md5(SOUND).digest()), data=SOUND)

    assert {Soundness.DAMAGED} == {word(data[:place]) for place in range(13, len(data))}


def test_layouts_that_are_not_known_have_no_digest():
    """A wave list, two data chunks, no format: not guessed at."""
    two = wav(riff_chunk(b"data", b"12"), data=SOUND)
    without = PLAIN.replace(b"fmt ", b"fmtx")

    assert [None, None] == [sound_of("riff", data).payload for data in (two, without)]
    assert sample("wav").data[:4] == b"RIFF"
