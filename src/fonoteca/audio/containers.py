"""FLAC, Ogg, MP4, ASF, WAV, AIFF, DSF, DSDIFF: containers that hold tags, pictures and sound together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fonoteca.audio.drm import drm_of_asf, drm_of_mp4
from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import AudioProperties, Inside, Json, Picture, Tags
from fonoteca.audio.outer import Outer, read_outer
from fonoteca.audio.properties.common import properties_of
from fonoteca.audio.properties.pcm import (
    Chunked,
    NoFormat,
    aiff_chunks,
    aiff_properties,
    wav_chunks,
    wav_codec,
    wav_properties,
)
from fonoteca.audio.source import Source
from fonoteca.audio.tags.asf import asf_pictures, asf_raw, asf_tags
from fonoteca.audio.tags.fields import merged
from fonoteca.audio.tags.frames import Id3, id3_of, known_frames, read_id3v2
from fonoteca.audio.tags.id3 import id3v2_pictures, id3v2_raw, id3v2_tags
from fonoteca.audio.tags.mp4 import mp4_chapters, mp4_pictures, mp4_raw, mp4_tags
from fonoteca.audio.tags.riff import info_raw, info_tags, read_aiff_text, read_info
from fonoteca.audio.tags.vorbis import block_picture, cuesheet, vorbis_pictures, vorbis_raw, vorbis_tags

_OGG = (
    (b"\x01vorbis", "oggvorbis.OggVorbis", "vorbis"),
    (b"OpusHead", "oggopus.OggOpus", "opus"),
    (b"Speex   ", "oggspeex.OggSpeex", "speex"),
    (b"\x7fFLAC", "oggflac.OggFLAC", "flac"),
    (b"\x80theora", "oggtheora.OggTheora", "theora"),
)
_OPUS_RATE = 48_000
"""Opus is always decoded at 48 kHz (RFC 7845, 5.1)."""
_MP4_CODECS = {
    "mp4a.6b": "mp3",
    "mp4a.69": "mp3",
    "mp4a.a5": "ac3",
    "mp4a.a6": "eac3",
    "mp4a.a9": "dts",
    "ac-3": "ac3",
    "ec-3": "eac3",
    "fLaC": "flac",
    "Opus": "opus",
    ".mp3": "mp3",
    "dtsc": "dts",
}


class UnknownStream(ValueError):
    """The container is sound, what it holds is not known."""


def read_container(family: str, source: Source, outer: Outer) -> Inside:
    """Everything about a file of this family. Raises what mutagen raises where it cannot be read."""
    return _READERS[family](source, outer)


def _flac(source: Source, outer: Outer) -> Inside:
    flac = mutagen("flac.FLAC")(source.behind(outer.start).file)
    around = read_outer(source, outer)
    comments = flac.tags if flac.tags is not None else []
    own = vorbis_tags(comments)
    if flac.cuesheet is not None:
        own |= cuesheet(flac.cuesheet, flac.info.sample_rate)
    pictures = [block_picture(block) for block in flac.pictures] + vorbis_pictures(comments)
    return Inside(
        tags=merged([own, around.tags]),
        raw=({"vorbis": vorbis_raw(comments)} if comments or flac.tags is not None else {}) | around.raw,
        pictures=(*pictures, *around.pictures),
        audio=properties_of(flac.info, "flac", "flac"),
    )


def _ogg(source: Source, outer: Outer) -> Inside:
    head = outer.head
    found = [(head.find(mark), reader, codec) for mark, reader, codec in _OGG if mark in head]
    if not found:
        raise UnknownStream("no codec that is known in this Ogg file")
    _, reader, codec = min(found)
    ogg = mutagen(reader)(source.behind(outer.start).file)
    comments = ogg.tags
    rate = {"sample_rate": _OPUS_RATE} if codec == "opus" else {}
    return Inside(
        tags=vorbis_tags(comments),
        raw={"vorbis": vorbis_raw(comments)},
        pictures=tuple(vorbis_pictures(comments)),
        audio=properties_of(ogg.info, "ogg", codec, **rate),
    )


def _mp4(source: Source, outer: Outer) -> Inside:
    drm = drm_of_mp4(source)
    source.file.seek(0)
    try:
        mp4 = mutagen("mp4.MP4")(source.file)
    except mutagen("_util.MutagenError") as error:
        if drm is None:
            raise
        # Audible's and others' files may lie about their insides; what matters is that they are known as
        # protected.
        return Inside(
            audio=AudioProperties("mp4"), drm=drm, note=f"protected, and its tags cannot be read: {error}"
        )
    ilst = mp4.tags
    return Inside(
        tags=merged([mp4_tags(ilst) if ilst is not None else {}, mp4_chapters(mp4.chapters)]),
        raw={"mp4": mp4_raw(ilst)} if ilst is not None else {},
        pictures=tuple(mp4_pictures(ilst)) if ilst is not None else (),
        audio=properties_of(mp4.info, "mp4", _mp4_codec(mp4.info.codec)),
        drm=drm,
    )


def _mp4_codec(name: str) -> str | None:
    """mutagen's `mp4a.40.2`, `alac`, … in our words."""
    kind = ".".join(name.split(".")[:2]).lower() if name.startswith("mp4a") else name
    if kind == "mp4a" or kind.startswith(("mp4a.4", "mp4a.66", "mp4a.67")):
        return "aac"
    return _MP4_CODECS.get(kind) or kind.strip().lower() or None


