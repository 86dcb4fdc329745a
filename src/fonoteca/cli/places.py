"""PLACE on the command line: a location's name, a path, or a URL; and whether the config names that path.

>>> is_bare_word("red"), is_bare_word("./red"), is_bare_word("/media/red/music-backup")
(False, True, True)
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fonoteca.errors import UsageError

if TYPE_CHECKING:
    from fonoteca.cli.face import Face
    from fonoteca.config.model import Config


def is_bare_word(word: str) -> bool:
    """True for a path (contains `/` or begins with `.` or `~`) or a URL; False for a name."""
    return "/" in word or word.startswith((".", "~", "rclone:"))


def bare_place(face: Face, places: Sequence[str]) -> str | None:
    """The one PLACE that the config does not know, which then needs neither config nor catalogue; else None.

    Raises UsageError when such a place is named together with others: each is its own archive's matter.
    """
    bare = [path for path in (_bare(face, word) for word in places) if path is not None]
    if not bare:
        return None
    if len(places) > 1:
        raise UsageError(f"{bare[0]} is not a location of the config: give it alone.")
    return bare[0]


def bare_source(face: Face, word: str | None) -> str | None:
    """A second PLACE beside a bare one, as a path: a name stands for the path that the config gives it."""
    if word is None or is_bare_word(word):
        return word
    place = _place_of(face, word)
    if place is None:
        raise UsageError(f"{word} is no path, and no location of the config: give its path.")
    return place


def config_or_none(face: Face) -> Config | None:
    """The config, None where there is none that can be read: a path or a URL needs none."""
    try:
        return face.config
    except UsageError:
        return None


def asked_place(face: Face, name: str) -> str | None:
    """Where the new location `name` lies, asked of a person; None where nobody is there, or the config knows it."""
    config = config_or_none(face)
    is_known = config is not None and name in config.locations
    if is_known or face.flags.json or face.flags.quiet or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    import typer

    answer = typer.prompt(
        f"Where is {name}? A folder, sftp://USER@HOST/PATH, s3://BUCKET or rclone:REMOTE", err=True
    )
    return str(answer).strip() or None


def _bare(face: Face, word: str) -> str | None:
    """The path to read by what stands there alone: unknown to the config, or to a catalogue that is lost."""
    name = named(face, word)
    if name is None:
        return word
    place = _place_of(face, name)
    if place is None or _remembers(face, name):
        return None
    face.warn(
        [f"The catalogue knows nothing of {name} or cannot be used: {place} is read by its own manifest."]
    )
    return place


def _place_of(face: Face, name: str) -> str | None:
    """The path or URL that the config gives a name."""
    from fonoteca.config import urls
    from fonoteca.config.model import FolderConfig, RemoteConfig

    try:
        config = face.config.locations.get(name)
    except UsageError:
        return None  # whoever needs the config says what is wrong with it
    if isinstance(config, RemoteConfig):
        return urls.url(config)
    return os.fsdecode(config.path) if isinstance(config, FolderConfig) else None


def _remembers(face: Face, name: str) -> bool:
    """True when the catalogue can be read and knows this location, or nothing else could be read either."""
    from fonoteca.catalogue import database, places
    from fonoteca.errors import CatalogueError

    path = face.config.catalogue
    try:
        connection = database.open_reader(path)
    except CatalogueError:
        return not _is_location(face, name)
    try:
        with database.translated(path):
            return places.by_name(connection, name) is not None or not _is_location(face, name)
    finally:
        connection.close()


def _is_location(face: Face, name: str) -> bool:
    place = _place_of(face, name) or ""
    if "://" in place:
        return True  # nobody is asked over the network here; whoever reads it will be told
    return os.path.lexists(os.path.join(place, ".fonoteca", "location.json"))


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
    from fonoteca.config import urls
    from fonoteca.config.model import FolderConfig

    if urls.is_url(word):
        server = urls.remote_place(word, word)
        return next((each.name for each in locations.values() if urls.same_server(each, server)), None)
    meant = os.path.realpath(os.fsencode(os.path.expanduser(word)))
    folders = [each for each in locations.values() if isinstance(each, FolderConfig)]
    return next((each.name for each in folders if os.path.realpath(each.path) == meant), None)


def complete_places(incomplete: str) -> list[str]:
    """Names of configured locations, for the shell's completion."""
    return _complete("locations", incomplete)


def complete_libraries(incomplete: str) -> list[str]:
    """Names of configured libraries, for the shell's completion."""
    return _complete("libraries", incomplete)


def complete_holds(incomplete: str) -> list[str]:
    """Holds that stand, for the shell's completion."""
    from fonoteca.archive import Access, Archive
    from fonoteca.catalogue import holds
    from fonoteca.config.load import load
    from fonoteca.config.paths import config_path
    from fonoteca.errors import CatalogueError

    try:
        with Archive.open(load(config_path(None, os.environ)), Access.READ) as archive:
            found = [each.id for each in holds.standing(archive.catalogue)]
    except (UsageError, CatalogueError):
        return []  # a shell that completes is no place for complaints
    return [each for each in found if each.startswith(incomplete)]


def _complete(kind: str, incomplete: str) -> list[str]:
    from fonoteca.config.load import load
    from fonoteca.config.paths import config_path

    try:
        config = load(config_path(None, os.environ))
    except UsageError:
        return []  # a shell that completes is no place for complaints
    return [name for name in getattr(config, kind) if name.startswith(incomplete)]
