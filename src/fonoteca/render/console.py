"""Consoles made alike: results to stdout, progress and complaints to stderr, never markup, never too wide."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

MAX_WIDTH = 120
"""Tables wider than this are harder to read than narrow ones."""


def console(stream: IO[str] | None = None) -> Console:
    """A console on `stream` (stdout); colours and width as rich has them (NO_COLOR, TERM, COLUMNS, 80)."""
    from rich.console import Console

    made = Console(file=stream or sys.stdout, markup=False, highlight=False, emoji=False, soft_wrap=False)
    if made.width > MAX_WIDTH:
        made.width = MAX_WIDTH
    return made


def is_lively(stream: IO[str]) -> bool:
    """True where a moving display works: a terminal that can move its cursor."""
    import os

    return stream.isatty() and os.environ.get("TERM", "").lower() not in {"", "dumb", "unknown"}
