"""The table of `fonoteca location test`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from rich.table import Table
from rich.text import Text

from fonoteca.core.promise import Promise
from fonoteca.render.console import console
from fonoteca.render.words import safe

_WORDS = {True: "yes", False: "no", None: ""}


def show(found: Sequence[Promise], *, stream: IO[str] | None = None) -> None:
    """Print what a place promises, a row each; what is lacking and needed stands out."""
    table = Table("Promise", "", "", box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for each in found:
        word = "NO" if each.needed and not each.holds else _WORDS[each.holds]
        style = "bold red" if word == "NO" else ""
        table.add_row(Text(safe(each.name)), Text(word, style=style), Text(safe(each.detail)))
    console(stream).print(table)
