"""Protected files, told by what their containers declare. They are flagged and copied as opaque bytes, never
decoded.

| word | told by |
|---|---|
| `fairplay` | an MP4 sample entry `drms` or `drmi`, or the ending `.m4p` |
| `cenc` | an MP4 sample entry `enca` or `encv` (ISO/IEC 23001-7) |
| `audible` | an MP4 brand `aax ` or `aaxc`, or the endings `.aax`, `.aaxc`, `.aa` |
| `wmdrm` | an ASF Content Encryption, Extended or Advanced Content Encryption object (ASF, 3.14 to 3.16) |
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from uuid import UUID

from fonoteca.audio.source import Source

_ENTRIES = {b"drms": "fairplay", b"drmi": "fairplay", b"enca": "cenc", b"encv": "cenc"}
_SUFFIXES = {"m4p": "fairplay", "aax": "audible", "aaxc": "audible", "aa": "audible"}
_BRANDS = (b"aax ", b"aaxc")
_PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_MANY = 4096

_ASF_HEADER = UUID("75b22630-668e-11cf-a6d9-00aa0062ce6c").bytes_le
_ASF_ENCRYPTION = {
    UUID(text).bytes_le
    for text in (
        "2211b3fb-bd23-11d2-b4b7-00a0c955fc6e",
        "298ae614-2622-4c17-b935-dae07ee9289c",
        "43058533-6981-49e6-9b74-ad12cb86d58c",
    )
}


def drm_of_mp4(source: Source) -> str | None:
    """The word for an MP4 file's protection, or None."""
    if source.at(8, 4) in _BRANDS:
        return "audible"
    for entry in _sample_entries(source):
        if entry in _ENTRIES:
            return _ENTRIES[entry]
    return drm_of_name(source)


def drm_of_asf(source: Source) -> str | None:
    """`wmdrm` where the ASF header holds an encryption object."""
    head = source.at(0, 30)
    if len(head) < 30 or head[:16] != _ASF_HEADER:
        return None
    end, start = min(struct.unpack_from("<Q", head, 16)[0], source.size), 30
    for _ in range(_MANY):
        data = source.at(start, 24) if start + 24 <= end else b""
        if len(data) < 24:
            return None
        if data[:16] in _ASF_ENCRYPTION:
            return "wmdrm"
        start += max(24, struct.unpack_from("<Q", data, 16)[0])
    return None


def drm_of_name(source: Source) -> str | None:
    """The word for an ending that only protected files have."""
    return _SUFFIXES.get(source.suffix)


def _sample_entries(source: Source) -> Iterator[bytes]:
    for start, end in _boxes(source, 0, source.size, _PATH):
        # version and flags, the number of entries, then each entry as a box
        for _, name, size in _children(source, start + 8, end):
            yield name
            if size <= 0:
                return


def _boxes(source: Source, start: int, end: int, path: tuple[bytes, ...]) -> Iterator[tuple[int, int]]:
    """Where the data of every box at `path` begins and ends."""
    for data, name, size in _children(source, start, end):
        if name == path[0]:
            if len(path) == 1:
                yield data, data + size
            else:
                yield from _boxes(source, data, data + size, path[1:])


def _children(source: Source, start: int, end: int) -> Iterator[tuple[int, bytes, int]]:
    """Start of data, name, length of data of each box from `start` to `end` (ISO/IEC 14496-12, 4.2)."""
    for _ in range(_MANY):
        head = source.at(start, 16) if start + 8 <= end else b""
        if len(head) < 8:
            return
        size, name = struct.unpack_from(">I4s", head)
        skip = 8
        if size == 1 and len(head) == 16:
            size, skip = struct.unpack_from(">Q", head, 8)[0], 16
        elif size == 0:
            size = end - start
        if size < skip:
            return
        yield start + skip, name, min(size, end - start) - skip
        start += size
