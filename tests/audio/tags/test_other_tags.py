"""MP4, APEv2, Vorbis comments, ASF, RIFF: what is special in each."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

from mutagen.asf import ASF, ASFBoolAttribute, ASFDWordAttribute
from mutagen.flac import FLAC, CueSheet, CueSheetTrack, CueSheetTrackIndex, Picture
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggvorbis import OggVorbis

from fonoteca.audio.tags.fields import Fields, merged
from support.audio import inside, make_audio, make_png, tags_of
from support.crafted import aiff, apev2, dsf, id3v2, list_info, musepack_sv7, riff_chunk, text_frame, wav


def test_other_programs_names_are_brought_to_one():
    """YEAR, TOTALTRACKS and "Album Artist" are what half of all files call them."""
    fields = Fields()
    for name, value in (
        ("year", "1965"),
        ("Album Artist", "A"),
        ("TotalTracks", "9"),
        ("track", "3"),
        ("disc", "1/2"),
    ):
        fields.add(name, value)

    assert {
        "DATE": ["1965"],
        "ALBUMARTIST": ["A"],
        "TRACKTOTAL": ["9"],
        "TRACKNUMBER": ["3"],
        "DISCNUMBER": ["1"],
        "DISCTOTAL": ["2"],
    } == fields.tags()


def test_a_file_that_says_two_different_things_keeps_both():
    """An alias must not overwrite the field's own name; said twice alike it is said once."""
    fields = Fields()
    for name, value in (("DATE", "1965"), ("YEAR", "2010"), ("TRACKTOTAL", "9"), ("TOTALTRACKS", "9")):
        fields.add(name, value)

    assert {"DATE": ["1965"], "YEAR": ["2010"], "TRACKTOTAL": ["9"]} == fields.tags()


def test_the_first_layer_that_has_a_field_wins_it_whole():
    """Two artists in ID3 and one in APEv2 are two artists, not three."""
    assert {"A": ["1", "2"], "B": ["3"]} == merged([{"A": ["1", "2"]}, {"A": ["x"], "B": ["3"]}])


def test_mp4_numbers_leave_out_what_is_not_known(tmp_path: Path):
    """(3, 0) is track 3 of nobody knows how many."""
    path = make_audio("m4a", tmp_path / "a.m4a")
    file = MP4(path)
    file["trkn"], file["disk"], file["cpil"] = [(3, 0)], [(0, 2)], False
    file.save()

    assert {"TRACKNUMBER": ["3"], "DISCTOTAL": ["2"], "COMPILATION": ["0"]} == inside(path).tags


def test_mp4_freeform_fields_lose_their_prefix(tmp_path: Path):
    """`----:com.apple.iTunes:MusicBrainz Track Id` is MUSICBRAINZ_TRACKID."""
    path = make_audio("m4a", tmp_path / "a.m4a")
    file = MP4(path)
    file["----:com.apple.iTunes:MusicBrainz Track Id"] = [MP4FreeForm(b"x")]
    file["----:com.apple.iTunes:count"] = [MP4FreeForm(b"\0\x07", dataformat=21)]
    file["----:com.apple.iTunes:blob"] = [MP4FreeForm(b"\xff\xfe", dataformat=0)]
    file["©xyz"] = ["unknown"]
    file.save()

    found = inside(path)

    assert {"MUSICBRAINZ_TRACKID": ["x"], "COUNT": ["7"], "©XYZ": ["unknown"]} == found.tags
    assert found.raw["mp4"]["----:com.apple.iTunes:blob"] == [{"base64": "//4="}]  # type: ignore[index, call-overload]


def test_an_old_mp4_genre_number_is_a_name(tmp_path: Path):
    """`gnre` counts ID3v1's genres from 1."""
    path = make_audio("m4a", tmp_path / "a.m4a", tags={"GENRE": "ten bytes!"})
    text = struct.pack(">I4sI4sII", 34, b"\xa9gen", 26, b"data", 1, 0) + b"ten bytes!"
    number = struct.pack(">I4sI4sIIH", 26, b"gnre", 18, b"data", 0, 0, 18) + b"\0\0\0\x08free"
    data = path.read_bytes()
    assert data.count(text) == 1
    path.write_bytes(data.replace(text, number))

    assert {"GENRE": ["Rock"]} == inside(path).tags


def test_apev2_lists_links_and_covers(tmp_path: Path):
    """Musepack has no other tags."""
    data = musepack_sv7() + apev2(
        {"Artist": ["A", "B"], "Track": "3/4", "Year": "1999", "MixArtist": "R"}, tmp_path
    )

    assert {
        "ARTIST": ["A", "B"],
        "TRACKNUMBER": ["3"],
        "TRACKTOTAL": ["4"],
        "DATE": ["1999"],
        "REMIXER": ["R"],
    } == tags_of(data, "a.mpc")


