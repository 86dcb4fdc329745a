"""APEv2: Musepack, Monkey's Audio, WavPack, OptimFROG, TAK, and beside ID3 in MP3.

Raw form: `{"Title": ["…"], "Cover Art (Front)": {"bytes": …, "sha256": …}}`, keys in the file's own case.
"""

from __future__ import annotations

from typing import Any

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import Json, Picture, Tags
from fonoteca.audio.source import Source
from fonoteca.audio.tags.fields import Fields
from fonoteca.audio.tags.raw import jsonable, picture

_TEXT, _BINARY = 0, 1
_COVERS = {
    "COVER ART (OTHER)": 0,
    "COVER ART (PNG ICON)": 1,
    "COVER ART (ICON)": 2,
    "COVER ART (FRONT)": 3,
    "COVER ART (BACK)": 4,
    "COVER ART (LEAFLET)": 5,
    "COVER ART (MEDIA)": 6,
    "COVER ART (LEAD)": 7,
    "COVER ART (ARTIST)": 8,
    "COVER ART (CONDUCTOR)": 9,
    "COVER ART (BAND)": 10,
    "COVER ART (COMPOSER)": 11,
    "COVER ART (LYRICIST)": 12,
    "COVER ART (RECORDING LOCATION)": 13,
    "COVER ART (DURING RECORDING)": 14,
    "COVER ART (DURING PERFORMANCE)": 15,
    "COVER ART (VIDEO CAPTURE)": 16,
    "COVER ART (FISH)": 17,
    "COVER ART (ILLUSTRATION)": 18,
    "COVER ART (BAND LOGO)": 19,
    "COVER ART (PUBLISHER LOGO)": 20,
}


def read_apev2(source: Source) -> Any | None:
    """The tag at the end of the file, or else at its beginning; None where there is none."""
    source.file.seek(0)
    try:
        return mutagen("apev2.APEv2")(source.file)
    except mutagen("apev2.APENoHeaderError"):
        return None


def apev2_tags(ape: Any) -> Tags:
    """Normalised tags. Text and links; binary values are in the raw form only."""
    fields = Fields()
    for key, value in ape.items():
        if value.kind != _BINARY:
            # Values of one key are NUL-separated; links are a single string to mutagen.
            fields.add(key, *(value if value.kind == _TEXT else str(value).split("\0")))
    return fields.tags()


def apev2_pictures(ape: Any) -> list[Picture]:
    """`Cover Art (…)` items: a file name, a NUL, the picture."""
    pictures = []
    for key, value in ape.items():
        if value.kind == _BINARY and key.upper() in _COVERS:
            name, _, data = bytes(value.value).partition(b"\0")
            pictures.append(
                picture(data, type=_COVERS[key.upper()], description=name.decode("utf-8", "replace"))
            )
    return pictures


def apev2_raw(ape: Any) -> Json:
    """The items as they stand, for JSON."""
    return {key: jsonable(list(value) if value.kind == _TEXT else value.value) for key, value in ape.items()}
