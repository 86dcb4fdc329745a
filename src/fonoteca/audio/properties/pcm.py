"""WAV (RIFF, RF64, BW64) and AIFF: the format chunk, and how much sound there is.

mutagen reads neither RF64 nor the codec of either, so these are read here: Microsoft's "Multiple Channel
Audio Data and WAVE Files", EBU Tech 3306 (RF64), Apple's "Audio Interchange File Format AIFF-C" (1991).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fonoteca.audio.chunks import Chunk, chunks
from fonoteca.audio.model import AudioProperties
from fonoteca.audio.properties.common import seconds
from fonoteca.audio.source import Source

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_WAV_CODECS = {
    0x0002: "adpcm_ms",
    0x0006: "pcm_alaw",
    0x0007: "pcm_mulaw",
    0x0011: "adpcm_ima_wav",
    0x0031: "gsm_ms",
    0x0050: "mp2",
    0x0055: "mp3",
    0x00FF: "aac",
    0x0160: "wmav1",
    0x0161: "wmav2",
    0x0162: "wmapro",
    0x0163: "wmalossless",
    0x000A: "wmavoice",
    0x1600: "aac",
    0x1610: "aac",
    0x2000: "ac3",
    0x2001: "dts",
    0x706D: "aac",
    0xF1AC: "flac",
}
_AIFC_CODECS = {
    "fl32": "pcm_f32be",
    "fl64": "pcm_f64be",
    "alaw": "pcm_alaw",
    "ulaw": "pcm_mulaw",
    "ima4": "adpcm_ima_qt",
    "in24": "pcm_s24be",
    "in32": "pcm_s32be",
}


@dataclass(frozen=True, slots=True)
class Chunked:
    """The chunks of a WAV or AIFF file."""

    chunks: tuple[Chunk, ...]
    sizes: dict[bytes, int]

    def find(self, *ids: bytes) -> Chunk | None:
        """The first chunk with one of these ids."""
        return next((chunk for chunk in self.chunks if chunk.id in ids), None)


class NoFormat(ValueError):
    """A WAV without `fmt ` or an AIFF without `COMM`: nothing says what its sound is."""


def wav_chunks(source: Source) -> Chunked:
    """The chunks behind `RIFF….WAVE`. RF64 keeps the true 64-bit sizes in `ds64`."""
    sizes: dict[bytes, int] = {}
    if source.at(0, 4) in (b"RF64", b"BW64"):
        head = source.at(12, 32)
        if head[:4] == b"ds64" and len(head) == 32:
            sizes[b"data"] = struct.unpack_from("<Q", head, 16)[0]
    return Chunked(tuple(chunks(source, 12, source.size, "<I", sizes)), sizes)


def aiff_chunks(source: Source) -> Chunked:
    """The chunks behind `FORM….AIFF`."""
    return Chunked(tuple(chunks(source, 12, source.size, ">I")), {})


def wav_codec(tag: int, bits: int) -> str:
    """The word for a WAVE format tag."""
    if tag == _PCM:
        return "pcm_u8" if bits <= 8 else f"pcm_s{(bits + 7) // 8 * 8}le"
    if tag == _FLOAT:
        return f"pcm_f{bits}le"
    return _WAV_CODECS.get(tag, f"wav_0x{tag:04x}")


def wav_properties(source: Source, parts: Chunked) -> AudioProperties:
    """From `fmt `, `data` and, for compressed sound, `fact`. Raises `NoFormat`."""
    form, data, fact = parts.find(b"fmt "), parts.find(b"data"), parts.find(b"fact")
    head = form.read(source, 64) if form else b""
    if len(head) < 16:
        raise NoFormat("there is no fmt chunk")
    tag, channels, rate, byte_rate, block, bits = struct.unpack_from("<HHIIHH", head)
    if tag == _EXTENSIBLE and len(head) >= 26:
        (tag,) = struct.unpack_from("<H", head, 24)  # the first two bytes of the sub-format's GUID
    codec = wav_codec(tag, bits)
    size = data.size if data else 0
    length: float | None
    if codec.startswith("pcm_"):
        length = size // block / rate if block and rate else None
        bit_rate = channels * bits * rate
    else:
        samples = struct.unpack("<I", fact.read(source, 4))[0] if fact and fact.size >= 4 else 0
        length = samples / rate if samples and rate else size / byte_rate if byte_rate else None
        bit_rate = byte_rate * 8
    return AudioProperties(
        "wav", codec, seconds(length), rate or None, channels or None, bit_rate or None, bits or None
    )


def aiff_properties(source: Source, parts: Chunked) -> AudioProperties:
    """From `COMM`. Raises `NoFormat`."""
    common = parts.find(b"COMM")
    head = common.read(source, 64) if common else b""
    if len(head) < 18:
        raise NoFormat("there is no COMM chunk")
    channels, frames, bits = struct.unpack_from(">HIH", head)
    rate = _extended(head[8:18])
    codec = _aiff_codec(head[18:22].decode("latin-1") if source.at(8, 4) == b"AIFC" else "NONE", bits)
    return AudioProperties(
        "aiff",
        codec,
        seconds(frames / rate if rate else None),
        round(rate) or None,
        channels or None,
        round(channels * bits * rate) or None,
        bits or None,
    )


def _aiff_codec(kind: str, bits: int) -> str:
    whole = (bits + 7) // 8 * 8
    if kind in ("NONE", "twos", "raw "):
        return f"pcm_s{whole}be" if whole > 8 else "pcm_s8"
    if kind == "sowt":
        return f"pcm_s{whole}le" if whole > 8 else "pcm_s8"
    return _AIFC_CODECS.get(kind.lower(), kind.strip().lower())


def _extended(data: bytes) -> float:
    """An 80-bit IEEE 754 extended float; 0.0 for what no sample rate can be."""
    exponent, mantissa = struct.unpack(">HQ", data)
    if not 0x3FFF <= exponent <= 0x3FFF + 32:
        return 0.0
    return float(mantissa * 2.0 ** (exponent - 0x3FFF - 63))
