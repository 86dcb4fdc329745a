"""The frames of a FLAC stream, one behind the other, checked as their bytes pass by.

A frame ends where the next header begins: the sync code, a header whose CRC-8 holds, and a CRC-16 over all bytes
since the last header that comes to 0. Nothing is decoded, so a long file costs little more than its CRC.
The last frame is the one with which the declared number of samples is reached.
"""

from __future__ import annotations

import re

from fonoteca.audio.sound.crc import crc16_of_flac
from fonoteca.audio.sound.flacheader import LONGEST, FrameHeader, StreamInfo, frame_header, glance
from fonoteca.audio.sound.flaclength import frame_length
from fonoteca.audio.sound.window import Window
from fonoteca.core.sound import SelfCheck, Soundness

LARGEST = 2_200_000
"""Bytes of the largest frame that makes sense: 65,535 samples of 8 channels with 33 bits, and their headers."""
_SYNC = {False: re.compile(rb"\xff\xf8[\x10-\xfe]"), True: re.compile(rb"\xff\xf9[\x10-\xfe]")}


class FrameChain:
    """Walks through a window as it moves. All indices are those of the window; `_at` is where the frame begins.

    The chain is over when `damage` is set, the first thing that is wrong, or when the last frame ended.
    """

    def __init__(self, info: StreamInfo, window: Window) -> None:
        self.frames = 0
        self.samples = 0
        self.damage: SelfCheck | None = None
        self.end = window.offset
        """Offset in the file behind the last frame that is whole."""
        self._info = info
        self._window = window
        self._at = self._checked = self._crc = 0
        self._scan = 1
        self._count = self._following = 0
        self._begun = self._varies = self._has_last = self._is_over = False

    def advance(self) -> int:
        """Walk over what the window holds by now. How many bytes of it are no longer needed."""
        window = self._window
        if (window.size < LONGEST and not window.is_end) or not window.size:
            return 0
        if not self._is_over and not self._has_last:
            self._walk()
        if not self._is_over and (window.is_end or window.size - self._at > LARGEST):
            self._finish()
        if self._is_over:
            return window.size
        done, self._at = self._at, 0
        self._scan, self._checked = self._scan - done, self._checked - done
        return done

    def _walk(self) -> None:
        """From header to header. One loop with plain variables: half of the time would go to calls otherwise."""
        window = self._window
        if not self._begun and not self._begin():
            return None
        room, total = window.size - (0 if window.is_end else LONGEST), self._info.samples
        data, view, varies = window.data, window.view, self._varies
        samples, following = self._count, self._following
        scan = max(self._at + 1, window.size - 2)
        for match in _SYNC[varies].finditer(data, self._scan, window.size):
            place = match.start()
            if place > room:
                scan = place
                break
            seen = glance(data, window.size, place)
            if seen is None:
                continue
            self._crc = crc = crc16_of_flac(view[self._checked : place], self._crc)
            self._checked = place
            if crc == 0:
                self.frames += 1
                self.samples += samples
                self._at = place
                number, samples = seen
                if number != following:
                    return self._broken(f"it is numbered {number:,} where {following:,} must follow")
                following = number + (samples if varies else 1)
                if 0 < total <= self.samples + samples:
                    self._has_last = True
                    break
            elif seen[0] == following:
                return self._broken("CRC-16 differs")
        self._count, self._following, self._scan = samples, following, scan
        return None

    def _begin(self) -> bool:
        """The first header; False where there is nothing more to walk over."""
        header = self._header_here()
        if header is None:
            self._broken("its header does not hold")
            return False
        self._varies, self._count, self._following = header.varies, header.samples, header.next
        self._begun = True
        self._has_last = 0 < self._info.samples <= header.samples
        return not self._has_last

    def _header_here(self) -> FrameHeader | None:
        return frame_header(self._window.data, self._window.size, self._at, self._info.bits)

    def _finish(self) -> None:
        """No header follows this frame, or none within the size of a frame."""
        window, header = self._window, self._header_here()
        self._is_over = True
        data = bytes(window.view[self._at : self._at + LARGEST])
        length = frame_length(data, header) if header else None
        if length is None or not (window.is_end or self._has_last):
            self._broken("it is cut, or its inside makes no sense")
        elif crc16_of_flac(memoryview(data)[:length]):
            self._broken("CRC-16 differs")
        else:
            self.frames += 1
            self.samples += header.samples if header else 0
            self.end = window.offset + self._at + length

    def _broken(self, what: str) -> None:
        at = self._window.offset + self._at
        self.damage = SelfCheck(Soundness.DAMAGED, f"frame {self.frames:,}: {what}", at)
        self._is_over = True
