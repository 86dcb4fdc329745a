"""An ID3v2 tag to its frames, quickly.

Nine of ten frames in a music file are plain text. Mutagen makes an object of each and validates every
attribute, half a millisecond a tag; here plain text is taken straight, and every other frame, and every
unusual tag (ID3v2.2, an extended header, unsynchronisation, sizes that contradict each other), goes to
mutagen. Frames have mutagen's attributes either way: `FrameID`, `HashKey`, `text`, `desc`, …

Time stamps stay the text that the file holds: mutagen's own frame rewrites `1965-05-20T12:00:00` as
`1965-05-20 12:00:00` and drops what it cannot parse.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fonoteca.audio.foreign import mutagen

_STAMPS = ("TDEN", "TDOR", "TDRC", "TDRL", "TDTG")
_EXPERIMENTAL = ("XDOR", "XSOA", "XSOP", "XSOT")
"""What taggers wrote in ID3v2.3 before v2.4 had TDOR, TSOA, TSOP and TSOT."""
_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Id3:
    """One ID3v2 tag. `version` is what stands on disk, for example `2.3.0`."""

    version: str
    frames: dict[str, Any] = field(default_factory=dict)
    """By mutagen's HashKey: `TIT2`, `TXXX:ARTISTS`, `COMM::eng`, …"""
    unknown: list[bytes] = field(default_factory=list)
    """Whole frames, headers included, that mutagen has no class for."""


@dataclass(slots=True, eq=False)
class Text:
    """A plain text frame, a described one (TXXX), or one with a language too (COMM)."""

    FrameID: str
    text: list[str]
    desc: str | None = None
    lang: str | None = None

    @property
    def HashKey(self) -> str:
        """As mutagen's."""
        if self.desc is None:
            return self.FrameID
        return (
            f"{self.FrameID}:{self.desc}" if self.lang is None else f"{self.FrameID}:{self.desc}:{self.lang}"
        )

    def _merge_frame(self, other: Any) -> Any:
        """A frame that should stand once and stands twice: its values are put together, as in mutagen."""
        self.text.extend(text for text in other.text if text not in self.text)
        return self


@dataclass(slots=True, eq=False)
class Owned:
    """A UFID frame: whose identifier, and the identifier."""

    owner: str
    data: bytes
    FrameID: str = "UFID"

    @property
    def HashKey(self) -> str:
        """As mutagen's."""
        return f"UFID:{self.owner}"

    def _merge_frame(self, other: Any) -> Any:
        """Of two with one owner the later stands, as in mutagen."""
        return other


def read_id3v2(data: bytes) -> Id3:
    """The frames of one whole ID3v2 tag, header included. Raises mutagen's errors where it cannot be read."""
    major, flags = data[3], data[5]
    if major in (3, 4) and flags == 0:
        quick = _quick(data, major)
        if quick is not None:
            return quick
    tag = mutagen("id3.ID3")(io.BytesIO(data), known_frames=known_frames(), translate=False, load_v1=False)
    return id3_of(tag)


def id3_of(tag: Any) -> Id3:
    """A tag that mutagen has read."""
    version = ".".join(str(part) for part in tag.version)
    return Id3(version, dict(tag.items()), [bytes(frame) for frame in tag.unknown_frames])


@cache
def known_frames() -> dict[str, Any]:
    """Frame classes by their name, of three letters (ID3v2.2) and four."""
    text = mutagen("id3.TextFrame")
    ours = {name: type(name, (text,), {}) for name in (*_STAMPS, *_EXPERIMENTAL)}
    return {**mutagen("id3.Frames_2_2"), **mutagen("id3.Frames"), **ours}


@cache
def _plain_frames() -> frozenset[bytes]:
    """Names of the frames that hold an encoding and text, no more."""
    return frozenset(
        name.encode()
        for name, frame in known_frames().items()
        if issubclass(frame, mutagen("id3.TextFrame"))
        and [s.name for s in frame._framespec] == ["encoding", "text"]
    )


