"""PLACE on the command line: a location's name, a path, or a URL; and whether the config names that path.

>>> is_bare_word("red"), is_bare_word("./red"), is_bare_word("/media/red/music-backup")
(False, True, True)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fonoteca.errors import UsageError

if TYPE_CHECKING:
    from fonoteca.cli.face import Face


def is_bare_word(word: str) -> bool:
    """True for a path (contains `/` or begins with `.` or `~`) or a URL; False for a name."""
    return "/" in word or word.startswith((".", "~", "rclone:"))


def bare_place(face: Face, places: Sequence[str]) -> str | None:
    """The one PLACE that the config does not know, which then needs neither config nor catalogue; else None.

    Raises UsageError when such a place is named together with others: each is its own archive's matter.
    """
    bare = [word for word in places if is_bare_word(word) and named(face, word) is None]
    if not bare:
        return None
    if len(places) > 1:
        raise UsageError(f"{bare[0]} is not a location of the config: give it alone.")
    return bare[0]


def names(face: Face, places: Sequence[str]) -> list[str] | None:
    """The configured locations that `places` mean; None for all."""
    return [named(face, word) or word for word in places] or None


def named(face: Face, word: str) -> str | None:
    """The configured location that lies at the path `word`. A config that cannot be read names none."""
    if not is_bare_word(word):
        return word
    try:
        locations = face.config.locations
    except UsageError:
        return None
    meant = os.path.realpath(os.fsencode(os.path.expanduser(word)))
    for name, location in locations.items():
        path = getattr(location, "path", None)
        if isinstance(path, bytes) and not hasattr(location, "host") and os.path.realpath(path) == meant:
            return name
    return None


def complete_places(incomplete: str) -> list[str]:
    """Names of configured locations, for the shell's completion."""
    return _complete("locations", incomplete)


def complete_libraries(incomplete: str) -> list[str]:
    """Names of configured libraries, for the shell's completion."""
    return _complete("libraries", incomplete)


def _complete(kind: str, incomplete: str) -> list[str]:
    from fonoteca.config.load import load
    from fonoteca.config.paths import config_path

    try:
        config = load(config_path(None, os.environ))
    except UsageError:
        return []  # a shell that completes is no place for complaints
    return [name for name in getattr(config, kind) if name.startswith(incomplete)]
