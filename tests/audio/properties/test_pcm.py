"""The sound of WAV and AIFF, as their format chunks declare it."""

from __future__ import annotations

import struct

import pytest

from fonoteca.audio.model import AudioProperties, Tagged, Unreadable
from fonoteca.audio.read import read_tags
from fonoteca.audio.source import source_of
from support.crafted import aiff, wav

_GUID = bytes.fromhex("000000001000800000aa00389b71")


def _sound(data: bytes, name: str) -> AudioProperties | None:
    found = read_tags(source_of(data, name.encode()))
    assert isinstance(found, Tagged), found
    return found.audio


@pytest.mark.parametrize(
    ("form", "codec", "bits"),
    [
        (struct.pack("<HHIIHH", 1, 2, 44100, 88200, 2, 8), "pcm_u8", 8),
        (struct.pack("<HHIIHH", 3, 2, 48000, 384000, 8, 32), "pcm_f32le", 32),
        (
            struct.pack("<HHIIHHHHI", 0xFFFE, 2, 96000, 576000, 6, 24, 22, 24, 3) + b"\x01\0" + _GUID,
            "pcm_s24le",
            24,
        ),
        (
            struct.pack("<HHIIHHHHI", 0xFFFE, 2, 96000, 768000, 8, 32, 22, 32, 3) + b"\x03\0" + _GUID,
            "pcm_f32le",
            32,
        ),
        (struct.pack("<HHIIHH", 6, 2, 8000, 16000, 2, 8), "pcm_alaw", 8),
        (struct.pack("<HHIIHH", 0x55, 2, 44100, 16000, 1, 0), "mp3", None),
        (struct.pack("<HHIIHH", 0x4242, 2, 44100, 16000, 1, 0), "wav_0x4242", None),
    ],
)
def test_the_codec_of_a_wav_is_its_format_tag_or_sub_format(form: bytes, codec: str, bits: int | None):
    """24-bit recordings come as WAVEFORMATEXTENSIBLE, whose tag alone says nothing."""
    audio = _sound(wav(fmt=form), "a.wav")

    assert audio is not None
    assert (codec, bits) == (audio.codec, audio.bits_per_sample)


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_an_rf64_tells_its_length_from_its_64_bit_size(magic: bytes):
    """The 32-bit size of its data reads 4 GiB, whatever it is."""
    audio = _sound(wav(rf64=True, magic=magic), "a.wav")

    assert AudioProperties("wav", "pcm_s16le", 1.0, 44100, 2, 1_411_200, 16) == audio


@pytest.mark.parametrize(
    ("kind", "bits", "codec"),
    [
        (None, 16, "pcm_s16be"),
        (None, 24, "pcm_s24be"),
        (b"NONE", 8, "pcm_s8"),
        (b"sowt", 16, "pcm_s16le"),
        (b"fl32", 32, "pcm_f32be"),
        (b"ulaw", 16, "pcm_mulaw"),
    ],
)
def test_the_codec_of_an_aifc_is_its_compression_type(kind: bytes | None, bits: int, codec: str):
    """`sowt` is how every Mac has written AIFF from CDs: little-endian."""
    audio = _sound(aiff(kind=kind, bits=bits), "a.aifc" if kind else "a.aiff")

    assert audio is not None
    assert (codec, 1.0, 44100) == (audio.codec, audio.duration, audio.sample_rate)


def test_a_wav_without_a_format_is_unreadable():
    """Nothing says what its sound is."""
    assert isinstance(read_tags(source_of(b"RIFF\x04\0\0\0WAVE", b"a.wav")), Unreadable)
