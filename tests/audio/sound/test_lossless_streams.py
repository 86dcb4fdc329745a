"""WavPack, TTA and Monkey's Audio: what their own checksums find, and what they may not be taken for."""

from __future__ import annotations

import hashlib
import struct
import zlib
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.audio.sound.wavpacksum import block_sum
from fonoteca.core.sound import Soundness
from support.sounds import flipped, monkeys_audio, noise, sample, sound_of
from support.tools import run_tool


def word(family: str, data: bytes) -> Soundness:
    """The word alone."""
    return sound_of(family, data).check.soundness


@given(st.binary(max_size=3000), st.integers(0, 3))
def test_the_block_sum_is_that_of_the_words_one_by_one(data: bytes, times: int):
    """The fast way folds many words at once; WavPack's own goes from word to word."""
    data = data[: len(data) // 2 * 2] * 15**times
    expected = 0xFFFFFFFF
    for value in array("H", data):
        expected = (expected * 3 + value) & 0xFFFFFFFF

    assert expected == block_sum(data)


def test_wavpack_declares_the_md5_of_its_samples(tmp_path: Path):
    """Equal for any compression of the same sound."""
    wav = noise(tmp_path / "a.wav", "-bitexact")
    run_tool("wavpack", "-q", "-m", str(wav), "-o", str(tmp_path / "a.wv"))
    samples = wav.read_bytes()[44:]

    found = sound_of("wavpack", (tmp_path / "a.wv").read_bytes())

    assert f"md5:{hashlib.md5(samples).hexdigest()}" == found.lossless


def test_a_lossy_wavpack_does_not_claim_the_md5_of_what_it_was_made_from(tmp_path: Path):
    """It decodes to something else."""
    wav = noise(tmp_path / "a.wav")
    run_tool("wavpack", "-q", "-b256", "-m", str(wav), "-o", str(tmp_path / "a.wv"))

    found = sound_of("wavpack", (tmp_path / "a.wv").read_bytes())

    assert (Soundness.SOUND, None) == (found.check.soundness, found.lossless)


def test_surround_in_several_blocks_of_the_same_samples_is_sound(tmp_path: Path):
    """Six channels are four blocks for each stretch of samples."""
    wav = noise(tmp_path / "a.wav", "-ac", "6")
    run_tool("wavpack", "-q", str(wav), "-o", str(tmp_path / "a.wv"))

    assert Soundness.SOUND is word("wavpack", (tmp_path / "a.wv").read_bytes())


def test_wavpack_without_block_checksums_is_structure_only(tmp_path: Path):
    """ffmpeg's encoder, and WavPack 4, leave them out: a flip in the samples cannot be seen."""
    data = noise(tmp_path / "a.wv", "-c:a", "wavpack").read_bytes()

    assert Soundness.STRUCTURE is word("wavpack", data)
    assert Soundness.STRUCTURE is word("wavpack", flipped(data, 5000))
    assert sound_of("wavpack", data).payload != sound_of("wavpack", flipped(data, 5000)).payload


def blocks(data: bytes) -> list[bytes]:
    """WavPack's blocks, one by one."""
    found = []
    while data[:4] == b"wvpk":
        size = 8 + int.from_bytes(data[4:8], "little")
        found.append(data[:size])
        data = data[size:]
    return found


def test_a_block_that_is_missing_doubled_or_out_of_order_is_damage():
    """Each block is whole in itself: only their numbers tell."""
    first, second, third, *rest = blocks(sample("wavpack").data)

    for order in (
        [first, third, *rest],
        [first, second, second, third, *rest],
        [first, third, second, *rest],
        [second, third, *rest],
    ):
        assert Soundness.DAMAGED is word("wavpack", b"".join(order))


def test_an_md5_that_was_announced_and_is_missing_is_not_called_sound():
    """A file cut exactly between two blocks."""
    data = b"".join(blocks(sample("wavpack").data)[:-1])

    found = sound_of("wavpack", data)

    assert (Soundness.STRUCTURE, sound_of("wavpack", sample("wavpack").data).payload) == (
        found.check.soundness,
        found.payload,
    )


@pytest.mark.parametrize("name", ["wavpack", "tta", "ape"])
def test_junk_behind_the_sound_is_no_sound_and_takes_the_word_away(name: str):
    """It may be what is left of a tag that was cut, so the file is not called whole."""
    family, data, spans = sample(name)
    end = spans[-1][1] if name == "tta" else len(data)

    found = sound_of(family, data[:end] + b"APETAGEX\xd0\x07\0\0 cut")

    assert (Soundness.STRUCTURE, sound_of(family, data).payload) == (found.check.soundness, found.payload)


def test_tta_finds_the_frame_that_is_damaged():
    """Each has a CRC-32 of its own."""
    _, data, [(_, end)] = sample("tta")
    found = sound_of("tta", flipped(data, end - 200))

    assert (Soundness.DAMAGED, "frame 0: CRC-32 differs", 30) == found.check


def test_a_tta_header_that_lies_with_a_right_crc_costs_nothing():
    """Four thousand million samples are four hundred thousand sizes, and they are not there."""
    head = struct.pack("<4sHHHII", b"TTA1", 1, 2, 16, 1, 0xFFFFFFFF)
    data = head + struct.pack("<I", zlib.crc32(head)) + bytes(2000)

    assert sound_of("tta", data).payload is None


def test_monkeys_audio_of_before_3_98_claims_nothing():
    """It has no checksum that can be compared without decoding."""
    found = sound_of("ape", monkeys_audio(3970))

    assert Soundness.NO_CHECK is found.check.soundness
    assert found.payload is not None


@pytest.mark.parametrize("family", ["wavpack", "tta", "ape", "musepack", "riff", "aiff", "mp4", "dsf", "asf"])
def test_another_familys_bytes_have_no_digest(family: str):
    """Under a wrong name a file is what its bytes are."""
    other = sample("tta").data if family != "tta" else sample("wav").data

    found = sound_of(family, other)

    assert found.payload is None
    assert found.check.soundness in (Soundness.NO_CHECK, Soundness.DAMAGED)