def test_older_cover_comments_are_pictures_too(tmp_path: Path):
    """COVERART came before METADATA_BLOCK_PICTURE; a broken one is no reason to lose the tags."""
    path = make_audio("vorbis", tmp_path / "a.ogg")
    file = OggVorbis(path)
    file["COVERART"], file["COVERARTMIME"] = [base64.b64encode(make_png()).decode()], ["image/png"]
    file["METADATA_BLOCK_PICTURE"] = ["AAAA"]
    file["TITLE"] = ["T"]
    file.save()

    found = inside(path)

    assert [("image/png", len(make_png()))] == [(picture.mime, picture.size) for picture in found.pictures]
    assert ["T"] == found.tags["TITLE"]


def test_vorbis_ratings_are_fractions(tmp_path: Path):
    """Quod Libet writes 0.8, others 4 of 5 or 80 of 100."""
    path = make_audio(
        "flac", tmp_path / "a.flac", tags={"RATING:a@b": "0.8", "FMPS_RATING": "0.5", "RATING": "80"}
    )

    assert ["0.5", "0.8", "0.8"] == sorted(inside(path).tags["_RATING"])


def test_a_description_is_the_comment_where_there_is_none(tmp_path: Path):
    """ffmpeg writes comments of FLAC as DESCRIPTION."""
    path = make_audio("flac", tmp_path / "a.flac", tags={"DESCRIPTION": "d"})

    assert {"DESCRIPTION": ["d"], "COMMENT": ["d"]} == inside(path).tags


def test_a_flac_cue_sheet_and_its_second_picture_are_seen(tmp_path: Path):
    """A whole-album FLAC keeps its tracks there."""
    path = make_audio("flac", tmp_path / "a.flac", picture=True)
    file = FLAC(path)
    track = CueSheetTrack(2, 44100, isrc=b"GBAYE6800011")
    track.indexes.append(CueSheetTrackIndex(1, 22050))
    sheet = CueSheet(None)
    sheet.media_catalog_number, sheet.lead_in_samples, sheet.compact_disc = b"", 88200, True
    sheet.tracks = [track, CueSheetTrack(170, 441000)]
    file.cuesheet = sheet
    back = Picture()
    back.data, back.type, back.mime = b"\xff\xd8\xff", 4, "image/jpg"
    file.add_picture(back)
    file.save()

    found = inside(path)

    assert {"_CUESHEET": ["02 00:00:01.500 GBAYE6800011"]} == found.tags
    assert [(3, "image/png", 16), (4, "image/jpeg", None)] == [
        (p.type, p.mime, p.width) for p in found.pictures
    ]


def test_asf_numbers_and_truths_are_strings(tmp_path: Path):
    """Windows Media stores them as numbers of several widths."""
    path = make_audio("wma", tmp_path / "a.wma")
    file = ASF(path)
    file["WM/IsCompilation"] = [ASFBoolAttribute(True)]
    file["WM/TrackNumber"] = [ASFDWordAttribute(3)]
    file["WM/PartOfSet"] = ["1/2"]
    file["WM/SharedUserRating"] = [ASFDWordAttribute(99)]
    file["MusicBrainz/Album Id"] = ["x"]
    file.save()

    tags = inside(path).tags

    assert ("1", "3", "1", "2", "1", "x") == tuple(
        tags[name][0]
        for name in (
            "COMPILATION",
            "TRACKNUMBER",
            "DISCNUMBER",
            "DISCTOTAL",
            "_RATING",
            "MUSICBRAINZ_ALBUMID",
        )
    )


def test_list_info_is_read_in_both_encodings():
    """INFO declares none: UTF-8 where it is, else Windows-1252."""
    items = {"INAM": b"T\0", "IART": "Ä".encode("cp1252"), "IPRD": "Ä".encode(), "ITRK": b"3/4", "IXYZ": b"z"}

    assert {
        "TITLE": ["T"],
        "ARTIST": ["Ä"],
        "ALBUM": ["Ä"],
        "TRACKNUMBER": ["3"],
        "TRACKTOTAL": ["4"],
        "IXYZ": ["z"],
    } == tags_of(wav(list_info(items)), "a.wav")


def test_an_id3_chunk_wins_over_info():
    """Both may stand in a WAV; only ID3 holds long and foreign text."""
    data = wav(
        list_info({"INAM": b"short", "IGNR": b"Jazz"}),
        riff_chunk(b"id3 ", id3v2([text_frame("TIT2", "the long one")])),
    )

    assert {"TITLE": ["the long one"], "GENRE": ["Jazz"]} == tags_of(data, "a.wav")


def test_an_rf64_file_has_its_tags_behind_the_sound():
    """A WAV over 4 GiB keeps its sizes elsewhere; a reader that trusts the 32-bit ones finds nothing."""
    data = wav(list_info({"INAM": b"T"}), rf64=True)

    assert {"TITLE": ["T"]} == tags_of(data, "a.wav")


def test_aiff_texts_and_id3_are_read():
    """AIFF has four text chunks of its own."""
    data = aiff(riff_chunk(b"NAME", b"N", ">"), riff_chunk(b"ID3 ", id3v2([text_frame("TALB", "A")]), ">"))

    assert {"ALBUM": ["A"], "TITLE": ["N"]} == tags_of(data, "a.aiff")


def test_dsf_keeps_id3_at_its_end():
    """A pointer in the header leads there."""
    assert {"TITLE": ["T"]} == tags_of(dsf(id3v2([text_frame("TIT2", "T")])), "a.dsf")
