"""AIFF and AIFF-C: COMM, and the samples behind the offset."""

from __future__ import annotations

import struct

from fonoteca.core.sound import Soundness
from support.crafted import riff_chunk
from support.sounds import sound_of

FRAMES = bytes(range(200)) * 2
RATE = struct.pack(">HQ", 0x3FFF + 15, 44100 << 48)


def aiff(
    kind: bytes | None = None, offset: int = 0, frames: int = 100, tail: bytes = b"", size: int | None = None
) -> bytes:
    """A hundred frames of 16 bits stereo."""
    common = struct.pack(">HIH", 2, frames, 16) + RATE + (kind + b"\0\0" if kind else b"")
    sound = riff_chunk(b"SSND", struct.pack(">II", offset, 0) + bytes(offset) + FRAMES, ">")
    body = (b"AIFC" if kind else b"AIFF") + riff_chunk(b"COMM", common, ">") + sound + tail
    return b"FORM" + struct.pack(">I", len(body) if size is None else size) + body


def test_what_says_the_same_is_the_same():
    """An offset for disks of 1988, AIFF-C without compression, chunks of text."""
    plain = sound_of("aiff", aiff())
    others = [aiff(offset=512), aiff(b"NONE"), aiff(b"twos"), aiff(tail=riff_chunk(b"NAME", b"A title", ">"))]

    assert [plain] * 4 == [sound_of("aiff", one) for one in others]
    assert plain.payload != sound_of("aiff", aiff(b"sowt")).payload


def test_fewer_samples_than_declared_are_damage():
    """The sizes may have been put right after a cut; the number of frames was not."""
    assert Soundness.DAMAGED is sound_of("aiff", aiff(frames=101)).check.soundness


def test_a_stream_whose_sizes_were_never_filled_in_reaches_to_the_end():
    """What a pipe leaves behind: zeros for sizes."""
    data = aiff(size=0)
    place = data.index(b"SSND") + 4
    streamed = data[:place] + bytes(4) + data[place + 4 :]

    found = sound_of("aiff", streamed)

    assert (Soundness.NO_CHECK, sound_of("aiff", aiff()).payload) == (found.check.soundness, found.payload)


def test_a_file_without_samples_or_format_has_no_digest():
    """Nothing is guessed of what is missing."""
    data = aiff()

    assert [None] * 3 == [
        sound_of("aiff", data.replace(*names)).payload
        for names in ((b"SSND", b"SSNX"), (b"COMM", b"COMX"), (b"AIFF", b"8SVX"))
    ]
