"""MP4: the samples as its tables address them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from fonoteca.core.sound import Soundness
from support.audio import make_audio
from support.crafted import protected_mp4
from support.sounds import noise, sample, sound_of
from support.tools import run_tool


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of these parts."""
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), name) + data


def track(entry: bytes, tables: bytes, handler: bytes = b"soun") -> bytes:
    """A track of one sample entry and these tables."""
    stsd = box(b"stsd", struct.pack(">II", 0, 1), entry)
    hdlr = box(b"hdlr", bytes(8), handler, bytes(13))
    tkhd = box(b"tkhd", bytes(12), struct.pack(">I", 1), bytes(68))
    return box(b"trak", tkhd, box(b"mdia", hdlr, box(b"minf", box(b"stbl", stsd, tables))))


PCM = box(b"sowt", bytes(6), struct.pack(">H8xHHIHH", 1, 2, 16, 0, 0, 0)[:26], bytes(4))


def tables(
    sizes: list[int], chunks: list[int], per_chunk: int, *, wide: bool = False, compact: int = 0
) -> bytes:
    """`stsz` (or `stz2` of this width), `stsc`, `stco` (or `co64`)."""
    if compact:
        pairs = [*sizes, 0]
        packed = (
            bytes(pairs[at] << 4 | pairs[at + 1] for at in range(0, len(sizes), 2))
            if compact == 4
            else b"".join(size.to_bytes(compact // 8, "big") for size in sizes)
        )
        stsz = box(b"stz2", struct.pack(">III", 0, compact, len(sizes)), packed)
    else:
        stsz = box(b"stsz", struct.pack(f">III{len(sizes)}I", 0, 0, len(sizes), *sizes))
    stsc = box(b"stsc", struct.pack(">IIIII", 0, 1, 1, per_chunk, 1))
    kind, form = (b"co64", "Q") if wide else (b"stco", "I")
    return stsz + stsc + box(kind, struct.pack(f">II{len(chunks)}{form}", 0, len(chunks), *chunks))


SAMPLES = bytes(range(1, 13))
SIZES = [2, 4, 1, 5]


def crafted(mdat: str = "plain", **options: int) -> bytes:
    """Four samples in two chunks, the second chunk first in the file."""
    head = {"plain": 8, "wide": 16, "to the end": 8}[mdat]
    moov_size = len(box(b"moov", track(PCM, tables(SIZES, [0, 0], 2, **options))))  # type: ignore[arg-type]
    start = moov_size + head
    moov = box(b"moov", track(PCM, tables(SIZES, [start + 6, start], 2, **options)))  # type: ignore[arg-type]
    size = {"plain": 20, "wide": 1, "to the end": 0}[mdat]
    more = struct.pack(">Q", 28) if mdat == "wide" else b""
    return moov + struct.pack(">I4s", size, b"mdat") + more + SAMPLES[6:] + SAMPLES[:6]


@pytest.mark.parametrize(
    "data",
    [
        crafted(), crafted("wide"), crafted("to the end"), crafted(wide=True), crafted(compact=4),
        crafted(compact=8), crafted(compact=16), crafted("wide", wide=True, compact=16),
    ],
)  # fmt: skip
def test_how_tables_and_mdat_are_written_does_not_count(data: bytes):
    """64-bit sizes, a size of zero, compact tables: other words for the same samples."""
    found = sound_of("mp4", data)

    assert (Soundness.STRUCTURE, sound_of("mp4", crafted()).payload) == (
        found.check.soundness,
        found.payload,
    ), found
    assert found.payload is not None


def test_fragments_hold_the_same_sound_as_tables(tmp_path: Path):
    """A player that rewrites a stream as a plain file has not touched the sound."""
    plain = noise(tmp_path / "a.m4a", "-c:a", "aac", seconds=1)
    outcomes = {sound_of("mp4", plain.read_bytes()).payload}
    flags = (
        "frag_keyframe+empty_moov",
        "frag_keyframe+empty_moov+default_base_moof",
        "faststart",
        "dash+frag_every_frame",
    )
    for number, flag in enumerate(flags):
        path = tmp_path / f"{number}.m4a"
        run_tool(
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(plain),
            "-c",
            "copy",
            "-movflags",
            flag,
            "-frag_duration",
            "150000",
            str(path),
        )
        outcomes.add(sound_of("mp4", path.read_bytes()).payload)

    assert 1 == len(outcomes)


def test_offsets_that_are_moved_show_even_inside_of_mdat():
    """A tagger that is off by some bytes leaves a file that opens, and plays noise."""
    data = sample("m4a").data
    place = data.index(b"stco") + 12
    (offset,) = struct.unpack_from(">I", data, place)
    whole = sound_of("mp4", data)

    for delta in (-1, 1, 100, 5 << 20):
        moved = data[:place] + struct.pack(">I", offset + delta) + data[place + 4 :]
        assert whole.payload != sound_of("mp4", moved).payload


def test_a_moov_that_grows_without_its_offsets_shows(tmp_path: Path):
    """The classic: a cover goes in front of the sound, and the offsets stay."""
    path = tmp_path / "a.m4a"
    run_tool(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(noise(tmp_path / "b.m4a", "-c:a", "aac")),
        "-c",
        "copy",
        "-movflags",
        "faststart",
        str(path),
    )
    data = path.read_bytes()
    place = data.index(b"moov") - 4
    (size,) = struct.unpack_from(">I", data, place)
    grown = (
        data[:place]
        + struct.pack(">I", size + 5000)
        + data[place + 4 : place + size]
        + box(b"free", bytes(4992))
        + data[place + size :]
    )

    assert sound_of("mp4", data).payload != sound_of("mp4", grown).payload


def test_covers_and_chapters_are_no_sound(tmp_path: Path):
    """A cover as a video track and chapters as a text track lie among the samples of the sound."""
    plain = noise(tmp_path / "a.m4a", "-c:a", "aac", seconds=2)
    (tmp_path / "meta.txt").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=2000\ntitle=Two\n"
    )
    book, film = tmp_path / "b.m4b", tmp_path / "c.mp4"
    run_tool("ffmpeg", "-v", "error", "-i", str(plain), "-i", str(tmp_path / "meta.txt"), "-map", "0:a",
             "-map_chapters", "1", "-c", "copy", "-f", "ipod", str(book))  # fmt: skip
    run_tool("ffmpeg", "-v", "error", "-i", str(plain), "-f", "lavfi", "-i", "testsrc=s=64x64:d=2:r=5", "-map", "0:a",
             "-map", "1:v", "-c:a", "copy", "-c:v", "mjpeg", str(film))  # fmt: skip

    found = {sound_of("mp4", path.read_bytes()).payload for path in (plain, book, film)}

    assert 1 == len(found)


def test_sound_tracks_count_in_their_order(tmp_path: Path):
    """Two languages exchanged are another file to listen to."""
    one, two = noise(tmp_path / "a.m4a", "-c:a", "aac"), noise(tmp_path / "b.m4a", "-c:a", "alac")
    first, second = tmp_path / "c.m4a", tmp_path / "d.m4a"
    for path, order in ((first, ("0:a", "1:a")), (second, ("1:a", "0:a"))):
        run_tool(
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(one),
            "-i",
            str(two),
            "-map",
            order[0],
            "-map",
            order[1],
            "-c",
            "copy",
            str(path),
        )

    found = {sound_of("mp4", path.read_bytes()).payload for path in (one, two, first, second)}

    assert 4 == len(found)


@pytest.mark.parametrize("entry", [b"drms", b"enca"])
def test_protected_sound_is_left_alone(entry: bytes, tmp_path: Path):
    """It is copied as it is; a digest over what cannot be looked into would pretend to know."""
    found = sound_of("mp4", protected_mp4(tmp_path / "a.m4a", entry).read_bytes())

    assert (Soundness.NO_CHECK, None) == (found.check.soundness, found.payload)
    assert "protected" in (found.reason or "")


def test_a_film_without_sound_has_no_digest(tmp_path: Path):
    """Nothing to compare is no reason to compare nothing with nothing."""
    path = tmp_path / "a.mp4"
    run_tool(
        "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64:d=1:r=5", "-c:v", "mjpeg", str(path)
    )

    found = sound_of("mp4", path.read_bytes())

    assert (Soundness.NO_CHECK, "there is no sound track") == (found.check.soundness, found.reason)


@pytest.mark.parametrize("lie", [
    tables([0xFFFFFFFF] * 4, [100, 100], 2), tables(SIZES, [100, 100], 0xFFFFFFFF), tables(SIZES, [100] * 3, 2),
    tables(SIZES, [100], 2), box(b"stsz", struct.pack(">III", 0, 1, 0xFFFFFFFF)) + tables(SIZES, [100], 2)[44:],
])  # fmt: skip
def test_tables_that_contradict_each_other_are_damage(lie: bytes):
    """They are read as they are written, and nothing is made up where they end."""
    data = box(b"moov", track(PCM, lie)) + box(b"mdat", bytes(5000))

    found = sound_of("mp4", data)

    assert (Soundness.DAMAGED, None) == (found.check.soundness, found.payload), found


def test_chunks_that_all_lie_at_one_place_are_not_read_over_and_over():
    """A table of 60 KB that asks for 15,000 readings of one megabyte would hold the reader for an hour."""
    start = 200_000
    data = box(b"moov", track(PCM, tables([1 << 20] * 15_000, [start] * 15_000, 1))) + box(
        b"mdat", bytes(1 << 21)
    )

    found = sound_of("mp4", data)

    assert "its tables claim more bytes of samples than the file has" == found.reason


def test_a_fragmented_file_without_its_index_says_what_is_not_known():
    """Cut between two fragments it is whole as far as anyone can tell."""
    data = sample("fragments").data
    end = data.rindex(b"moof") - 4

    found = sound_of("mp4", data[:end])

    assert Soundness.STRUCTURE is found.check.soundness
    assert found.check.detail.endswith("whether fragments are missing at the end is not known")


def test_the_sound_is_the_same_in_a_file_that_mutagen_made(tmp_path: Path):
    """The support module's tagged files are what other tests compare."""
    plain, tagged = (
        make_audio("m4a", tmp_path / "a.m4a"),
        make_audio("m4a", tmp_path / "b.m4a", tags={"TITLE": "T"}, picture=True),
    )

    assert sound_of("mp4", plain.read_bytes()).payload == sound_of("mp4", tagged.read_bytes()).payload
