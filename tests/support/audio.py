"""Small tagged audio for tests, made by real encoders; `support.crafted` makes the bytes that no encoder
writes.

Each (family, length, seed) is encoded once a session, then copied and tagged with mutagen.

    make_audio("flac", folder / "a.flac", tags={"TITLE": "Be My Husband", "TRACKNUMBER": "1"})
"""

from __future__ import annotations

import base64
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from mutagen import id3
from mutagen.aiff import AIFF
from mutagen.asf import ASF, ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack

from fonoteca.audio.model import Tagged
from fonoteca.audio.read import read_tags
from fonoteca.audio.source import source_of
from support.tools import run_tool

Tags = Mapping[str, str | list[str]]

SUFFIX = {
    "flac": ".flac",
    "mp3": ".mp3",
    "vorbis": ".ogg",
    "opus": ".opus",
    "m4a": ".m4a",
    "alac": ".m4a",
    "wav": ".wav",
    "aiff": ".aiff",
    "wavpack": ".wv",
    "wma": ".wma",
    "aac": ".aac",
    "ac3": ".ac3",
    "tta": ".tta",
}
"""Families that `make_audio` knows, and the ending each is known by."""

ALBUM_FAMILIES = ("flac", "mp3", "vorbis", "opus", "m4a", "wav", "aiff", "wavpack")

_ENCODE = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "128k"),
    "vorbis": ("-c:a", "libvorbis"),
    "opus": ("-c:a", "libopus", "-b:a", "64k"),
    "m4a": ("-c:a", "aac", "-b:a", "96k"),
    "alac": ("-c:a", "alac"),
    "wma": ("-c:a", "wmav2"),
    "aac": ("-c:a", "aac", "-f", "adts"),
}
_cache: Path | None = None


def use_cache(folder: Path) -> None:
    """Keep encoded files in `folder` from now on."""
    global _cache
    folder.mkdir(parents=True, exist_ok=True)
    _cache = folder


