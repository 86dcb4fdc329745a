"""WAV, RF64, BW64, BWF: the format of the samples, and the samples.

`riff/1` is the digest over two parts (`payload.Digesting`):

1. the format, from `fmt `, all little-endian: format tag (u16), channels (u16), sample rate (u32), block align
   (u16), bits a sample (u16), valid bits (u16), speakers (u32), and the bytes behind these that the codec needs.
   A WAVE_FORMAT_EXTENSIBLE whose GUID is a format tag in Microsoft's common form (KSDATAFORMAT_SUBTYPE) counts as
   that tag; any other GUID has the tag 0xFFFE and stands among the bytes behind. Valid bits are those of
   EXTENSIBLE, and the bits a sample where it has none (or 0). Speakers are the mask of EXTENSIBLE; 0 where it has
   none, and where it says what a file without it means: 0x4 mono, 0x3 stereo, 0x3F six channels, 0x63F eight. So a
   plain header and an extensible one of the same sound are equal. The bytes behind are what follows the 18
   (EXTENSIBLE: 40) bytes of the header up to `cbSize`, for any tag but PCM, float, A-law and µ-law, where they
   mean nothing;
2. the data of the `data` chunk, without its pad byte: as much as there is where the file ends within it, and all
   up to the tags at the end of the file where its size was never filled in (0xFFFFFFFF, or 0 in a header that was
   not finished).

Sources: Microsoft, "Multiple Channel Audio Data and WAVE Files"; EBU Tech 3285 (BWF) and 3306 (RF64). The `MD5 `
chunk is that of BWF MetaEdit: MD5 over the data of `data`, its 16 bytes in reverse order (seen in its source; both
orders are taken).
"""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

from fonoteca.audio.chunks import Chunk
from fonoteca.audio.properties.pcm import Chunked, wav_chunks
from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, feed, told
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "riff/1"
_EXTENSIBLE = 0xFFFE
_COMMON_GUID = bytes.fromhex("000000001000800000aa00389b71")
"""Behind the two bytes of the format tag."""
_BARE = (0x0001, 0x0003, 0x0006, 0x0007)
_MEANT = {1: 0x4, 2: 0x3, 6: 0x3F, 8: 0x63F}
_UNSET = 0xFFFFFFFF
_LONGEST_FORMAT = 1 << 16


class _Format(NamedTuple):
    tag: int
    channels: int
    rate: int
    align: int
    bits: int
    valid: int
    speakers: int
    rest: bytes

    def packed(self) -> bytes:
        return struct.pack("<HHIHHHI", *self[:7]) + self.rest


class _Data(NamedTuple):
    start: int
    end: int
    is_streamed: bool


