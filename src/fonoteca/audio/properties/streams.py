"""Bare streams: MPEG, AAC, AC-3, Monkey's Audio, Musepack, OptimFROG, TAK, TTA, WavPack, MIDI.

Each begins where the tags around it end; the readers get the file as if it began there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from fonoteca.audio.foreign import mutagen
from fonoteca.audio.model import AudioProperties
from fonoteca.audio.properties.common import properties_of, seconds
from fonoteca.audio.source import Source

_INITIAL, _FINAL = 1 << 11, 1 << 12
_MONO = 1 << 2
_MANY = 256


def stream_properties(family: str, source: Source, start: int) -> AudioProperties:
    """The sound that begins at `start`. Raises mutagen's errors where it is not what it seems."""
    return _READERS[family](source, start)


def _mpeg(source: Source, start: int) -> AudioProperties:
    info = mutagen("mp3.MPEGInfo")(source.file, start)
    word = f"mp{info.layer}"
    return properties_of(info, word, word)


def _aac(source: Source, start: int) -> AudioProperties:
    return properties_of(mutagen("aac.AACInfo")(source.behind(start).file), "aac", "aac")


def _ac3(source: Source, start: int) -> AudioProperties:
    info = mutagen("ac3.AC3Info")(source.behind(start).file)
    word = "eac3" if info.codec == "ec-3" else "ac3"
    return properties_of(info, word, word)


def _ape(source: Source, start: int) -> AudioProperties:
    return properties_of(mutagen("monkeysaudio.MonkeysAudioInfo")(source.behind(start).file), "ape", "ape")


def _musepack(source: Source, start: int) -> AudioProperties:
    return properties_of(mutagen("musepack.MusepackInfo")(source.behind(start).file), "musepack", "musepack")


def _optimfrog(source: Source, start: int) -> AudioProperties:
    return properties_of(
        mutagen("optimfrog.OptimFROGInfo")(source.behind(start).file), "optimfrog", "optimfrog"
    )


def _tak(source: Source, start: int) -> AudioProperties:
    return properties_of(mutagen("tak.TAKInfo")(source.behind(start).file), "tak", "tak")


def _midi(source: Source, start: int) -> AudioProperties:
    return properties_of(mutagen("smf.SMFInfo")(source.behind(start).file), "midi", "midi")


def _tta(source: Source, start: int) -> AudioProperties:
    """`TTA1`, then format, channels, bits (16 bits each), rate and samples (32 bits each), little-endian."""
    head = source.at(start, 18)
    if len(head) < 18:
        raise mutagen("trueaudio.TrueAudioHeaderError")("TTA header not found")
    _, channels, bits, rate, samples = struct.unpack("<HHHII", head[4:])
    return AudioProperties(
        "tta",
        "tta",
        seconds(samples / rate if rate else None),
        rate or None,
        channels or None,
        None,
        bits or None,
    )


def _wavpack(source: Source, start: int) -> AudioProperties:
    """mutagen's figures, but for what it cannot say: more than two channels."""
    info = mutagen("wavpack.WavPackInfo")(source.behind(start).file)
    return properties_of(info, "wavpack", "wavpack", channels=_wavpack_channels(source, start))


def _wavpack_channels(source: Source, start: int) -> int:
    """The sum over the blocks from the initial to the final one (WavPack 4/5 file format, 2.0)."""
    channels = 0
    for _ in range(_MANY):
        head = source.at(start, 32)
        if len(head) < 32 or head[:4] != b"wvpk":
            break
        size, flags = struct.unpack_from("<I", head, 4)[0], struct.unpack_from("<I", head, 24)[0]
        if channels and flags & _INITIAL:
            break
        channels += 1 if flags & _MONO else 2
        if flags & _FINAL:
            break
        start += size + 8
    return channels


_READERS: dict[str, Callable[[Source, int], AudioProperties]] = {
    "mpeg": _mpeg,
    "aac": _aac,
    "ac3": _ac3,
    "ape": _ape,
    "musepack": _musepack,
    "optimfrog": _optimfrog,
    "tak": _tak,
    "tta": _tta,
    "wavpack": _wavpack,
    "midi": _midi,
}
