"""What the families of sizes and tables share: reading fields that must be there, saying what is wrong with them.

A family's reader raises `Broken` where the layout contradicts itself, and `Strange` where it is none that is known;
`told` turns both into a `Sound`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from fonoteca.audio.sound.around import blocks, sound_span
from fonoteca.audio.source import Source
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness


class Broken(Exception):
    """The structure is cut or contradicts itself, at this byte of the file."""

    def __init__(self, detail: str, at: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.at = at


class Strange(Exception):
    """A layout that is not known here: no digest and no check, with this reason."""


def told(read: Callable[[Source], Sound], source: Source) -> Sound:
    """What `read` says of `source` without the tags in front. `Broken` and `Strange` come out as outcomes."""
    start = sound_span(source).start
    sound = _caught(read, source.behind(start))
    at = sound.check.at
    return sound._replace(check=sound.check._replace(at=at + start)) if start and at is not None else sound


def _caught(read: Callable[[Source], Sound], source: Source) -> Sound:
    try:
        return read(source)
    except Broken as broken:
        return damaged(broken.detail, broken.at)
    except Strange as strange:
        return Sound(SelfCheck(Soundness.NO_CHECK, str(strange)), reason=str(strange))


def damaged(detail: str, at: int | None = None, payload: Payload | None = None) -> Sound:
    """A file whose structure or checksums say that something is wrong."""
    return Sound(SelfCheck(Soundness.DAMAGED, detail, at), payload, None if payload else detail)


def whole(detail: str, payload: Payload, lossless: str | None = None) -> Sound:
    """A file whose sizes and tables fit together, in a format that has no checksum over the sound."""
    return Sound(SelfCheck(Soundness.STRUCTURE, detail), payload, lossless=lossless)


def fields(source: Source, start: int, layout: str) -> tuple[Any, ...]:
    """The fields of this struct layout at `start`. Raises `Broken` where the file ends before them."""
    size = struct.calcsize(layout)
    data = source.at(start, size)
    if len(data) < size:
        raise Broken("the file ends within a header", source.size)
    return struct.unpack(layout, data)


def feed(source: Source, start: int, end: int, *updates: Callable[[bytes], object]) -> None:
    """Give the bytes between `start` and `end` to each of `updates`. Raises `Broken` where they are not all there."""
    for block in blocks(source, start, end):
        for update in updates:
            update(block)
        start += len(block)
    if start < end:
        raise Broken(f"the file ends {end - start} bytes too early", start)
