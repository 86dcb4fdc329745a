"""Made-up libraries for benchmarks: always the same bytes for the same numbers, no two files alike.

    python tests/benchmarks/corpus.py companions /tmp/library --count 1000

`albums`      FLAC files of 8 MB in album folders: tags, and noise in frames that hold
`companions`  4 KB text files, a hundred a folder
`mp3s`        4 KB MP3 files with an ID3v2.4 tag that differs in each, a hundred a folder
"""

from __future__ import annotations

import argparse
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from fonoteca.audio.sound.crc import crc8_of_flac, crc16_of_flac

SMALL = 4096
"""Bytes in a companion and in an MP3."""

BIG = 8_000_000
"""Bytes in an album's track."""

_FRAME = 32_768
"""Samples of a FLAC frame: 122 frames a track, so that each number is one byte."""
_FRAME_BYTES = 7 + 2 + 2 * _FRAME + 2

PER_FOLDER = 100
_POOL = 1 << 20


def albums(root: Path, count: int, size: int = BIG) -> int:
    """`count` tracks of `size` bytes, ten an album, three albums an artist. Returns the bytes written."""
    for number in range(count):
        artist, album, track = number // 30, number // 10 % 3, number % 10 + 1
        folder = root / f"Artist {artist:03d}" / f"Album {album + 1}"
        folder.mkdir(parents=True, exist_ok=True)
        tags = {"TITLE": f"Track {track}", "ARTIST": f"Artist {artist}", "TRACKNUMBER": str(track)}
        (folder / f"{track:02d} Track {track}.flac").write_bytes(flac(tags, size, number))
    return count * size


def companions(root: Path, count: int, size: int = SMALL) -> int:
    """`count` text files of `size` bytes. Returns the bytes written."""
    noise = _slices(size - 16)
    for number, folder in _folders(root, count):
        (folder / f"{number % PER_FOLDER:02d} notes.txt").write_bytes(b"%015d\n" % number + next(noise))
    return count * size


def mp3s(root: Path, count: int) -> int:
    """`count` MP3 files of 4 KB, silent but whole, each with tags of its own. Returns the bytes written."""
    sound = _mpeg_frame() * 7
    for number, folder in _folders(root, count):
        track = number % PER_FOLDER
        tag = id3(
            {
                "TIT2": f"Title {number}",
                "TPE1": f"Artist {number // 1000}",
                "TALB": f"Album {number // PER_FOLDER}",
                "TRCK": f"{track + 1}/{PER_FOLDER}",
                "TDRC": str(1950 + number % 70),
                "TCON": "Jazz",
            },
            size=SMALL - len(sound),
        )
        (folder / f"{track:02d} Title {number}.mp3").write_bytes(tag + sound)
    return count * SMALL


KINDS: dict[str, Callable[[Path, int], int]] = {"albums": albums, "companions": companions, "mp3s": mp3s}


def flac(tags: dict[str, str], size: int, seed: int) -> bytes:
    """A FLAC of exactly `size` bytes (RFC 9639): mono, 16 bits, tags, padding, frames of verbatim noise."""
    fields = [f"{name}={value}".encode() for name, value in tags.items()]
    comment = struct.pack("<I", 8) + b"fonoteca" + struct.pack("<I", len(fields))
    comment += b"".join(struct.pack("<I", len(field)) + field for field in fields)
    head = 4 + 4 + 34 + 4 + len(comment) + 4
    count = (size - head) // _FRAME_BYTES
    packed = (44_100 << 44) | (15 << 36) | _FRAME * count
    info = struct.pack(">HH", _FRAME, _FRAME) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    blocks = (_flac_block(0, info), _flac_block(4, comment))
    padding = _flac_block(0x80 | 1, bytes(size - head - count * _FRAME_BYTES))
    noise = random.Random(seed).randbytes
    return b"".join((b"fLaC", *blocks, padding, *(_flac_frame(each, noise) for each in range(count))))


def _flac_frame(number: int, noise: Callable[[int], bytes]) -> bytes:
    """Fixed block size, said in 16 bits; rate as in STREAMINFO; one verbatim subframe. `number` is below 128."""
    head = bytes((0xFF, 0xF8, 0x70, 0x08, number)) + struct.pack(">H", _FRAME - 1)
    frame = head + bytes((crc8_of_flac(head), 0x02)) + noise(2 * _FRAME)
    return frame + struct.pack(">H", crc16_of_flac(frame))


def id3(frames: dict[str, str], size: int) -> bytes:
    """An ID3v2.4 tag of exactly `size` bytes: header, a UTF-8 text frame for each item, zeros as padding."""
    body = b""
    for name, text in frames.items():
        data = b"\x03" + text.encode()
        body += name.encode() + _syncsafe(len(data)) + b"\0\0" + data
    return b"ID3\x04\0\0" + _syncsafe(size - 10) + body.ljust(size - 10, b"\0")


def _flac_block(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _mpeg_frame() -> bytes:
    """MPEG 1 layer III, 128 kbit/s, 44,100 Hz: 417 bytes; all-zero side information decodes to silence."""
    return b"\xff\xfb\x90\x64" + bytes(413)


def _folders(root: Path, count: int) -> Iterator[tuple[int, Path]]:
    for number in range(count):
        folder = root / f"Artist {number // 1000:04d}" / f"Album {number // PER_FOLDER:05d}"
        if number % PER_FOLDER == 0:
            folder.mkdir(parents=True)
        yield number, folder


def _slices(size: int) -> Iterator[bytes]:
    choose = random.Random(size)
    pool = choose.randbytes(_POOL)
    while True:
        start = choose.randrange(_POOL - size)
        yield pool[start : start + size]


def main() -> None:
    """Write one corpus and say how big it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    print(f"{KINDS[given.kind](given.folder, given.count):,} bytes in {given.count:,} files")


if __name__ == "__main__":
    main()
