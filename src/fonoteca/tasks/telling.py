"""Entries, contents and copies as JSON-able values, in one form for `list` and `show`.

Absent knowledge is None or empty; times are RFC 3339 text, digests hex, paths text (`…_b64` where not UTF-8).
"""

from __future__ import annotations

from typing import Any

from fonoteca.catalogue.analyses import AUDIO, AnalysisRow
from fonoteca.core.copy import Level
from fonoteca.core.times import time_text

Json = dict[str, Any]

_WORDS = [level.word for level in Level]


def level_word(level: int) -> str:
    """`bytes` for 4, and so on."""
    return _WORDS[level]


def when(time_ns: int | None) -> str | None:
    """A time as text; None where there is none."""
    return time_text(time_ns) if time_ns is not None else None


def digests(sha256: bytes, xxh3_128: bytes) -> Json:
    """`{"sha256": "e3b0…", "xxh3_128": "99aa…"}`."""
    return {"sha256": sha256.hex(), "xxh3_128": xxh3_128.hex()}


def analysis(row: AnalysisRow | None) -> Json:
    """Tags, sound and pictures of a content; `audio` is None where nothing is known of it."""
    if row is None:
        return {
            "tags": {},
            "audio": None,
            "payload": None,
            "self_check": None,
            "pictures": [],
            "drm": None,
            "tags_error": None,
        }
    audio = {name: row.audio.get(name) for name in AUDIO} if row.audio else None
    return {
        "tags": row.tags,
        "audio": audio,
        "payload": None if row.sound is None or row.sound.payload is None else str(row.sound.payload),
        "self_check": _self_check(row),
        "pictures": row.pictures,
        "drm": row.drm,
        "tags_error": row.error,
    }


def _self_check(row: AnalysisRow) -> Json | None:
    """`word` None: it could not be looked at; None at all: nobody looked, or knows how."""
    if row.sound is None:
        return {"word": None, "detail": row.unheard, "at": None} if row.unheard is not None else None
    check = row.sound.check
    return {"word": check.soundness.value, "detail": check.detail, "at": check.at}


def copy(location: str, level: int, verified_ns: int | None, state: str, *, is_present_content: bool) -> Json:
    """One copy; its state is `older` where it holds an earlier content than the entry has now."""
    word = "older" if state == "good" and not is_present_content else state
    return {"location": location, "level": level_word(level), "verified": when(verified_ns), "state": word}
