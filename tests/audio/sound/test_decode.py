"""What the program `flac` says of a FLAC's decoded sound."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.audio.sound import decode
from fonoteca.audio.sound.decode import decoded_check, decoder, settled
from fonoteca.audio.source import Source, source_of
from fonoteca.core.sound import SelfCheck, Soundness
from support.audio import make_audio
from support.crafted import id3v1, id3v2, text_frame
from support.sounding import flip_bit, sound_of


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    decoder.cache_clear()
    yield
    decoder.cache_clear()


@pytest.fixture
def flac(tmp_path: Path) -> bytes:
    """Two seconds."""
    return make_audio("flac", tmp_path / "a.flac", seconds=2).read_bytes()


def soundness_of(data: bytes) -> Soundness | None:
    """As decoding tells it."""
    check = decoded_check(source_of(data, b"a.flac"), seconds=60)
    return check.soundness if check else None


def test_a_flac_whose_md5_holds_is_sound(flac: bytes) -> None:
    """Tags around it are kept from the decoder, which would stumble over them."""
    assert Soundness.SOUND is soundness_of(flac)
    assert Soundness.SOUND is soundness_of(id3v2([text_frame("TIT2", "x")]) + flac + id3v1("x"))


def test_a_sound_that_is_not_the_declared_one_is_damage(flac: bytes) -> None:
    """Every frame holds: only decoding finds it."""
    other = flip_bit(flac, 8 + 20)

    assert Soundness.SOUND is sound_of(other, "flac").check.soundness
    assert Soundness.DAMAGED is soundness_of(other)


def test_without_an_md5_there_is_nothing_to_hold_against(flac: bytes) -> None:
    """An encoder that wrote to a pipe left it empty."""
    assert Soundness.NO_CHECK is soundness_of(flac[:26] + bytes(16) + flac[42:])


def test_what_does_not_decode_is_left_to_the_frames_own_checks(flac: bytes) -> None:
    """They say where; the decoder's word would add nothing."""
    assert [Soundness.NO_CHECK] * 3 == [soundness_of(flac[:-999]), soundness_of(b"junk"), soundness_of(b"")]


def test_a_file_on_disk_is_read_as_one_in_memory(tmp_path: Path, flac: bytes) -> None:
    """From its beginning, wherever its reader stood."""
    path = tmp_path / "b.flac"
    path.write_bytes(flac)
    with path.open("rb") as file:
        file.seek(500)
        check = decoded_check(Source(file, b"b.flac", len(flac)), seconds=60)

    assert SelfCheck(Soundness.SOUND, "the MD5 of the decoded sound holds") == check


def undeclared(flac: bytes) -> bytes:
    """With a number of samples of 0 in STREAMINFO: not known."""
    return flac[:21] + bytes((flac[21] & 0xF0,)) + bytes(4) + flac[26:]


def test_the_decoder_settles_what_the_frames_leave_open(flac: bytes) -> None:
    """Whole frames may be too few of them; the MD5 of the whole sound knows."""
    whole = undeclared(flac)
    cut = whole[: frames_end(whole)]

    assert [Soundness.STRUCTURE] * 2 == [sound_of(each, "flac").check.soundness for each in (whole, cut)]
    assert [Soundness.SOUND, Soundness.DAMAGED] == [after_decoding(each) for each in (whole, cut)]


def test_the_decoder_is_not_asked_where_nothing_is_open(monkeypatch: pytest.MonkeyPatch, flac: bytes) -> None:
    """It takes three times as long as everything else."""
    monkeypatch.setattr(decode, "decoded_check", None)

    assert [Soundness.SOUND, Soundness.DAMAGED] == [after_decoding(each) for each in (flac, flac[:-999])]


def after_decoding(data: bytes) -> Soundness:
    """As frames and decoder tell it together."""
    return settled(source_of(data, b"a.flac"), sound_of(data, "flac"), seconds=60).check.soundness


def frames_end(flac: bytes) -> int:
    """Where the last frame but one ends: the last place where a header stands."""
    at = len(flac)
    while (at := flac.rfind(b"\xff\xf8", 0, at)) > 0:
        if sound_of(flac[:at], "flac").check.soundness is Soundness.STRUCTURE:
            return at
    raise AssertionError("there is one frame only")


def test_without_the_program_nothing_is_said(monkeypatch: pytest.MonkeyPatch, flac: bytes) -> None:
    """It is a help, no need."""
    monkeypatch.setenv("PATH", "/nowhere")

    assert soundness_of(flac) is None


@pytest.mark.parametrize("script", ["exec sleep 60", "cat >/dev/null; exec sleep 60"])
def test_a_decoder_that_hangs_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flac: bytes, script: str
) -> None:
    """Whether or not it takes what it is given."""
    program = tmp_path / "flac"
    program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))

    check = decoded_check(source_of(flac * 9, b"a.flac"), seconds=0.3)

    assert SelfCheck(Soundness.NO_CHECK, "decoding it takes longer than 0.3 s") == check
