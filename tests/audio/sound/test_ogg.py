"""Ogg: packets are the payload, however pages hold them; pages are what is checked."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import mutagen
import pytest

from fonoteca.audio.sound.crc import crc32_of_ogg
from fonoteca.core.sound import Soundness
from support.crafted import id3v1, id3v2, text_frame
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

CODECS = ("ogg", "opus", "spx", "oga")
COVER = bytes(range(256)) * 20_000


@cache
def encoded(suffix: str, seconds: float = 1.0) -> bytes:
    """A tone: Vorbis and Opus and FLAC by their own encoders, Speex by ffmpeg."""
    with TemporaryDirectory() as folder:
        wav, path = str(wav_file(Path(folder), seconds)), Path(folder) / f"a.{suffix}"
        match suffix:
            case "ogg":
                run_tool("oggenc", "-Q", "-s", "7", "-o", str(path), wav)
            case "opus":
                run_tool("opusenc", "--quiet", "--serial", "7", wav, str(path))
            case "oga":
                run_tool("flac", "-s", "--ogg", "--serial-number=7", "-o", str(path), wav)
            case _:
                run_tool("ffmpeg", "-v", "error", "-i", wav, "-c:a", "libspeex", str(path))
        return path.read_bytes()


def page(serial: int, number: int, flags: int, packets: bytes, lacing: bytes, granule: int = 0) -> bytes:
    """One page with its CRC."""
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(lacing)) + lacing
    crc = crc32_of_ogg(head + packets)
    return head[:22] + crc.to_bytes(4, "little") + head[26:] + packets


def pages_of(data: bytes) -> list[bytes]:
    """The pages of a file, as they are."""
    found, at = [], 0
    while at < len(data):
        count = data[at + 26]
        end = at + 27 + count + sum(data[at + 27 : at + 27 + count])
        found.append(data[at:end])
        at = end
    return found


def signed(changed: bytes) -> bytes:
    """A page with the CRC that it ought to have."""
    crc = crc32_of_ogg(changed[:22] + bytes(4) + changed[26:])
    return changed[:22] + crc.to_bytes(4, "little") + changed[26:]


def with_serial(data: bytes, serial: int) -> list[bytes]:
    """Its pages, as a stream of another number."""
    return [signed(one[:14] + serial.to_bytes(4, "little") + one[18:]) for one in pages_of(data)]


def repacked(data: bytes) -> bytes:
    """The same packets, a segment a page."""
    found, number = [], 0
    goes_on = False
    old = pages_of(data)
    for one in old:
        count, at = one[26], 27 + one[26]
        for index, size in enumerate(one[27 : 27 + count]):
            is_last = one is old[-1] and index == count - 1
            flags = (1 if goes_on else 0) | (2 if number == 0 else 0) | (4 if is_last else 0)
            found.append(page(99, number, flags, one[at : at + size], bytes((size,))))
            at, number, goes_on = at + size, number + 1, size == 255
    return b"".join(found)


def by_vorbiscomment(path: Path) -> None:
    """Another title."""
    run_tool("vorbiscomment", "-w", "-t", "TITLE=Another", "-t", "RATING=0.8", str(path))


def by_mutagen(path: Path) -> None:
    """ReplayGain and a cover of 5 MB."""
    file = mutagen.File(path)
    file["REPLAYGAIN_TRACK_GAIN"] = "-6.00 dB"
    file["METADATA_BLOCK_PICTURE"] = base64.b64encode(COVER).decode()
    file.save()


def by_mutagen_deleted(path: Path) -> None:
    """No tags at all."""
    mutagen.File(path).delete()


def by_ffmpeg(path: Path) -> None:
    """A container written anew: other serial, pages, granule positions."""
    copied_by_ffmpeg(path).replace(path)


@pytest.mark.parametrize("edit", [by_mutagen, by_mutagen_deleted, by_ffmpeg])
@pytest.mark.parametrize("suffix", CODECS)
def test_no_tag_writer_changes_the_payload(tmp_path: Path, suffix: str, edit: Callable[[Path], None]) -> None:
    """Each writes other pages than the one before."""
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(encoded(suffix))

    edit(path)

    sound = sound_of(encoded(suffix), "ogg")
    assert sound.payload is not None
    assert (Soundness.SOUND, sound.payload) == (sound.check.soundness, sound_in(path, "ogg").payload)
    assert Soundness.SOUND is sound_in(path, "ogg").check.soundness


def test_vorbiscomment_does_not_change_the_payload(tmp_path: Path) -> None:
    """The format's own tool."""
    path = tmp_path / "a.ogg"
    path.write_bytes(encoded("ogg"))

    by_vorbiscomment(path)

    assert sound_of(encoded("ogg"), "ogg").payload == sound_in(path, "ogg").payload


@pytest.mark.parametrize("suffix", CODECS)
def test_the_payload_does_not_know_pages(suffix: str) -> None:
    """A segment a page is allowed, and the other end of what tools write."""
    other = repacked(encoded(suffix))

    assert other != encoded(suffix)
    assert sound_of(encoded(suffix), "ogg").payload == sound_of(other, "ogg").payload
    assert Soundness.SOUND is soundness_of(other, "ogg")


def test_packets_cannot_shift_into_each_other() -> None:
    """The same bytes in packets of other lengths are another sound."""
    head = page(1, 0, 2, b"OpusHead" + bytes(11), bytes((19,))) + page(1, 1, 0, b"OpusTags", bytes((8,)))

    one = sound_of(head + page(1, 2, 4, b"abcdef", bytes((2, 4))), "ogg")
    two = sound_of(head + page(1, 2, 4, b"abcdef", bytes((4, 2))), "ogg")

    assert one.payload
    assert two.payload
    assert one.payload != two.payload


