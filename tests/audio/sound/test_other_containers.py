"""Musepack, DSF, DSDIFF, ASF, and the sizes that several families count."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.audio.sound.sizes import Sizes
from fonoteca.core.sound import Soundness
from support.crafted import dsdiff, id3v2, protected_wma, text_frame
from support.sounds import dsf, flipped, musepack_sv7, noise, sample, sound_of
from support.tools import run_tool


def word(family: str, data: bytes) -> Soundness:
    """The word alone."""
    return sound_of(family, data).check.soundness


@given(st.lists(st.integers(0, 3), max_size=60), st.lists(st.integers(1, 7), max_size=20), st.booleans())
def test_sizes_have_one_digest_however_they_are_declared(sizes: list[int], steps: list[int], by_table: bool):
    """A table, a default, one by one: a remux changes the form and not the sizes."""
    expected, found = Sizes(), Sizes()
    for size in sizes:
        expected.add(size)
    place = 0
    for step in [*steps, len(sizes)]:
        piece = sizes[place : place + step]
        place += step
        if by_table or len(set(piece)) > 1:
            found.extend(array("I", piece))
        elif piece:
            found.add(piece[0], len(piece))

    assert expected.digest() == found.digest()


def test_sizes_that_differ_have_other_digests():
    """Also where the sum is the same, and where only their number differs."""
    rows = ([], [4], [4, 4], [4, 4, 4], [4, 8], [8, 4], [12], [0], [0, 0])
    found = set()
    for row in rows:
        sizes = Sizes()
        sizes.extend(array("I", row))
        found.add(sizes.digest())

    assert len(rows) == len(found)


def test_musepack_gain_in_the_stream_is_no_sound():
    """SV7 keeps ReplayGain in the header, where each scan of the album rewrites it."""
    assert sound_of("musepack", musepack_sv7()) == sound_of("musepack", musepack_sv7(gains=(1, 2, 3, 4)))


def test_musepack_chapters_are_no_sound(tmp_path: Path):
    """`mpcchap` puts packets between the others."""
    path, chapters = tmp_path / "a.mpc", tmp_path / "a.ini"
    path.write_bytes(sample("musepack sv8").data)
    chapters.write_text("[0]\nTitle = One\n[44100]\nTitle = Two\n")
    run_tool("mpcchap", str(path), str(chapters))

    assert path.read_bytes() != sample("musepack sv8").data
    assert sound_of("musepack", sample("musepack sv8").data) == sound_of("musepack", path.read_bytes())


def test_musepack_with_a_packet_of_sound_missing_is_damage(tmp_path: Path):
    """The header says how many samples there are."""
    wav = noise(tmp_path / "a.wav", seconds=5)
    run_tool("mpcenc", "--silent", "--num_frames", "1", str(wav), str(tmp_path / "a.mpc"))
    data = (tmp_path / "a.mpc").read_bytes()
    start = data.index(b"AP")
    size = (data[start + 2] & 0x7F) << 7 | data[start + 3]

    assert Soundness.STRUCTURE is word("musepack", data)
    assert Soundness.DAMAGED is word("musepack", data[:start] + data[start + size :])


def test_the_crc_of_the_musepack_header_is_compared():
    """The only checksum the format has."""
    data = sample("musepack sv8").data
    place = data.index(b"SH") + 9

    assert Soundness.DAMAGED is word("musepack", flipped(data, place))


def test_dsf_and_dsdiff_count_what_they_declare():
    """DSF says how many samples there are, both say how long they are."""
    tag = id3v2([text_frame("TIT2", "T")])
    plain = dsf()
    samples = 28 + 12 + 24

    assert sound_of("dsf", plain).payload == sound_of("dsf", dsf(tag)).payload
    assert sound_of("dsf", dsdiff()) == sound_of("dsf", dsdiff(tag))
    more = plain[:samples] + struct.pack("<Q", 4096 * 8 * 2 + 8) + plain[samples + 8 :]
    assert Soundness.DAMAGED is word("dsf", more)
    assert Soundness.DAMAGED is word("dsf", dsf(tag)[:-1])
    assert Soundness.DAMAGED is word("dsf", dsdiff(tag)[:-1])


def test_dsdiff_properties_count():
    """The same bits at another rate are another sound."""
    data = dsdiff()
    place = data.index(b"FS  ") + 12

    assert sound_of("dsf", data).payload != sound_of("dsf", flipped(data, place)).payload


@pytest.mark.parametrize(
    "options", [("-c:a", "wmav1"), ("-c:a", "wmav2", "-b:a", "192k"), ("-c:a", "libmp3lame", "-f", "asf")]
)
def test_wma_that_is_packed_anew_is_the_same_sound(options: tuple[str, ...], tmp_path: Path):
    """Other packets, the same media objects: with a picture, in packets of another size."""
    path, copy = noise(tmp_path / "a.wma", *options, seconds=2), tmp_path / "b.wma"
    run_tool(
        "ffmpeg", "-v", "error", "-i", str(path), "-c", "copy", "-packet_size", "5000", "-f", "asf", str(copy)
    )

    before, after = sound_of("asf", path.read_bytes()), sound_of("asf", copy.read_bytes())

    assert before.payload is not None
    assert before == after


def test_a_packet_of_wma_that_is_missing_is_damage(tmp_path: Path):
    """Even where the number of packets and the size of the data were put right."""
    data = noise(tmp_path / "a.wma", "-c:a", "wmav2", seconds=2).read_bytes()
    start = data.index(bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c"))
    size, count = struct.unpack_from("<Q16xQ", data, start + 16)
    head = data[start : start + 16] + struct.pack("<Q", size - 3200) + data[start + 24 : start + 40]
    head += struct.pack("<Q", count - 1) + data[start + 48 : start + 50]
    shorter = data[:start] + head + data[start + 50 : start + 3250] + data[start + 6450 :]

    assert Soundness.STRUCTURE is word("asf", data)
    assert Soundness.DAMAGED is word("asf", shorter)


def test_protected_wma_is_left_alone(tmp_path: Path):
    """It is copied as it is."""
    guid = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    found = sound_of("asf", protected_wma(tmp_path / "a.wma", guid).read_bytes())

    assert (Soundness.NO_CHECK, None) == (found.check.soundness, found.payload)
    assert "protected" in (found.reason or "")
