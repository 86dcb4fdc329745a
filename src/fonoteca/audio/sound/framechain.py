"""Frames of a bare stream (MPEG, ADTS, AC-3), one behind the other, each as long as its header says.

Where no frame begins: a tag between frames (ID3v2, APEv2, ID3v1: streams are joined as they are) is passed over,
anything else is junk up to where two frames follow each other again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from fonoteca.audio.outer import id3v2_size
from fonoteca.audio.sound.around import Span
from fonoteca.audio.sound.window import Window
from fonoteca.audio.source import Source

_TAG_HEAD = 32
_ZEROS = bytes(1 << 16)
_FRONT = 1 << 20
"""Bytes of junk, at most, in which the first frame is looked for."""
_PATIENCE = 1 << 18
"""Places at which a frame is looked for after one was lost; a hostile file could offer one every few bytes."""


class Kind(NamedTuple):
    """What the frames of a family look like."""

    sync: re.Pattern[bytes]
    header: int
    """Bytes that `length` looks at."""
    length: Callable[[bytes | bytearray, int], int]
    """Bytes of the frame that begins at an index; 0 where none does."""
    holds: Callable[[memoryview], bool] | None = None
    """Whether a frame's own checksum does."""


class FrameChain:
    """Walks over a window that begins with a frame, and gives all that is sound to `sink`, in order.

    That is all bytes but tags between frames and zeros behind the last frame.
    """

    def __init__(self, kind: Kind, window: Window, sink: Callable[[memoryview | bytes], object]) -> None:
        self.frames = 0
        self.size = 0
        """Bytes of all frames."""
        self.end = window.offset
        """Offset in the file behind the last frame or tag."""
        self.junk_at: int | None = None
        """Offset of the first bytes between frames that are neither."""
        self.bad_at: int | None = None
        """Offset of the first frame whose checksum does not hold."""
        self.bad = 0
        """Number of that frame, from 0."""
        self.has_rest = False
        """Bytes that are no frame, and not all of them zero, lie behind `end`."""
        self._kind, self._window, self._sink = kind, window, sink
        self._skip = self._zeros = 0
        self._is_lost = False
        self._patience = _PATIENCE

    def run(self) -> FrameChain:
        """Walk to the end of the window's stretch."""
        done = 0
        while self._window.more(done):
            done = self._advance()
        self._junk(self._window.view)
        return self

    def _advance(self) -> int:
        """How many bytes of the window are dealt with."""
        window, at = self._window, 0
        while at < window.size:
            if self._skip:
                step = min(self._skip, window.size - at)
                self._skip -= step
                at += step
                continue
            if self._is_lost:
                at, is_found = self._look(at)
                if not is_found:
                    break
            begin, at = at, self._frames(at)
            if at > begin:
                continue
            if at + _TAG_HEAD > window.size and not window.is_end:
                break
            if self._is_cut(at):
                if not window.is_end:
                    break
            elif size := self._tag_size(at):
                self._skip, self.end = size, window.offset + at + size
                continue
            self._is_lost = True
        return at

    def _frames(self, at: int) -> int:
        """Pass over the frames that are whole from this index on."""
        begin, window, frames = at, self._window, 0
        data, size, (_, header, length_at, holds) = window.data, window.size, self._kind
        room = size - header
        while at <= room:
            length = length_at(data, at)
            if not length or at + length > size:
                break
            if holds is not None and self.bad_at is None and not holds(window.view[at : at + length]):
                self.bad_at, self.bad = window.offset + at, self.frames + frames
            at += length
            frames += 1
        if frames:
            self._flush_zeros()
            self._sink(window.view[begin:at])
            self.has_rest = False
            self.frames += frames
            self.size += at - begin
            self.end = window.offset + at
        return at

    def _is_cut(self, at: int) -> bool:
        """A frame begins here and is longer than what there is."""
        window = self._window
        if window.size - at < self._kind.header:
            return True
        return self._kind.length(window.data, at) > window.size - at

    def _tag_size(self, at: int) -> int:
        head = bytes(self._window.view[at : at + _TAG_HEAD])
        size = id3v2_size(head)
        if head[:8] == b"APETAGEX" and len(head) == _TAG_HEAD:
            size = int.from_bytes(head[12:16], "little") + (_TAG_HEAD if head[23] & 0x20 else 0)
        if head[:3] == b"TAG":
            size = 128
        return size if self._window.offset + at + size <= self._window.end else 0

    def _look(self, at: int) -> tuple[int, bool]:
        """The next index at which two frames follow each other, or the last one ends; else how far that is clear."""
        window = self._window
        place, is_found = window.size, False
        if self._patience > 0:
            place, is_found, tries = next_frame(
                self._kind, window.data, at, window.size, is_end=window.is_end
            )
            self._patience -= tries + 1
        if place > at:
            self._junk(window.view[at:place])
        if is_found:
            self._is_lost = False
            if self.junk_at is None:
                self.junk_at = self.end
        return place, is_found

    def _junk(self, data: memoryview) -> None:
        """Bytes that are no frame. Zeros at their end wait: they count only where something follows."""
        junk = bytes(data)
        solid = junk.rstrip(b"\0")
        if solid:
            self.has_rest = True
            self._flush_zeros()
            self._sink(solid)
        self._zeros += len(junk) - len(solid)

    def _flush_zeros(self) -> None:
        while self._zeros:
            step = min(self._zeros, len(_ZEROS))
            self._sink(_ZEROS[:step])
            self._zeros -= step


def first_frame(source: Source, span: Span, kind: Kind) -> int | None:
    """Offset of the first frame that another one follows; None where there is none in the first MiB."""
    data = source.at(span.start, min(span.size, _FRONT))
    place, is_found, _ = next_frame(kind, data, 0, len(data), is_end=len(data) == span.size)
    return span.start + place if is_found else None


def next_frame(
    kind: Kind, data: bytes | bytearray, at: int, size: int, *, is_end: bool
) -> tuple[int, bool, int]:
    """The next index in `data[at:size]` at which two frames follow each other or, with the end, the last one ends;
    else the index up to which there is none. Whether it was found, and how many places were tried."""
    tries = 0
    for match in kind.sync.finditer(data, at, size):
        place = match.start()
        tries += 1
        length = kind.length(data, place) if place + kind.header <= size else 0
        follows = place + length
        if follows + kind.header <= size:
            if length and kind.length(data, follows):
                return place, True, tries
        elif not is_end:
            return place, False, tries
        elif follows == size and length:
            return place, True, tries
    return size if is_end else max(at, size - 1), False, tries
