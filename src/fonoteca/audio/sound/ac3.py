"""AC-3 and E-AC-3: `ac3/1`.

**Payload.** Without any length in front: the bytes from the first frame to the end of the sound
(`around.sound_span`), but for tags that stand where a frame would begin (ID3v2, APEv2 with a header, ID3v1) and
zeros behind the last frame. The first frame is the first `0B 77` (ETSI TS 102 366, 5.3.1 and E.1.2.1) that another
one follows at the length that it declares, or the end does; what lies before it is junk.

**Check.** That frame follows frame, and each one's CRC: over all of a frame but the sync code it comes to 0, and in
AC-3 over its first five eighths too. A stream does not say how long it is.
"""

from __future__ import annotations

import re

from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.crc import crc16_of_flac
from fonoteca.audio.sound.framechain import FrameChain, Kind, first_frame
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.sound.window import Window
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "ac3/1"
_HEADER = 6
_KBITS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_WORDS = (
    tuple(kbits * 2 for kbits in _KBITS for _ in range(2)),
    tuple(kbits * 1000 * 96 // 44100 + odd for kbits in _KBITS for odd in range(2)),
    tuple(kbits * 3 for kbits in _KBITS for _ in range(2)),
)
"""Words of 16 bits in an AC-3 frame by sample rate code (48, 44.1, 32 kHz) and frame size code (table 5.18)."""


def read(source: Source) -> Sound:
    """The payload digest and whether the frames hold."""
    span = sound_span(source)
    start = first_frame(source, span, _KIND)
    if start is None:
        reason = "no AC-3 frames that follow each other"
        return Sound(SelfCheck(Soundness.DAMAGED, reason, span.start), reason=reason)
    digest = Digesting(NAME)
    chain = FrameChain(_KIND, Window(source, start, span.end), digest.update).run()
    return Sound(_outcome(chain, start - span.start), digest.payload())


def _outcome(chain: FrameChain, before: int) -> SelfCheck:
    if chain.bad_at is not None and (chain.junk_at is None or chain.bad_at < chain.junk_at):
        return SelfCheck(Soundness.DAMAGED, f"frame {chain.bad:,}: CRC differs", chain.bad_at)
    if chain.junk_at is not None:
        return SelfCheck(Soundness.DAMAGED, "bytes between frames that are no frame", chain.junk_at)
    if chain.has_rest:
        return SelfCheck(Soundness.DAMAGED, "the last frame is cut, or is none", chain.end)
    said = f"the CRCs of {chain.frames:,} frames hold; how many there must be is not declared"
    return SelfCheck(Soundness.STRUCTURE, said + (f"; {before:,} bytes in front are none" if before else ""))


def _length(data: bytes | bytearray, at: int) -> int:
    """By the bit stream identification: up to 10 AC-3, 11 to 16 E-AC-3."""
    if data[at] != 0x0B or data[at + 1] != 0x77:
        return 0
    identification, code = data[at + 5] >> 3, data[at + 4]
    if identification > 16:
        return 0
    if identification > 10:
        return ((data[at + 2] & 7) << 8 | data[at + 3]) * 2 + 2
    rate, size = code >> 6, code & 63
    return _WORDS[rate][size] * 2 if rate < 3 and size < 38 else 0


def _holds(frame: memoryview) -> bool:
    if crc16_of_flac(frame[2:]):
        return False
    if frame[5] >> 3 > 10:
        return True
    words = len(frame) // 2
    return crc16_of_flac(frame[2 : ((words >> 1) + (words >> 3)) * 2]) == 0


_KIND = Kind(re.compile(rb"\x0b\x77"), _HEADER, _length, _holds)
