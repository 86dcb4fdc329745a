"""Bare MPEG audio, layers I to III: `mpeg/1`.

**Payload.** Without any length in front: the bytes from the first frame to the end of the sound
(`around.sound_span`), but for the first frame where that holds an encoder's figures instead of sound (`Xing`,
`Info`, `VBRI`); tags that stand where a frame would begin (ID3v2, APEv2 with a header, ID3v1); and zeros behind the
last frame. The first frame is the first header of four bytes that makes sense and that two more of the same version,
layer and sample rate follow at the lengths that they declare, or one and then the end; where it stands at the very
beginning of the sound and is not of free format, one less. What lies before it is junk; it is looked for in the
first MiB.

The encoder's figures are no part of it because whoever writes a stream anew (`ffmpeg -c copy`) writes them anew.
With them goes the encoder's delay, by which players cut silence from both ends.

**Check.** That frame follows frame; their number and size against Xing, Info or VBRI; LAME's CRC of the music.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from fonoteca.audio.sound.around import Span, sound_span
from fonoteca.audio.sound.crc import crc16_of_lame
from fonoteca.audio.sound.framechain import FrameChain, Kind
from fonoteca.audio.sound.mpegheader import (
    FREE,
    LARGEST_FREE,
    MpegHeader,
    lengths_like,
    mpeg_header,
    sync_like,
)
from fonoteca.audio.sound.mpeginfo import MpegInfo, mpeg_info
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.sound.window import Window
from fonoteca.audio.source import Source
from fonoteca.core.digest import Block
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "mpeg/1"
_SYNC = re.compile(rb"\xff[\xe2-\xff][\x00-\xef]")
_FRONT = 1 << 20


class _First(NamedTuple):
    at: int
    header: MpegHeader
    length: int
    free: int
    """Length of a frame without padding, in free format; else 0."""


def read(source: Source) -> Sound:
    """The payload digest and what the frames and the encoder's figures say."""
    span = sound_span(source)
    first = _first(source, span)
    if first is None:
        reason = "no MPEG frames that follow each other"
        return Sound(SelfCheck(Soundness.DAMAGED, reason, span.start), reason=reason)
    info = mpeg_info(source.at(first.at, first.length), first.header)
    start = first.at + (info.length if info else 0)
    music = _Music(info.size - info.length if info and info.music_crc is not None and info.size else 0)
    chain = FrameChain(_kind(first), Window(source, start, span.end), music.update).run()
    return Sound(_outcome(chain, info, music, start), music.digest.payload())


class _Music:
    """Feeds all bytes of the sound to the digest, and the first ones, as many as LAME says, to its CRC."""

    def __init__(self, length: int) -> None:
        self.digest = Digesting(NAME)
        self.crc = 0
        self._left = max(0, length)

    def update(self, data: Block) -> None:
        self.digest.update(data)
        if self._left > 0:
            self.crc = crc16_of_lame(memoryview(data)[: self._left], self.crc)
            self._left -= len(data)


def _outcome(chain: FrameChain, info: MpegInfo | None, music: _Music, start: int) -> SelfCheck:
    said = f"{chain.frames:,} frames in a row"
    if chain.junk_at is not None:
        return SelfCheck(Soundness.DAMAGED, "bytes between frames that are no frame", chain.junk_at)
    size = chain.size + (info.length if info else 0)
    if info is None or (info.frames is None and info.size is None):
        if chain.has_rest:
            return SelfCheck(Soundness.DAMAGED, "the last frame is cut, or is none", chain.end)
        return SelfCheck(Soundness.STRUCTURE, f"{said}; how many there must be is not declared")
    if _is_short(chain.frames, size, info):
        wanted = f"{info.frames:,} frames" if info.frames is not None else f"{info.size:,} bytes"
        return SelfCheck(Soundness.DAMAGED, f"{said}, {wanted} are declared: the end is missing", chain.end)
    if info.is_broken:
        return SelfCheck(Soundness.DAMAGED, "the CRC of LAME's own tag differs", start - info.length)
    if chain.has_rest:
        return SelfCheck(
            Soundness.STRUCTURE, f"{said}; what lies behind them is no tag that is known", chain.end
        )
    if info.music_crc is None:
        return SelfCheck(Soundness.STRUCTURE, f"{said}, as declared")
    if size != info.size:
        return SelfCheck(Soundness.STRUCTURE, f"{said}, more than the encoder wrote")
    if music.crc != info.music_crc:
        return SelfCheck(Soundness.ALTERED, f"{said}, as declared; the encoder's CRC of the music differs")
    return SelfCheck(Soundness.SOUND, f"{said}; the encoder's CRC of the music holds")


def _is_short(frames: int, size: int, info: MpegInfo) -> bool:
    """Less than declared. Some encoders count their own frame as one of sound, others count tags as bytes."""
    is_smaller = info.size is not None and size < info.size
    if info.frames is None or info.music_crc is not None:
        return is_smaller
    return frames + 1 < info.frames or (frames < info.frames and is_smaller)


def _kind(first: _First) -> Kind:
    lengths = _lengths(first.header._replace(length=0, padding=0, info_at=0), first.free)

    def length(data: bytes | bytearray, at: int) -> int:
        return lengths.get(data[at + 1] << 8 | data[at + 2], 0) if data[at] == 0xFF else 0

    return Kind(sync_like(first.header), 3, length)


@cache
def _lengths(header: MpegHeader, free: int) -> dict[int, int]:
    return lengths_like(header, free)


def _first(source: Source, span: Span) -> _First | None:
    front = source.at(span.start, min(span.size, _FRONT))
    for match in _SYNC.finditer(front):
        header = mpeg_header(front[match.start() : match.start() + 4])
        if header is None:
            continue
        at = span.start + match.start()
        first = _First(at, header, header.length, 0) if header.length else _free(source, span, at, header)
        if first is not None and _is_followed(source, span, first):
            return first
    return None


def _is_followed(source: Source, span: Span, first: _First) -> bool:
    """Three headers in a row, or two and the end of the sound; one less where no junk is in front.

    Not so in free format, where the second header is what the length was taken from.
    """
    kind, at, needed = _kind(first), first.at, 2 if first.at == span.start and not first.free else 3
    for number in range(needed):
        head = source.at(at, 3) if at + 3 <= span.end else b""
        length = kind.length(head, 0) if len(head) == 3 else 0
        if not length:
            return number >= needed - 1 and at == span.end
        at += length
    return True


def _free(source: Source, span: Span, at: int, header: MpegHeader) -> _First | None:
    """In free format the first frame is as long as it takes to come to the next header of that format."""
    data = source.at(at, min(LARGEST_FREE, span.end - at))
    for match in sync_like(header).finditer(data, 24):
        other = mpeg_header(data[match.start() : match.start() + 4])
        if other is None or other.length != FREE or other.rate != header.rate:
            continue
        first = _First(at, header, match.start(), match.start() - header.padding)
        if _is_followed(source, span, first):
            return first
    return None