def make_audio(
    family: str,
    path: Path,
    *,
    seconds: float = 1.0,
    tags: Tags | None = None,
    seed: int = 0,
    picture: bool = False,
) -> Path:
    """A file of this family at `path`: a tone of 44,100 Hz stereo, with these tags (normalised names)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_encoded(family, seconds, seed), path)
    if tags or picture:
        _TAGGERS[family](path, _lists(tags or {}), make_png(seed) if picture else None)
    return path


def make_png(seed: int = 0, size: int = 16) -> bytes:
    """A real PNG of one colour, `size` x `size` pixels."""
    colour = bytes((seed * 37 % 256, seed * 91 % 256, 128))
    rows = zlib.compress(b"".join(b"\0" + colour * size for _ in range(size)))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def make_jpeg() -> bytes:
    """A real JPEG of 1 x 1 pixel."""
    return base64.b64decode(
        "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////"
        "////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
    )


def make_library(root: Path, albums: Iterable[str] = ALBUM_FAMILIES, tracks: int = 2) -> list[Path]:
    """Generated albums, one of each family, with covers, cue sheets, logs, playlists and odd folder names."""
    odd = (
        "Sigur Rós – ( )",
        "100% Live #1",
        "It's a «Test»",
        "tab\there",
        " leading blank",
        "日本の音楽",
        "a.b.",
        "[1999] x",
    )
    made: list[Path] = []
    for number, family in enumerate(albums):
        folder = root / f"Artist {number % 3}" / f"{odd[number % len(odd)]} {family}"
        names = [f"{track:02} Tone{SUFFIX[family]}" for track in range(1, tracks + 1)]
        for track, name in enumerate(names, 1):
            made.append(_album_track(folder / name, family, number, track, tracks))
        made += _companions(folder, names, number)
    return made


def _album_track(path: Path, family: str, number: int, track: int, tracks: int) -> Path:
    tags = {
        "TITLE": f"Tone {track}",
        "ARTIST": f"Artist {number % 3}",
        "ALBUM": f"Album {number}",
        "DATE": str(1960 + number),
        "GENRE": "Jazz",
        "TRACKNUMBER": str(track),
        "TRACKTOTAL": str(tracks),
    }
    return make_audio(family, path, tags=tags, seed=track, picture=track == 1)


def _companions(folder: Path, names: list[str], number: int) -> list[Path]:
    cue = "".join(f'FILE "{name}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n' for name in names)
    contents = {
        "cover.jpg": make_jpeg() + bytes([number]),
        "album.cue": cue.encode(),
        "rip.log": f"Exact Audio Copy V1.6\nalbum {number}\n".encode("utf-16"),
        "album.m3u8": ("#EXTM3U\n" + "".join(f"{name}\n" for name in names)).encode(),
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in contents]


def _encoded(family: str, seconds: float, seed: int) -> Path:
    folder = _cache
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="fonoteca-audio-"))
        use_cache(folder)
    target = folder / f"{family}-{seconds:g}-{seed}{SUFFIX[family]}"
    if not target.exists():
        # Several test processes share the cache: each encodes aside, the last rename wins, all are alike.
        aside = folder / f"{os.getpid()}-{target.name}"
        tone = f"sine=frequency={220 + 55 * seed}:sample_rate=44100:duration={seconds:g}"
        options = ("-ac", "2", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
        run_tool(
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            tone,
            *options,
            *_ENCODE.get(family, ()),
            str(aside),
        )
        aside.replace(target)
    return target


# tags by family


def _lists(tags: Tags) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in tags.items()}


_FRAMES = {
    "TITLE": "TIT2",
    "ARTIST": "TPE1",
    "ALBUM": "TALB",
    "ALBUMARTIST": "TPE2",
    "DATE": "TDRC",
    "GENRE": "TCON",
    "COMPOSER": "TCOM",
    "BPM": "TBPM",
    "ISRC": "TSRC",
    "COMPILATION": "TCMP",
}
_ATOMS = {
    "TITLE": "©nam",
    "ARTIST": "©ART",
    "ALBUM": "©alb",
    "ALBUMARTIST": "aART",
    "DATE": "©day",
    "GENRE": "©gen",
    "COMPOSER": "©wrt",
    "COMMENT": "©cmt",
    "LYRICS": "©lyr",
}
_APE = {"TRACKNUMBER": "Track", "DISCNUMBER": "Disc", "DATE": "Year", "ALBUMARTIST": "Album Artist"}
_ASF = {
    "TITLE": "Title",
    "ARTIST": "Author",
    "COMMENT": "Description",
    "ALBUM": "WM/AlbumTitle",
    "ALBUMARTIST": "WM/AlbumArtist",
    "DATE": "WM/Year",
    "GENRE": "WM/Genre",
    "TRACKNUMBER": "WM/TrackNumber",
    "COMPOSER": "WM/Composer",
}


def id3_frames(tags: Mapping[str, list[str]], cover: bytes | None = None) -> list[id3.Frame]:
    """ID3v2.4 frames for normalised tags."""
    tags = dict(tags)
    frames: list[id3.Frame] = []
    for frame, number, total in (("TRCK", "TRACKNUMBER", "TRACKTOTAL"), ("TPOS", "DISCNUMBER", "DISCTOTAL")):
        if number in tags:
            text = "/".join([*tags.pop(number), *tags.pop(total, [])])
            frames.append(getattr(id3, frame)(encoding=3, text=[text]))
    for name, values in tags.items():
        if name in _FRAMES:
            frames.append(getattr(id3, _FRAMES[name])(encoding=3, text=values))
        elif name == "COMMENT":
            frames.append(id3.COMM(encoding=3, lang="eng", desc="", text=values))
        elif name == "LYRICS":
            frames.append(id3.USLT(encoding=3, lang="eng", desc="", text=values[0]))
        else:
            frames.append(id3.TXXX(encoding=3, desc=name, text=values))
    if cover:
        frames.append(id3.APIC(encoding=3, mime="image/png", type=3, desc="front", data=cover))
    return frames


def _tag_id3(path: Path, tags: dict[str, list[str]], cover: bytes | None) -> None:
    kinds = {".mp3": MP3, ".wav": WAVE, ".aiff": AIFF, ".tta": TrueAudio}
    file = kinds[path.suffix.lower()](path)
    if file.tags is None:
        file.add_tags()
    for frame in id3_frames(tags, cover):
        file.tags.add(frame)
    file.save()


def _tag_flac(path: Path, tags: dict[str, list[str]], cover: bytes | None) -> None:
    file = FLAC(path)
    file.update(tags)
    if cover:
        file.add_picture(_block(cover))
    file.save()


def _tag_ogg(path: Path, tags: dict[str, list[str]], cover: bytes | None) -> None:
    file = OggOpus(path) if path.suffix == ".opus" else OggVorbis(path)
    file.update(tags)
    if cover:
        file["METADATA_BLOCK_PICTURE"] = [base64.b64encode(_block(cover).write()).decode()]
    file.save()


def _block(cover: bytes) -> Picture:
    block = Picture()
    block.data, block.mime, block.type, block.desc = cover, "image/png", 3, "front"
    block.width = block.height = 16
    return block


def _tag_mp4(path: Path, tags: dict[str, list[str]], cover: bytes | None) -> None:
    file = MP4(path)
    tags = dict(tags)
    for atom, number, total in (("trkn", "TRACKNUMBER", "TRACKTOTAL"), ("disk", "DISCNUMBER", "DISCTOTAL")):
        if number in tags:
            file[atom] = [(int(tags.pop(number)[0]), int(tags.pop(total, ["0"])[0]))]
    if "COMPILATION" in tags:
        file["cpil"] = tags.pop("COMPILATION") == ["1"]
    if "BPM" in tags:
        file["tmpo"] = [int(value) for value in tags.pop("BPM")]
    for name, values in tags.items():
        if name in _ATOMS:
            file[_ATOMS[name]] = values
        else:
            file[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(value.encode()) for value in values]
    if cover:
        file["covr"] = [MP4Cover(cover, MP4Cover.FORMAT_PNG)]
    file.save()


def ape_items(tags: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """APEv2 keys and values for normalised tags."""
    tags = {name: list(values) for name, values in tags.items()}
    for number, total in (("TRACKNUMBER", "TRACKTOTAL"), ("DISCNUMBER", "DISCTOTAL")):
        if number in tags and total in tags:
            tags[number] = ["/".join([*tags[number], *tags.pop(total)])]
    return {_APE.get(name, name.title() if name.isalpha() else name): values for name, values in tags.items()}


def _tag_ape(path: Path, tags: dict[str, list[str]], cover: bytes | None) -> None:
    file = WavPack(path)
    if file.tags is None:
        file.add_tags()
    for name, values in ape_items(tags).items():
        file[name] = values
    if cover:
        file["Cover Art (Front)"] = b"front.png\0" + cover
    file.save()


def _tag_asf(path: Path, tags: dict[str, list[str]], cover: bytes | None) -> None:
    file = ASF(path)
    for name, values in ape_items(tags).items():
        plain = next((key for key, ape in _APE.items() if ape == name), name.upper())
        file[_ASF.get(plain, name)] = values
    if cover:
        mime = "image/png".encode("utf-16-le") + b"\0\0"
        head = struct.pack("<bI", 3, len(cover)) + mime + "front".encode("utf-16-le") + b"\0\0"
        file["WM/Picture"] = [ASFByteArrayAttribute(head + cover)]
    file.save()


def _tag_none(path: Path, tags: dict[str, list[str]], cover: bytes | None) -> None:
    raise ValueError(f"{path.suffix} files carry no tags of their own")


_TAGGERS = {
    "flac": _tag_flac,
    "mp3": _tag_id3,
    "vorbis": _tag_ogg,
    "opus": _tag_ogg,
    "m4a": _tag_mp4,
    "alac": _tag_mp4,
    "wav": _tag_id3,
    "aiff": _tag_id3,
    "wavpack": _tag_ape,
    "wma": _tag_asf,
    "aac": _tag_none,
    "ac3": _tag_none,
    "tta": _tag_id3,
}


def inside(path: Path) -> Tagged:
    """What the readers find in a file, read in this process."""
    outcome = read_tags(source_of(path.read_bytes(), os.fsencode(path.name)))
    assert isinstance(outcome, Tagged), outcome
    return outcome


def tags_of(data: bytes, name: str = "a.mp3") -> dict[str, list[str]]:
    """Normalised tags of these bytes under this name."""
    outcome = read_tags(source_of(data, name.encode()))
    assert isinstance(outcome, Tagged), outcome
    return outcome.tags
