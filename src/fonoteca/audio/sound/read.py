"""One open file of a known family to what its inside says about its sound.

    sound = read_sound(source, "flac")

`family` is a word of `fonoteca.audio.family` (`mpeg`, `aac`) or of the containers that the catalogue holds (`mp3`,
`mp2`, `eac3`). A family's module is imported when its first file comes.
"""

from __future__ import annotations

from importlib import import_module

from fonoteca.audio.source import Source
from fonoteca.core.sound import SelfCheck, Sound, Soundness

_MODULES = {
    "flac": "flac",
    "ogg": "ogg",
    **dict.fromkeys(("mpeg", "mp3", "mp2", "mp1"), "mpeg"),
    "aac": "adts",
    **dict.fromkeys(("ac3", "eac3"), "ac3"),
    "mp4": "mp4",
    "wav": "riff",
    "aiff": "aiff",
    "wavpack": "wavpack",
    "ape": "ape",
    "musepack": "musepack",
    "tta": "tta",
    **dict.fromkeys(("dsf", "dsdiff"), "dsf"),
    "asf": "asf",
}
"""Families and the modules that read them, each with `read(source: Source) -> Sound`."""
FAMILIES = frozenset(_MODULES)


def read_sound(source: Source, family: str) -> Sound:
    """The payload digest and the format's own checks.

    Raises OSError and MemoryError as the file gives them; no bytes make it raise anything else.
    """
    module = _MODULES.get(family)
    if module is None:
        reason = f"the sound of {family} files cannot be told from their tags here"
        return Sound(SelfCheck(Soundness.NO_CHECK, reason), reason=reason)
    sound: Sound = import_module(f"fonoteca.audio.sound.{module}").read(source)
    return sound
