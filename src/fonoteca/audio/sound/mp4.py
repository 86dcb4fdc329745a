"""MP4, M4A, M4B, QuickTime: the samples of the sound tracks, as the file's own tables address them.

`mp4/1` is the digest over parts (`payload.Digesting`): first the number of sound tracks (u32, big-endian), then
for each, in the order of `moov`, five parts:

1. the number of its sample entries (u32, big-endian);
2. the BLAKE3 digest over these: for each the four bytes of its code, the length of its setup (u32, big-endian) and the
   setup (`mp4_entry`);
3. the BLAKE3 digest over which entry the samples use: for each run of samples of one entry its number, counted from 1
   (u32), and how many samples (u64), big-endian;
4. the BLAKE3 digest over the sizes of the samples (`sizes`); it does not matter whether a table or a default said so;
5. the samples, one after the other: those of `moov` (`stsc`, `stsz` or `stz2`, `stco` or `co64`), then those of each
   `moof` in the order of the file.

A sound track has the handler `soun` and at least one sample; covers as video tracks and chapters as text tracks
are none. So how the file is cut into chunks or fragments, where `moov` stands, and what lies between the samples
does not count; a program that breaks the offsets changes the digest, or leaves samples outside of `mdat`.

There is no checksum over the sound: the structure holds where all boxes lie within the file, the tables agree on
the number of samples, and each sample lies inside an `mdat`. A file of fragments that was cut between two of them
is known for it only by its missing index (`mfra`), which not every writer writes, so that is not held against it.
Protected sound is left alone: no digest.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from typing import NamedTuple

from blake3 import blake3

from fonoteca.audio.drm import drm_of_mp4
from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, feed, fields, told, whole
from fonoteca.audio.sound.mp4_boxes import Box, Boxes
from fonoteca.audio.sound.mp4_entry import PROTECTED, Entry, entries
from fonoteca.audio.sound.mp4_fragments import add_fragment, defaults
from fonoteca.audio.sound.mp4_tracks import Track, add_tables
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "mp4/1"


class _Top(NamedTuple):
    """The boxes of the file itself."""

    moov: Box
    mdats: list[tuple[int, int]]
    moofs: list[Box]
    cut: Box | None
    has_index: bool
    """An `mfra`, which stands behind the last fragment."""


class _Sounding(NamedTuple):
    track: Track
    entries: list[Entry]


def read(source: Source) -> Sound:
    """The sound of an MP4 or QuickTime file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    if word := drm_of_mp4(source):
        raise Strange(f"protected ({word}): its bytes are copied, never looked into")
    boxes = Boxes(source)
    top = _top(boxes, sound_span(source).end)
    found = _sounding(boxes, top)
    _check_places(source, top, [one.track for one in found])
    payload = _digested(source, found).payload()
    if top.cut:
        detail = f"the file ends within its {_name(top.cut)} box"
        return Sound(SelfCheck(Soundness.DAMAGED, detail, source.size), payload)
    detail = "its tables agree, and every sample lies inside an mdat"
    if top.moofs and not top.has_index:
        detail += "; whether fragments are missing at the end is not known"
    return whole(detail, payload, _lossless(found))


def _name(box: Box) -> str:
    return repr(box.name.decode("latin-1"))


def _top(boxes: Boxes, end: int) -> _Top:
    moov, cut, has_index = None, None, False
    mdats: list[tuple[int, int]] = []
    moofs: list[Box] = []
    for box in boxes.within(0, end):
        if box.is_cut and _is_known(box.name):
            cut = box
        if box.name == b"mdat":
            mdats.append((box.data, min(box.end, end)))
        elif box.name == b"moov" and moov is None:
            moov = box
        elif box.name == b"moof":
            moofs.append(box)
        has_index = box.name == b"mfra" or has_index
    if boxes.rest:
        cut = Box(b"next", end - boxes.rest, end, end, True)
    if moov is None or moov.is_cut:
        raise Broken("its 'moov' box, which says where the sound lies, is missing or cut", boxes.source.size)
    return _Top(moov, mdats, moofs, cut, has_index)


def _is_known(name: bytes) -> bool:
    """Junk behind the last box reads like a box too."""
    return all(0x20 <= byte < 0x7F for byte in name)


