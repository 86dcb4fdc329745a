"""Everything known of one file: `fonoteca show`."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import analyses, copies, entries, libraries, places
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.catalogue.copies import CopyRow, VersionRow
from fonoteca.catalogue.entries import EntryRow
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import FolderConfig
from fonoteca.core.paths import path_fields
from fonoteca.core.pattern import join, split
from fonoteca.errors import UsageError
from fonoteca.tasks import telling
from fonoteca.tasks.log import short_log
from fonoteca.tasks.places.ground import shown, whole_path
from fonoteca.tasks.telling import Json


def show(archive: Archive, path: bytes) -> Json:
    """What is known of the file at `path`: in a library, at a location, or a path inside a library.

    Raises UsageError, with names that are near, when the catalogue knows no such file.
    """
    library, entry = find(archive, path)
    connection = archive.catalogue
    analysis = analyses.get(connection, entry.content)
    sound = analysis.sound if analysis is not None else None
    names = {row.id: row.name for row in places.every(connection)}
    return {
        **path_fields("path", entry.path),
        "library": library.name,
        **path_fields("file", join(library.path, entry.path)),
        "kind": entry.kind,
        "state": entry.state,
        "size": entry.size,
        "mtime": telling.when(entry.mtime_ns),
        "read": telling.when(entry.read_ns),
        "read_again": telling.when(entry.confirmed_ns),
        "digests": telling.digests(entry.sha256, entry.xxh3_128),
        **telling.analysis(analysis),
        "sound": _sound(analysis),
        "payload_reason": sound.reason if sound is not None else None,
        "lossless": sound.lossless if sound is not None else None,
        "tags_read_by": analysis.tool if analysis is not None else None,
        "copies": [_copy(row, entry, names) for row in copies.of_entry(connection, entry.entry)],
        "versions": [_version(row, names) for row in copies.versions_of(connection, entry.entry)],
        "history": _history(connection, entry.entry),
        "findings": _findings(connection, library.name, entry.path),
        "log": short_log(connection, entry.entry, library.name, entry.path),
        "raw": analysis.raw if analysis is not None else None,
    }


# which file is meant


def find(archive: Archive, path: bytes) -> tuple[LibraryRow, EntryRow]:
    """The entry that a path means. Raises UsageError, with names that are near, when there is none."""
    found = next(_meant(archive, path), None)
    if found is None:
        raise UsageError(_unknown(archive, path))
    return found


def _meant(archive: Archive, path: bytes) -> Iterator[tuple[LibraryRow, EntryRow]]:
    """Files that the path may mean, the likeliest first."""
    rows = [row for row in libraries.every(archive.catalogue) if row.name in archive.config.libraries]
    whole = whole_path(path)
    for row in rows:
        for inside in _inside(row.path, whole):
            yield from _entry(archive, row, inside)
    yield from _at_locations(archive, whole, {row.id: row for row in rows})
    for row in rows:
        yield from _entry(archive, row, path.strip(b"/"))
        if path.startswith(row.name.encode() + b"/"):
            yield from _entry(archive, row, path.partition(b"/")[2])


def _entry(archive: Archive, library: LibraryRow, path: bytes) -> Iterator[tuple[LibraryRow, EntryRow]]:
    found = entries.by_path(archive.catalogue, library.id, *split(path))
    if found is not None:
        yield library, found


def _at_locations(
    archive: Archive, whole: bytes, rows: dict[int, LibraryRow]
) -> Iterator[tuple[LibraryRow, EntryRow]]:
    for config in archive.config.locations.values():
        place = places.by_name(archive.catalogue, config.name)
        if place is None or not isinstance(config, FolderConfig):
            continue
        for key in _inside(config.path, whole):
            copy = copies.by_key(archive.catalogue, place.id, key)
            found = entries.by_id(archive.catalogue, copy.entry) if copy is not None else None
            if found is not None and found.library in rows:
                yield rows[found.library], found


def _inside(folder: bytes, whole: bytes) -> Iterator[bytes]:
    """The path below `folder`, as written, and as the file system sees it (links on the way resolved)."""
    parent, name = split(whole)
    for root, path in ((folder, whole), (os.path.realpath(folder), join(os.path.realpath(parent), name))):
        if path.startswith(root.rstrip(b"/") + b"/"):
            yield path[len(root.rstrip(b"/")) + 1 :]


# what is known of it


def _sound(analysis: AnalysisRow | None) -> str | None:
    """What the file's own checks came to, as a sentence."""
    if analysis is None or analysis.sound is None:
        return None if analysis is None or analysis.unheard is None else f"Not known: {analysis.unheard}."
    return analysis.sound.check.sentence


