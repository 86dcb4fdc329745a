"""ADTS and AC-3: streams that do not say how long they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fonoteca.core.sound import Soundness
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

FAMILIES = ("aac", "ac3", "eac3")


@cache
def encoded(family: str, *options: str) -> bytes:
    """Half a second by ffmpeg."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{family}"
        wav = str(wav_file(Path(folder), 0.5))
        run_tool("ffmpeg", "-v", "error", "-i", wav, "-c:a", family, "-b:a", "96k", *options, str(path))
        return path.read_bytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_tags_around_and_a_copy_by_ffmpeg_do_not_change_the_payload(tmp_path: Path, family: str) -> None:
    """The frames stay as they are."""
    data, path = encoded(family), tmp_path / f"a.{family}"
    path.write_bytes(data)
    tagged = id3v2([text_frame("TIT2", "a")]) * 2 + data + apev2({"Title": "b"}, tmp_path) + id3v1("c")

    assert sound_of(data, family) == sound_of(tagged, family) == sound_of(data + bytes(600), family)
    assert sound_of(data, family) == sound_in(copied_by_ffmpeg(path), family)
    assert Soundness.STRUCTURE is soundness_of(data, family)


@pytest.mark.parametrize("rate", ["48000", "44100", "32000"])
def test_the_checksums_of_ac3_hold_at_every_sample_rate(rate: str) -> None:
    """Frame sizes come from a table, which 44,100 Hz makes uneven."""
    check = sound_of(encoded("ac3", "-ar", rate), "ac3").check

    assert (Soundness.STRUCTURE, "the CRCs of") == (check.soundness, check.detail[:11])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_that_was_cut_is_never_sound(family: str) -> None:
    """It is damaged, or cut just between two frames, which nothing can tell."""
    data = encoded(family)

    found = [soundness_of(data[:at], family) for at in places(0, len(data), 1000)]

    assert {Soundness.DAMAGED, Soundness.STRUCTURE} >= set(found)
    assert found.count(Soundness.STRUCTURE) < 40


@pytest.mark.parametrize("family", FAMILIES)
def test_one_flipped_bit_changes_the_payload(family: str) -> None:
    """Wherever it is; behind the first header AC-3 finds it too."""
    data = encoded(family)
    whole = sound_of(data, family)

    flipped = {at: sound_of(flip_bit(data, at, at % 8), family) for at in places(0, len(data), 1000)}

    assert whole.payload not in {sound.payload for sound in flipped.values()}
    if family != "aac":
        assert {Soundness.DAMAGED} == {sound.check.soundness for at, sound in flipped.items() if at > 8}


def test_the_first_half_of_an_ac3_frame_has_a_checksum_of_its_own() -> None:
    """Damage is located by its frame."""
    data = encoded("ac3", "-ar", "48000")
    size = data.index(data[:2], 2)

    check = sound_of(flip_bit(data, size * 3 + 100), "ac3").check

    assert ("frame 3: CRC differs", size * 3) == (check.detail, check.at)


def test_adif_has_no_payload() -> None:
    """Its frames cannot be told apart, so nothing is claimed."""
    sound = sound_of(b"ADIF" + bytes(900), "aac")

    assert (Soundness.NO_CHECK, None) == (sound.check.soundness, sound.payload)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_faulty_file_raises(family: str) -> None:
    """Cut, flipped, repeated, blotted: each gets an outcome, never the word sound."""
    found = {soundness_of(broken, family) for broken in faulty(encoded(family), 300, seed=4)}

    assert {Soundness.DAMAGED, Soundness.STRUCTURE} >= found


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_has_no_payload(family: str) -> None:
    """Two bytes that look like the beginning of a frame are not enough."""
    sound = sound_of(bytes(range(256)) * 20 + b"\x0b\x77\xff\xf1" * 50, family)

    assert (Soundness.DAMAGED, None) == (sound.check.soundness, sound.payload)
