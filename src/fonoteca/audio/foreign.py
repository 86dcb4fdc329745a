"""The one door to mutagen, which is almost wholly unannotated: what comes through here is `Any` and stays in
`audio/`.

    >>> mutagen("mp3.MPEGInfo").__name__
    'MPEGInfo'

A part is imported when it is first asked for: a library of FLAC never loads the MP4 reader.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


@cache
def mutagen(part: str) -> Any:
    """`mutagen.<module>.<name>` for `"<module>.<name>"`."""
    module, _, name = part.rpartition(".")
    return getattr(import_module(f"mutagen.{module}"), name)
