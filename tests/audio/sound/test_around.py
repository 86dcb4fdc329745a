"""Where the sound lies between tags of all kinds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.source import source_of
from support.crafted import apev2, id3v1, id3v2, text_frame

SOUND = b"\xff\xfb" + b"sound" * 60
ID3 = id3v2([text_frame("TIT2", "a title")], padding=33)
FOOTED = id3v2([text_frame("TIT2", "a title")], flags=0x10)
FOOTED += b"3DI" + FOOTED[3:10]
LYRICS2 = b"LYRICSBEGIN" + b"IND00002" + b"10" + b"000021LYRICS200"
LYRICS1 = b"LYRICSBEGIN" + b"la la la" + b"LYRICSEND"
EXTENDED = b"TAG+" + bytes(223) + id3v1("x")


def span_of(data: bytes) -> bytes:
    """What is left between the tags."""
    start, end = sound_span(source_of(data, b"a.mp3"))
    return data[start:end]


def test_any_tags_in_any_order_are_taken_away(tmp_path: Path) -> None:
    """Two hundred stacks that programs may have left."""
    chance = random.Random(5)
    ape = apev2({"Title": "x", "Artist": "y" * 300}, tmp_path)
    bare = ape[32:-12] + bytes(12)
    bare = bare[:-32] + ape[-32:-12] + (0).to_bytes(4, "little") + bytes(8)
    for _ in range(200):
        front = b"".join(chance.choices((ID3, FOOTED, ape), k=chance.randrange(5)))
        front += bytes(chance.choice((0, 0, 40, 9000))) if front else b""
        behind = b"".join(
            chance.choices((ape, FOOTED, LYRICS1, LYRICS2, id3v1("x"), EXTENDED), k=chance.randrange(5))
        )

        assert SOUND == span_of(front + SOUND + behind)


@pytest.mark.parametrize(
    "tail",
    [
        b"TAG" + bytes(100),
        b"APETAGEX" + b"\xff" * 24,
        b"APETAGEX" + bytes(24),
        b"999999LYRICS200",
        b"LYRICSEND",
        b"3DI\4\0\0\x7f\x7f\x7f\x7f",
    ],
)
def test_what_only_looks_like_a_tag_stays(tail: bytes) -> None:
    """A size that points outside of the file makes no tag."""
    assert SOUND + tail == span_of(SOUND + tail)


def test_a_tag_that_is_cut_leaves_no_sound() -> None:
    """Its size is more than the file's."""
    assert b"" == span_of(ID3[:30])


def test_tags_alone_leave_no_sound(tmp_path: Path) -> None:
    """Nothing is taken twice."""
    ape = apev2({"Title": "x"}, tmp_path)

    assert [b""] * 4 == [span_of(ID3), span_of(ape), span_of(ID3 + id3v1("x")), span_of(b"")]


def test_a_thousand_stacked_tags_are_given_up_on() -> None:
    """Nobody stacks so many; a file that does is not walked through for ever."""
    assert len(span_of(id3v2([]) * 1000)) > 0
