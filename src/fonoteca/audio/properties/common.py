"""From what mutagen calls `info` to `AudioProperties`, and what every family does alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fonoteca.audio.model import AudioProperties

_PROBABLE = 1e9
"""No sound lasts longer than this (s): a larger figure is a damaged header's."""


def properties_of(info: Any, container: str, codec: str | None, **known: int) -> AudioProperties:
    """The attributes of a mutagen `info`. `known` overrides; what is 0 or absent is None."""

    def number(name: str, attribute: str) -> int | None:
        value = known.get(name) or getattr(info, attribute, None)
        return round(value) if isinstance(value, (int, float)) and 0 < value < _PROBABLE * 1000 else None

    return AudioProperties(
        container=container,
        codec=codec,
        duration=seconds(getattr(info, "length", None)),
        sample_rate=number("sample_rate", "sample_rate"),
        channels=number("channels", "channels"),
        bit_rate=number("bit_rate", "bitrate"),
        bits_per_sample=number("bits_per_sample", "bits_per_sample"),
    )


def seconds(value: Any) -> float | None:
    """A duration to the microsecond; None where it is not declared or cannot be."""
    if isinstance(value, (int, float)) and 0 <= value < _PROBABLE:
        return round(float(value), 6)
    return None


def with_bit_rate(audio: AudioProperties, size: int) -> AudioProperties:
    """Where the container declares no bit rate: that of the whole file, `size` bytes."""
    if audio.bit_rate is None and audio.duration:
        return replace(audio, bit_rate=int(size * 8 / audio.duration))
    return audio
