"""Where each key of a TOML text stands: tomllib says what a text means, this says on which line.

    >>> lines('[library.music]\\npath = "/music"')
    {('library',): 1, ('library', 'music'): 1, ('library', 'music', 'path'): 2}

The text is one that tomllib has read without an error, so the scanner need only find its way, not judge.
Keys inside an inline table, and elements of a list, have no place of their own: the key that holds them has.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_HEADER = re.compile(rf"(\[\[?)[ \t]*({_KEY})[ \t]*\]\]?")
_ASSIGNMENT = re.compile(rf"({_KEY})[ \t]*=[ \t]*")
_TOKEN = re.compile(
    r'''(?P<text>"""(?:\\[\s\S]|[^\\])*?"""(?:"{0,2})|\'\'\'[\s\S]*?\'\'\'(?:'{0,2})'''
    r"""|"(?:\\.|[^"\\\n])*"|'[^'\n]*')|(?P<open>[\[{])|(?P<close>[\]}])|(?P<comment>\#[^\n]*)"""
    r"""|(?P<newline>\n)|(?P<space>[ \t\r]+)|(?P<plain>[^\s"'\[\]{}\#]+)"""
)

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A `[header]` or a `key = value`. Offsets are characters; `value` is where the value begins."""

    path: Path
    is_header: bool
    start: int
    value: int
    end: int


def statements(text: str) -> Iterator[Statement]:
    """All headers and assignments of a TOML text, in order, with whole paths."""
    table: Path = ()
    position = _after_blank(text, 0)
    while position < len(text):
        if header := _HEADER.match(text, position):
            table = _parts(header[2])
            yield Statement(table, True, position, header.end(), header.end())
            position = header.end()
        elif assignment := _ASSIGNMENT.match(text, position):
            end = _end_of_value(text, assignment.end())
            yield Statement((*table, *_parts(assignment[1])), False, position, assignment.end(), end)
            position = end
        else:
            raise ValueError(f"not TOML at character {position}")
        position = _after_blank(text, position)


def lines(text: str) -> dict[Path, int]:
    """The line (from 1) on which each table and key first stands; an implied table by its first part."""
    found: dict[Path, int] = {}
    for statement in statements(text):
        line = text.count("\n", 0, statement.start) + 1
        for length in range(1, len(statement.path) + 1):
            found.setdefault(statement.path[:length], line)
    return found


def line_of(known: Mapping[Path, int], path: Sequence[str]) -> int | None:
    """The line of `path`, or of the nearest table around it; None when the text has nothing of it."""
    parts = tuple(path)
    return next((known[parts[:n]] for n in range(len(parts), 0, -1) if parts[:n] in known), None)


def _after_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _parts(key: str) -> Path:
    """The parts of a dotted key. tomllib itself undoes the quoting, so no escape is known in two places."""
    parts: list[str] = []
    rest: object = tomllib.loads(f"{key} = 0")
    while isinstance(rest, dict):
        name, rest = next(iter(rest.items()))
        parts.append(name)
    return tuple(parts)


def _end_of_value(text: str, position: int) -> int:
    """The offset just past a value that begins at `position`."""
    depth, end = 0, position
    while token := _TOKEN.match(text, position):
        position = token.end()
        match token.lastgroup:
            case "newline" | "comment" if depth == 0:
                return end
            case "open":
                depth += 1
            case "close":
                depth -= 1
        if token.lastgroup not in ("newline", "comment", "space"):
            end = position
    return end
