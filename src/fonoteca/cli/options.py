"""Options and arguments that several commands share. Paths are bytes: any name that Linux allows survives."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from fonoteca.cli.places import complete_libraries, complete_places


def as_bytes(word: str) -> bytes:
    """A path's exact bytes, as the shell gave them."""
    return os.fsencode(word)


def as_given(word: str) -> str:
    """Unchanged: words that are not UTF-8 would be refused otherwise."""
    return word


class LevelWord(StrEnum):
    """How well to look."""

    EXISTENCE = "existence"
    SIZE = "size"
    DIGEST = "digest"
    BYTES = "bytes"
    MEDIA = "media"


class OverwriteWord(StrEnum):
    """What to do where something else stands already."""

    NEVER = "never"
    DIFFERING = "differing"


Places = Annotated[
    list[str],
    typer.Argument(
        metavar="PLACE",
        help="Locations: a name, a path or a URL. All of them when left out.",
        parser=as_given,
        autocompletion=complete_places,
        show_default=False,
    ),
]
Place = Annotated[
    str, typer.Argument(metavar="PLACE", help="A path, or a URL such as sftp://u@h/p.", parser=as_given)
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name in the config.")]
Libraries = Annotated[
    list[str],
    typer.Option(
        "--library",
        "-l",
        metavar="NAME",
        help="Only this library; may be repeated.",
        autocompletion=complete_libraries,
        show_default=False,
    ),
]
Level = Annotated[
    LevelWord | None, typer.Option("--level", help="How well to look; the best to be had when left out.")
]
Sha256 = Annotated[
    bool, typer.Option("--sha256", help="Compare SHA-256, not only the faster XXH3.", show_default=False)
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Only say what would be done.", show_default=False)
]
PlainFolder = Annotated[
    bool,
    typer.Option(
        "--plain-folder",
        help="Take a folder under /media or /mnt on which nothing is mounted.",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str],
    typer.Option(
        "--exclude", metavar="PATTERN", help="Leave out what matches; may be repeated.", show_default=False
    ),
]
OnePattern = Annotated[
    str | None, typer.Argument(metavar="PATTERN", help="A glob inside a library.", parser=as_given)
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="WHEN", help="Only what came since: an age such as 7d, or a date.", parser=as_given
    ),
]
