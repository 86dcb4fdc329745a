"""Vorbis comments: FLAC and every Ogg codec.

Raw form: `{"vendor": "…", "comments": [["TITLE", "…"], …]}`, in the order of the file; embedded pictures as
their length and digest.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import Error as Base64Error
from struct import error as StructError
from typing import Any

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import Json, Picture, Tags
from fonoteca.audio.tags.fields import Fields, clock, fraction
from fonoteca.audio.tags.raw import picture

_PICTURES = ("METADATA_BLOCK_PICTURE", "COVERART", "COVERARTMIME", "COVERARTTYPE", "COVERARTDESCRIPTION")


def vorbis_tags(comments: Any) -> Tags:
    """Normalised tags of a list of (key, value) pairs."""
    fields = Fields()
    for key, value in comments:
        name = key.upper()
        if name in _PICTURES:
            continue
        fields.add(name, value)
        if name == "RATING" or name.startswith("RATING:") or name == "FMPS_RATING":
            _rating(fields, value)
        elif name == "FMPS_PLAYCOUNT":
            fields.add("_PLAYCOUNT", value.split(".")[0])
    return fields.tags()


def vorbis_pictures(comments: Any) -> list[Picture]:
    """Pictures in METADATA_BLOCK_PICTURE comments, or in the older COVERART ones."""
    values: dict[str, list[str]] = {}
    for key, value in comments:
        if key.upper() in _PICTURES:
            values.setdefault(key.upper(), []).append(value)
    pictures = [
        block_picture(block) for value in values.get("METADATA_BLOCK_PICTURE", []) if (block := _block(value))
    ]
    mimes = values.get("COVERARTMIME", [])
    for index, value in enumerate(values.get("COVERART", []) if not pictures else []):
        if data := _base64(value):
            pictures.append(picture(data, type=3, mime=mimes[index] if index < len(mimes) else ""))
    return pictures


def block_picture(block: Any) -> Picture:
    """A FLAC picture block without its bytes."""
    return picture(
        block.data,
        type=int(block.type),
        mime=block.mime,
        description=block.desc,
        width=block.width,
        height=block.height,
    )


def cuesheet(sheet: Any, sample_rate: int) -> Tags:
    """A FLAC CUESHEET block as `_CUESHEET`, one line a track: `01 00:00:00.000 GBAYE6800011`."""
    lines = []
    for track in sheet.tracks:
        if track.track_number not in (170, 255):  # lead-out
            start = next((index.index_offset for index in track.indexes if index.index_number == 1), 0)
            isrc = bytes(track.isrc or b"").decode("ascii", "replace").strip("\0")
            at = clock((track.start_offset + start) / (sample_rate or 44100))
            lines.append(f"{track.track_number:02} {at} {isrc}".rstrip())
    return {"_CUESHEET": lines} if lines else {}


def vorbis_raw(comments: Any) -> Json:
    """The comments as they stand, for JSON."""
    return {
        "vendor": str(comments.vendor),
        "comments": [[key, _short(key, value)] for key, value in comments],
    }


def _short(key: str, value: str) -> Json:
    if key.upper() not in ("METADATA_BLOCK_PICTURE", "COVERART"):
        return value
    return {"bytes": len(value), "sha256": hashlib.sha256(value.encode()).hexdigest()}


def _rating(fields: Fields, value: str) -> None:
    """Quod Libet and FMPS write 0 to 1; others 1 to 5 or 1 to 100, which the size of the number tells."""
    try:
        number = float(value)
    except ValueError:
        return
    if 0 < number <= 100:
        fields.add(
            "_RATING", fraction(number if number <= 1 else number / 5 if number <= 5 else number / 100)
        )


def _base64(value: str) -> bytes:
    try:
        return b64decode(value)
    except (Base64Error, ValueError):
        return b""


def _block(value: str) -> Any | None:
    data = _base64(value)
    if not data:
        return None
    try:
        return mutagen("flac.Picture")(data)
    except (mutagen("_util.MutagenError"), StructError):
        return None
