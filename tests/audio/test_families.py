"""Every family with an encoder: the same tags go in by its own means and come out under the same names."""

from __future__ import annotations

from pathlib import Path

import pytest

from fonoteca.audio.model import AudioProperties
from fonoteca.core.digest import digest
from support.audio import SUFFIX, inside, make_audio, make_png

TAGS = {
    "TITLE": "Tïtle – 日本",
    "ARTIST": ["First", "Second"],
    "ALBUM": "Album",
    "ALBUMARTIST": "Various",
    "DATE": "2004-05-06",
    "GENRE": "Jazz",
    "TRACKNUMBER": "3",
    "TRACKTOTAL": "12",
    "DISCNUMBER": "1",
    "DISCTOTAL": "2",
    "COMPOSER": "Composer",
    "COMMENT": " a comment ",
    "LYRICS": "one\ntwo",
    "BPM": "120",
    "ISRC": "GBAYE6800011",
    "COMPILATION": "1",
    "MUSICBRAINZ_ALBUMID": "0b6b4ba0-d36f-47bd-b4ea-6a5b91842d29",
    "REPLAYGAIN_TRACK_GAIN": "-7.89 dB",
    "My Own Field": "kept",
}
EXPECTED = {name.upper(): [value] if isinstance(value, str) else value for name, value in TAGS.items()}
SOUND = {
    "flac": ("flac", "flac", 16),
    "mp3": ("mp3", "mp3", None),
    "vorbis": ("ogg", "vorbis", None),
    "opus": ("ogg", "opus", None),
    "m4a": ("mp4", "aac", 16),
    "alac": ("mp4", "alac", 16),
    "wav": ("wav", "pcm_s16le", 16),
    "aiff": ("aiff", "pcm_s16be", 16),
    "wavpack": ("wavpack", "wavpack", 16),
    "wma": ("asf", "wmav2", None),
    "aac": ("aac", "aac", None),
    "ac3": ("ac3", "ac3", None),
    "tta": ("tta", "tta", 16),
}
WITH_TAGS = [family for family in SOUND if family not in ("aac", "ac3")]


@pytest.mark.parametrize("family", WITH_TAGS)
def test_the_same_tags_come_out_of_every_family(family: str, tmp_path: Path):
    """A person who keeps three formats searches by one set of names."""
    path = make_audio(family, tmp_path / f"a{SUFFIX[family]}", tags=TAGS)

    tags = inside(path).tags

    assert {name: values for name, values in tags.items() if name != "ENCODER"} == EXPECTED


@pytest.mark.parametrize("family", WITH_TAGS)
def test_an_embedded_cover_is_known_by_type_size_and_digest(family: str, tmp_path: Path):
    """A cover that was replaced is seen as an edit without keeping its bytes."""
    path = make_audio(family, tmp_path / f"a{SUFFIX[family]}", picture=True)
    cover = make_png()

    (picture,) = inside(path).pictures

    assert (3, "image/png", len(cover), digest(cover).sha256.hex()) == (
        picture.type,
        picture.mime,
        picture.size,
        picture.sha256,
    )


@pytest.mark.parametrize("family", SOUND)
def test_the_sound_is_described_in_stable_words(family: str, tmp_path: Path):
    """Reports and other programs rely on these words and units."""
    container, codec, bits = SOUND[family]
    audio = inside(make_audio(family, tmp_path / f"a{SUFFIX[family]}")).audio

    assert audio is not None
    assert (container, codec, 2, bits) == (
        audio.container,
        audio.codec,
        audio.channels,
        audio.bits_per_sample,
    )
    assert audio.sample_rate == (48000 if family == "opus" else 44100)
    assert audio.duration == pytest.approx(1.0, abs=0.05)
    assert audio.bit_rate is not None
    assert audio.bit_rate > 16_000


def test_the_bytes_decide_what_a_file_is_not_its_name(tmp_path: Path):
    """People rename files; a FLAC called .mp3 is still a FLAC."""
    path = make_audio("flac", tmp_path / "a.flac", tags={"TITLE": "T"}).rename(tmp_path / "a.mp3")

    found = inside(path)

    assert (["T"], "flac") == (found.tags["TITLE"], found.audio.container if found.audio else None)


def test_a_container_without_a_reader_is_named_and_says_so():
    """Silence about a Matroska file would read as "it has no tags"."""
    from fonoteca.audio.model import Tagged
    from fonoteca.audio.read import read_tags
    from fonoteca.audio.source import source_of

    found = read_tags(source_of(b"\x1a\x45\xdf\xa3" + bytes(64), b"a.mka"))

    assert (
        Tagged(
            audio=AudioProperties("matroska"),
            note="there is no reader for the tags of matroska files",
        )
        == found
    )
