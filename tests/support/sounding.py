"""Files as the readers of `audio.sound` see them, and damage made on purpose."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from fonoteca.audio.sound.read import read_sound
from fonoteca.audio.source import source_of
from fonoteca.core.sound import Sound, Soundness
from support.audio import make_audio
from support.tools import run_tool


def sound_of(data: bytes, family: str) -> Sound:
    """What these bytes say about their sound."""
    return read_sound(source_of(data, b"a"), family)


def soundness_of(data: bytes, family: str) -> Soundness:
    """What their own checks come to."""
    return sound_of(data, family).check.soundness


def sound_in(path: Path, family: str) -> Sound:
    """What a file says about its sound."""
    return sound_of(path.read_bytes(), family)


def flip_bit(data: bytes, at: int, bit: int = 0) -> bytes:
    """The same bytes but for one bit."""
    return data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]


def places(start: int, end: int, count: int, seed: int = 0) -> list[int]:
    """Up to `count` offsets between `start` and `end`, the last few always among them."""
    last = range(max(start, end - 40), end)
    return sorted({*random.Random(seed).sample(range(start, end), min(count, end - start)), *last})


def faulty(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Copies with random cuts, flips, insertions, repetitions, lying numbers and blots."""
    chance = random.Random(seed)
    for _ in range(count):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(broken) + 1)
            match chance.randrange(6):
                case 0:
                    del broken[at:]
                case 1:
                    broken[at : at + 1] = bytes((chance.randrange(256),))
                case 2:
                    broken[at:at] = chance.randbytes(chance.randint(1, 300))
                case 3:
                    broken[at:at] = broken[at : at + chance.randint(1, 5000)]
                case 4:
                    broken[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4)))
                case _:
                    broken[at : at + 64] = chance.randbytes(64)
            if not broken:
                broken = bytearray(chance.randbytes(16))
        yield bytes(broken)


def wav_file(folder: Path, seconds: float = 1.0) -> Path:
    """A tone for encoders that are no part of ffmpeg."""
    return make_audio("wav", folder / "tone.wav", seconds=seconds)


def copied_by_ffmpeg(path: Path) -> Path:
    """The same stream in a container that ffmpeg wrote, with another title."""
    target = path.with_name("copied" + path.suffix)
    options = ("-map", "0:a", "-c", "copy", "-metadata", "title=Another", "-metadata", "artist=Someone")
    run_tool("ffmpeg", "-v", "error", "-y", "-i", str(path), *options, str(target))
    return target
