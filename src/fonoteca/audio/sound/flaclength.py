"""Where a FLAC frame ends, told by walking through its subframes without decoding a sample (RFC 9639, 9.2).

Only for the last frame of a stream: any other ends where the next one begins. Its CRC-16 alone cannot tell a
whole frame from one that lost a zero byte at its end.
"""

from __future__ import annotations

from fonoteca.audio.sound.flacheader import FrameHeader

_FOOTER = 2
_FIXED, _LPC = 8, 32


def frame_length(data: bytes, header: FrameHeader) -> int | None:
    """Bytes of the frame that `data` begins with, its CRC-16 included; None where it makes no sense or is cut."""
    longest = header.size + header.channels * (64 + header.samples * (header.bits + 2) // 8) + _FOOTER
    body = data[header.size : longest]
    bits = bin(int.from_bytes(b"\1" + body, "big"))[3:]
    place = 0
    try:
        for channel in range(header.channels):
            place = _subframe(bits, place, header.samples, header.bits + (channel == header.side))
    except ValueError:  # a bit that is looked for is not there
        return None
    length = header.size + (place + 7) // 8 + _FOOTER
    return length if length <= len(data) else None


def _subframe(bits: str, place: int, samples: int, width: int) -> int:
    """Where the subframe ends that begins at `place`. Raises ValueError."""
    kind = int(bits[place : place + 7], 2)
    place += 8
    if bits[place - 1 : place] == "1":
        stop = bits.index("1", place) + 1
        width -= stop - place
        place = stop
    if width < 1:
        raise ValueError("more wasted bits than bits")
    if kind == 0:
        return place + width
    if kind == 1:
        return place + width * samples
    if _FIXED <= kind <= _FIXED + 4:
        return _residual(bits, place + width * (kind - _FIXED), samples, kind - _FIXED)
    if _LPC <= kind < 64:
        order = kind - _LPC + 1
        place += width * order
        precision = int(bits[place : place + 4], 2) + 1
        return _residual(bits, place + 9 + precision * order, samples, order)
    raise ValueError("a kind of subframe that is reserved")


def _residual(bits: str, place: int, samples: int, order: int) -> int:
    """Where the coded residual ends. Raises ValueError."""
    method, parts = int(bits[place : place + 2], 2), 1 << int(bits[place + 2 : place + 6], 2)
    place += 6
    wide = 4 + method
    if method > 1 or samples % parts or samples // parts < order:
        raise ValueError("a residual that makes no sense")
    for part in range(parts):
        parameter = int(bits[place : place + wide], 2)
        place += wide
        count = samples // parts - (0 if part else order)
        if parameter == (1 << wide) - 1:
            place += 5 + count * int(bits[place : place + 5], 2)
            continue
        step = parameter + 1
        for _ in range(count):
            place = bits.index("1", place) + step
    return place
