"""Native tags written back into a file as they were recorded, layer by layer: the one place that changes a tag.

    write_tags(path, now, then)

`now` and `then` are raw tags, in the forms that each module of `audio.tags` shows. What both say alike is not touched,
and embedded pictures stay as they are: of those only digests were recorded. Nothing is proven here: whoever writes
works on a copy, and reads it again.
"""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import Json
from fonoteca.audio.tags.frames import known_frames

_COVER = "COVER ART"
_VORBIS = ("flac.FLAC", "oggvorbis.OggVorbis", "oggopus.OggOpus", "oggspeex.OggSpeex", "oggflac.OggFLAC")
_CHUNKED = {b"RIFF": "wave.WAVE", b"FORM": "aiff.AIFF", b"DSD ": "dsf.DSF", b"FRM8": "dsdiff.DSDIFF"}
_TEXT, _BINARY, _LINK = 0, 1, 2
"""Kinds of APEv2 items."""
_DERIVED = ("id3v1",)
"""What follows from another layer: mutagen writes an ID3v1 tag anew along with ID3v2."""


class Unwritable(ValueError):
    """These tags cannot be written, for the reason given."""


def write_tags(path: bytes, now: Mapping[str, Json], then: Mapping[str, Json]) -> None:
    """Give the file at `path`, whose raw tags are `now`, those of `then`.

    Raises Unwritable, what mutagen raises, OSError; the file may be changed by half then.
    """
    for layer in sorted(now.keys() | then.keys()):
        if now.get(layer) == then.get(layer) or layer in _DERIVED:
            continue
        write = _WRITERS.get(layer)
        if write is None:
            raise Unwritable(f"nothing here writes {layer} tags")
        write(os.fsdecode(path), now.get(layer), then.get(layer))


def _vorbis(path: str, now: Any, then: Any) -> None:
    file = mutagen("_file.File")(path, options=[mutagen(each) for each in _VORBIS])
    if file is None:
        raise Unwritable("no reader knows where its Vorbis comments are")
    if file.tags is None:
        file.add_tags()
    pictures = [(key, value) for key, value in file.tags if _is_vorbis_picture(key)]
    words = [(key, value) for key, value in (then or {}).get("comments", []) if not _is_vorbis_picture(key)]
    file.tags[:] = words + pictures
    file.save()


def _is_vorbis_picture(key: str) -> bool:
    return key.upper() == "METADATA_BLOCK_PICTURE" or key.upper().startswith("COVERART")


def _id3v2(path: str, now: Any, then: Any) -> None:
    if len(now or ()) > 1 or len(then or ()) > 1:
        raise Unwritable("it has, or had, several ID3v2 tags")
    had, wanted = ((each[0]["frames"] if each else {}) for each in (now, then))
    tags, save = _open_id3(path)
    for key in had.keys() - wanted.keys():
        if not key.startswith("APIC"):
            tags.pop(key, None)
    for key, value in wanted.items():
        if had.get(key) != value and not key.startswith("APIC"):
            tags.pop(key, None)
            tags.add(_frame(key, value))
    version = (then or now)[0]["version"]
    save(v2_version=4 if version.startswith("2.4") else 3, v23_sep=None)


def _open_id3(path: str) -> tuple[Any, Callable[..., None]]:
    """The frames, and what writes them."""
    with open(path, "rb") as file:
        head = file.read(4)
    options = {"known_frames": known_frames(), "translate": False, "load_v1": False}
    if head in _CHUNKED:
        whole = mutagen(_CHUNKED[head])(path, **options)
        if whole.tags is None:
            whole.add_tags()
        return whole.tags, lambda **how: whole.tags.save(path, **how)
    try:
        tags = mutagen("id3.ID3")(path, **options)
    except mutagen("id3.ID3NoHeaderError"):
        tags = mutagen("id3.ID3")()
    return tags, lambda **how: tags.save(path, v1=1, **how)


def _frame(key: str, value: Any) -> Any:
    kind = known_frames().get(key.partition(":")[0])
    if kind is None:
        raise Unwritable(f"{key} is a frame that nothing here writes")
    values = value if isinstance(value, dict) else {"text": value}
    return kind(encoding=3, **{name: _native(key, each) for name, each in values.items()})


def _native(key: str, value: Any) -> Any:
    """A recorded value as it was."""
    if not isinstance(value, dict):
        return value
    if "base64" not in value:
        raise Unwritable(f"{key} is too large to have been recorded")
    return b64decode(value["base64"])


def _apev2(path: str, now: Any, then: Any) -> None:
    try:
        tags = mutagen("apev2.APEv2")(path)
    except mutagen("apev2.APENoHeaderError"):
        tags = mutagen("apev2.APEv2")()
    had, wanted = now or {}, then or {}
    for key in [*tags.keys()]:
        if not key.upper().startswith(_COVER) and had.get(key) != wanted.get(key):
            del tags[key]
    for key, value in wanted.items():
        if had.get(key) != value and not key.upper().startswith(_COVER):
            tags[key] = _item(key, value)
    if tags.keys():
        tags.save(path)
    else:
        tags.delete(path)


def _item(key: str, value: Any) -> Any:
    kind = _BINARY if isinstance(value, dict) else _LINK if isinstance(value, str) else _TEXT
    plain = "\0".join(value) if kind == _TEXT else _native(key, value)
    return mutagen("apev2.APEValue")(plain, kind)


def _mp4(path: str, now: Any, then: Any) -> None:
    file = mutagen("mp4.MP4")(path)
    if file.tags is None:
        file.add_tags()
    had, wanted = now or {}, then or {}
    for key in had.keys() - wanted.keys() - {"covr"}:
        file.tags.pop(key, None)
    for key, value in wanted.items():
        if had.get(key) != value and key != "covr":
            file.tags[key] = _atom(key, value)
    file.save()


def _atom(key: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    if key.startswith("----:"):
        return [
            _native(key, each) if isinstance(each, dict) else str(each).encode("utf-8", "surrogateescape")
            for each in value
        ]
    return [tuple(each) if isinstance(each, list) else _native(key, each) for each in value]


def _asf(path: str, now: Any, then: Any) -> None:
    file = mutagen("asf.ASF")(path)
    kinds = {name: value.TYPE for name, value in file.tags}
    pictures = [(name, value) for name, value in file.tags if name.upper() == "WM/PICTURE"]
    words = [
        (name, _attribute(name, value, kinds.get(name)))
        for name, value in then or ()
        if name.upper() != "WM/PICTURE"
    ]
    file.tags[:] = words + pictures
    file.save()


def _attribute(name: str, value: Any, kind: int | None) -> Any:
    """Of the kind that the present one has, else of the commonest for such a value (ASF specification, 3.11)."""
    plain = _native(name, value)
    if kind is None:
        kind = {str: 0, bytes: 1, bool: 2, int: 3}[type(plain)]
    return mutagen("asf._attrs.ASFValue")(plain, kind)


_WRITERS: dict[str, Callable[[str, Any, Any], None]] = {
    "vorbis": _vorbis,
    "id3v2": _id3v2,
    "apev2": _apev2,
    "mp4": _mp4,
    "asf": _asf,
}
