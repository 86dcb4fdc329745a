"""ID3 as it is found in the wild."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from fonoteca.audio.model import Tagged, Unreadable
from fonoteca.audio.read import read_tags
from fonoteca.audio.source import source_of
from support.audio import inside, make_audio, tags_of
from support.crafted import apev2, id3v1, id3v2, text_frame


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MP3 without tags."""
    return make_audio("mp3", tmp_path_factory.mktemp("sound") / "a.mp3").read_bytes()


def test_numbers_and_totals_are_kept_apart_as_written(sound: bytes):
    """ "03/12" is track 03 of 12; a leading zero is the owner's choice."""
    tags = tags_of(id3v2([text_frame("TRCK", "03/12"), text_frame("TPOS", "1/2")]) + sound)

    assert {"TRACKNUMBER": ["03"], "TRACKTOTAL": ["12"], "DISCNUMBER": ["1"], "DISCTOTAL": ["2"]} == tags


@pytest.mark.parametrize(
    ("written", "genres"),
    [
        ("(17)", ["Rock"]),
        ("17", ["Rock"]),
        ("(17)(20)Foo", ["Rock", "Alternative", "Foo"]),
        ("(RX)", ["Remix"]),
        ("Synth-pop", ["Synth-pop"]),
        ("Rock\0Jazz", ["Rock", "Jazz"]),
    ],
)
def test_genre_numbers_become_names(sound: bytes, written: str, genres: list[str]):
    """Nobody searches for genre 17."""
    assert genres == tags_of(id3v2([text_frame("TCON", written)]) + sound)["GENRE"]


def test_a_version_2_2_tag_reads_like_any_other(sound: bytes):
    """Old iTunes wrote frames of three letters."""
    frames = [
        text_frame("TT2", "T"),
        text_frame("TYE", "1984"),
        text_frame("TRK", "3/9"),
        text_frame("TCO", "(17)"),
    ]

    found = read_tags(source_of(id3v2(frames, version=2) + sound, b"a.mp3"))

    assert isinstance(found, Tagged)
    assert found.tags == {
        "TITLE": ["T"],
        "DATE": ["1984"],
        "TRACKNUMBER": ["3"],
        "TRACKTOTAL": ["9"],
        "GENRE": ["Rock"],
    }
    assert found.raw["id3v2"][0]["version"] == "2.2.0"  # type: ignore[index, call-overload]


def test_year_day_and_time_of_version_2_3_make_one_date(sound: bytes):
    """ID3v2.3 spreads a date over three frames, the day before the month."""
    frames = [
        text_frame("TYER", "1984"),
        text_frame("TDAT", "3112"),
        text_frame("TIME", "2359"),
        text_frame("TORY", "1979"),
    ]

    tags = tags_of(id3v2(frames, version=3) + sound)

    assert {"DATE": ["1984-12-31T23:59:00"], "ORIGINALDATE": ["1979"]} == tags


def test_a_time_stamp_stays_the_text_that_was_written(sound: bytes):
    """A date that a parser rewrites or drops is a tag lost."""
    frames = [text_frame("TDRC", "1965-05-20T12:00:00"), text_frame("TDOR", "spring 1965")]

    tags = tags_of(id3v2(frames) + sound)

    assert {"DATE": ["1965-05-20T12:00:00"], "ORIGINALDATE": ["spring 1965"]} == tags


def test_free_text_is_known_in_any_case(sound: bytes):
    """Taggers differ in the case of what they call the same field."""
    frames = [
        text_frame("TXXX", "musicbrainz album id\0one"),
        text_frame("TXXX", "replaygain_track_gain\0-1.2 dB"),
        text_frame("TXXX", "QuodLibet::mytag\0two"),
        ("UFID", b"http://musicbrainz.org\0three"),
        ("UFID", b"http://www.cddb.com/id3\0x"),
    ]

    assert {
        "MUSICBRAINZ_ALBUMID": ["one"],
        "REPLAYGAIN_TRACK_GAIN": ["-1.2 dB"],
        "MYTAG": ["two"],
        "MUSICBRAINZ_TRACKID": ["three"],
    } == tags_of(id3v2(frames) + sound)


