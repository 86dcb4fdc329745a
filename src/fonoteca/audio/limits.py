"""How long one file may take in the process that reads it: the tags a fixed time, the sound one that grows with it.

>>> file_seconds(10.0, 4_000_000_000)
420.0
"""

from __future__ import annotations

PACE = 10_000_000
"""Bytes of sound a second that even a slow disk on a busy machine gives; the checks do ten times as much."""


def sound_seconds(seconds: float, size: int) -> float:
    """Seconds for the sound of a file of `size` bytes whose tags have `seconds`; 0 (no limit) stays 0."""
    return seconds + size / PACE if seconds else 0.0


def file_seconds(seconds: float, size: int, *, hear: bool = True) -> float:
    """Seconds for all of such a file: tags, and the sound where it is heard."""
    return seconds + (sound_seconds(seconds, size) if hear else 0.0)
