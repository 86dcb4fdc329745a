"""Audio bytes made by hand: what no encoder at hand writes, or no decent program would.

Each maker returns bytes; `protected_…` change a file that an encoder made.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from mutagen.apev2 import APEv2

from support.audio import make_audio


def id3v2(frames: Iterable[tuple[str, bytes]], version: int = 4, padding: int = 0, flags: int = 0) -> bytes:
    """An ID3v2.2, 2.3 or 2.4 tag of these frames (name, data)."""
    body = b""
    for name, data in frames:
        if version == 2:
            body += name.encode() + len(data).to_bytes(3, "big") + data
        else:
            size = _synchsafe(len(data)) if version == 4 else len(data).to_bytes(4, "big")
            body += name.encode() + size + b"\0\0" + data
    body += bytes(padding)
    return b"ID3" + bytes((version, 0, flags)) + _synchsafe(len(body)) + body


def text_frame(name: str, text: str) -> tuple[str, bytes]:
    """A text frame in Latin-1."""
    return name, b"\0" + text.encode("latin-1")


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3v1(
    title: str = "", artist: str = "", album: str = "", year: str = "", track: int = 0, genre: int = 255
) -> bytes:
    """128 bytes of ID3v1.1."""
    fields = ((title, 30), (artist, 30), (album, 30), (year, 4), ("", 28))
    packed = b"".join(text.encode("latin-1")[:size].ljust(size, b"\0") for text, size in fields)
    return b"TAG" + packed + bytes((0, track, genre))


def apev2(tags: Mapping[str, str | list[str]], folder: Path) -> bytes:
    """An APEv2 tag with header and footer."""
    path = folder / "apev2.bin"
    path.write_bytes(b"")
    tag = APEv2()
    for name, value in tags.items():
        tag[name] = value
    tag.save(path)
    return path.read_bytes()


def riff_chunk(name: bytes, data: bytes, order: str = "<") -> bytes:
    """A RIFF (`<`) or IFF (`>`) chunk, padded."""
    return name + struct.pack(order + "I", len(data)) + data + b"\0" * (len(data) % 2)


def wav(
    *chunks: bytes,
    rf64: bool = False,
    fmt: bytes | None = None,
    data: bytes = bytes(44100 * 4),
    magic: bytes = b"RF64",
) -> bytes:
    """A WAV, 16 bits stereo at 44,100 Hz unless `fmt` says otherwise; as RF64 its sizes stand in `ds64`
    alone."""
    form = riff_chunk(b"fmt ", fmt or struct.pack("<HHIIHH", 1, 2, 44100, 176400, 4, 16))
    if not rf64:
        body = b"WAVE" + form + b"".join(chunks) + riff_chunk(b"data", data)
        return riff_chunk(b"RIFF", body)
    sizes = riff_chunk(b"ds64", struct.pack("<QQQI", 0, len(data), len(data) // 4, 0))
    sound = b"data\xff\xff\xff\xff" + data
    return magic + b"\xff\xff\xff\xff" + b"WAVE" + sizes + form + sound + b"".join(chunks)


def list_info(items: Mapping[str, bytes]) -> bytes:
    """A LIST-INFO chunk."""
    return riff_chunk(
        b"LIST", b"INFO" + b"".join(riff_chunk(key.encode(), value) for key, value in items.items())
    )


def aiff(*chunks: bytes, kind: bytes | None = None, bits: int = 16) -> bytes:
    """One second of AIFF, or AIFC with this compression type; 44,100 Hz stereo."""
    rate = struct.pack(">HQ", 0x3FFF + 15, 44100 << 48)
    common = struct.pack(">HIH", 2, 44100, bits) + rate + (kind + b"\0\0" if kind else b"")
    sound = riff_chunk(b"SSND", bytes(8 + 44100 * 2 * (bits // 8)), ">")
    form = b"AIFC" if kind else b"AIFF"
    return riff_chunk(b"FORM", form + riff_chunk(b"COMM", common, ">") + b"".join(chunks) + sound, ">")


def dsf(tag: bytes = b"") -> bytes:
    """One second of DSD64 stereo in DSF, with an ID3v2 tag at its end."""
    samples = 2_822_400
    sound = bytes(2 * 4096)
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, 2, 2_822_400, 1, samples, 4096, 0)
    data = struct.pack("<4sQ", b"data", 12 + len(sound)) + sound
    place = 28 + len(fmt) + len(data)
    return struct.pack("<4sQQQ", b"DSD ", 28, place + len(tag), place if tag else 0) + fmt + data + tag


def musepack_sv7(seconds: int = 1) -> bytes:
    """The header of a Musepack SV7 stream, 44,100 Hz, and some bytes behind it."""
    frames = seconds * 44100 // 1152
    return b"MP+\x07" + struct.pack("<IIHhHh", frames, 0, 0, 0, 0, 0) + bytes(64)


def musepack_that_hangs() -> bytes:
    """A Musepack SV8 packet that declares a length of 0: mutagen seeks back to it, for ever."""
    return b"MPCK" + b"XX\x00" + bytes(64)


def greedy_flac(size: int = 0xFFFFFFF0) -> bytes:
    """A FLAC whose comment block declares a vendor string of `size` bytes."""
    info = bytes(10) + struct.pack(">I", 44100 << 12 | 1 << 9 | 15 << 4) + bytes(20)
    return b"fLaC" + b"\0\0\0\x22" + info + b"\x84\0\0\x08" + struct.pack("<II", size, 0)


def protected_mp4(path: Path, entry: bytes = b"drms") -> Path:
    """An M4A whose sound is declared protected: its sample entry renamed."""
    make_audio("m4a", path, tags={"TITLE": "Locked"})
    data = path.read_bytes()
    place = data.index(b"mp4a", data.index(b"stsd"))
    path.write_bytes(data[:place] + entry + data[place + 4 :])
    return path


def protected_wma(path: Path, guid: bytes) -> Path:
    """A WMA with one more header object: an encryption object of this GUID."""
    make_audio("wma", path, tags={"TITLE": "Locked"})
    data = path.read_bytes()
    size, count = struct.unpack_from("<QI", data, 16)
    more = guid + struct.pack("<Q", 24 + 16) + bytes(16)
    head = data[:16] + struct.pack("<QI", size + len(more), count + 1) + data[28:30]
    path.write_bytes(head + more + data[30:])
    return path


def optimfrog() -> bytes:
    """The header of one second of OptimFROG, 44,100 Hz stereo 16 bits."""
    return b"OFR " + struct.pack("<IIHBBI", 12, 88200, 0, 2, 1, 44100) + bytes(64)


def monkeys_audio() -> bytes:
    """The header of one second of Monkey's Audio 3.99, 44,100 Hz stereo 16 bits."""
    return (
        b"MAC "
        + struct.pack("<H", 3990)
        + bytes(50)
        + struct.pack("<IIIHHI", 44100, 44100, 1, 16, 2, 44100)
        + bytes(9)
    )


def dsdiff(tag: bytes = b"") -> bytes:
    """A quarter of a second of DSD64 stereo in DSDIFF, with an ID3v2 tag in its chunk."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack(">Q", len(data)) + data + b"\0" * (len(data) % 2)

    sound = chunk(b"FS  ", struct.pack(">I", 2_822_400)) + chunk(
        b"CHNL", struct.pack(">H4s4s", 2, b"SLFT", b"SRGT")
    )
    prop = chunk(b"PROP", b"SND " + sound + chunk(b"CMPR", b"DSD \x0enot compressed"))
    body = chunk(b"FVER", b"\1\5\0\0") + prop + chunk(b"DSD ", bytes(2 * 2_822_400 // 8 // 4))
    return chunk(b"FRM8", b"DSD " + body + (chunk(b"ID3 ", tag) if tag else b""))


def midi() -> bytes:
    """A Standard MIDI File: one track, one note of a second."""
    track = b"\0\x90\x3c\x40\x81\x40\x80\x3c\0\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", len(track)) + track
