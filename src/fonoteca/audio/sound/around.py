"""Where the sound of a bare stream lies: what is left when the tags in front of it and behind it are taken away.

In front, any number in any order: ID3v2, APEv2 with a header, and zeros behind one of these. Behind, any
number in any order: ID3v1, ID3v1 extended (`TAG+`), APEv1 and APEv2, Lyrics3 v1 and v2, ID3v2.4 with a footer.

    >>> from fonoteca.audio.source import source_of
    >>> sound_span(source_of(b"ID3\\4\\0\\0\\0\\0\\0\\0" + b"sound" + b"TAG" + bytes(125), b"a.mp3"))
    Span(start=10, end=15)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.audio.outer import id3v2_size
from fonoteca.audio.source import Source

BLOCK = 1 << 20
"""Bytes that are read at once."""
_MANY = 64
"""Tags that are taken away at each end; nobody stacks more, and a hostile file could hold us for long."""
_LYRICS3V1 = 5100
"""Lyrics3 v1 is no longer than this, its marks not counted (id3.org, Lyrics3 made easy)."""


class Span(NamedTuple):
    """Bytes from `start` to before `end`; empty where tags are all there is."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start


def sound_span(source: Source) -> Span:
    """What lies between the tags. Junk that is no tag is left in it: the family knows what to make of that."""
    start = min(_front(source), source.size)
    return Span(start, _back(source, start))


def blocks(source: Source, start: int, end: int, size: int = BLOCK) -> Iterator[bytes]:
    """The bytes between `start` and `end`, up to `size` at once; fewer where the file ends before.

    The place in the file is kept between two blocks: others may seek meanwhile.
    """
    while start < end and (block := source.at(start, min(size, end - start))):
        yield block
        start += len(block)


def _front(source: Source) -> int:
    start = 0
    for _ in range(_MANY):
        head = source.at(start, 32)
        if size := id3v2_size(head):
            start += size
        elif head[:8] == b"APETAGEX" and len(head) == 32:
            start += 32 + int.from_bytes(head[12:16], "little")
        elif start and head[:4] == b"\0\0\0\0":
            start = _behind_zeros(source, start)
        else:
            break
    return start


def _behind_zeros(source: Source, start: int) -> int:
    for block in blocks(source, start, source.size):
        rest = block.lstrip(b"\0")
        start += len(block) - len(rest)
        if rest:
            break
    return start


def _back(source: Source, start: int) -> int:
    end = source.size
    for _ in range(_MANY):
        size = _last_tag(source, end)
        if not 0 < size <= end - start:
            break
        end -= size
    return end


def _last_tag(source: Source, end: int) -> int:
    """Length of the tag that ends at `end`; 0 where none does."""
    tail = source.at(max(0, end - 256), min(end, 256))
    if tail[-128:-125] == b"TAG" and len(tail) >= 128:
        # ID3v1 extended is 227 bytes in front of ID3v1.
        return 128 + (227 if end >= 355 and source.at(end - 355, 4) == b"TAG+" else 0)
    if tail[-32:-24] == b"APETAGEX":
        return _apev2_size(tail[-32:])
    if tail[-10:-7] == b"3DI":
        size = id3v2_size(b"ID3" + tail[-7:])
        return size if 0 < size <= end and source.at(end - size, 3) == b"ID3" else 0
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        size = int(tail[-15:-9]) + 15
        return size if size <= end and source.at(end - size, 11) == b"LYRICSBEGIN" else 0
    if tail[-9:] == b"LYRICSEND":
        return _lyrics3v1_size(source, end)
    return 0


def _apev2_size(foot: bytes) -> int:
    """From the footer: its size is that of items and footer; the header is counted only where flag 31 is set."""
    size, flags = int.from_bytes(foot[12:16], "little"), int.from_bytes(foot[20:24], "little")
    is_footer = not flags & 1 << 29
    return size + (32 if flags & 1 << 31 else 0) if is_footer and size >= 32 else 0


def _lyrics3v1_size(source: Source, end: int) -> int:
    begin = max(0, end - _LYRICS3V1 - 20)
    place = source.at(begin, end - begin).rfind(b"LYRICSBEGIN")
    return end - begin - place if place >= 0 else 0
