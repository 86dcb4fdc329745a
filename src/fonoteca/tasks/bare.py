"""A bare location: read without config or catalogue, by what its own manifest says, and never written to.

    with bare_archive("/media/red/music-backup") as archive:
        for event in ...

A catalogue that lives for this run only is filled from the manifests there, so that the same tasks work on
it. Where no manifest can be believed, `SHA256SUMS` is: paths and digests, without versions, links and empty
folders.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from fonoteca.archive import Access, Archive, NeverStop, Stop, location_of
from fonoteca.catalogue import copies, database, entries, libraries, misplaced, places
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.catalogue.replay import Replay
from fonoteca.config import urls
from fonoteca.config.model import Config, FolderConfig, LocationConfig
from fonoteca.core import naming, sums
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, kind_of
from fonoteca.core.event import Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.lines import Intent, Step
from fonoteca.core.manifest.segment import BadSegment, split_lines
from fonoteca.core.paths import stays_inside
from fonoteca.core.pattern import split
from fonoteca.core.place import OWN, Key
from fonoteca.errors import LocationError, UsageError
from fonoteca.locations.base import Location, OpenLocation
from fonoteca.tasks.manifest.agreement import damaged_manifest
from fonoteca.tasks.manifest.belief import take_over
from fonoteca.tasks.manifest.chains import ChainView, cards, library_ids
from fonoteca.tasks.manifest.recover import by_key, unfinished_intents
from fonoteca.tasks.moving.resuming import retired_by, standing_under

NOT_KNOWN_HERE = "it is written anew by the next backup of the archive that it belongs to"


@dataclass(slots=True)
class BareArchive(Archive):
    """An archive of one location that nobody configured. `name` is the location's, as it was typed."""

    name: str = ""
    findings: list[Finding] = field(default_factory=list)
    """What its manifests suffer from."""
    notes: list[Warned] = field(default_factory=list)
    unfinished: dict[bytes, Step] = field(default_factory=dict)
    """What a cut-off run had begun, by key."""
    writes: bool = False
    """The location called `name` may be written: it has to be where its marker was made."""

    def location(self, config: LocationConfig) -> Location:
        """The place itself: also where it is a copy of the location on another file system, if it is only
        read.
        """
        if self.writes and config.name == self.name:
            return location_of(config, location_of(config, None).peek())
        return location_of(config, None, anywhere=True)


@contextmanager
def bare_archive(
    place: str, *, beside: str | None = None, writes: bool = False, stop: Stop | None = None
) -> Iterator[BareArchive]:
    """The location at the path or URL `place`, read, and another `beside` it; `writes`: the first may be written later.

    Raises UsageError when there is none, or both are one; LocationError.
    """
    found = [_config_of(each) for each in (place, beside) if each is not None]
    if len(found) > 1 and _are_same(*found):
        raise UsageError(f"{beside} is the location itself: name another one.")
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fonoteca-bare-"))
        scratch = os.path.join(folder, "catalogue.sqlite")
        connection = database.scratch(scratch)
        stack.callback(connection.close)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # nobody else knows of it
        connection.execute("PRAGMA cache_size = -32000")
        stack.enter_context(database.translated(scratch))
        locations = {each.name: each for each in found}
        config = Config(None, scratch, locations=locations)
        archive = BareArchive(
            config, connection, Access.WRITE, stop or NeverStop(), time.time_ns, name=found[0].name
        )
        for name in locations:
            with archive.location(config.locations[name]).open(write=False) as opened:
                _fill(archive, opened, name)
        archive.writes = writes
        yield archive


def _config_of(place: str) -> LocationConfig:
    config: LocationConfig
    if urls.is_url(place):
        server = urls.remote_place(place, "")
        config = replace(server, name=urls.url(server, whole=False))
    else:
        config = FolderConfig(name=place, path=os.path.abspath(os.path.expanduser(os.fsencode(place))))
    if location_of(config, None).peek() is None:
        raise UsageError(
            f"There is no fonoteca location at {config.name}: its folder carries no .fonoteca/location.json. "
            f"Give the folder that holds SHA256SUMS and .fonoteca."
        )
    return config


def _are_same(one: LocationConfig, other: LocationConfig) -> bool:
    if isinstance(one, FolderConfig) and isinstance(other, FolderConfig):
        return os.path.samefile(one.path, other.path)
    return urls.same_server(one, other)


def _fill(archive: BareArchive, place: OpenLocation, called: str) -> None:
    """Bring what the place says into the scratch catalogue."""
    connection = archive.catalogue
    row = places.put(connection, called, called, place.identity, place.traits, archive.now())
    folders = {card.id: card.folder for card in cards(place)}
    doubtful = False
    with database.transaction(connection):
        for library in library_ids(place):
            known = libraries.by_uid(connection, library)  # of the other location, where there is one
            if known is None:
                name = _free_name(connection, folders.get(library, library[:8]))
                known = libraries.add(connection, library, name, b"", "", archive.now())
            faults = _believe(archive, ChainView.of(place, library), row, known)
            if library not in folders:
                _name_by_keys(connection, row, known)
            doubtful = doubtful or bool(faults)
        if doubtful or not folders:
            _from_sums(archive, place, row, everything=not _holds_anything(connection, row))


def _free_name(connection: sqlite3.Connection, name: str) -> str:
    number, free = 2, name
    while libraries.by_name(connection, free) is not None:
        number, free = number + 1, f"{name}-{number}"
    return free


