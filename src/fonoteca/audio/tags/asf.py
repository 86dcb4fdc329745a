"""ASF attributes: WMA.

Raw form: `[["WM/AlbumTitle", "…"], ["WM/Picture", {"bytes": …}], …]`, in the order of the file.
"""

from __future__ import annotations

import struct
from typing import Any

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import Json, Picture, Tags
from fonoteca.audio.tags.fields import Fields, fraction
from fonoteca.audio.tags.raw import jsonable, picture
from fonoteca.audio.tags.tables import ASF_NAMES

_SPACED = ("MUSICBRAINZ/", "MUSICIP/", "ACOUSTID/")


def asf_tags(attributes: Any) -> Tags:
    """Normalised tags of a list of (name, attribute) pairs."""
    fields = Fields()
    for name, attribute in attributes:
        upper = name.upper()
        text = _text(attribute)
        if text is None:
            continue
        if upper == "WM/SHAREDUSERRATING":
            _rating(fields, text)
        elif upper == "WM/TRACK" and text.isdecimal():
            fields.add("_TRACK", str(int(text) + 1))  # the older field counts from 0
        elif upper.startswith(_SPACED):
            fields.add(upper.replace("/", " ", 1), text)
        else:
            fields.add(ASF_NAMES.get(upper, upper), text)
    tags = fields.tags()
    older = tags.pop("_TRACK", None)
    if older:
        tags.setdefault("TRACKNUMBER", older)
    return tags


def asf_pictures(attributes: Any) -> list[Picture]:
    """WM/Picture values that can be taken apart."""
    return [
        found
        for name, attribute in attributes
        if name.upper() == "WM/PICTURE" and (found := _picture(_value(attribute)))
    ]


def asf_raw(attributes: Any) -> Json:
    """The attributes as they stand, for JSON."""
    return [[name, jsonable(_value(attribute))] for name, attribute in attributes]


def _value(attribute: Any) -> Any:
    return getattr(attribute, "value", attribute)


def _text(attribute: Any) -> str | None:
    value = _value(attribute)
    if isinstance(value, bytes) or isinstance(attribute, mutagen("asf.ASFGUIDAttribute")):
        return None
    return str(int(value)) if isinstance(value, int) else str(value)


def _rating(fields: Fields, text: str) -> None:
    if text.isdecimal() and int(text):
        fields.add("_RATING", fraction(int(text) / 99))


def _picture(data: Any) -> Picture | None:
    """Type (1 byte), size (4), MIME type and description (UTF-16-LE up to a NUL), then the picture."""
    if not isinstance(data, bytes) or len(data) < 9:
        return None
    kind, size = struct.unpack_from("<bI", data)
    mime, start = _wide(data, 5)
    description, start = _wide(data, start)
    return picture(data[start : start + size], type=kind, mime=mime, description=description)


def _wide(data: bytes, start: int) -> tuple[str, int]:
    end = start
    while end + 1 < len(data) and data[end : end + 2] != b"\0\0":
        end += 2
    return data[start:end].decode("utf-16-le", "replace"), end + 2
