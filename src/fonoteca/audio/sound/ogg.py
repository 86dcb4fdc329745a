"""Ogg files, chained and multiplexed: `ogg/1`.

**Payload.** For each logical stream of Vorbis, Opus, Speex or FLAC, in the order of their first pages, three
parts: the codec's name in lower case (ASCII); the BLAKE3 digest of the bytes of its kept packets, one after the other;
the BLAKE3 digest of their lengths, each written as in Ogg's segment tables (a byte of 255 for each whole 255 and one
more for the rest, which may be 0). Then, for each page whose CRC does not hold, in the order of the file, one part:
its header and segment table as they stand, for nothing that such a page says can be told from damage.

Kept are all packets but: the second of Vorbis, Opus and Speex (comments); of FLAC all metadata packets, which are
those from the second to the last before the first that begins with `FF`, and empty ones, while of its first
packet bytes 17 to 50 alone are kept (STREAMINFO). Serial numbers, sequence numbers, granule positions and flags are
no part of it: whoever writes pages anew counts anew. Streams of other codecs (video, Skeleton, subtitles) are no
sound.

**Check.** CRC of each page, sequence numbers, begin, continuation and end of each stream.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from fonoteca.audio.sound.around import blocks, sound_span
from fonoteca.audio.sound.crc import crc32_of_ogg
from fonoteca.audio.sound.oggstream import Stream
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.sound.window import Window
from fonoteca.audio.source import Source
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness

NAME = "ogg/1"
_HEADER = struct.Struct("<4sBBqIIIB")
_LARGEST = 27 + 255 + 255 * 255
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_NO_CRC = bytes(4)
_MANY = 4096
"""Logical streams in one file; a hostile one could make us remember millions."""


def read(source: Source) -> Sound:
    """The payload digest and the outcome of the pages' checks."""
    span = sound_span(source)
    window, pages, done = Window(source, span.start, span.end), _Pages(place=span.start), 0
    while window.more(done) and not pages.is_lost:
        done = pages.advance(window)
    return pages.outcome(source, span.end)


@dataclass(slots=True)
class _Pages:
    """What the pages so far come to."""

    count: int = 0
    place: int = 0
    """Offset in the file behind the last page."""
    is_lost: bool = False
    """No page stands at `place`."""
    damage: SelfCheck | None = None
    streams: dict[int, Stream] = field(default_factory=dict)
    order: list[Stream] = field(default_factory=list)
    broken: list[bytes] = field(default_factory=list)

    def advance(self, window: Window) -> int:
        """Take the pages that are whole in the window; how many bytes of it they fill.

        One loop with plain variables: a page of Vorbis has four kilobytes, half of its time would go to calls.
        """
        data, view, size, at = window.data, window.view, window.size, 0
        room = size - (27 if window.is_end else _LARGEST)
        streams, unpack, offset = self.streams, _HEADER.unpack_from, window.offset
        while at <= room:
            magic, version, flags, _, serial, sequence, crc, count = unpack(data, at)
            start = at + 27 + count
            lacing = data[at + 27 : start]
            end = start + sum(lacing)
            if magic != b"OggS" or version or end > size:
                break
            view[at + 22 : at + 26] = _NO_CRC
            if crc32_of_ogg(view[at:end]) != crc:
                self._bad_page(data[at : at + 22] + crc.to_bytes(4, "little") + data[at + 26 : start])
            stream = streams.get(serial)
            if stream is None or flags & _FIRST or stream.has_ended:
                stream = self._begin(stream, serial, sequence, flags)
                if stream is None:
                    break
            if sequence != stream.following:
                self._damaged(f"page {stream.following:,} of its stream is missing: {sequence:,} follows")
            if count:
                if flags & _CONTINUED != stream.is_continued:
                    self._damaged("a packet begins or goes on where the page before says otherwise")
                stream.is_continued = lacing[-1] == 255
                stream.page(lacing, view[start:end])
            stream.following = (sequence + 1) & 0xFFFFFFFF
            if flags & _LAST:
                stream.has_ended = True
            self.count += 1
            at = end
            self.place = offset + at
        self.is_lost = at <= room or (window.is_end and at < size)
        return at

    def outcome(self, source: Source, end: int) -> Sound:
        """The pages are over: no more follow, or what follows is none."""
        is_complete = bool(self.order) and all(stream.has_ended for stream in self.order)
        rest = end - self.place
        if rest and not is_complete:
            self._damaged("no page follows that is whole")
        elif not is_complete:
            self._damaged("the end is missing: no page is marked as the last of its stream")
        elif any(stream.is_continued for stream in self.order):
            self._damaged("the last packet is cut")
        if self.damage is not None:
            reason = self.damage.detail if rest and not is_complete else None
            return self._told(self.damage, reason)
        held = f"{self.count:,} pages hold"
        if any(block.strip(b"\0") for block in blocks(source, self.place, end)):
            said = f"{held}; {rest:,} bytes behind them are no tag that is known"
            return self._told(SelfCheck(Soundness.STRUCTURE, said, self.place))
        return self._told(SelfCheck(Soundness.SOUND, held))

    def _told(self, check: SelfCheck, reason: str | None = None) -> Sound:
        if reason is None and not any(stream.codec for stream in self.order):
            reason = "none of its streams is sound that is known"
        if reason:
            return Sound(check, None, reason)
        return Sound(check, self._payload(), None, self._lossless())

    def _lossless(self) -> str | None:
        sounding = [stream for stream in self.order if stream.codec]
        md5 = sounding[0].md5 if len(sounding) == 1 else b""
        return f"md5:{md5.hex()}" if any(md5) else None

    def _payload(self) -> Payload:
        digest = Digesting(NAME)
        for stream in self.order:
            if stream.codec is not None:
                digest.part(stream.codec.encode("ascii"))
                for part in stream.digests():
                    digest.part(part)
        for header in self.broken:
            digest.part(header)
        return digest.payload()

    def _begin(self, before: Stream | None, serial: int, sequence: int, flags: int) -> Stream | None:
        """A page that begins a stream, or should."""
        if not flags & _FIRST:
            self._damaged("it belongs to no stream that has begun")
        elif before is not None and not before.has_ended:
            self._damaged("its stream begins anew without an end")
        if len(self.order) == _MANY:
            return None
        stream = self.streams[serial] = Stream(sequence)
        self.order.append(stream)
        return stream

    def _bad_page(self, header: bytearray) -> None:
        self._damaged("CRC differs")
        if len(self.broken) < _MANY:
            self.broken.append(bytes(header))

    def _damaged(self, what: str) -> None:
        if self.damage is None:
            self.damage = SelfCheck(Soundness.DAMAGED, f"page {self.count:,}: {what}", self.place)
