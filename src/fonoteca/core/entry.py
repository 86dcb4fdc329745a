"""Entries of a library and their contents.

An **entry** is one regular file: a **track** (audio) or a **companion** (cover, cue, log, lyrics, booklet, playlist,
checksum sidecar). Its **content** is its bytes at one time, known by SHA-256 and size.
A path is relative to the library, `/` between its parts, as bytes: any file name that Linux allows survives.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, NewType

RelPath = NewType("RelPath", bytes)
"""A path inside a library, for example `b"Nina Simone/Pastel Blues/01 Be My Husband.flac"`."""

LibraryId = NewType("LibraryId", str)
"""32 hex digits, made when a library is first seen; a new name in the config keeps it."""

TRACK_SUFFIXES = frozenset(
    (
        "aac ac3 aif aifc aiff alac ape asf au caf dff dsf dts eac3 flac it m4a m4b m4p m4r mid midi mka mod "
        "mp+ mp1 mp2 mp3 mp4 mpa mpc mpp oga ogg ofr ofs opus ra rf64 s3m shn snd spx tak tta w64 wav wave "
        "webm wma wv xm aa aax aaxc"
    ).split()
)


class EntryKind(StrEnum):
    """What a regular file is to a person with a collection."""

    TRACK = "track"
    COMPANION = "companion"


def kind_of(name: bytes) -> EntryKind:
    """Track or companion, by the ending of the file name."""
    _, dot, suffix = name.rpartition(b".")
    if dot and suffix.lower().decode("ascii", "replace") in TRACK_SUFFIXES:
        return EntryKind.TRACK
    return EntryKind.COMPANION


class FileStat(NamedTuple):
    """What a file system says of a file, as far as verdicts need it. Times are nanoseconds since 1970.

    A NamedTuple, like `Content`: made for each of 100,000 files in a run, at a third of a frozen dataclass's price.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


_MOST = (1 << 63) - 1


def storable_ns(time_ns: int) -> int:
    """A time as 64 bits can hold it, ns since 1970: what lies beyond the year 2262 becomes that year."""
    return max(-_MOST, min(time_ns, _MOST))


def storable_inode(number: int) -> int:
    """An inode number as 63 bits: some file systems (mergerfs, CIFS) use all 64, and SQLite's numbers have a sign."""
    return number & _MOST


class Content(NamedTuple):
    """Bytes at one time: identity is `sha256` and `size` (bytes); `xxh3_128` stands beside it for fast re-reading."""

    sha256: bytes
    size: int
    xxh3_128: bytes


RACY_NS = 2_000_000_000
"""A stat is trusted only if its times were older than the reading by more than this (2 s)."""

RACY_NETWORK_NS = 60_000_000_000
"""The same for file systems whose clock is another machine's (60 s)."""


def is_settled(stat: FileStat, read_at_ns: int, margin_ns: int) -> bool:
    """True when a change made after the reading would have had to move a time stamp that we would notice.

    A file changed within `margin_ns` of being read could change again without its times moving (git's "racy" index
    entry); its recorded stat is then not proof and the file is read again next time.
    """
    return max(stat.mtime_ns, stat.ctime_ns) < read_at_ns - margin_ns