def test_people_are_fields_by_their_roles(sound: bytes):
    """A producer is searched for as a producer, a pianist as a performer."""
    frames = [("TIPL", b"\0producer\0P\0mix\0M\0"), ("TMCL", b"\0piano\0N\0")]

    assert {"PRODUCER": ["P"], "MIXER": ["M"], "PERFORMER": ["N (piano)"]} == tags_of(id3v2(frames) + sound)


def test_ratings_and_play_counts_are_derived_fields(sound: bytes):
    """They change at every play, so an edit of them must not look like an edit of a title."""
    frames = [("POPM", b"a@b.c\0\xff\0\0\0\x07"), ("PCNT", struct.pack(">I", 9))]

    assert {"_RATING": ["1"], "_PLAYCOUNT": ["7", "9"]} == tags_of(id3v2(frames) + sound)


def test_relative_volume_gives_replay_gain_unless_text_does(sound: bytes):
    """RVA2 is the same figure in another coat; the text is the one that taggers keep up."""
    album = b"album\0\x01" + struct.pack(">h", -1024) + b"\x10\x40\0"
    track = b"track\0\x01" + struct.pack(">h", 512) + b"\0"
    frames = [("RVA2", album), ("RVA2", track), text_frame("TXXX", "REPLAYGAIN_TRACK_GAIN\0+0.50 dB")]

    tags = tags_of(id3v2(frames) + sound)

    assert (["-2.00 dB"], ["0.500000"], ["+0.50 dB"]) == (
        tags["REPLAYGAIN_ALBUM_GAIN"],
        tags["REPLAYGAIN_ALBUM_PEAK"],
        tags["REPLAYGAIN_TRACK_GAIN"],
    )


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        ([b"eng\0plain", b"engrip\0EAC"], {"COMMENT": ["plain"], "COMMENT:RIP": ["EAC"]}),
        ([b"engrip\0EAC"], {"COMMENT": ["EAC"], "COMMENT:RIP": ["EAC"]}),
        ([b"engiTunNORM\0 0000"], {"COMMENT:ITUNNORM": [" 0000"]}),
    ],
)
def test_the_comment_is_the_one_that_a_person_wrote(sound: bytes, comments: list[bytes], expected: object):
    """iTunes keeps its loudness figures in comments."""
    frames = [("COMM", b"\0" + comment) for comment in comments]

    assert expected == tags_of(id3v2(frames) + sound)


def test_utf_16_values_lose_only_their_marks(sound: bytes):
    """Each value of a list may begin with a byte order mark of its own."""
    values = b"\x01" + "ä".encode("utf-16") + b"\0\0" + "b".encode("utf-16")

    assert {"ARTIST": ["ä", "b"]} == tags_of(id3v2([("TPE1", values)]) + sound)


def test_frame_sizes_that_old_itunes_wrote_wrong_are_understood(sound: bytes):
    """It wrote plain numbers where ID3v2.4 wants seven bits a byte."""
    long = b"\0" + b"x" * 299
    body = b"TIT2" + (300).to_bytes(4, "big") + b"\0\0" + long + b"TALB" + b"\0\0\0\x02\0\0\0A"
    tag = b"ID3\x04\0\0" + bytes((0, 0, len(body) >> 7, len(body) & 0x7F)) + body

    assert {"TITLE": ["x" * 299], "ALBUM": ["A"]} == tags_of(tag + sound)


def test_a_file_with_nothing_but_id3v1_has_its_tags(sound: bytes):
    """Files of the nineties have no other."""
    assert {
        "TITLE": ["T"],
        "ARTIST": ["A"],
        "ALBUM": ["L"],
        "DATE": ["1999"],
        "TRACKNUMBER": ["7"],
        "GENRE": ["Rock"],
    } == tags_of(sound + id3v1("T", "A", "L", "1999", 7, 17))


