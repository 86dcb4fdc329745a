"""A budget as it is typed: `--budget 30m --max 200GB --rate 50MB/s`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fonoteca.config import units
from fonoteca.config.problems import NotUnderstood
from fonoteca.core.policy import Budget
from fonoteca.errors import UsageError

Value = TypeVar("Value")


def limits(time: str | None, size: str | None, rate: str | None) -> Budget:
    """What the three options ask for. Raises UsageError that says what was expected."""
    speed = _read("--rate", rate, units.speed)
    if speed == 0:
        raise UsageError("--rate paused would never end: give a rate such as 50MB/s, or leave it out.")
    return Budget(_read("--budget", time, units.duration), _read("--max", size, units.size), speed)


def seconds(word: str) -> int:
    """A time such as 2h. Raises UsageError that says what was expected."""
    try:
        return units.duration(word)
    except NotUnderstood as error:
        raise UsageError(f"TIME cannot be {error.found}: give {error.expected}.") from error


def _read(option: str, word: str | None, reader: Callable[[object], Value]) -> Value | None:
    if word is None:
        return None
    try:
        return reader(word)
    except NotUnderstood as error:
        raise UsageError(f"{option} cannot be {error.found}: give {error.expected}.") from error