def _sounding(boxes: Boxes, top: _Top) -> list[_Sounding]:
    tracks: dict[int, Track] = {}
    found: list[_Sounding] = []
    for trak in boxes.within(top.moov.data, top.moov.end):
        if trak.name != b"trak" or not _is_sound(boxes, trak):
            continue
        if trak.is_cut:
            raise Broken("a track is longer than its 'moov' box", trak.start)
        one = _sound_track(boxes, trak)
        if one.track.number in tracks:
            raise Broken("two tracks of one number", trak.start)
        tracks[one.track.number] = one.track
        found.append(one)
    trex = defaults(boxes, top.moov)
    for moof in top.moofs if trex is not None else ():
        if moof.is_cut:
            break
        add_fragment(boxes, moof, tracks, trex or {})
    sounding = [one for one in found if one.track.count]
    if not sounding and found:
        raise Broken("its sound track holds no samples", boxes.source.size)
    if not sounding:
        raise Strange("there is no sound track")
    return sounding


def _is_sound(boxes: Boxes, trak: Box) -> bool:
    handler = boxes.inside(trak, b"mdia", b"hdlr")
    return handler is not None and boxes.source.at(handler.data + 8, 4) == b"soun"


def _sound_track(boxes: Boxes, trak: Box) -> _Sounding:
    tkhd = boxes.inside(trak, b"tkhd")
    stbl = boxes.inside(trak, b"mdia", b"minf", b"stbl")
    stsd = boxes.inside(stbl, b"stsd") if stbl else None
    if tkhd is None or stbl is None or stsd is None:
        raise Broken("a sound track without its tables", trak.start)
    (version,) = fields(boxes.source, tkhd.data, ">B")
    (number,) = fields(boxes.source, tkhd.data + (20 if version == 1 else 12), ">I")
    found = entries(boxes, stsd)
    if any(entry.code in PROTECTED for entry in found):
        raise Strange("protected: its bytes are copied, never looked into")
    _check_references(boxes, trak, found)
    track = Track(number, stsd, len(found))
    add_tables(boxes, stbl, track)
    return _Sounding(track, found)


def _check_references(boxes: Boxes, trak: Box, found: list[Entry]) -> None:
    """Raises `Strange` where an entry's samples lie in another file (flag 1 of its data reference is not set)."""
    dref = boxes.inside(trak, b"mdia", b"minf", b"dinf", b"dref")
    if dref is None:
        return
    wanted = {entry.reference for entry in found}
    for number, box in enumerate(boxes.within(dref.data + 8, dref.end), 1):
        if number in wanted and not fields(boxes.source, box.data, ">I")[0] & 1:
            raise Strange("its sound lies in another file")


def _check_places(source: Source, top: _Top, tracks: list[Track]) -> None:
    # First the sum: chunks that all lie at one place would have us read it as often as there are chunks.
    if sum(track.bytes for track in tracks) > source.size:
        raise Broken("its tables claim more bytes of samples than the file has", top.moov.start)
    starts = [start for start, _ in top.mdats]
    for track in tracks:
        for start, end in track.spans():
            place = bisect_right(starts, start) - 1
            if place < 0 or end > top.mdats[place][1]:
                raise Broken("samples lie outside of every 'mdat' box, or are cut off", max(start, 0))


def _digested(source: Source, found: list[_Sounding]) -> Digesting:
    digest = Digesting(NAME)
    digest.part(struct.pack(">I", len(found)))
    for track, described in found:
        setups = blake3()
        for entry in described:
            setups.update(entry.code + struct.pack(">I", len(entry.setup)) + entry.setup)
        digest.part(struct.pack(">I", len(described)))
        digest.part(setups.digest())
        digest.part(track.uses.digest())
        digest.part(track.sizes.digest())
        digest.begin(track.bytes)
        for start, end in track.spans():
            feed(source, start, end, digest.update)
    return digest


def _lossless(found: list[_Sounding]) -> str | None:
    """The MD5 of STREAMINFO where the one sound track is FLAC."""
    if len(found) != 1 or [entry.code for entry in found[0].entries] != [b"fLaC"]:
        return None
    md5 = found[0].entries[0].setup[18:34]
    return f"md5:{md5.hex()}" if any(md5) and len(md5) == 16 else None
