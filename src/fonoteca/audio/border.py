"""Jobs and outcomes as plain values, for the way between the processes.

A batch of outcomes crosses as one `marshal` string: unpickling dataclasses costs the receiving side, which has
files to copy, 0.06 ms a file against 0.035. Both ends are the same Python, so its format is no matter.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import Any, TypeAlias

from fonoteca.audio.model import (
    Analysis,
    AudioProperties,
    Changed,
    Job,
    NotAudio,
    Outcome,
    Picture,
    Tagged,
    Unreadable,
)
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness

Ticket: TypeAlias = tuple[bytes, int, int, int, int, int]
"""path, size, mtime_ns, ctime_ns, inode, key: a `Job`."""


def ticket_of(job: Job) -> Ticket:
    """A job as it crosses."""
    stat = job.stat
    return (job.path, stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode, job.key)


def pack(outcomes: Sequence[tuple[int, Outcome]]) -> bytes:
    """Keys and outcomes as they cross."""
    return marshal.dumps([(key, *_plain(outcome)) for key, outcome in outcomes])


def unpack(packed: bytes) -> list[Analysis]:
    """What `pack` was given."""
    return [Analysis(key, _outcome(word, values)) for key, word, values in marshal.loads(packed)]


def _plain(outcome: Outcome) -> tuple[str, Any]:
    match outcome:
        case Tagged():
            return "tagged", _plain_tagged(outcome)
        case Unreadable():
            return "unreadable", (outcome.reason, _plain_sound(outcome.sound), outcome.unheard)
        case Changed():
            return "changed", None
        case NotAudio():
            return "not audio", None


def _plain_tagged(tagged: Tagged) -> tuple[Any, ...]:
    audio = tagged.audio
    return (
        tagged.tags,
        tagged.raw_json,
        [(p.type, p.mime, p.size, p.sha256, p.description, p.width, p.height) for p in tagged.pictures],
        audio
        and (
            audio.container,
            audio.codec,
            audio.duration,
            audio.sample_rate,
            audio.channels,
            audio.bit_rate,
            audio.bits_per_sample,
        ),
        tagged.drm,
        tagged.note,
        _plain_sound(tagged.sound),
        tagged.unheard,
    )


def _plain_sound(sound: Sound | None) -> Any:
    if sound is None:
        return None
    check, payload = sound.check, sound.payload
    return (
        (check.soundness.value, check.detail, check.at),
        payload and (payload.name, payload.digest),
        sound.reason,
        sound.lossless,
    )


def _outcome(word: str, values: Any) -> Outcome:
    if word == "unreadable":
        reason, sound, unheard = values
        return Unreadable(reason, _sound(sound), unheard)
    if word == "changed":
        return Changed()
    if word == "not audio":
        return NotAudio()
    tags, raw_json, pictures, audio, drm, note, sound, unheard = values
    properties = AudioProperties(*audio) if audio else None
    seen = tuple(Picture(*each) for each in pictures)
    return Tagged(tags, raw_json, seen, properties, drm, note, _sound(sound), unheard)


def _sound(values: Any) -> Sound | None:
    if values is None:
        return None
    (word, detail, at), payload, reason, lossless = values
    check = SelfCheck(Soundness(word), detail, at)
    return Sound(check, Payload(*payload) if payload else None, reason, lossless)