def read(source: Source) -> Sound:
    """The sound of a WAV, RF64 or BW64 file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    kind, size, form = _head(source)
    if form != b"WAVE":
        raise Strange("not a WAVE form")
    parts = _chunks(source)
    format_ = _format(source, parts)
    data = _data(source, parts, kind, size)
    digest, md5 = Digesting(NAME), hashlib.md5(usedforsecurity=False)
    stored = _stored_md5(source, parts)
    digest.part(format_.packed())
    digest.begin(data.end - data.start)
    feed(source, data.start, data.end, digest.update, *([md5.update] if stored else []))
    check, lossless = _check(source, parts, kind, size, data), None
    if stored and check.soundness is Soundness.STRUCTURE:
        check = _compared(md5.digest(), stored, data.start)
        lossless = f"md5:{md5.hexdigest()}" if _is_plain(format_, check) else None
    return Sound(check, digest.payload(), lossless=lossless)


def _chunks(source: Source) -> Chunked:
    """The chunks in front of any tags at the end of the file, which would read like chunks that are cut."""
    parts, end = wav_chunks(source), sound_span(source).end
    return Chunked(tuple(chunk for chunk in parts.chunks if chunk.start - 8 < end), parts.sizes)


def _head(source: Source) -> tuple[bytes, int, bytes]:
    head = source.at(0, 12)
    if len(head) < 12:
        raise Broken("the file ends within its RIFF header", source.size)
    kind, size, form = struct.unpack("<4sI4s", head)
    if kind not in (b"RIFF", b"RF64", b"BW64"):
        raise Strange("not a RIFF, RF64 or BW64 file")
    if kind == b"RIFF":
        return kind, size, form
    # RF64 and BW64: the first chunk holds the sizes that the 32-bit fields cannot.
    sizes = source.at(12, 32)
    if sizes[:4] != b"ds64" or len(sizes) < 32:
        raise Broken("an RF64 file without its ds64 chunk", 12)
    return kind, struct.unpack_from("<Q", sizes, 8)[0] if size == _UNSET else size, form


def _format(source: Source, parts: Chunked) -> _Format:
    chunk = parts.find(b"fmt ")
    data = chunk.read(source, _LONGEST_FORMAT) if chunk else b""
    if chunk is None or len(data) < min(16, chunk.declared):
        raise Broken("there is no fmt chunk, or it is cut", source.size)
    if chunk.declared < 16 or chunk.declared > _LONGEST_FORMAT:
        raise Strange(f"a fmt chunk of {chunk.declared} bytes")
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", data)
    extra = data[18 : 18 + int.from_bytes(data[16:18], "little")]
    if tag != _EXTENSIBLE:
        return _Format(tag, channels, rate, align, bits, bits, 0, b"" if tag in _BARE else extra)
    if len(extra) < 22:
        raise Broken("an extensible fmt chunk that is too short", chunk.start)
    valid, speakers = struct.unpack_from("<HI", extra)
    guid, rest = extra[6:22], extra[22:]
    if guid[2:] == _COMMON_GUID:
        tag = int.from_bytes(guid[:2], "little")
        rest = b"" if tag in _BARE else rest
    else:
        rest = guid + rest
    speakers = 0 if _MEANT.get(channels) == speakers else speakers
    return _Format(tag, channels, rate, align, bits, valid or bits, speakers, rest)


def _data(source: Source, parts: Chunked, kind: bytes, size: int) -> _Data:
    found = [chunk for chunk in parts.chunks if chunk.id == b"data"]
    if not found:
        raise Broken("there is no data chunk", source.size)
    chunk = found[0]
    if _is_streamed(source, chunk, kind, size):
        return _Data(chunk.start, max(chunk.start, sound_span(source).end), True)
    if len(found) > 1:
        raise Strange("several data chunks")
    return _Data(chunk.start, chunk.start + chunk.size, False)


def _is_streamed(source: Source, chunk: Chunk, kind: bytes, size: int) -> bool:
    """Whether the size of `data` was never filled in."""
    if chunk.declared in (_UNSET, (1 << 64) - 1):
        return True
    unfinished = (0, _UNSET, chunk.start - 8)
    return chunk.declared == 0 and size in unfinished and chunk.start < source.size


def _stored_md5(source: Source, parts: Chunked) -> bytes | None:
    chunk = parts.find(b"MD5 ")
    return chunk.read(source) if chunk and chunk.declared == chunk.size == 16 else None


def _check(source: Source, parts: Chunked, kind: bytes, size: int, data: _Data) -> SelfCheck:
    if data.is_streamed:
        return SelfCheck(Soundness.NO_CHECK, "written as a stream: its sizes were never filled in")
    for chunk in parts.chunks:
        # An id that is none stands at the end of a chain that was broken before, or is junk behind the last chunk.
        if chunk.declared > chunk.size and (chunk.id == b"data" or _is_name(chunk.id)):
            return SelfCheck(
                Soundness.DAMAGED,
                f"the file ends within its {chunk.id.decode('ascii')!r} chunk, "
                f"{chunk.declared - chunk.size} bytes too early",
                source.size,
            )
    end = size + 8
    if end != _UNSET + 8 and end < data.end:
        return SelfCheck(Soundness.DAMAGED, "the data chunk ends behind the end of the RIFF form", end)
    # Some writers count the header of eight bytes in; no chunk with anything inside has room in these.
    if end > source.size + 8 and end != _UNSET + 8:
        return SelfCheck(
            Soundness.DAMAGED, f"the file ends {end - source.size} bytes before the RIFF form", source.size
        )
    return SelfCheck(Soundness.STRUCTURE, "the sizes of its chunks fit the file")


def _is_name(name: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in name)


def _compared(found: bytes, stored: bytes, at: int) -> SelfCheck:
    if stored in (found, found[::-1]):
        return SelfCheck(Soundness.SOUND, "the MD5 of its data holds")
    return SelfCheck(Soundness.DAMAGED, "the MD5 of its data differs", at)


def _is_plain(format_: _Format, check: SelfCheck) -> bool:
    """Integer samples that FLAC would hash as the same bytes: signed, without padding bits."""
    whole = format_.bits == format_.valid and format_.bits in (16, 24, 32)
    return check.soundness is Soundness.SOUND and format_.tag == 1 and whole
