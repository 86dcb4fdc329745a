"""Nothing that stands in a file may take the reader down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fonoteca.audio.border import pack, unpack
from fonoteca.audio.model import Analysis, NotAudio, Tagged, Unreadable
from fonoteca.audio.read import read_tags
from fonoteca.audio.source import source_of
from fonoteca.core.entry import TRACK_SUFFIXES
from support.audio import SUFFIX, make_audio

MAGIC = [
    b"",
    b"fLaC\0\0\0\x22",
    b"OggS\0\x02",
    b"ID3\x04\0\0\0\0\0\x20TIT2",
    b"ID3\x03\0\x80\0\0\x01\0APIC",
    b"APETAGEX\xd0\x07\0\0",
    b"RIFF\xff\0\0\0WAVEfmt ",
    b"RF64\xff\xff\xff\xffWAVEds64",
    b"FORM\0\0\0\xffAIFCCOMM",
    b"\0\0\0\x18ftypM4A ",
    b"\0\0\0\x10moov\0\0\0\x08trak",
    b"0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel",
    b"MAC \x96\x0f",
    b"MPCKSH",
    b"MP+\x07",
    b"wvpk",
    b"OFR \x0c\0\0\0",
    b"tBaK",
    b"TTA1",
    b"DSD \x1c",
    b"FRM8\0\0\0\0\0\0\0\x10DSD PROP",
    b"MThd\0\0\0\6",
    b"\xff\xfb\x90\x64",
    b"\xff\xf1\x50\x80",
    b"\x0b\x77",
    b"ADIF",
]


def _check(data: bytes, suffix: str) -> None:
    outcome = read_tags(source_of(data, f"a.{suffix}".encode()))
    assert isinstance(outcome, Tagged | Unreadable | NotAudio)
    if isinstance(outcome, Tagged):
        json.dumps(outcome.tags, ensure_ascii=False).encode("utf-8")
        json.loads(outcome.raw_json.encode("utf-8"))
    assert unpack(pack([(1, outcome)])) == [Analysis(1, outcome)]


@settings(max_examples=300)
@given(
    magic=st.sampled_from(MAGIC),
    rest=st.binary(max_size=300),
    suffix=st.sampled_from([*sorted(TRACK_SUFFIXES), "txt"]),
)
def test_any_bytes_under_any_name_end_in_an_outcome(magic: bytes, rest: bytes, suffix: str):
    """A foreign parser on damaged bytes may raise anything; a run of a million files goes on."""
    # The one loop without end that mutagen is known to have is what the process limits are for.
    if magic == b"MPCKSH" or (magic + rest)[:4] == b"MPCK" or suffix in ("mpc", "mpp", "mp+"):
        return
    _check(magic + rest, suffix)


@pytest.mark.parametrize("family", SUFFIX)
def test_a_flipped_or_missing_piece_ends_in_an_outcome(family: str, tmp_path: Path):
    """Damage is what this program exists for; its own readers must stand it."""
    tags = {} if family in ("aac", "ac3") else {"TITLE": "T", "ARTIST": ["A", "B"], "TRACKNUMBER": "3"}
    whole = make_audio(family, tmp_path / f"a{SUFFIX[family]}", tags=tags, picture=bool(tags)).read_bytes()

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(
        place=st.integers(0, min(len(whole), 2000) - 1),
        byte=st.integers(0, 255),
        cut=st.integers(0, len(whole)),
    )
    def check(place: int, byte: int, cut: int) -> None:
        data = bytearray(whole)
        data[place] = byte
        _check(bytes(data), SUFFIX[family][1:])
        _check(whole[:cut], SUFFIX[family][1:])

    check()
