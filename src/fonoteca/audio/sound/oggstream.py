"""One logical stream of an Ogg file: which of its packets are sound, and what they come to.

The bytes of those packets go to one BLAKE3 digest and their lengths, in Ogg's own way of writing them (a byte of 255
for every whole 255, then one for the rest), to another. So a page is two updates however many packets it holds, and
both stay the same when a tagger distributes the packets over other pages.
"""

from __future__ import annotations

from blake3 import blake3

_FIRST = 65_536
"""Bytes of a first packet that count; those of sound have 19 to a few hundred."""
_STREAMINFO = slice(17, 51)
"""In the first packet of FLAC in Ogg (RFC 9639, 10.1): behind `\\x7fFLAC`, version, number of header packets, `fLaC`
and the block's header."""


def codec_of(first: bytes) -> str | None:
    """The sound's codec by the first packet of a stream; None where it is no sound that is known."""
    if first[:7] == b"\x01vorbis":
        return "vorbis"
    if first[:8] == b"OpusHead":
        return "opus"
    if first[:8] == b"Speex   ":
        return "speex"
    if first[:5] == b"\x7fFLAC" and first[9:13] == b"fLaC" and len(first) >= 51:
        return "flac"
    return None


def lacing_of(length: int) -> bytes:
    """A packet's length as Ogg writes it (RFC 3533, 6).

    >>> lacing_of(600).hex()
    'ffff5a'
    """
    return b"\xff" * (length // 255) + bytes((length % 255,))


def _without_empty(lacing: bytes | bytearray, *, goes_on: bool) -> bytes:
    """Lacing values without those of packets that are empty: a 0 that does not end a longer packet."""
    before = (255 if goes_on else 0, *lacing)
    return bytes(value for value, last in zip(lacing, before, strict=False) if value or last == 255)


class Stream:
    """Takes pages in their order. `codec` is None for what is no sound: its pages are checked, not digested."""

    __slots__ = (
        "_begins",
        "_bytes",
        "_first",
        "_goes_on",
        "_is_kept",
        "_is_sound",
        "_lengths",
        "_packet",
        "codec",
        "following",
        "has_ended",
        "is_continued",
        "md5",
    )

    def __init__(self, following: int) -> None:
        self.following = following
        """The sequence number of the next page."""
        self.is_continued = False
        """The last packet goes on in the next page."""
        self.has_ended = False
        self.codec: str | None = None
        self.md5 = b""
        """Of FLAC's decoded sound, as STREAMINFO declares it; zeros or nothing where it does not."""
        self._bytes, self._lengths = blake3(), blake3()
        self._first = bytearray()
        self._packet = 0
        self._begins, self._goes_on, self._is_kept, self._is_sound = True, False, True, False

    def page(self, lacing: bytes | bytearray, body: memoryview) -> None:
        """The lacing values and the data of the next page."""
        if self._is_sound:
            goes_on, self._goes_on = self._goes_on, lacing[-1] == 255
            if self.codec == "flac" and 0 in lacing:
                lacing = _without_empty(lacing, goes_on=goes_on)
            self._lengths.update(lacing)
            self._bytes.update(body)
        elif self._packet == 0 or self.codec is not None:
            self._headers(bytes(lacing), body)

    def digests(self) -> tuple[bytes, bytes]:
        """Of the packets' bytes, and of their lengths."""
        return self._bytes.digest(), self._lengths.digest()

    def _headers(self, lacing: bytes, body: memoryview) -> None:
        """A page on which header packets may stand, one after the other."""
        at = place = 0
        while at < len(lacing):
            if self._begins and self._is_first_of_sound(body[place : place + 1]):
                self._is_sound = True
                return self.page(lacing[at:], body[place:])
            stop = at
            while stop < len(lacing) - 1 and lacing[stop] == 255:
                stop += 1
            part = lacing[at : stop + 1]
            self._part(part, body[place : place + sum(part)])
            at, place = stop + 1, place + sum(part)
        return None

    def _is_first_of_sound(self, byte: memoryview) -> bool:
        if self.codec == "flac":
            return self._packet > 0 and bytes(byte) == b"\xff"
        return self._packet == (3 if self.codec == "vorbis" else 2)

    def _part(self, lacing: bytes, data: memoryview) -> None:
        """A header packet or a part of one."""
        if self._begins:
            self._is_kept = self.codec == "vorbis" and self._packet == 2
        if self._packet == 0:
            self._first += data[: max(0, _FIRST - len(self._first))]
        elif self._is_kept:
            self._lengths.update(lacing)
            self._bytes.update(data)
        self._begins = lacing[-1] < 255
        if self._begins:
            if self._packet == 0:
                self._identify(bytes(self._first))
            self._packet += 1

    def _identify(self, first: bytes) -> None:
        self.codec = codec_of(first)
        kept = first[_STREAMINFO] if self.codec == "flac" else first
        self.md5 = kept[18:] if self.codec == "flac" else b""
        self._lengths.update(lacing_of(len(kept)))
        self._bytes.update(kept)
