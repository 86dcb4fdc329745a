"""One open file to its tags: which family it is, which reader takes it, and what a failure means.

Nothing here guards against hangs or hunger for memory: that is `task`'s work, in a process that can be
killed.
"""

from __future__ import annotations

import json
from dataclasses import replace

from fonoteca.audio.containers import CONTAINERS, read_container
from fonoteca.audio.drm import drm_of_name
from fonoteca.audio.family import NO_READER, family_of
from fonoteca.audio.model import AudioProperties, Inside, NotAudio, Tagged, Unreadable
from fonoteca.audio.outer import Outer, find_outer, read_outer
from fonoteca.audio.properties.common import with_bit_rate
from fonoteca.audio.properties.streams import stream_properties
from fonoteca.audio.source import Source
from fonoteca.core.entry import EntryKind, kind_of

_LONG = 300
_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def read_tags(source: Source) -> Tagged | Unreadable | NotAudio:
    """What one file holds. Whatever goes wrong is `Unreadable`; no `Exception` is raised."""
    try:
        inside = _read(source)
        return _tagged(inside) if isinstance(inside, Inside) else inside
    except MemoryError:
        return Unreadable("reading it takes more memory than is allowed")
    except Exception as error:  # noqa: BLE001 - a foreign parser on damaged bytes may raise anything at all
        return Unreadable(reason_of(error))


def family_in(source: Source) -> str | None:
    """The family whose reader is to try; None where neither bytes nor name are those of audio. Raises OSError."""
    return _family(source, find_outer(source))


def _family(source: Source, outer: Outer) -> str | None:
    family = family_of(outer.head, source.suffix)
    if family is None and outer.id3v2 and kind_of(source.name) is EntryKind.TRACK:
        return "mpeg"
    return family


def reason_of(error: BaseException) -> str:
    """An error as the part of a sentence: its kind and what it says, in one line of printable text."""
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(error))
    return f"{type(error).__name__}: {text}"[:_LONG] if text else type(error).__name__


def _tagged(inside: Inside) -> Tagged:
    return Tagged(
        inside.tags, _JSON.encode(inside.raw), inside.pictures, inside.audio, inside.drm, inside.note
    )


def _read(source: Source) -> Inside | Unreadable | NotAudio:
    if source.size == 0 and kind_of(source.name) is EntryKind.TRACK:
        return Unreadable("it is empty")
    outer = find_outer(source)
    family = _family(source, outer)
    if family is None:
        return _stranger(source)
    if family in NO_READER:
        return Inside(
            audio=AudioProperties(family), note=f"there is no reader for the tags of {family} files"
        )
    inside = read_container(family, source, outer) if family in CONTAINERS else _stream(family, source, outer)
    if inside.audio is None or inside.audio.bit_rate:
        return inside
    return replace(inside, audio=with_bit_rate(inside.audio, source.size))


def _stream(family: str, source: Source, outer: Outer) -> Inside:
    """Tags first: they are worth having even where the sound behind them makes no sense."""
    around = read_outer(source, outer)
    note = around.note
    try:
        audio = stream_properties(family, source, outer.start)
    except Exception as error:
        if not around.raw:
            raise
        audio, note = AudioProperties(_container(family)), note or reason_of(error)
    return Inside(around.tags, around.raw, around.pictures, audio, drm_of_name(source), note)


def _container(family: str) -> str:
    return "mp3" if family == "mpeg" else family


def _stranger(source: Source) -> Inside | Unreadable | NotAudio:
    """Bytes that say nothing under a name that may: `.aa`, `.vqf` and other formats that have no reader."""
    if kind_of(source.name) is not EntryKind.TRACK:
        return NotAudio()
    return Inside(
        drm=drm_of_name(source),
        note=f"there is no reader for .{source.suffix} files that begin as this one does",
    )
