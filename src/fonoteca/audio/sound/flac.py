"""FLAC files: `flac/1`.

**Payload.** Two parts. First STREAMINFO, the 34 bytes of the first metadata block without its header. Then,
without a length in front, the frames: all bytes from behind the last metadata block to the end of the last
frame. The last frame is the one with which the number of samples is reached that STREAMINFO declares; where it
declares none, where a frame does not hold or where samples are missing or too many, the frames end where the
sound does (`around.sound_span`).

Metadata blocks are taken by the sizes that their headers declare. Where no frame's sync code (`FF F8` or `FF F9`)
stands behind the last one, they are walked through again, with the sizes of comments and pictures taken from
what they hold: there are files that lie about these. Where none stands there either, the layout is not known.

**Check.** CRC-8 of each header, CRC-16 of each frame, their numbers, the sum of their samples against STREAMINFO.
"""

from __future__ import annotations

from collections.abc import Callable

from fonoteca.audio.sound.around import BLOCK, Span, blocks, sound_span
from fonoteca.audio.sound.flacframes import FrameChain
from fonoteca.audio.sound.flacheader import LONGEST, StreamInfo, frame_header, stream_info
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.sound.window import Window
from fonoteca.audio.source import Source
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness

NAME = "flac/1"
_MANY = 4096
"""Metadata blocks, and comments in one of them with a size that lies."""
_SYNC = (b"\xff\xf8", b"\xff\xf9")


def read(source: Source) -> Sound:
    """The payload digest and the outcome of the frames' checks."""
    span = sound_span(source)
    head = source.at(span.start, 42)
    if head[:4] != b"fLaC" or len(head) < 42 or head[4] & 0x7F or head[5:8] != b"\0\0\x22":
        return _unknown("it does not begin with `fLaC` and STREAMINFO", span.start)
    info = stream_info(head[8:42])
    lossless = f"md5:{info.md5.hex()}" if any(info.md5) else None
    start = _first_frame(source, span)
    if start is None:
        return _unknown("no frame stands behind the metadata blocks", span.start)._replace(lossless=lossless)
    check, payload = _frames(source, info, Span(start, span.end))
    return Sound(check, payload, None, lossless)


def _unknown(reason: str, at: int) -> Sound:
    return Sound(SelfCheck(Soundness.DAMAGED, reason, at), reason=reason)


def _frames(source: Source, info: StreamInfo, span: Span) -> tuple[SelfCheck, Payload]:
    window = Window(source, span.start, span.end)
    chain, digest, done = FrameChain(info, window), _begun(info), 0
    while new := window.more(done):
        digest.update(new)
        done = chain.advance()
    chain.advance()
    check = _outcome(source, chain, info, span)
    if check.soundness is Soundness.DAMAGED or chain.end == span.end or not info.samples:
        return check, digest.payload()
    # Something lies behind the last frame. That is rare enough to read the frames alone once more.
    digest = _begun(info)
    for block in blocks(source, span.start, chain.end):
        digest.update(block)
    return check, digest.payload()


def _begun(info: StreamInfo) -> Digesting:
    digest = Digesting(NAME)
    digest.part(info.data)
    return digest


def _outcome(source: Source, chain: FrameChain, info: StreamInfo, span: Span) -> SelfCheck:
    if chain.damage is not None:
        return chain.damage
    if chain.samples != info.samples and info.samples:
        what = "the end is missing" if chain.samples < info.samples else "too many"
        said = f"{chain.samples:,} of {info.samples:,} samples: {what}"
        return SelfCheck(Soundness.DAMAGED, said, chain.end)
    held = f"{chain.frames:,} frames hold"
    if not info.samples:
        return SelfCheck(Soundness.STRUCTURE, f"{held}; how many there must be is not declared")
    rest = source.at(chain.end, min(span.end - chain.end, BLOCK))
    if rest[:2] in _SYNC and frame_header(rest[:LONGEST], min(len(rest), LONGEST), 0, info.bits) is not None:
        return SelfCheck(Soundness.DAMAGED, "frames follow behind the last one", chain.end)
    if rest.strip(b"\0"):
        said = f"{held}; {span.end - chain.end:,} bytes behind them are no tag that is known"
        return SelfCheck(Soundness.STRUCTURE, said, chain.end)
    return SelfCheck(Soundness.SOUND, held)


def _first_frame(source: Source, span: Span) -> int | None:
    """Where the metadata ends and a frame begins, or the sound ends; None where neither is the case."""
    for sized in (_declared, _held):
        start = _behind_blocks(source, span, sized)
        if start is not None and (start == span.end or source.at(start, 2) in _SYNC):
            return start
    return None


def _behind_blocks(source: Source, span: Span, sized: Callable[[Source, int, bytes], int]) -> int | None:
    place = span.start + 4
    for _ in range(_MANY):
        head = source.at(place, 4)
        if len(head) < 4 or head[0] & 0x7F == 0x7F:
            return None
        place += 4 + sized(source, place + 4, head)
        if place > span.end:
            return None
        if head[0] & 0x80:
            return place
    return None


def _declared(source: Source, start: int, head: bytes) -> int:
    return int.from_bytes(head[1:4], "big")


def _held(source: Source, start: int, head: bytes) -> int:
    """The size of a block by what it holds, where writers are known to have lied in its header."""
    match head[0] & 0x7F:
        case 4:
            return _comments_size(source, start)
        case 6:
            return _picture_size(source, start)
        case _:
            return _declared(source, start, head)


def _comments_size(source: Source, start: int) -> int:
    """Vendor, number of comments, comments: each a length and a text, little-endian."""
    place = start + 4 + int.from_bytes(source.at(start, 4), "little")
    count = int.from_bytes(source.at(place, 4), "little")
    place += 4
    for _ in range(min(count, _MANY)):
        place += 4 + int.from_bytes(source.at(place, 4), "little")
    return place - start


def _picture_size(source: Source, start: int) -> int:
    """Kind, type, description, four numbers, data: each text with its length, big-endian."""
    place = start + 4
    for more in (0, 16, 0):
        place += 4 + int.from_bytes(source.at(place, 4), "big") + more
    return place - start
