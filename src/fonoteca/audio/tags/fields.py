"""Collects tags under their common names: aliases, "3/12" forms, and the rule for who wins.

>>> fields = Fields()
>>> fields.add("year", "1965"); fields.add("track", "3/12")
>>> fields.tags()
{'DATE': ['1965'], 'TRACKNUMBER': ['3'], 'TRACKTOTAL': ['12']}
"""

from __future__ import annotations

from collections.abc import Iterable

from fonoteca.audio.model import Tags
from fonoteca.audio.tags.tables import ALIASES

_PAIRS = (("TRACKNUMBER", "TRACKTOTAL"), ("DISCNUMBER", "DISCTOTAL"), ("MOVEMENT", "MOVEMENTTOTAL"))


class Fields:
    """Values by name, in the order in which they came."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}

    def add(self, name: str, *values: str) -> None:
        """Append values to a field; `name` in any case."""
        if values:
            self._values.setdefault(name.upper(), []).extend(values)

    def has(self, name: str) -> bool:
        """True when the field has a value under exactly this name."""
        return name in self._values

    def fill(self, name: str, *values: str) -> None:
        """Set a field that is still lacking."""
        if values:
            self._values.setdefault(name, list(values))

    def tags(self) -> Tags:
        """All fields under their common names, numbers and totals apart."""
        values = self._values
        for name in [name for name in values if name in ALIASES]:
            _rename(values, name, ALIASES[name])
        for number, total in _PAIRS:
            if number in values:
                _split(values, number, total)
        # Vorbis has both COMMENT and DESCRIPTION, and ffmpeg writes comments as the latter.
        if "DESCRIPTION" in values and "COMMENT" not in values:
            values["COMMENT"] = list(values["DESCRIPTION"])
        return values


def merged(layers: Iterable[Tags]) -> Tags:
    """The fields of all layers; the first layer that has a field wins it whole."""
    result: Tags = {}
    for layer in layers:
        for name, values in layer.items():
            result.setdefault(name, values)
    return result


def fraction(value: float) -> str:
    """A rating from 0 to 1 with three decimals at most: `0.5`, `0.769`."""
    return f"{min(1.0, max(0.0, value)):.3f}".rstrip("0").rstrip(".")


def clock(seconds: float) -> str:
    """`HH:MM:SS.mmm`."""
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02}.{millis % 1000:03}"


def _rename(values: dict[str, list[str]], name: str, common: str) -> None:
    # A file that says two different things keeps both; one that says the same twice says it once.
    known = values.get(common)
    if known is None:
        values[common] = values.pop(name)
    elif known == values[name]:
        del values[name]


def _split(values: dict[str, list[str]], number: str, total: str) -> None:
    parts = [value.partition("/") for value in values[number]]
    if not any(slash for _, slash, _ in parts):
        return
    numbers = [head.strip() if slash else head for head, slash, _ in parts if head.strip()]
    totals = [tail.strip() for _, _, tail in parts if tail.strip()]
    if numbers:
        values[number] = numbers
    else:
        del values[number]
    if totals:
        values.setdefault(total, totals)