def _copy(row: CopyRow, entry: EntryRow, names: dict[int, str]) -> Json:
    told = telling.copy(
        names[row.location],
        row.level,
        row.verified_ns,
        row.state,
        is_present_content=row.content == entry.content,
    )
    return {**told, **path_fields("key", row.key), "mtime": telling.when(row.mtime_ns)}


def _version(row: VersionRow, names: dict[int, str]) -> Json:
    return {
        "location": names[row.location],
        **path_fields("key", row.key),
        "reason": row.reason,
        "since": telling.when(row.time_ns),
        "level": telling.level_word(row.level),
        "verified": telling.when(row.verified_ns),
        "state": row.state,
        "size": row.size,
        "mtime": telling.when(row.mtime_ns),
        "digests": telling.digests(row.sha256, row.xxh3_128),
    }


def _history(connection: sqlite3.Connection, entry: int) -> list[Json]:
    """Earlier contents, newest first."""
    rows = connection.execute(
        "SELECT h.time_ns, h.verdict, h.mtime_ns, c.size, c.sha256, c.xxh3_128 FROM history h "
        "JOIN contents c ON c.id = h.content WHERE h.entry = ? ORDER BY h.id DESC",
        (entry,),
    )
    return [
        {
            "until": telling.when(time_ns),
            "verdict": verdict,
            "size": size,
            "mtime": telling.when(mtime_ns),
            "digests": telling.digests(sha256, xxh3_128),
        }
        for time_ns, verdict, mtime_ns, size, sha256, xxh3_128 in rows
    ]


def _findings(connection: sqlite3.Connection, library: str, path: bytes) -> list[Json]:
    rows = connection.execute(
        "SELECT kind, location, detail, first_ns FROM findings WHERE closed_ns IS NULL AND library = ? "
        "AND path = ? ORDER BY first_ns",
        (library, path),
    )
    return [
        {"kind": kind, "location": location, "detail": detail, "since": telling.when(first_ns)}
        for kind, location, detail, first_ns in rows
    ]


# what could have been meant


def _unknown(archive: Archive, path: bytes) -> str:
    near = _near(archive.catalogue, split(path.rstrip(b"/"))[1])
    hint = " Did you mean " + " or ".join(shown(each) for each in near) + "?" if near else ""
    return (
        f"The catalogue knows no file {shown(path)}.{hint} "
        f"`fonoteca list` shows what it knows; `fonoteca scan` looks for what is new."
    )


def _near(connection: sqlite3.Connection, name: bytes) -> list[bytes]:
    """Up to three known paths whose names are alike."""
    from difflib import get_close_matches

    stem = name.decode("utf-8", "replace").rpartition(".")[0] or name.decode("utf-8", "replace")
    like = f"%{stem[:4]}%"
    rows = connection.execute(
        f"SELECT {entries.PATH}, e.name FROM entries e JOIN folders f ON f.id = e.folder "
        "WHERE e.name = ? OR CAST(e.name AS TEXT) LIKE ? LIMIT 2000",
        (name, like),
    ).fetchall()
    names = {found.decode("utf-8", "replace"): path for path, found in rows}
    return [
        names[each] for each in get_close_matches(name.decode("utf-8", "replace"), names, n=3, cutoff=0.5)
    ]