def _quick(data: bytes, major: int) -> Id3 | None:
    """The tag, or None where something in it asks for mutagen's care."""
    tag = Id3(f"2.{major}.{data[4]}")
    plain, is_v24, header = _plain_frames(), major == 4, None
    at, end = 10, len(data)
    if end - 10 < (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]):
        return None
    while end - at > 10:
        name, sizes = data[at : at + 4], data[at + 4 : at + 8]
        if name == b"\0\0\0\0":
            break
        size = int.from_bytes(sizes, "big")
        if is_v24 and size > 0x7F:
            if max(sizes) > 0x7F:
                return None
            size = sizes[0] << 21 | sizes[1] << 14 | sizes[2] << 7 | sizes[3]
        start, at = at + 10, at + 10 + size
        if at > end or not _is_name(name) or (size > 0x7F and not _is_next(data, at, end)):
            return None
        frame: Text | Owned | Any | None = None
        if data[start - 2 : start] == b"\0\0" and size > 1:
            if name in plain:
                frame = _text(name, data[start:at], is_v24)
            elif name == b"TXXX":
                frame = _described(data[start:at], is_v24)
            elif name == b"COMM":
                frame = _comment(data[start:at], is_v24)
            elif name == b"UFID":
                owner, _, identifier = data[start:at].partition(b"\0")
                frame = Owned(owner.decode("latin-1"), identifier)
        if frame is None:
            header = header or _header(data)
            frame = _foreign(tag, header, name, data[start - 10 : at])
        if frame is not None:
            _put(tag.frames, frame)
    return tag


def _is_name(name: bytes) -> bool:
    return name.isalnum() and name.isupper()


def _is_next(data: bytes, at: int, end: int) -> bool:
    """True when a frame, padding or the end follows; else the size was not meant so (old iTunes)."""
    return end - at <= 10 or data[at] == 0 or _is_name(data[at : at + 4])


def _header(data: bytes) -> Any:
    header = mutagen("id3._tags.ID3Header")(io.BytesIO(data[:10]))
    header._known_frames = known_frames()
    return header


def _foreign(tag: Id3, header: Any, name: bytes, whole: bytes) -> Any | None:
    """mutagen's frame; None where it is empty, broken or unknown."""
    if len(whole) <= 10:
        return None
    try:
        return known_frames()[name.decode()]._fromData(header, int.from_bytes(whole[8:10], "big"), whole[10:])
    except (KeyError, NotImplementedError):
        tag.unknown.append(whole)
    except mutagen("id3._util.ID3JunkFrameError"):
        pass
    return None


def _put(frames: dict[str, Any], frame: Any) -> None:
    """Add a frame; two with one key are merged, or the later gets another key, as its class says."""
    key = frame.HashKey
    while key in frames:
        frame, taken = frames[key]._merge_frame(frame), key
        key = frame.HashKey
        if key == taken:
            break
    frames[key] = frame


def _text(name: bytes, data: bytes, is_v24: bool) -> Text | None:
    text = _decoded(data[0], data[1:])
    return None if text is None else Text(name.decode(), _values(text, is_v24))


def _described(data: bytes, is_v24: bool) -> Text | None:
    description, end, rest = (_decoded(data[0], data[1:]) or "").partition("\0")
    return Text("TXXX", _values(rest, is_v24), description) if end else None


def _comment(data: bytes, is_v24: bool) -> Text | None:
    description, end, rest = (_decoded(data[0], data[4:]) or "").partition("\0")
    if not end or not data[1:4].isascii():
        return None
    return Text("COMM", _values(rest, is_v24), description, data[1:4].decode("ascii"))


def _decoded(encoding: int, data: bytes) -> str | None:
    """The text with its NULs; None where it is not plainly what its encoding says."""
    try:
        if encoding == 0:
            return data.decode("latin-1")
        if encoding == 3:
            return data.decode("utf-8")
        if encoding == 1 and data[:2] in _BOMS and len(data) % 2 == 0:
            # Each value may begin with a byte order mark of its own.
            return data.decode("utf-16").replace("\ufeff", "")
    except UnicodeDecodeError:
        return None
    return None


def _values(text: str, is_v24: bool) -> list[str]:
    text = text.removesuffix("\0") if is_v24 else text.rstrip("\0")
    return text.split("\0")
