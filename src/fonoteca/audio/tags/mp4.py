"""MP4 `ilst` atoms: M4A, M4B, MP4.

Raw form: `{"©nam": ["…"], "trkn": [[3, 12]], "covr": [{"bytes": …, "sha256": …}], "----:com.apple.iTunes:…":
["…"]}`.
"""

from __future__ import annotations

from typing import Any

from fonoteca.audio.model import Json, Picture, Tags
from fonoteca.audio.tags.fields import Fields, clock, fraction
from fonoteca.audio.tags.raw import jsonable, picture
from fonoteca.audio.tags.tables import MP4_ATOMS

_PAIRS = {"trkn": ("TRACKNUMBER", "TRACKTOTAL"), "disk": ("DISCNUMBER", "DISCTOTAL")}
_FREEFORM = "----:"
_ITUNES = "----:com.apple.iTunes:"
_INTEGER = 21
"""The well-known type of a big-endian signed integer (QuickTime File Format, "Well-Known Types")."""
_TEXT_TYPES = (0, 1)


def mp4_tags(ilst: Any) -> Tags:
    """Normalised tags of an `ilst` as mutagen gives it: lists by atom name."""
    fields = Fields()
    for key, values in ilst.items():
        if key in _PAIRS:
            _pair(fields, *_PAIRS[key], values)
        elif key == "rate":
            _rating(fields, values)
        elif key.startswith(_FREEFORM):
            name = key.removeprefix(_ITUNES).removeprefix(_FREEFORM)
            _free(fields, name.upper(), [text for value in values if (text := _freeform(value)) is not None])
        elif key != "covr":
            fields.add(MP4_ATOMS.get(key, key), *_texts(values))
    return fields.tags()


def mp4_pictures(ilst: Any) -> list[Picture]:
    """Covers; MP4 knows no other type."""
    return [picture(bytes(cover), type=3) for cover in ilst.get("covr", [])]


def mp4_chapters(chapters: Any) -> Tags:
    """A `chpl` box as `_CHAPTERS`."""
    lines = [f"{clock(chapter.start)} {chapter.title}" for chapter in chapters or ()]
    return {"_CHAPTERS": lines} if lines else {}


def mp4_raw(ilst: Any) -> Json:
    """The atoms as they stand, for JSON; those that mutagen could not parse as bytes."""
    raw = {
        key: jsonable([_text_or_bytes(value) for value in _listed(values)]) for key, values in ilst.items()
    }
    for key, values in ilst._failed_atoms.items():
        raw.setdefault(str(key), jsonable([bytes(value) for value in values]))
    return raw


def _free(fields: Fields, name: str, texts: list[str]) -> None:
    if name == "FMPS_RATING":
        fields.add("_RATING", *texts)
    elif name.startswith("FMPS_PLAYCOUNT"):
        fields.add("_PLAYCOUNT", *(text.split(".")[0] for text in texts))
    fields.add(name, *texts)


def _pair(fields: Fields, number: str, total: str, values: Any) -> None:
    """`(3, 12)`; a zero means that it isn't known."""
    for first, second in values[:1]:
        if first:
            fields.add(number, str(first))
        if second:
            fields.fill(total, str(second))


def _rating(fields: Fields, values: Any) -> None:
    for text in _texts(values):
        if text.isdecimal() and int(text):
            fields.add("_RATING", fraction(int(text) / 100))


def _texts(values: Any) -> list[str]:
    return [str(int(value)) if isinstance(value, int) else str(value) for value in _listed(values)]


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def _freeform(value: Any) -> str | None:
    """The text of a freeform value; None where it is binary."""
    kind = getattr(value, "dataformat", 1)
    if kind == _INTEGER and 0 < len(value) <= 8:
        return str(int.from_bytes(value, "big", signed=True))
    if kind not in _TEXT_TYPES:
        return None
    try:
        return bytes(value).strip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return None


def _text_or_bytes(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    text = _freeform(value) if hasattr(value, "dataformat") else None
    return bytes(value) if text is None else text
