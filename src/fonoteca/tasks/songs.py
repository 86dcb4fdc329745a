"""A small generated library for `fonoteca demo`: tagged songs in four formats and their companions.

Everything is written byte by byte or by mutagen: no encoder is needed. The songs are plain tones, the MP3 is
silent.
"""

from __future__ import annotations

import io
import math
import os
import struct
import wave
import zlib
from collections.abc import Callable, Iterator
from typing import Any

_RATE = 8_000
"""Hz; enough for a tone, small on disk."""
_SECONDS = 2

Song = tuple[str, str, int]
"""Title, file name, pitch in Hz."""

_ALBUMS: tuple[tuple[str, str, str, tuple[Song, ...]], ...] = (
    (
        "Nina Example",
        "Tones for a Small Room",
        "1965",
        (("Morning Tone", "01 Morning Tone.flac", 220), ("Evening Tone", "02 Evening Tone.flac", 330)),
    ),
    (
        "Los Ejemplos",
        "Canción de Prueba",
        "1998",
        (("Uno", "01 Uno.wav", 262), ("Dos", "02 Dos.aiff", 294), ("Silencio", "03 Silencio.mp3", 0)),
    ),
)


def make_library(folder: str) -> list[str]:
    """Write the library; gives the paths of its songs inside `folder`."""
    songs: list[str] = []
    for artist, album, date, tracks in _ALBUMS:
        inside = os.path.join(artist, album)
        os.makedirs(os.path.join(folder, inside))
        for number, (title, name, pitch) in enumerate(tracks, 1):
            tags = {
                "TITLE": title,
                "ARTIST": artist,
                "ALBUM": album,
                "DATE": date,
                "TRACKNUMBER": str(number),
            }
            _write_song(os.path.join(folder, inside, name), pitch, tags)
            songs.append(os.path.join(inside, name))
        _write_companions(os.path.join(folder, inside), [track[1] for track in tracks])
    return songs


def _write_song(path: str, pitch: int, tags: dict[str, str]) -> None:
    family = path.rpartition(".")[2]
    make, tag = _FAMILIES[family]
    _write(path, make(_tone(pitch)))
    tag(path, tags)


def _write_companions(folder: str, names: list[str]) -> None:
    _write(os.path.join(folder, "cover.png"), _png())
    _write(
        os.path.join(folder, "album.m3u8"), ("#EXTM3U\n" + "".join(f"{name}\n" for name in names)).encode()
    )


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _tone(pitch: int) -> list[int]:
    """Samples of 16 bits, mono."""
    step = 2 * math.pi * pitch / _RATE
    return [int(8_000 * math.sin(step * number)) for number in range(_RATE * _SECONDS)]


# containers


def _wav(samples: list[int]) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, _RATE, len(samples), "NONE", "not compressed"))
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return target.getvalue()


def _aiff(samples: list[int]) -> bytes:
    """AIFF 1.3: a FORM of COMM and SSND. The rate is an 80-bit extended float."""
    exponent = _RATE.bit_length() - 1
    rate = struct.pack(">HQ", 16_383 + exponent, _RATE << (63 - exponent))
    common = struct.pack(">hIh", 1, len(samples), 16) + rate
    sound = struct.pack(">II", 0, 0) + struct.pack(f">{len(samples)}h", *samples)
    body = b"AIFF" + b"".join(
        name + struct.pack(">I", len(data)) + data for name, data in ((b"COMM", common), (b"SSND", sound))
    )
    return b"FORM" + struct.pack(">I", len(body)) + body


def _mp3(samples: list[int]) -> bytes:
    """MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono: frames whose side information says "no sound"."""
    frame = bytes((0xFF, 0xFB, 0x90, 0xC4)) + bytes(413)
    return frame * (44_100 * _SECONDS // 1_152)


_BLOCK = 4_096
"""Samples a FLAC frame; the last one may be shorter."""


def _flac(samples: list[int]) -> bytes:
    """FLAC (RFC 9639) with verbatim subframes: as large as WAV, and any player decodes it."""
    from hashlib import md5

    sound = struct.pack(f"<{len(samples)}h", *samples)
    # 20 bits of rate, 3 of channels less 1, 5 of bits less 1, 36 of length
    packed = (_RATE << 44) | (0 << 41) | (15 << 36) | len(samples)
    info = struct.pack(">HH6xQ", _BLOCK, _BLOCK, packed) + md5(sound, usedforsecurity=False).digest()
    head = b"fLaC" + struct.pack(">I", 0x80_00_00_00 | len(info)) + info
    return head + b"".join(_flac_frames(samples))


def _flac_frames(samples: list[int]) -> Iterator[bytes]:
    for number, start in enumerate(range(0, len(samples), _BLOCK)):
        block = samples[start : start + _BLOCK]
        # sync, fixed block size; 16-bit block size at the end, rate and 16 bits as in STREAMINFO, one channel
        head = bytes((0xFF, 0xF8, 0x70, 0x08, number)) + struct.pack(">H", len(block) - 1)
        frame = head + bytes((_crc(head, 0x07, 8), 0x02)) + struct.pack(f">{len(block)}h", *block)
        yield frame + struct.pack(">H", _crc(frame, 0x8005, 16))


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    """RFC 9639, sections 9.1.8 and 9.3."""
    table = _crc_table(polynomial, bits)
    value, mask = 0, (1 << bits) - 1
    for byte in data:
        value = (value << 8) & mask ^ table[(value >> (bits - 8)) ^ byte]
    return value


def _crc_table(polynomial: int, bits: int) -> list[int]:
    table = []
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value & top else 0)) & mask
        table.append(value)
    return table


def _png() -> bytes:
    """A cover: 16 x 16 pixels of one colour."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    rows = (b"\0" + bytes((180, 90, 40)) * 16) * 16
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# tags


def _tag_flac(path: str, tags: dict[str, str]) -> None:
    from mutagen.flac import FLAC

    file: Any = FLAC(path)  # type: ignore[no-untyped-call]
    file.update(tags)
    file.save()


def _tag_id3(kind: str) -> Callable[[str, dict[str, str]], None]:
    def tag(path: str, tags: dict[str, str]) -> None:
        from importlib import import_module

        from mutagen import id3

        module, name = _ID3[kind]
        file: Any = getattr(import_module(module), name)(path)
        file.add_tags()
        for field, value in tags.items():
            frame = getattr(id3, _FRAMES[field])
            file.tags.add(frame(encoding=3, text=[value]))
        file.save()

    return tag


_FRAMES = {"TITLE": "TIT2", "ARTIST": "TPE1", "ALBUM": "TALB", "DATE": "TDRC", "TRACKNUMBER": "TRCK"}
_ID3 = {"wav": ("mutagen.wave", "WAVE"), "aiff": ("mutagen.aiff", "AIFF"), "mp3": ("mutagen.mp3", "MP3")}
_FAMILIES: dict[str, tuple[Callable[[list[int]], bytes], Callable[[str, dict[str, str]], None]]] = {
    "flac": (_flac, _tag_flac),
    "wav": (_wav, _tag_id3("wav")),
    "aiff": (_aiff, _tag_id3("aiff")),
    "mp3": (_mp3, _tag_id3("mp3")),
}
