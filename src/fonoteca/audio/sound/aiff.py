"""AIFF and AIFF-C: what `COMM` says of the samples, and the samples.

`aiff/1` is the digest over two parts (`payload.Digesting`):

1. the first 18 bytes of `COMM` (channels, sample frames, bits a sample, sample rate) and the four bytes of the
   compression type; `NONE` in AIFF, which has none, and for `twos`, which means the same;
2. the data of `SSND` behind its header of eight bytes and the offset that stands there: as much as there is where the
   file ends within it, and all up to the tags at the end of the file where its size was never filled in (0 in a form
   of size 0).

The structure holds where all chunks lie within the form and the form within the file, and where uncompressed
samples are as many as `COMM` declares. Source: Apple, "Audio Interchange File Format AIFF-C" (1991).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from fonoteca.audio.chunks import Chunk
from fonoteca.audio.properties.pcm import aiff_chunks
from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, feed, fields, told
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "aiff/1"
_PLAIN = {b"NONE": 0, b"sowt": 0, b"raw ": 0, b"in24": 24, b"in32": 32, b"fl32": 32, b"FL32": 32, b"fl64": 64}
"""Compression types that are none, and their bits a sample (0: as `COMM` says)."""


class _Common(NamedTuple):
    channels: int
    frames: int
    bits: int
    rate: bytes
    kind: bytes

    def packed(self) -> bytes:
        return struct.pack(">HIH10s4s", *self)

    @property
    def size(self) -> int | None:
        """Bytes of all samples; None where they are compressed."""
        bits = _PLAIN.get(self.kind)
        if bits is None:
            return None
        return self.frames * self.channels * (((bits or self.bits) + 7) // 8)


def read(source: Source) -> Sound:
    """The sound of an AIFF or AIFF-C file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    name, size, form = fields(source, 0, ">4sI4s")
    if name != b"FORM" or form not in (b"AIFF", b"AIFC"):
        raise Strange("neither an AIFF nor an AIFF-C form")
    end = sound_span(source).end
    found = [chunk for chunk in aiff_chunks(source).chunks if chunk.start - 8 < end]
    common = _common(source, found, form)
    sounds = [chunk for chunk in found if chunk.id == b"SSND"]
    if not sounds:
        raise Broken("there is no SSND chunk", source.size)
    if len(sounds) > 1:
        raise Strange("several SSND chunks")
    chunk = sounds[0]
    is_streamed = chunk.declared == 0 and size == 0
    offset, _ = fields(source, chunk.start, ">II")
    start = chunk.start + 8 + offset
    stop = end if is_streamed else chunk.start + chunk.size
    if start > stop:
        raise Broken("the samples begin behind the end of their chunk", chunk.start)
    digest = Digesting(NAME)
    digest.part(common.packed())
    digest.begin(stop - start)
    feed(source, start, stop, digest.update)
    if is_streamed:
        check = SelfCheck(Soundness.NO_CHECK, "written as a stream: its sizes were never filled in")
    else:
        check = _check(source, found, size, common, start, stop)
    return Sound(check, digest.payload())


def _common(source: Source, found: list[Chunk], form: bytes) -> _Common:
    chunk = next((chunk for chunk in found if chunk.id == b"COMM"), None)
    length = 18 if form == b"AIFF" else 22
    if chunk is None or chunk.size < length:
        raise Broken("there is no COMM chunk, or it is cut", chunk.start if chunk else source.size)
    channels, frames, bits, rate = fields(source, chunk.start, ">HIH10s")
    kind = source.at(chunk.start + 18, 4) if form == b"AIFC" else b"NONE"
    return _Common(channels, frames, bits, rate, b"NONE" if kind == b"twos" else kind)


def _check(
    source: Source, found: list[Chunk], size: int, common: _Common, start: int, stop: int
) -> SelfCheck:
    for chunk in found:
        if chunk.declared > chunk.size and (chunk.id == b"SSND" or chunk.id.isascii()):
            short = chunk.declared - chunk.size
            name = chunk.id.decode("ascii", "replace")
            return _damaged(f"the file ends within its {name!r} chunk, {short} bytes too early", source.size)
    if size + 8 < stop:
        return _damaged("the SSND chunk ends behind the end of the form", size + 8)
    if size + 8 > source.size + 1:  # the last chunk may lack its pad byte
        return _damaged(f"the file ends {size + 8 - source.size} bytes before its form", source.size)
    if common.size is not None and common.size > stop - start:
        return _damaged(f"{common.size - (stop - start)} bytes of samples are missing", stop)
    return SelfCheck(Soundness.STRUCTURE, "the sizes of its chunks fit the file and its number of samples")


def _damaged(detail: str, at: int) -> SelfCheck:
    return SelfCheck(Soundness.DAMAGED, detail, at)
