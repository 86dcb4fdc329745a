"""Monkey's Audio: from `MAC ` to the end of what the descriptor counts.

`ape/1` is the digest over one part (`payload.Digesting`).
From version 3.98 on: all bytes from `MAC ` on, as many as the descriptor counts: descriptor, header, seek table,
header of the WAV it was made from, frames, and what followed the samples in that WAV. Before 3.98, where no
descriptor counts them: all bytes from `MAC ` to the tags at the end of the file.

The descriptor's MD5 covers, in this order, the WAV's header, the frames, what followed them, the header and the seek
table. It holds, and nothing is behind but tags: *sound*. Older files have nothing to compare: *no check*.
Source: Monkey's Audio SDK, `APE_DESCRIPTOR` and `CAPEInfo`.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, damaged, feed, fields, told
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "ape/1"
_WITH_MD5 = 3980
_KNOWN = range(3800, 5000)
_LONGEST = 1 << 24
"""Bytes of header and seek table together: four for each frame of a second or more."""


class _Descriptor(NamedTuple):
    size: int
    header: int
    seek_table: int
    wav_header: int
    frames: int
    frames_high: int
    rest: int
    md5: bytes


def read(source: Source) -> Sound:
    """The sound of a Monkey's Audio file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    name, version = fields(source, 0, "<4sH")
    if name != b"MAC " or version not in _KNOWN:
        raise Strange(f"not Monkey's Audio of a version that is known ({version})")
    end = sound_span(source).end
    return _with_md5(source, end) if version >= _WITH_MD5 else _without(source, end)


def _without(source: Source, end: int) -> Sound:
    digest = Digesting(NAME)
    digest.begin(end)
    feed(source, 0, end, digest.update)
    check = SelfCheck(Soundness.NO_CHECK, "Monkey's Audio before 3.98 has no checksum over its frames")
    return Sound(check, digest.payload())


def _with_md5(source: Source, end: int) -> Sound:
    descriptor = _Descriptor(*fields(source, 8, "<7I16s"))
    if not 52 <= descriptor.size < _LONGEST:
        raise Strange(f"a descriptor of {descriptor.size} bytes")
    front = descriptor.header + descriptor.seek_table
    start = descriptor.size + front
    stop = (
        start + descriptor.wav_header + descriptor.frames + (descriptor.frames_high << 32) + descriptor.rest
    )
    if stop > end:
        raise Broken(f"the file ends {stop - end} bytes too early", end)
    if front > _LONGEST:
        raise Strange(f"a header and seek table of {front} bytes")
    digest, md5 = Digesting(NAME), hashlib.md5(usedforsecurity=False)
    digest.begin(stop)
    head = source.at(0, start)
    digest.update(head)
    feed(source, start, stop, digest.update, md5.update)
    md5.update(head[descriptor.size :])
    payload = digest.payload()
    if md5.digest() != descriptor.md5:
        return damaged("the MD5 over its frames and headers differs", start, payload)
    if stop < end:
        detail = f"its MD5 holds; {end - stop} bytes behind the sound are not known"
        return Sound(SelfCheck(Soundness.STRUCTURE, detail), payload)
    return Sound(SelfCheck(Soundness.SOUND, "its MD5 over frames and headers holds"), payload)
