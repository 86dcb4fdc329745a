"""What goes into and comes out of the reader of a file's inside, as values.

A `Job` names one file and the stat that it had when it was read; its `Analysis` carries the same key and one outcome:
`Tagged`, `Changed`, `Unreadable` or `NotAudio`.

Words for `AudioProperties.container` and `.codec`. They are stable: the catalogue and `list --json` hold them.

| container | codec |
|---|---|
| `flac` | `flac` |
| `ogg` | `vorbis` `opus` `speex` `flac` `theora` |
| `mp3` `mp2` `mp1` (bare MPEG frames) | the same word |
| `mp4` | `aac` `alac` `ac3` `eac3` `mp3` `opus` `flac` `dts`, else the four-character code in lower case |
| `wav` (also RF64, BW64), `aiff` (also AIFC) | `pcm_u8` `pcm_s8` `pcm_s16le` `pcm_s16be` `pcm_s24le` … `pcm_f32le` `pcm_f64be` `pcm_alaw` `pcm_mulaw` `adpcm_ms` `adpcm_ima_wav` `adpcm_ima_qt` `gsm_ms` `mp2` `mp3` …, else `wav_0x….` or the four-character code |
| `asf` | `wmav1` `wmav2` `wmapro` `wmalossless` `wmavoice`, else as in WAV |
| `wavpack` `ape` `musepack` `optimfrog` `tak` `tta` `aac` `ac3` `eac3` `midi` | the same word |
| `dsf` `dsdiff` | `dsd` `dst` |
| `matroska` `caf` `au` `w64` `shorten` `dts` `realaudio` `xm` `it` `s3m` `mod` | none: known by their first bytes only, with a note that there is no reader |
"""  # noqa: E501  (one row of the table a line)

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TypeAlias

from fonoteca.core.entry import FileStat
from fonoteca.core.sound import Sound

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Tags: TypeAlias = dict[str, list[str]]
"""Normalised tags: `{"TITLE": ["Be My Husband"], "TRACKNUMBER": ["1"]}`. See `fonoteca.audio.tags`."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to look into. `stat` is what the scan saw; tags are believed only if it still holds."""

    path: bytes
    """Absolute."""
    stat: FileStat
    key: int
    """The caller's own number; it comes back with the analysis."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An embedded picture, without its bytes."""

    type: int
    """As in an ID3 APIC frame: 3 front cover, 4 back cover, 0 other, …"""
    mime: str
    size: int
    """Bytes."""
    sha256: str
    """Hex."""
    description: str = ""
    width: int | None = None
    """Pixels, where the container declares them."""
    height: int | None = None


@dataclass(frozen=True, slots=True)
class AudioProperties:
    """The sound as its container declares it. None means: not declared, or not known to us."""

    container: str
    codec: str | None = None
    duration: float | None = None
    """Seconds."""
    sample_rate: int | None = None
    """Hz."""
    channels: int | None = None
    bit_rate: int | None = None
    """Bit/s."""
    bits_per_sample: int | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """What a reader found in a file. `Tagged` is the same, on its way to the catalogue."""

    tags: Tags = field(default_factory=dict)
    raw: dict[str, Json] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    audio: AudioProperties | None = None
    drm: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """The file was read. `drm` is a word where it is protected: `fairplay`, `cenc`, `audible`, `wmdrm`."""

    tags: Tags = field(default_factory=dict)
    raw_json: str = "{}"
    """Native blocks beside the normalised tags, as compact JSON.

    For example `{"id3v2": [{"version": "2.3.0", "frames": {"TIT2": ["…"]}}]}`; each module of `tags` shows
    its form. Nothing is lost but the bytes of large binary frames. It stays text because it is made in the
    worker and goes to the catalogue as it is.
    """
    pictures: tuple[Picture, ...] = ()
    audio: AudioProperties | None = None
    drm: str | None = None
    note: str | None = None
    """What could not be had, and why, although the rest could."""
    sound: Sound | None = None
    """What its checks and its payload say; None where it was not looked at."""
    unheard: str | None = None
    """Why its sound could not be looked at: it took too long, or too much, or killed its reader."""

    @property
    def raw(self) -> dict[str, Json]:
        """`raw_json`, parsed."""
        parsed: dict[str, Json] = json.loads(self.raw_json)
        return parsed


@dataclass(frozen=True, slots=True)
class Changed:
    """The file is no longer, or was not throughout, the one that the job's stat describes."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Its tags cannot be read: a finding about its inside. The file is protected all the same.

    Its sound may be known although its tags are not.
    """

    reason: str
    sound: Sound | None = None
    unheard: str | None = None


@dataclass(frozen=True, slots=True)
class NotAudio:
    """Neither its name nor its first bytes are those of an audio file."""


Outcome: TypeAlias = Tagged | Changed | Unreadable | NotAudio


@dataclass(frozen=True, slots=True)
class Analysis:
    """The outcome for the job with this key."""

    key: int
    outcome: Outcome
