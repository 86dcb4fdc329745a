"""Moves that a run which was cut off had begun: where each object stands now, and bringing it to where it was going.

Bytes decide. What waits under `moving/` is known by its name there; else what stands under the new or the old key is
held against the size and time of the step, and is read where that does not tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from fonoteca.catalogue import copies
from fonoteca.core import naming
from fonoteca.core.copy import Level
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.core.manifest.lines import Have, Intent, Line, Moved, MoveStep, Retired
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import same_time
from fonoteca.core.plan.moves import in_order, moving_key, parked
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.predecessor import ABOUT_ONE, content_at
from fonoteca.tasks.moving.renaming import Fold, rename_all


def resume_moves(
    connection: sqlite3.Connection, place: OpenLocation, location: int, intent: Intent, now: int
) -> list[Line]:
    """Complete the moves of one intent; the lines that say so. Nothing is said of what is nowhere, or had to stay.

    Raises LocationError.
    """
    fold = _fold(place)
    steps = [step for step in _moves(intent) if not _retires(step)]
    at = _whereabouts(place, intent.batch, steps, fold)
    refused = rename_all(place, intent.batch, steps, fold, at)
    done = [
        step for step, here in zip(steps, at, strict=True) if here is not None and step.old not in refused
    ]
    # It died before it could make the names durable.
    for outcome in place.retime([(step.new, step.mtime_ns) for step in done]) if done else ():
        if outcome.error is not None and not isinstance(outcome.error, ABOUT_ONE):
            raise outcome.error
    return list(_lines(connection, location, done, now))


def retired_by(place: OpenLocation, intent: Intent, now: int) -> list[Line]:
    """Which copies of one intent to retire are under `versions/` now; what stands under its key still is a copy.

    Nothing is changed. Raises LocationError.
    """
    steps = [step for step in _moves(intent) if _retires(step)]
    return [line for step in steps if (line := _retired(place, step, now)) is not None]


def _retires(step: MoveStep) -> bool:
    return step.new.startswith(VERSIONS)


def _retired(place: OpenLocation, step: MoveStep, now: int) -> Line | None:
    try:
        stayed = place.stat(step.old) is not None
    except ABOUT_ONE:
        stayed = False
    if stayed:  # and where the blob stands too, the next backup finds that out
        return None
    try:
        blob = place.stat(step.new)
        if blob is None or blob.size != step.content.size:
            return None
        content, level = content_at(place, step.new)
    except ABOUT_ONE:
        place.check()  # one bad sector is no more than one file; a device that is gone ends the location
        content, level = step.content, Level.NONE
    if content != step.content:
        return None
    return Retired(step.old, step.path, content, step.mtime_ns, step.new, "removed", level, now, until_ns=now)


def standing_under(place: OpenLocation, intent: Intent) -> Iterator[tuple[MoveStep, Key | None]]:
    """Each step to rename of an intent that was cut off, with the key under which its object stands now."""
    steps = [step for step in _moves(intent) if not _retires(step)]
    yield from zip(steps, _whereabouts(place, intent.batch, steps, _fold(place)), strict=True)


def _moves(intent: Intent) -> list[MoveStep]:
    return [step for step in intent.steps if isinstance(step, MoveStep)]


def _fold(place: OpenLocation) -> Fold:
    rule = naming.rule_named(place.identity.naming)
    return lambda key: naming.fold(key, rule)


def _whereabouts(place: OpenLocation, batch: str, steps: list[MoveStep], fold: Fold) -> list[Key | None]:
    waits = parked(steps, fold)
    return [
        _where(place, step, moving_key(batch, number) if waits[number] else None)
        for number, step in enumerate(steps)
    ]


def _where(place: OpenLocation, step: MoveStep, waits: Key | None) -> Key | None:
    if waits is not None and place.stat(waits) is not None:
        return waits
    alike = [key for key in (step.new, step.old) if _is_alike(place, key, step)]
    if len(alike) == 1 and place.traits.mtime_precision_ns is not None:
        return alike[0]
    return next((key for key in (step.new, step.old) if _holds(place, key, step)), None)


def _is_alike(place: OpenLocation, key: Key, step: MoveStep) -> bool:
    try:
        found = place.stat(key)
    except ABOUT_ONE:
        return False
    if found is None or found.size != step.content.size:
        return False
    return same_time(step.mtime_ns, found.mtime_ns, place.traits.mtime_precision_ns)


def _holds(place: OpenLocation, key: Key, step: MoveStep) -> bool:
    try:
        found = place.stat(key)
        return (
            found is not None
            and found.size == step.content.size
            and content_at(place, key)[0] == step.content
        )
    except ABOUT_ONE:
        return False


def _lines(connection: sqlite3.Connection, location: int, done: list[MoveStep], now: int) -> Iterator[Line]:
    ordered, circles = in_order(done)
    for step in ordered:
        yield Moved(step.old, step.new, step.path, now)
    for step in circles:
        known = copies.by_key(connection, location, step.old)
        level, when = Level.NONE, None
        if known is not None and known.sha256 == step.content.sha256:
            level, when = Level(known.level), known.verified_ns
        yield Have(step.new, step.path, step.content, step.mtime_ns, level, when or now)