def _asf(source: Source, outer: Outer) -> Inside:
    drm = drm_of_asf(source)
    source.file.seek(0)
    asf = mutagen("asf.ASF")(source.file)
    return Inside(
        tags=asf_tags(asf.tags),
        raw={"asf": asf_raw(asf.tags)},
        pictures=tuple(asf_pictures(asf.tags)),
        audio=properties_of(asf.info, "asf", _asf_codec(asf)),
        drm=drm,
    )


def _asf_codec(asf: Any) -> str | None:
    """The WAVE format tag in the stream properties' type-specific data (ASF specification, 3.3 and 9.1)."""
    for block in asf._header.objects:
        if type(block).__name__ == "StreamPropertiesObject" and len(block.data) >= 70:
            tag, bits = (
                int.from_bytes(block.data[54:56], "little"),
                int.from_bytes(block.data[68:70], "little"),
            )
            return wav_codec(tag, bits)
    return None


def _wav(source: Source, outer: Outer) -> Inside:
    parts = wav_chunks(source)
    info = next(
        (chunk for chunk in parts.chunks if chunk.id == b"LIST" and source.at(chunk.start, 4) == b"INFO"),
        None,
    )
    return _chunked(source, parts, "wav", read_info(source, info) if info else {}, wav_properties)


def _aiff(source: Source, outer: Outer) -> Inside:
    parts = aiff_chunks(source)
    return _chunked(source, parts, "aiff", read_aiff_text(source, list(parts.chunks)), aiff_properties)


def _chunked(
    source: Source,
    parts: Chunked,
    container: str,
    texts: dict[str, str],
    properties: Callable[[Source, Chunked], AudioProperties],
) -> Inside:
    """An ID3 chunk wins over the container's own texts, as in Picard."""
    chunk = parts.find(b"id3 ", b"ID3 ")
    inside = _with_id3(read_id3v2(chunk.read(source)) if chunk else None)
    if texts:
        raw: dict[str, Json] = {**inside.raw, "info": info_raw(texts)}
        inside = replace(inside, tags=merged([inside.tags, info_tags(texts)]), raw=raw)
    try:
        return replace(inside, audio=properties(source, parts))
    except NoFormat as error:
        if not inside.tags:
            raise
        return replace(inside, audio=AudioProperties(container), note=str(error))


def _dsf(source: Source, outer: Outer) -> Inside:
    source.file.seek(0)
    dsf = mutagen("dsf.DSF")(source.file, **_id3_options())
    return replace(
        _with_id3(id3_of(dsf.tags) if dsf.tags is not None else None),
        audio=properties_of(dsf.info, "dsf", "dsd"),
    )


def _dsdiff(source: Source, outer: Outer) -> Inside:
    source.file.seek(0)
    dff = mutagen("dsdiff.DSDIFF")(source.file, **_id3_options())
    codec = (dff.info.compression or "dsd").lower()
    return replace(
        _with_id3(id3_of(dff.tags) if dff.tags is not None else None),
        audio=properties_of(dff.info, "dsdiff", codec),
    )


def _id3_options() -> dict[str, Any]:
    return {"known_frames": known_frames(), "translate": False, "load_v1": False}


def _with_id3(id3: Id3 | None) -> Inside:
    if id3 is None:
        return Inside()
    pictures: list[Picture] = id3v2_pictures(id3)
    tags: Tags = id3v2_tags(id3)
    return Inside(tags=tags, raw={"id3v2": [id3v2_raw(id3)]}, pictures=tuple(pictures))


_READERS: dict[str, Callable[[Source, Outer], Inside]] = {
    "flac": _flac,
    "ogg": _ogg,
    "mp4": _mp4,
    "asf": _asf,
    "wav": _wav,
    "aiff": _aiff,
    "dsf": _dsf,
    "dsdiff": _dsdiff,
}
CONTAINERS = frozenset(_READERS)
"""The families that this module reads."""
