"""Native tags as they were recorded, written back: what is read then is what was read before the edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import APIC, COMM, ID3, PCNT, POPM, TCON, TDRC, TIT2, TPE1, TXXX, UFID, USLT, WXXX
from mutagen.mp4 import MP4, MP4FreeForm

from fonoteca.audio.model import Tagged
from fonoteca.audio.read import read_tags
from fonoteca.audio.source import Source
from fonoteca.audio.tags.writing import Unwritable, write_tags
from support.audio import SUFFIX, make_audio

JPEG = b"\xff\xd8\xff" + bytes(3000)


def raw(path: Path) -> dict[str, Any]:
    """The raw tags, as the catalogue holds them."""
    with path.open("rb") as file:
        found = read_tags(Source(file, path.name.encode(), path.stat().st_size))
    assert isinstance(found, Tagged)
    return found.raw


def rich_id3(version: int) -> Callable[[Path], None]:
    """Frames of every shape."""

    def write(path: Path) -> None:
        tags = ID3(str(path))
        tags.clear()
        for frame in (
            TIT2(encoding=3, text=["Zoë"]),
            TPE1(encoding=3, text=["One", "Two"]),
            TDRC(encoding=3, text=["1965"]),
            TCON(encoding=0, text=["(17)"]),
            TXXX(encoding=1, desc="MusicBrainz Album Id", text=["ab-cd"]),
            TXXX(encoding=3, desc="odd: key", text=["x", "y"]),
            COMM(encoding=3, lang="eng", desc="", text=["was good"]),
            COMM(encoding=0, lang="XXX", desc="iTunNORM", text=[" 00000"]),
            USLT(encoding=3, lang="deu", desc="", text="la la"),
            UFID(owner="http://musicbrainz.org", data=b"0123"),
            POPM(email="ana@example.org", rating=196, count=7),
            PCNT(count=9),
            WXXX(encoding=3, desc="shop", url="https://example.org/x"),
            APIC(encoding=3, mime="image/jpeg", type=3, desc="front", data=JPEG),
        ):
            tags.add(frame)
        if version == 3:
            tags.update_to_v23()
        tags.save(str(path), v2_version=version, v23_sep=None)

    return write


def with_apev2(path: Path) -> None:
    """Text of several values, bytes, a cover."""
    tags = APEv2()
    tags["Title"] = "Zoë"
    tags["Artist"] = ["One", "Two"]
    tags["Odd"] = b"\x00\x01"
    tags["Cover Art (Front)"] = b"front.jpg\0" + JPEG
    tags.save(str(path))


def rich_mp4(path: Path) -> None:
    """Numbers, flags, pairs, free forms."""
    tags = MP4(str(path))
    tags["\xa9nam"] = ["Zoë"]
    tags["trkn"] = [(3, 12)]
    tags["tmpo"] = [120]
    tags["cpil"] = True
    tags["----:com.apple.iTunes:MusicBrainz Album Id"] = [MP4FreeForm(b"ab-cd")]
    tags["----:com.apple.iTunes:BYTES"] = [MP4FreeForm(b"\xff\xfe\x00", dataformat=0)]
    tags["covr"] = [JPEG]
    tags.save()


def comments(path: Path) -> None:
    """Several of one name, in an order."""
    file = mutagen.File(str(path))
    file.tags[:] = [
        ("Title", "Zoë"),
        ("ARTIST", "One"),
        ("DATE", "1965"),
        ("artist", "Two"),
        ("TRACKNUMBER", "3/12"),
    ]
    file.save()


def spoil(path: Path) -> None:
    """Another title, no artist, something new: in every layer, by mutagen."""
    file = mutagen.File(str(path), easy=True)
    file["title"] = "Wrong"
    file["artist"] = []
    file["album"] = "New"
    file.save()
    if path.suffix == ".mp3" and b"APETAGEX" in path.read_bytes():
        tags = APEv2(str(path))
        del tags["Odd"]
        tags["Title"] = "Wrong"
        tags.save(str(path))


def both(path: Path) -> None:
    """ID3v2 in front, APEv2 behind."""
    rich_id3(4)(path)
    with_apev2(path)


@pytest.mark.parametrize(
    ("family", "write"),
    [
        ("mp3", rich_id3(3)),
        ("mp3", rich_id3(4)),
        ("mp3", both),
        ("alac", rich_mp4),
        ("flac", comments),
        ("vorbis", comments),
        ("opus", comments),
        ("wavpack", with_apev2),
    ],
)
def test_what_is_read_after_it_is_what_was_read_before_the_edit(
    tmp_path: Path, family: str, write: Callable[[Path], None]
) -> None:
    """Every native key with its values, and the pictures that are still there."""
    path = make_audio(family, tmp_path / f"a{SUFFIX[family]}")
    write(path)
    then = raw(path)
    spoil(path)
    now = raw(path)
    assert then != now

    write_tags(str(path).encode(), now, then)

    assert sorted_comments(then) == sorted_comments(raw(path))


def sorted_comments(found: dict[str, Any]) -> dict[str, Any]:
    """But for who wrote it last."""
    found.get("vorbis", {}).pop("vendor", None)
    return found


def test_tags_that_were_not_there_go_again(tmp_path: Path) -> None:
    """A layer that came since has nothing in it then."""
    path = make_audio("mp3", tmp_path / "a.mp3", tags={"TITLE": "Right"})
    then = raw(path)
    with_apev2(path)
    tags = APEv2(str(path))
    del tags["Cover Art (Front)"]
    tags.save(str(path))

    write_tags(str(path).encode(), raw(path), then)

    assert then == raw(path)


def test_what_was_too_large_to_be_recorded_cannot_be_written(tmp_path: Path) -> None:
    """Of such a value only its digest is known."""
    path = make_audio("wavpack", tmp_path / "a.wv")
    tags = APEv2()
    tags["Odd"] = bytes(5000)
    tags.save(str(path))
    then = raw(path)
    tags["Odd"] = b"other"
    tags.save(str(path))

    with pytest.raises(Unwritable, match="Odd is too large to have been recorded"):
        write_tags(str(path).encode(), raw(path), then)


def test_layers_that_nothing_here_writes_are_named(tmp_path: Path) -> None:
    """The texts of a WAV's own."""
    path = make_audio("wav", tmp_path / "a.wav", tags={"TITLE": "Right"})

    with pytest.raises(Unwritable, match="nothing here writes info tags"):
        write_tags(str(path).encode(), {"info": {"INAM": "Wrong"}}, {"info": {"INAM": "Right"}})