@pytest.mark.parametrize("suffix", CODECS)
def test_a_file_that_was_cut_is_never_sound(suffix: str) -> None:
    """Decoders play such a file to its end and say nothing."""
    data = encoded(suffix)
    between = [len(b"".join(pages_of(data)[:count])) for count in range(len(pages_of(data)))]

    found = {soundness_of(data[:at], "ogg") for at in [*places(0, len(data), 1200), *between]}

    assert {Soundness.DAMAGED} == found


@pytest.mark.parametrize("suffix", CODECS)
def test_one_flipped_bit_changes_the_payload_and_is_found(suffix: str) -> None:
    """Behind the comments, wherever it is: also in what a page says of itself."""
    data = encoded(suffix)
    start = len(b"".join(pages_of(data)[:2]))
    whole = sound_of(data, "ogg")

    flipped = [sound_of(flip_bit(data, at, at % 8), "ogg") for at in places(start, len(data), 1200)]

    assert {Soundness.DAMAGED} == {sound.check.soundness for sound in flipped}
    assert whole.payload not in {sound.payload for sound in flipped}


def test_a_missing_page_is_damage() -> None:
    """Each page that is left holds."""
    pages = pages_of(repacked(encoded("opus")))

    check = sound_of(b"".join(pages[:4] + pages[5:]), "ogg").check

    assert (Soundness.DAMAGED, "page 4: page 4 of its stream is missing: 5 follows") == (
        check.soundness,
        check.detail,
    )


def test_chained_streams_are_one_file() -> None:
    """A radio's recording: one piece behind the other."""
    both = sound_of(encoded("ogg") + encoded("opus"), "ogg")

    assert Soundness.SOUND is both.check.soundness
    assert both.payload != sound_of(encoded("opus") + encoded("ogg"), "ogg").payload
    assert Soundness.DAMAGED is soundness_of(encoded("ogg") + encoded("opus")[:-1], "ogg")


def test_multiplexed_streams_are_told_apart() -> None:
    """How the pages of two streams lie among each other is no part of the sound."""
    one, two = with_serial(encoded("ogg"), 1), with_serial(encoded("oga"), 2)
    heads, rest = [one[0], two[0]], [*one[1:], *two[1:]]
    mixed = [*heads]
    first, second = one[1:], two[1:]
    while first or second:
        mixed += [queue.pop(0) for queue in (first, second) if queue]

    assert sound_of(b"".join(heads + rest), "ogg") == sound_of(b"".join(mixed), "ogg")
    assert Soundness.SOUND is soundness_of(b"".join(mixed), "ogg")
    assert Soundness.DAMAGED is soundness_of(b"".join(mixed[:-1]), "ogg")


def test_a_stream_that_is_no_sound_is_checked_and_not_digested() -> None:
    """Skeleton, subtitles, a video: their bytes are not music."""
    sound = with_serial(encoded("ogg"), 1)
    other = [page(2, 0, 2, b"fishead\0" + bytes(56), bytes((64,))), page(2, 1, 4, b"x" * 40, bytes((40,)))]
    both = b"".join([other[0], sound[0], other[1], *sound[1:]])

    assert sound_of(b"".join(sound), "ogg").payload == sound_of(both, "ogg").payload
    assert Soundness.SOUND is soundness_of(both, "ogg")
    assert Soundness.DAMAGED is soundness_of(flip_bit(both, 40), "ogg")


def test_an_unknown_codec_has_no_payload() -> None:
    """It is checked all the same."""
    data = page(1, 0, 2, b"WhoKnows", bytes((8,))) + page(1, 1, 4, b"x" * 40, bytes((40,)))

    sound = sound_of(data, "ogg")

    assert (Soundness.SOUND, None, "none of its streams is sound that is known") == (
        sound.check.soundness,
        sound.payload,
        sound.reason,
    )


def test_tags_and_zeros_around_are_no_sound() -> None:
    """They have no place in an Ogg, and are found there."""
    data = encoded("ogg")
    tagged = id3v2([text_frame("TIT2", "x")]) + data + id3v1("x")

    assert sound_of(data, "ogg") == sound_of(tagged, "ogg") == sound_of(data + bytes(999), "ogg")
    assert Soundness.STRUCTURE is soundness_of(data + b"TAG, cut", "ogg")


def test_the_md5_of_flac_is_told() -> None:
    """As of a FLAC that is no Ogg."""
    assert (sound_of(encoded("oga"), "ogg").lossless or "").startswith("md5:")
    assert sound_of(encoded("ogg"), "ogg").lossless is None


def test_streams_without_end_end() -> None:
    """A hostile file that begins a stream with each page does not fill the memory."""
    data = b"".join(page(number, 0, 2, b"", b"") for number in range(6000))

    assert Soundness.DAMAGED is soundness_of(data, "ogg")


@pytest.mark.parametrize("suffix", CODECS)
def test_no_faulty_file_raises(suffix: str) -> None:
    """Cut, flipped, repeated, blotted: each gets an outcome, and none that was cut the word sound."""
    whole = sound_of(encoded(suffix), "ogg").payload

    for broken in faulty(encoded(suffix), 300, seed=2):
        sound = sound_of(broken, "ogg")
        assert sound.check.soundness is not Soundness.SOUND or sound.payload == whole