def _name_by_keys(connection: sqlite3.Connection, row: PlaceRow, library: LibraryRow) -> None:
    """Its card is lacking or damaged: its copies lie in the folder that bears its name."""
    found = connection.execute(
        "SELECT p.key FROM copies p JOIN entries e ON e.id = p.entry JOIN folders f ON f.id = e.folder "
        "WHERE p.location = ? AND f.library = ? LIMIT 1",
        (row.id, library.id),
    ).fetchone()
    if found is not None:
        name = found[0].partition(b"/")[0].decode("utf-8", "backslashreplace")
        libraries.rename(connection, library.id, _free_name(connection, name))


def _believe(archive: BareArchive, view: ChainView, row: PlaceRow, library: LibraryRow) -> list[str]:
    faults = take_over(archive.catalogue, view, row.id, library.id, believe_folders=True)
    if not view.sealed:
        faults = faults or ["no segment of it is there"]
    if faults:
        finding = damaged_manifest(faults, library.name, row.name, remedy=NOT_KNOWN_HERE, repairable=None)
        archive.findings.append(finding)
    intents = unfinished_intents(view)
    count = sum(len(intent.steps) for intent in intents)
    if count:
        archive.unfinished.update(by_key(intents))
        _follow(archive, view.place, row, library, intents)
        detail = (
            f"a run was cut off while it brought or moved {count} files; the next backup to it completes that"
        )
        archive.findings.append(Finding(FindingKind.UNFINISHED, detail, library.name, row.name))
    return faults


def _holds_anything(connection: sqlite3.Connection, row: PlaceRow) -> bool:
    found = connection.execute("SELECT 1 FROM copies WHERE location = ? LIMIT 1", (row.id,))
    return found.fetchone() is not None


def _follow(
    archive: BareArchive, place: OpenLocation, row: PlaceRow, library: LibraryRow, intents: list[Intent]
) -> None:
    """Copies in the middle of a move are read where they stand now; what became a version by then is one."""
    keys: list[tuple[int, bytes]] = []
    believing = Replay(archive.catalogue, row.id, library.id, believe_folders=True)
    for intent in intents:
        believing.apply(retired_by(place, intent, archive.now()), 0)
        for step, key in standing_under(place, intent):
            copy = copies.by_key(archive.catalogue, row.id, step.old)
            if key is not None and copy is not None and copy.sha256 == step.content.sha256:
                keys.append((copy.entry, key))
    misplaced.rekey(archive.catalogue, row.id, keys, 0)


# SHA256SUMS in the place of a manifest


def _from_sums(archive: BareArchive, place: OpenLocation, row: PlaceRow, *, everything: bool) -> None:
    """Add what `SHA256SUMS` lists and no manifest does; where a manifest spoke, only what stands there."""
    added = 0
    try:
        for sha256, key in _sums(place):
            if not stays_inside(key) or key.startswith(OWN + b"/") or not key.partition(b"/")[2]:
                continue
            if copies.by_key(archive.catalogue, row.id, key) is None:
                added += _add(archive, place, row, sha256, key, everything)
    except (LocationError, sums.BadSum, BadSegment) as error:
        archive.notes.append(Warned(f"SHA256SUMS at {row.name} could not be read to its end: {error}"))
    if added:
        archive.notes.append(
            Warned(
                f"The manifest at {row.name} does not say everything: {added:,} files are known from SHA256SUMS alone, "
                f"by path and SHA-256."
            )
        )


def _sums(place: OpenLocation) -> Iterator[tuple[bytes, Key]]:
    if place.stat(Key(sums.NAME)) is None:
        return
    with place.read(Key(sums.NAME)) as reading:
        yield from sums.parse(split_lines(reading))


def _add(
    archive: BareArchive, place: OpenLocation, row: PlaceRow, sha256: bytes, key: Key, everything: bool
) -> bool:
    stat = place.stat(key)
    if stat is None and not everything:
        return False
    connection, now = archive.catalogue, archive.now()
    library = _library_of(connection, key, now)
    path = naming.to_path(key, naming.rule_named(row.identity.naming)) or key.partition(b"/")[2]
    size, mtime_ns = (stat.size, stat.mtime_ns or 0) if stat is not None else (0, 0)
    folder, name = split(path)
    known = entries.by_path(connection, library.id, folder, name)
    if known is not None and any(
        each.location == row.id for each in copies.of_entry(connection, known.entry)
    ):
        return False
    content = entries.put_content(connection, Content(sha256, size, b""))
    if known is not None:  # the other location told of it
        copies.record(connection, row.id, known.entry, key, content, mtime_ns, Level.NONE, now, 0)
        return True
    found = libraries.folder(connection, library.id, folder)
    folder_id = found[0] if found else libraries.put_folder(connection, library.id, folder)
    entry = connection.execute(
        "INSERT INTO entries (folder, name, kind, content, size, mtime_ns, ctime_ns, inode, trusted, read_ns, state, "
        "since_ns) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?, 'present', ?)",
        (folder_id, name, kind_of(name).value, content, size, mtime_ns, now, now),
    ).lastrowid
    copies.record(connection, row.id, int(entry or 0), key, content, mtime_ns, Level.NONE, now, 0)
    return True


def _library_of(connection: sqlite3.Connection, key: Key, now: int) -> LibraryRow:
    """The library whose folder a key lies in, made up where no card names it."""
    name = key.partition(b"/")[0].decode("utf-8", "backslashreplace")
    known = libraries.by_name(connection, name)
    return known or libraries.add(connection, LibraryId(os.urandom(16).hex()), name, b"", "", now)
