"""Tags that lie around the sound whatever its format: ID3v2 in front, APEv2, ID3v2.4 and ID3v1 behind.

Several ID3v2 tags may stand in a row (Windows Media Player and foobar2000 stack them), with zeros between.
"""

from __future__ import annotations

from dataclasses import dataclass

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import Json, Picture, Tags
from fonoteca.audio.source import Source
from fonoteca.audio.tags.apev2 import apev2_pictures, apev2_raw, apev2_tags, read_apev2
from fonoteca.audio.tags.fields import merged
from fonoteca.audio.tags.frames import Id3, read_id3v2
from fonoteca.audio.tags.id3 import id3v1_values, id3v2_pictures, id3v2_raw, id3v2_tags

HEAD = 1084
"""Bytes that telling a family apart may need (a MOD's mark stands at 1080)."""
_MANY = 16
_PADDING = 4096
"""Zeros between tags, or between the tags and the sound, are skipped up to this many."""


@dataclass(frozen=True, slots=True)
class Outer:
    """What lies around the sound. `start` is where the sound begins, `head` its first bytes."""

    start: int
    head: bytes
    id3v2: tuple[bytes, ...] = ()
    """Whole ID3v2 tags, in the order of the file."""
    id3v1: bytes = b""
    has_apev2: bool = False
    is_broken: bool = False
    """Something begins like an ID3v2 tag and is none."""


@dataclass(frozen=True, slots=True)
class OuterTags:
    """The tags around the sound, read: ID3v2 wins over APEv2, that over ID3v1, an earlier one over a
    later."""

    tags: Tags
    raw: dict[str, Json]
    pictures: tuple[Picture, ...]
    note: str | None = None
    """What could not be read of them."""


def find_outer(source: Source) -> Outer:
    """Where the tags are; nothing of them is parsed yet."""
    start, id3v2, ape_in_front = _front(source)
    tail = source.at(-min(source.size, 512), 512)
    id3v1 = tail[-128:] if tail[-128:-125] == b"TAG" and len(tail) >= 128 else b""
    behind = _footed_id3v2(source, tail[:-128] if id3v1 else tail, 128 if id3v1 else 0)
    return Outer(
        start=start,
        head=source.at(start, HEAD),
        id3v2=(*id3v2, *behind),
        id3v1=id3v1,
        has_apev2=ape_in_front or b"APETAGEX" in tail or b"LYRICS200" in tail,
        is_broken=source.at(start, 3) == b"ID3",
    )


def read_outer(source: Source, outer: Outer) -> OuterTags:
    """Parse them. Raises what mutagen raises where none of them can be parsed."""
    layers: list[Tags] = []
    raw: dict[str, Json] = {}
    pictures: list[Picture] = []
    id3s, errors = _id3s(outer)
    for id3 in id3s:
        layers.append(id3v2_tags(id3))
        pictures += id3v2_pictures(id3)
    if id3s:
        raw["id3v2"] = [id3v2_raw(id3) for id3 in id3s]
    if outer.has_apev2 and (ape := read_apev2(source)) is not None:
        layers.append(apev2_tags(ape))
        pictures += apev2_pictures(ape)
        raw["apev2"] = apev2_raw(ape)
    if outer.id3v1:
        values = id3v1_values(outer.id3v1)
        layers.append({name: [value] for name, value in values.items()})
        raw["id3v1"] = dict(values)
    if errors and not layers:
        raise errors[0]
    note = f"an ID3v2 tag cannot be read ({errors[0]})" if errors else None
    return OuterTags(layers[0] if len(layers) == 1 else merged(layers), raw, tuple(pictures), note)


def _id3s(outer: Outer) -> tuple[list[Id3], list[Exception]]:
    """The ID3v2 tags that can be read, and why others cannot."""
    found: list[Id3] = []
    errors: list[Exception] = [ValueError("an ID3v2 header that makes no sense")] if outer.is_broken else []
    for data in outer.id3v2:
        try:
            found.append(read_id3v2(data))
        except mutagen("_util.MutagenError") as error:
            errors.append(error)
    return found, errors


def id3v2_size(head: bytes) -> int:
    """The length of the ID3v2 tag that these 10 bytes begin; 0 where they do not (ID3v2.4 structure, 3.1)."""
    if len(head) < 10 or head[:3] != b"ID3" or head[3] == 0xFF or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return size + 10 + (10 if head[3] == 4 and head[5] & 0x10 else 0)


def _front(source: Source) -> tuple[int, list[bytes], bool]:
    start, id3v2, ape = 0, list[bytes](), False
    for _ in range(_MANY):
        head = source.at(start, 32)
        if size := id3v2_size(head):
            id3v2.append(source.at(start, size))
            start += size
        elif head[:8] == b"APETAGEX":
            ape = True
            start += 32 + int.from_bytes(head[12:16], "little")
        elif start and head[:4] == b"\0\0\0\0":
            padding = source.at(start, _PADDING)
            start += len(padding) - len(padding.lstrip(b"\0"))
            if not padding.strip(b"\0"):
                break
        else:
            break
    return start, id3v2, ape


def _footed_id3v2(source: Source, tail: bytes, behind: int) -> list[bytes]:
    """An ID3v2.4 tag at the end is found by its footer, which is its header with `3DI` for `ID3`."""
    foot = tail[-10:]
    size = id3v2_size(b"ID3" + foot[3:]) if foot[:3] == b"3DI" else 0
    data = source.at(source.size - behind - size, size) if 0 < size < source.size - behind else b""
    # The tag in front has a footer too where the whole file is nothing else.
    return [data] if data[:3] == b"ID3" and source.size - behind > size else []
