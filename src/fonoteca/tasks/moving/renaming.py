"""Carrying out the steps of one intent to rename, from wherever each stands; what is refused a name stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from fonoteca.core.manifest.lines import MoveStep
from fonoteca.core.place import Key
from fonoteca.core.plan.moves import moving_key, parked
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.predecessor import ABOUT_ONE
from fonoteca.tasks.manifest.seal import raise_first

Fold = Callable[[Key], bytes]
_TOGETHER = "another one that has to be renamed with it could not be"


class Walker(NamedTuple):
    """One object on its way. `at` is where it stands now, `waits` the key where it has to wait for its name, if it has
    to.
    """

    step: MoveStep
    at: Key
    waits: Key | None


def rename_all(
    place: OpenLocation,
    batch: str,
    steps: Sequence[MoveStep],
    fold: Fold,
    at: Sequence[Key | None] | None = None,
) -> dict[Key, str]:
    """Bring each step's object under its new key; gives the old keys of those that stayed, with the reason.

    `at`: where each stands now (None: nowhere); without it, each stands under its old key. What was renamed is durable
    at the end of each phase. Raises LocationError for what is about the place.
    """
    walkers = _walkers(batch, steps, fold, at)
    refused = _park(place, [each for each in walkers if each.waits is not None and each.at == each.step.old])
    direct = [each for each in walkers if each.waits is None and each.at == each.step.old]
    refused |= _move(place, ((each.step.old, each.step.new, each.step) for each in direct))
    waiting = [each for each in walkers if each.waits is not None and each.at in (each.step.old, each.waits)]
    return refused | _unpark(place, [each for each in waiting if each.step.old not in refused], refused, fold)


def _walkers(
    batch: str, steps: Sequence[MoveStep], fold: Fold, at: Sequence[Key | None] | None
) -> list[Walker]:
    waits = parked(steps, fold)
    standing = at if at is not None else [step.old for step in steps]
    return [
        Walker(step, here, moving_key(batch, number) if waits[number] else None)
        for number, (step, here) in enumerate(zip(steps, standing, strict=True))
        if here is not None
    ]


def _park(place: OpenLocation, leaving: list[Walker]) -> dict[Key, str]:
    """All of them wait under `moving/`, or none does: they depend on each other."""
    refused = _move(place, ((each.at, each.waits, each.step) for each in leaving if each.waits is not None))
    if refused:
        _take_back(place, [each for each in leaving if each.step.old not in refused])
        refused = {each.step.old: _TOGETHER for each in leaving} | refused
    return refused


def _unpark(place: OpenLocation, waiting: list[Walker], stayed: Iterable[Key], fold: Fold) -> dict[Key, str]:
    """Give those that wait their names, but for the names of those that stayed, and so on."""
    refused: dict[Key, str] = {}
    kept = {fold(key) for key in stayed}
    while stuck := [each for each in waiting if fold(each.step.new) in kept and each.step.old not in refused]:
        refused |= {each.step.old: _TOGETHER for each in stuck}
        kept |= {fold(each.step.old) for each in stuck}
    _take_back(place, [each for each in waiting if each.step.old in refused])
    going = [each for each in waiting if each.step.old not in refused]
    failed = _move(
        place, ((each.waits, each.step.new, each.step) for each in going if each.waits is not None)
    )
    _take_back(place, [each for each in going if each.step.old in failed])
    return refused | failed


def _take_back(place: OpenLocation, walkers: list[Walker]) -> None:
    # What cannot go back either stays under `moving/`, never swept; the intent stands, and the next start goes on.
    raise_first(place.move((each.waits, each.step.old) for each in walkers if each.waits is not None))


def _move(place: OpenLocation, moves: Iterable[tuple[Key, Key, MoveStep]]) -> dict[Key, str]:
    """Rename; gives the old keys of the steps whose object alone refused."""
    steps: dict[Key, MoveStep] = {}
    pairs: list[tuple[Key, Key]] = []
    for old, new, step in moves:
        steps[new] = step
        pairs.append((old, new))
    refused: dict[Key, str] = {}
    for outcome in place.move(pairs) if pairs else ():
        if isinstance(outcome.error, ABOUT_ONE):
            refused[steps[outcome.key].old] = outcome.error.reason
        elif outcome.error is not None:
            raise outcome.error
    return refused