def test_of_several_tags_the_first_wins_and_the_others_fill(sound: bytes, tmp_path: Path):
    """Players stack tags; nothing of them is lost, and ID3v2 in front is what they show."""
    ape = apev2({"Title": "no", "Artist": "ape", "MP3GAIN_MINMAX": "1,2"}, tmp_path)
    data = (
        id3v2([text_frame("TIT2", "first")], version=3)
        + id3v2([text_frame("TIT2", "no"), text_frame("TALB", "second")], padding=30)
        + bytes(40)
        + sound
        + ape
        + id3v1("no", "no", "no", "1999")
    )

    found = read_tags(source_of(data, b"a.mp3"))

    assert isinstance(found, Tagged)
    assert found.tags == {
        "TITLE": ["first"],
        "ALBUM": ["second"],
        "ARTIST": ["ape"],
        "MP3GAIN_MINMAX": ["1,2"],
        "DATE": ["1999"],
    }
    assert ["id3v2", "apev2", "id3v1"] == list(found.raw)
    assert found.audio is not None
    assert found.audio.codec == "mp3"


def test_a_tag_at_the_end_is_found_by_its_footer(sound: bytes):
    """ID3v2.4 allows it, and radio streams are saved that way."""
    tag = id3v2([text_frame("TIT2", "last")], flags=0x10)

    assert {"TITLE": ["last"]} == tags_of(sound + tag + b"3DI" + tag[3:10])


def test_id3_in_front_of_flac_is_read_and_does_no_harm(tmp_path: Path):
    """Careless taggers put ID3 there; FLAC's own comments win."""
    path = make_audio("flac", tmp_path / "a.flac", tags={"TITLE": "own"})
    front = id3v2([text_frame("TIT2", "no"), text_frame("TENC", "someone")])
    path.write_bytes(front + front + path.read_bytes())

    found = inside(path)

    assert {"TITLE": ["own"], "ENCODEDBY": ["someone"]} == found.tags
    assert found.audio is not None
    assert found.audio.container == "flac"


def test_readable_tags_before_senseless_sound_are_kept(sound: bytes):
    """What can be had is had, and what cannot is said."""
    found = read_tags(source_of(id3v2([text_frame("TIT2", "T")]) + b"garbage" * 99, b"a.mp3"))

    assert isinstance(found, Tagged)
    assert ({"TITLE": ["T"]}, True) == (found.tags, "can't sync" in (found.note or ""))


def test_a_file_of_nonsense_is_unreadable():
    """A finding about the file, not an error of ours."""
    found = read_tags(source_of(b"hello world" * 99, b"a.mp3"))

    assert Unreadable("HeaderNotFoundError: can't sync to MPEG frame") == found


def test_chapters_are_told_in_time(sound: bytes):
    """Audiobooks and podcasts are navigated by them."""
    title = id3v2([text_frame("TIT2", "Two")])[10:]
    chapter = b"ch2\0" + struct.pack(">4I", 61_500, 99_000, 0xFFFFFFFF, 0xFFFFFFFF) + title

    assert {"_CHAPTERS": ["00:01:01.500 Two"]} == tags_of(id3v2([("CHAP", chapter)]) + sound)


def test_large_binary_frames_are_kept_as_length_and_digest(sound: bytes):
    """A DJ program's megabyte of waveform does not belong into a catalogue, but that it changed does."""
    frames = [("PRIV", b"owner\0" + bytes(5000)), ("PRIV", b"small\0\x01\x02")]

    found = read_tags(source_of(id3v2(frames) + sound, b"a.mp3"))

    assert isinstance(found, Tagged)
    assert '"bytes":5000' in found.raw_json
    assert '"base64":"AQI="' in found.raw_json
