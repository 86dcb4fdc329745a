"""Every earlier content of one file, and where it is kept: `fonoteca versions`."""

from __future__ import annotations

from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import past, places
from fonoteca.catalogue.past import Earlier, Keeper
from fonoteca.core.paths import path_fields
from fonoteca.tasks import telling
from fonoteca.tasks.show import find
from fonoteca.tasks.telling import Json


def versions(archive: Archive, path: bytes) -> Iterator[Json]:
    """The earlier contents of the file at `path`, newest first; `kept` says where, at which level and since when.

    Raises UsageError, with names that are near, when the catalogue knows no such file.
    """
    library, entry = find(archive, path)
    connection = archive.catalogue
    names = {row.id: row.name for row in places.every(connection)}
    keepers = list(past.keepers(connection, entry.entry, entry.entry))
    for earlier in past.earlier(connection, entry.entry):
        yield {
            "id": past.short_id(connection, earlier.sha256),
            **path_fields("path", entry.path),
            "library": library.name,
            **_told(earlier),
            "kept": [_kept(each, names) for each in keepers if each.content == earlier.content],
        }


def _told(earlier: Earlier) -> Json:
    return {
        "until": telling.when(earlier.until_ns),
        "verdict": earlier.verdict,
        "size": earlier.size,
        "mtime": telling.when(earlier.mtime_ns),
        "sha256": earlier.sha256.hex(),
    }


def _kept(keeper: Keeper, names: dict[int, str]) -> Json:
    return {
        "location": names[keeper.location],
        "as": "copy" if keeper.is_live else "version",
        **path_fields("key", keeper.key),
        "level": telling.level_word(keeper.level),
        "verified": telling.when(keeper.verified_ns),
        "state": keeper.state,
    }
