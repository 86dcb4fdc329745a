"""Sound inside of containers of sizes and tables: one sample of each kind, where its sound lies, and what to do to it.

`SAMPLES` are made once a test process; `mutated` damages bytes in a way that a seed repeats.
"""

from __future__ import annotations

import hashlib
import random
import struct
import tempfile
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from fonoteca.audio.source import source_of
from fonoteca.core.sound import Sound
from support.crafted import dsdiff, id3v2, text_frame
from support.tools import run_tool

Spans = list[tuple[int, int]]


class Sample(NamedTuple):
    """A file in memory, the family that reads it, and spans of it in which each bit is sound."""

    family: str
    data: bytes
    sound: Spans


def sound_of(family: str, data: bytes, name: bytes = b"a.bin") -> Sound:
    """What the module of this family says."""
    found: Sound = import_module(f"fonoteca.audio.sound.{family}").read(source_of(data, name))
    return found


def noise(path: Path, *options: str, seconds: float = 0.3) -> Path:
    """A tone with noise, encoded by ffmpeg with these options; no two blocks of it are alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    graph = f"sine=330:sample_rate=44100:d={seconds}[a];anoisesrc=d={seconds}:a=0.2:r=44100:seed=7[b];[a][b]amix=2"
    run_tool("ffmpeg", "-v", "error", "-y", "-filter_complex", graph, "-ac", "2", *options, str(path))
    return path


def cut_points(data: bytes, count: int = 150) -> list[int]:
    """Where to cut: some places spread over the whole, and each of the first and last bytes."""
    spread = range(0, len(data), max(1, len(data) // count))
    return sorted({*spread, *range(min(120, len(data))), *range(max(0, len(data) - 60), len(data))})


def flipped(data: bytes, place: int, bit: int = 0) -> bytes:
    """The same with one bit turned over."""
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def mutated(data: bytes, seed: int) -> bytes:
    """Cut, flipped, grown, shrunk, and with sizes that lie: one to four times."""
    choose = random.Random(seed)
    changed = bytearray(data)
    for _ in range(choose.choice((1, 1, 1, 2, 4))):
        end = len(changed)
        near = min(end, 2500)
        place = choose.choice(
            (choose.randrange(end), choose.randrange(near), end - 1 - choose.randrange(near))
        )
        kind = choose.randrange(6)
        if kind == 0:
            changed[place] ^= 1 << choose.randrange(8)
        elif kind == 1:
            del changed[max(1, place) :]
        elif kind == 2:
            changed[place:place] = choose.randbytes(choose.randrange(1, 300))
        elif kind == 3 and end > 400:
            del changed[place : place + choose.randrange(1, 300)]
        elif kind == 4:
            lies = (b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\1", b"\1\0\0\0")
            changed[place : place + 4] = choose.choice(lies)
        else:
            changed[place : place + 8] = choose.choice((b"\xff" * 8, bytes(8), b"\0\0\0\1\0\0\0\0"))
    return bytes(changed)


def monkeys_audio(version: int = 3990) -> bytes:
    """Monkey's Audio whose MD5 holds; its frames are noise. Before 3.98: header and noise."""
    choose = random.Random(version)
    if version < 3980:
        return struct.pack("<4sH", b"MAC ", version) + choose.randbytes(6000)
    header = struct.pack("<HHIIIHHI", 2000, 0, 73728, 50, 1, 16, 2, 44100)
    seeks, wav, rest = struct.pack("<4I", 1, 2, 3, 4), choose.randbytes(44), choose.randbytes(12)
    frames = choose.randbytes(9000)
    md5 = hashlib.md5(wav + frames + rest + header + seeks).digest()
    sizes = (52, len(header), len(seeks), len(wav), len(frames), 0, len(rest))
    return struct.pack("<4sHH7I", b"MAC ", version, 0, *sizes) + md5 + header + seeks + wav + frames + rest


def musepack_sv7(frames: int = 60, gains: tuple[int, int, int, int] = (0, 0, 0, 0)) -> bytes:
    """Musepack SV7: frames of noise behind their lengths in bits (ffprobe finds as many in it)."""
    choose = random.Random(frames)
    head = b"MP+\x07" + struct.pack("<II4HI", frames, 0x1B << 24 | 3 << 20, *gains, 1 << 31 | 500 << 20)
    bits = format(130, "08b")
    for _ in range(frames):
        length = choose.randrange(20, 4000)
        bits += format(length, "020b") + format(choose.getrandbits(length), f"0{length}b")
    bits += "0" * (-len(bits) % 32)
    return head + b"".join(int(bits[at : at + 32], 2).to_bytes(4, "little") for at in range(0, len(bits), 32))


def dsf(tag: bytes = b"", blocks: int = 2) -> bytes:
    """DSD64 stereo in DSF, of noise, with as many samples as it declares."""
    sound = random.Random(blocks).randbytes(2 * 4096 * blocks)
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 2, 2, 2_822_400, 1, 4096 * 8 * blocks, 4096, 0)
    data = struct.pack("<4sQ", b"data", 12 + len(sound)) + sound
    place = 28 + len(fmt) + len(data)
    return struct.pack("<4sQQQ", b"DSD ", 28, place + len(tag), place if tag else 0) + fmt + data + tag


