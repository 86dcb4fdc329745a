"""The five fields of a cron line, checked: minute, hour, day of month, month, day of week.

    >>> check("*/15 2-4 * * mon,fri")

What is accepted is what every cron knows: `*`, numbers, names of months and days, `a-b`, `a,b`, and `/step`
on `*` or `a-b`.
"""

from __future__ import annotations

import re

from fonoteca.config.problems import NotUnderstood

EXPECTED = 'an interval such as "6h", or a cron line of five fields such as "0 2 * * *"'

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTH = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_ITEM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([0-9]{1,2}))?")


def check(line: str) -> None:
    """Raise NotUnderstood, naming the field, when `line` is no cron line or names a day that no month has."""
    fields = line.lower().split()
    if len(fields) != len(_FIELDS):
        raise NotUnderstood(line, EXPECTED)
    values = []
    for field, (what, low, high, names) in zip(fields, _FIELDS, strict=True):
        found = _values(field, low, high, names)
        if not found:
            raise NotUnderstood(line, f"a cron line whose {what} is from {low} to {high}, not {field}")
        values.append(found)
    _, _, days, months, _ = values
    if fields[4] == "*" and min(days) > max(_LONGEST_MONTH[month] for month in months):
        raise NotUnderstood(line, "a cron line with a day that its month has")


def _values(field: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    """All numbers that a field stands for; none when any part of it is wrong."""
    values: set[int] = set()
    for item in field.split(","):
        found = _item(item, low, high, names)
        if not found:
            return set()
        values.update(found)
    return values


def _item(item: str, low: int, high: int, names: dict[str, int]) -> range:
    match = _ITEM.fullmatch(item)
    if match is None:
        return range(0)
    first, last, step = match.groups()
    if step is not None and first is not None and last is None:
        return range(0)  # `5/10` means one thing to one cron and another to the next
    start = low if first is None else _number(first, names)
    end = high if first is None else _number(last or first, names)
    if not (low <= start <= high and low <= end <= high) or step in ("0", "00"):
        return range(0)
    return range(start, end + 1, int(step or 1))


def _number(word: str, names: dict[str, int]) -> int:
    """The number of a word; -1, which no field allows, when it is none."""
    if word in names:
        return names[word]
    return int(word) if re.fullmatch(r"[0-9]{1,2}", word) else -1
