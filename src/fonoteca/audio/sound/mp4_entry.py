"""Sample entries of an MP4 sound track: how the decoder is set up (ISO/IEC 14496-12, 12.2; 14496-14, 5.6; QuickTime).

Programs that copy the sound as it is write a sample entry anew: average bit rates, `btrt`, the channels and rate of the
entry itself, which decoders do not look at, come out differently. What they hand on is the decoder's own setup, so
that alone is the `setup` of a codec that has one:

| entry | setup |
|---|---|
| `mp4a` with `esds` | one byte, the object type; then the DecoderSpecificInfo (AAC's AudioSpecificConfig), if any |
| `alac` | the data of its `alac` box behind version and flags (the magic cookie) |
| `fLaC` | the 34 bytes of STREAMINFO in `dfLa` |
| `Opus` | the data of `dOps` |
| `ac-3`, `ec-3`, `.mp3` | nothing: each frame says all of it |
| any other | the whole entry, from its size on |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from fonoteca.audio.sound.layout import Broken, Strange, fields
from fonoteca.audio.sound.mp4_boxes import Box, Boxes

_MANY = 64
_LONGEST = 1 << 16
_BARE = (b"ac-3", b"ec-3", b".mp3")
PROTECTED = (b"drms", b"drmi", b"enca", b"encv", b"aavd")


class Entry(NamedTuple):
    """One sample entry."""

    code: bytes
    setup: bytes
    reference: int
    """Which entry of `dref` says where the samples lie, counted from 1."""


def entries(boxes: Boxes, stsd: Box) -> list[Entry]:
    """All of `stsd`. Raises `Broken`, and `Strange` for an entry that is too large to be one."""
    version, count = fields(boxes.source, stsd.data, ">B3xI")
    found = [_entry(boxes, box, version) for box in _first(boxes.within(stsd.data + 8, stsd.end))]
    if len(found) != count or not found:
        raise Broken(f"{len(found)} sample entries instead of {count}", stsd.start)
    return found


def _first(found: Iterator[Box]) -> Iterator[Box]:
    for number, box in enumerate(found):
        if number == _MANY:
            raise Strange(f"more than {_MANY} sample entries")
        yield box


def _entry(boxes: Boxes, box: Box, version: int) -> Entry:
    size = box.end - box.start
    if box.is_cut or size < 36:
        raise Broken("a sample entry is cut", box.start)
    if size > _LONGEST:
        raise Strange(f"a sample entry of {size} bytes")
    reference, entry_version = fields(boxes.source, box.data + 6, ">HH")
    # QuickTime's own versions 1 and 2 are longer; in an `stsd` of version 1 the entry keeps its length.
    skip = 28 + ({1: 16, 2: 36}.get(entry_version, 0) if version == 0 else 0)
    setup = _setup(boxes, box, skip)
    return Entry(box.name, boxes.source.at(box.start, size) if setup is None else setup, reference)


def _setup(boxes: Boxes, box: Box, skip: int) -> bytes | None:
    """None where the whole entry is to be taken."""
    if box.name in _BARE:
        return b""
    name, taken = _SETUPS.get(box.name, (b"", _whole))
    if not name or box.data + skip > box.end:
        return None
    found = boxes.inside(box, name, skip=skip) or boxes.inside(box, b"wave", name, skip=skip)
    return taken(boxes.source.at(found.data, found.end - found.data)) if found else None


def _whole(data: bytes) -> bytes | None:
    return data


def _cookie(data: bytes) -> bytes | None:
    return data[4:] if len(data) >= 28 else None


def _streaminfo(data: bytes) -> bytes | None:
    # Version and flags, then metadata blocks as in a FLAC file, STREAMINFO first.
    return data[8:42] if data[4:8] in (b"\0\0\0\x22", b"\x80\0\0\x22") and len(data) >= 42 else None


def _decoder(data: bytes) -> bytes | None:
    """Object type and DecoderSpecificInfo of an `esds` (ISO/IEC 14496-1, 7.2.6)."""
    stream = _descriptor(data[4:], 3)
    if stream is None or len(stream) < 3:
        return None
    flags, place = stream[2], 3
    place += 2 if flags & 0x80 else 0
    place += 1 + stream[place] if flags & 0x40 and place < len(stream) else 0
    place += 2 if flags & 0x20 else 0
    config = _descriptor(stream[place:], 4)
    if config is None or len(config) < 13:
        return None
    return config[:1] + (_descriptor(config[13:], 5) or b"")


def _descriptor(data: bytes, tag: int) -> bytes | None:
    """The data of the first descriptor, if it has this tag: its length stands in groups of seven bits."""
    if len(data) < 2 or data[0] != tag:
        return None
    length = 0
    for place in range(1, min(5, len(data))):
        length = length << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return data[place + 1 : place + 1 + length] if place + 1 + length <= len(data) else None
    return None


_SETUPS: dict[bytes, tuple[bytes, Callable[[bytes], bytes | None]]] = {
    b"mp4a": (b"esds", _decoder),
    b"alac": (b"alac", _cookie),
    b"fLaC": (b"dfLa", _streaminfo),
    b"Opus": (b"dOps", _whole),
}
