"""RIFF LIST-INFO (WAV) and the text chunks of AIFF: few fields, and no declared encoding.

Raw form: `{"INAM": "…", "ICRD": "…"}`.
"""

from __future__ import annotations

from fonoteca.audio.chunks import Chunk, chunks
from fonoteca.audio.model import Json, Tags
from fonoteca.audio.source import Source
from fonoteca.audio.tags.fields import Fields
from fonoteca.audio.tags.tables import RIFF_INFO

_AIFF = {"NAME": "TITLE", "AUTH": "ARTIST", "(c) ": "COPYRIGHT", "ANNO": "COMMENT"}
_FRONT = ("TRACKNUMBER", "ENCODEDBY")
"""Fields that two ids may fill: the first found wins."""


def read_info(source: Source, info: Chunk) -> dict[str, str]:
    """The items of a `LIST` chunk whose data begins with `INFO`, by id."""
    found: dict[str, str] = {}
    for item in chunks(source, info.start + 4, info.start + info.size, "<I"):
        name = item.id.decode("latin-1")
        found.setdefault(name, _text(item.read(source)))
    return found


def read_aiff_text(source: Source, found: list[Chunk]) -> dict[str, str]:
    """NAME, AUTH, `(c) ` and ANNO chunks, by id."""
    texts: dict[str, str] = {}
    for chunk in found:
        name = chunk.id.decode("latin-1")
        if name in _AIFF:
            texts.setdefault(name, _text(chunk.read(source)))
    return texts


def info_tags(items: dict[str, str]) -> Tags:
    """Normalised tags of INFO items or AIFF text chunks."""
    fields = Fields()
    for name, text in items.items():
        field = RIFF_INFO.get(name) or _AIFF.get(name) or name.strip()
        if text and not (field in _FRONT and fields.has(field)):
            fields.add(field, text)
    return fields.tags()


def info_raw(items: dict[str, str]) -> Json:
    """The items as they stand, for JSON."""
    return dict(items)


def _text(data: bytes) -> str:
    """UTF-8 where it is, else Windows-1252 (Picard's rule); up to the first NUL."""
    data = data.split(b"\0")[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
