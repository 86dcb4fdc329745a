"""What is wrong with a config, before it is known on which line.

>>> dotted(("library", "Ana's music", "path"))
'library."Ana\\'s music".path'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from fonoteca.errors import Problem

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 120


class NotUnderstood(ValueError):
    """A value that cannot be read. `found` shows it, `expected` says what would do, with an example."""

    def __init__(self, value: object, expected: str) -> None:
        self.found = shown(value)
        self.expected = expected
        super().__init__(f"found {self.found}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong at `path`, for example `("library", "music", "path")`."""

    path: tuple[str, ...]
    found: str
    expected: str


def dotted(path: Iterable[str]) -> str:
    """A path as a person would write it in TOML, quoted where it must be."""
    return ".".join(part if _BARE.fullmatch(part) else quoted(part) for part in path)


def quoted(text: str) -> str:
    """Text as a TOML string on one line, with all that a terminal would not print escaped."""
    escaped = json.dumps(text, ensure_ascii=False)
    if escaped.isprintable():
        return escaped
    return "".join(each if each.isprintable() else _escape(ord(each)) for each in escaped)


def shown(value: object) -> str:
    """A value as it stands in TOML, on one line and not too long; control characters are escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if not isinstance(value, str):
        return str(value)
    text = value if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 1] + "…"
    return quoted(text)


def unknown_key(path: tuple[str, ...], known: Iterable[str]) -> Complaint:
    """The complaint about a key that nobody knows, with the one that was probably meant."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(path[-1].lower(), names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return Complaint(path, "an unknown key", f"one of: {', '.join(names)}{hint}")


def located(complaints: Iterable[Complaint], text: str) -> list[Problem]:
    """The complaints with their lines in `text`, in their order; those without a line come last."""
    from fonoteca.config.lines import line_of, lines  # only needed where something is wrong

    known = lines(text)
    problems = [
        Problem(dotted(each.path), each.found, each.expected, line_of(known, each.path))
        for each in complaints
    ]
    return sorted(problems, key=lambda problem: (problem.line is None, problem.line or 0))


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
