"""AAC in ADTS frames: `adts/1`.

**Payload.** Without any length in front: the bytes from the first frame to the end of the sound
(`around.sound_span`), but for tags that stand where a frame would begin (ID3v2, APEv2 with a header, ID3v1) and
zeros behind the last frame. The first frame is the first header (ISO 13818-7, 6.2) that another one follows at the
length that it declares, or the end does; what lies before it is junk. AAC in ADIF has no frames: no digest.

**Check.** That frame follows frame. A stream does not say how long it is; its CRC, where it has one, covers parts
of elements that only a decoder finds.
"""

from __future__ import annotations

import re

from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.framechain import FrameChain, Kind, first_frame
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.sound.window import Window
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "adts/1"
_HEADER = 7


def read(source: Source) -> Sound:
    """The payload digest and whether frame follows frame."""
    span = sound_span(source)
    if source.at(span.start, 4) == b"ADIF":
        reason = "AAC in ADIF has no frames that could be told apart"
        return Sound(SelfCheck(Soundness.NO_CHECK, reason), reason=reason)
    start = first_frame(source, span, _KIND)
    if start is None:
        reason = "no ADTS frames that follow each other"
        return Sound(SelfCheck(Soundness.DAMAGED, reason, span.start), reason=reason)
    digest = Digesting(NAME)
    chain = FrameChain(_KIND, Window(source, start, span.end), digest.update).run()
    return Sound(_outcome(chain, start - span.start), digest.payload())


def _outcome(chain: FrameChain, before: int) -> SelfCheck:
    if chain.junk_at is not None:
        return SelfCheck(Soundness.DAMAGED, "bytes between frames that are no frame", chain.junk_at)
    if chain.has_rest:
        return SelfCheck(Soundness.DAMAGED, "the last frame is cut, or is none", chain.end)
    said = f"{chain.frames:,} frames in a row; how many there must be is not declared"
    return SelfCheck(Soundness.STRUCTURE, said + (f"; {before:,} bytes in front are none" if before else ""))


def _length(data: bytes | bytearray, at: int) -> int:
    """Sync code, layer 0, a sample rate that is not reserved; then 13 bits of length, the header counted."""
    if data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0 or data[at + 2] & 0x3C > 0x30:
        return 0
    length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return length if length >= (_HEADER if data[at + 1] & 1 else _HEADER + 2) else 0


_KIND = Kind(re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), _HEADER, _length)