TAG = id3v2([text_frame("TIT2", "A title"), ("APIC", bytes(2000))])


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fonoteca-sounds-"))


def _encoded(name: str, *options: str) -> bytes:
    return noise(_folder() / name, *options).read_bytes()


def _box(data: bytes, name: bytes) -> tuple[int, int]:
    start = data.index(name)
    return start + 4, start - 4 + int.from_bytes(data[start - 4 : start], "big")


def _mdats(data: bytes) -> Spans:
    """The data of all `mdat` boxes of the file itself."""
    spans, place = Spans(), 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"mdat":
            spans.append((place + 8, place + size))
        place += size
    return spans


def _mp4(name: str, *options: str) -> Sample:
    data = _encoded(name, *options)
    # The sample sizes count too: a byte that another sample gets is another sound.
    sizes = (
        []
        if b"moof" in data or name.endswith(".mov")
        else [(_box(data, b"stsz")[0] + 12, _box(data, b"stsz")[1])]
    )
    return Sample("mp4", data, _mdats(data) + sizes)


def _wave(name: str, *options: str) -> Sample:
    data = _encoded(name, *options)
    start = data.index(b"data") + 8
    return Sample("riff", data, [(start, len(data))])


def _aiff(name: str, *options: str) -> Sample:
    data = _encoded(name, *options)
    start = data.index(b"SSND") + 16
    return Sample("aiff", data, [(data.index(b"COMM") + 8, data.index(b"COMM") + 26), (start, len(data))])


def _wavpack(name: str, *options: str) -> Sample:
    """By WavPack's own encoder, in blocks of a twentieth of a second, with an MD5."""
    path = _folder() / name
    if not path.exists():
        wav = noise(_folder() / f"{name}.wav", seconds=0.3)
        run_tool("wavpack", "-q", "-y", "--blocksize=2205", *options, str(wav), "-o", str(path))
    data = path.read_bytes()
    return Sample("wavpack", data, [(0, data.rindex(b"wvpk") if "-m" in options else len(data))])


def _musepack(name: str) -> Sample:
    path = _folder() / name
    if not path.exists():
        run_tool(
            "mpcenc", "--silent", "--overwrite", str(noise(_folder() / f"{name}.wav", seconds=2)), str(path)
        )
    data = path.read_bytes()
    return Sample("musepack", data, [(data.index(b"AP") + 4, data.rindex(b"ST") - 4)])


def _untagged(sample: bytes) -> int:
    return sample.rindex(b"APETAGEX", 0, len(sample) - 40) if b"APETAGEX" in sample else len(sample)


def _tta() -> Sample:
    data = _encoded("a.tta")
    return Sample("tta", data, [(4, _untagged(data))])


def _asf() -> Sample:
    data = _encoded("a.wma", "-c:a", "wmav2", "-b:a", "128k")
    start = data.index(bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")) + 50
    # Not the head of the packet, nor its padding: what lies between is the first media object's own bytes.
    return Sample("asf", data, [(start + 60, start + 1000)])


def _whole(family: str, data: bytes, start: int = 0) -> Sample:
    return Sample(family, data, [(start, len(data))])


def _dsdiff() -> Sample:
    data = dsdiff(TAG)
    start = data.index(b"DSD ", 16) + 12
    return Sample("dsf", data, [(start, data.index(b"ID3 ", start))])


MAKERS: dict[str, Callable[[], Sample]] = {
    "m4a": lambda: _mp4("a.m4a", "-c:a", "aac"),
    "alac": lambda: _mp4("alac.m4a", "-c:a", "alac"),
    "fragments": lambda: _mp4(
        "f.m4a", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-frag_duration", "100000"
    ),
    "fragments on moof": lambda: _mp4(
        "m.m4a", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov+default_base_moof",
        "-frag_duration", "100000",
    ),
    "quicktime pcm": lambda: _mp4("p.mov", "-c:a", "pcm_s16le"),
    "wav": lambda: _wave("a.wav", "-bitexact"),
    "rf64": lambda: _wave("r.wav", "-bitexact", "-rf64", "always"),
    "wav 24": lambda: _wave("x.wav", "-bitexact", "-c:a", "pcm_s24le"),
    "aiff": lambda: _aiff("a.aiff"),
    "aifc": lambda: _aiff("a.aifc", "-c:a", "pcm_f32be", "-f", "aiff"),
    "wavpack": lambda: _wavpack("a.wv", "-m"),
    "hybrid wavpack": lambda: _wavpack("h.wv", "-b256"),
    "tta": _tta,
    "ape": lambda: _whole("ape", monkeys_audio()),
    "old ape": lambda: _whole("ape", monkeys_audio(3970), 6),
    "musepack sv8": lambda: _musepack("a.mpc"),
    "musepack sv7": lambda: _whole("musepack", musepack_sv7(), 24),
    "dsf": lambda: Sample("dsf", dsf(TAG), [(92, 92 + 4 * 4096)]),
    "dsdiff": _dsdiff,
    "wma": _asf,
}  # fmt: skip
CHECKSUMMED = frozenset({"wavpack", "hybrid wavpack", "tta", "ape"})
"""Those whose own checksums cover the sound."""


@cache
def sample(name: str) -> Sample:
    """One of `MAKERS`, made once."""
    return MAKERS[name]()
