"""WavPack 4 and 5: the blocks that hold samples.

`wavpack/1` is the digest over one part (`payload.Digesting`) for each block that holds samples, in the order of the
file: the block as it is, from its `wvpk` on. Blocks without samples (the MD5 at the end, the trailer of the WAV it
was made from) are left out: programs that copy the sound do not always take them along. Tags lie around the blocks.

Checked are: the chain of blocks, that each begins at the sample at which the one before ended, that there are as
many samples as the first block says, the layout within each block, and where it has one (WavPack 5) its checksum
over header and data. All of them hold and each block has a checksum: *sound*. Blocks of WavPack 4, and of writers
other than its own, have only a checksum over the decoded samples: *structure only*.

`lossless` is the MD5 of the samples that `wavpack -m` stores.

Source: WavPack's own documentation of its format (WavPack5FileFormat) and `WavpackVerifySingleBlock`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from fonoteca.audio.sound.around import sound_span
from fonoteca.audio.sound.layout import Broken, Strange, damaged, told
from fonoteca.audio.sound.payload import Digesting
from fonoteca.audio.sound.wavpacksum import block_sum
from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

NAME = "wavpack/1"
_HEAD = 32
_LONGEST = 1 << 20
_VERSIONS = range(0x402, 0x411)
_HYBRID, _INITIAL, _FINAL, _HAS_SUM = 0x8, 0x800, 0x1000, 0x10000000
_SUM, _MD5, _CONFIG = 0x2F, 0x26, 0x25
_CONFIG_MD5 = 0x08
"""In the third byte of the configuration: an MD5 was stored."""
_MANY = 1 << 19
"""Blocks: days of music in all its channels."""
_UNKNOWN = 0xFFFFFFFF


class _Block(NamedTuple):
    start: int
    data: bytes
    total: int | None
    """Samples of the whole file; None where it is not known."""
    first: int
    """The number of its first sample."""
    samples: int
    flags: int


@dataclass(slots=True)
class _Course:
    """What has been seen so far."""

    total: int | None = None
    expected: int = 0
    samples: int = 0
    is_open: bool = False
    """Between the first and the last of several blocks that hold the channels of the same samples."""
    is_summed: bool = True
    is_hybrid: bool = False
    count: int = 0
    wrong: int | None = None
    """Where the first block begins whose checksum differs."""
    md5: bytes = b""
    announces_md5: bool = False

    def follow(self, block: _Block) -> None:
        """One more block with samples. Raises `Broken` where it does not follow the one before."""
        if not self.count:
            self.total = block.total
        self.count += 1
        self.is_hybrid = self.is_hybrid or bool(block.flags & _HYBRID)
        is_first = bool(block.flags & _INITIAL)
        if is_first == self.is_open or block.first != self.expected:
            raise Broken(f"a block of sample {block.first}, where {self.expected} is expected", block.start)
        if not is_first and block.samples != self.samples:
            raise Broken("blocks of the same samples that differ in length", block.start)
        self.samples = block.samples
        self.is_open = not block.flags & _FINAL
        if not self.is_open:
            self.expected += block.samples


def read(source: Source) -> Sound:
    """The sound of a WavPack file."""
    return told(_read, source)


def _read(source: Source) -> Sound:
    end = sound_span(source).end
    digest, course, place = Digesting(NAME), _Course(), 0
    for block in _blocks(source, end):
        place = block.start + len(block.data)
        _verify(block, course)
        if block.samples:
            course.follow(block)
            digest.part(block.data)
    if not course.count:
        raise Broken("there is no block with samples", 0)
    if course.is_open or (course.total is not None and course.expected != course.total):
        raise Broken(f"{course.expected} samples instead of {course.total}", place)
    payload = digest.payload()
    if course.wrong is not None:
        return damaged("the checksum of a block differs", course.wrong, payload)
    lossless = f"md5:{course.md5.hex()}" if course.md5 and not course.is_hybrid else None
    return Sound(_check(course, end - place), payload, lossless=lossless)


def _check(course: _Course, rest: int) -> SelfCheck:
    if rest:
        return SelfCheck(Soundness.STRUCTURE, f"{rest} bytes behind the last block are not known")
    if course.announces_md5 and not course.md5:
        return SelfCheck(
            Soundness.STRUCTURE, "its blocks hold; the MD5 that should stand behind them is missing"
        )
    if course.total is None:
        return SelfCheck(
            Soundness.STRUCTURE, "its blocks follow one another; it does not say how many samples it has"
        )
    if not course.is_summed:
        return SelfCheck(
            Soundness.STRUCTURE, "its blocks follow one another to the end; they have no checksums"
        )
    return SelfCheck(Soundness.SOUND, f"the checksums of all {course.count} blocks hold")


def _blocks(source: Source, end: int) -> Iterator[_Block]:
    place = 0
    for _ in range(_MANY):
        head = source.at(place, _HEAD)
        if place + _HEAD > end or head[:4] != b"wvpk":
            return
        size, version, index_high, total_high, total, index, samples, flags = struct.unpack_from(
            "<IHBBIIII", head, 4
        )
        if version not in _VERSIONS:
            raise Strange(f"WavPack of version {version:#x}")
        if not _HEAD - 8 <= size < _LONGEST or size % 2:
            raise Broken(f"a block of {size} bytes", place)
        data = source.at(place, size + 8)
        if place + size + 8 > end or len(data) < size + 8:
            raise Broken("the file ends within a block", place)
        # As in WavPack: 2^32 - 1 says unknown, so each of the upper bits counts one less.
        known = None if total == _UNKNOWN else total + (total_high << 32) - total_high
        yield _Block(place, data, known, index + (index_high << 32), samples, flags)
        place += size + 8
    raise Strange(f"more than {_MANY} blocks")


def _verify(block: _Block, course: _Course) -> None:
    """Walk through the parts of a block; compare its checksum. Raises `Broken` where they do not fit."""
    data, place, has_sum = block.data, _HEAD, False
    while place + 2 <= len(data):
        start, name, size = place, data[place], data[place + 1] * 2
        place += 2
        if name & 0x80:
            size += int.from_bytes(data[place : place + 2], "little") << 9
            place += 2
        if place + size > len(data):
            raise Broken("the parts of a block are longer than it is", block.start)
        part = data[place : place + size - (name >> 6 & 1)] if size else b""
        if name & 0x3F == _SUM:
            has_sum = True
            if not _holds(data[:start], part) and course.wrong is None:
                course.wrong = block.start
        elif name & 0x3F == _MD5 and size == 16:
            course.md5 = part
        elif name & 0x3F == _CONFIG and len(part) >= 3:
            course.announces_md5 = course.announces_md5 or bool(part[2] & _CONFIG_MD5)
        place += size
    if place != len(data) or (block.flags & _HAS_SUM and not has_sum):
        raise Broken("the parts of a block do not fill it, or its checksum is missing", block.start)
    course.is_summed = course.is_summed and has_sum


def _holds(summed: bytes, stored: bytes) -> bool:
    total = block_sum(summed)
    if len(stored) == 2:
        return int.from_bytes(stored, "little") == (total ^ total >> 16) & 0xFFFF
    return stored == total.to_bytes(4, "little")
