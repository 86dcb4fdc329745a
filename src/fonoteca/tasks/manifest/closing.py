"""What a run leaves at a location when its transfers are over: folders, links, tags, a catalogue snapshot."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from itertools import chain

from fonoteca.archive import Archive
from fonoteca.catalogue import analyses, copies, events, holds, journal, libraries, past, places, replay
from fonoteca.catalogue.database import snapshot, transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import Chain, PlaceRow
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.event import Event, Sealed
from fonoteca.core.finding import FindingKind
from fonoteca.core.journal import Type, line_of
from fonoteca.core.manifest.layout import catalogue_key
from fonoteca.core.manifest.lines import Folder, Have, Line, Link, Retired, Superseded
from fonoteca.core.place import Key
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.manifest.seal import Ledger, raise_first

SNAPSHOT_NS = 24 * 3600 * 1_000_000_000
_SCRATCH = ".snapshot-"
SEGMENT_LIMIT = 64
"""More living segments than this, and one full segment takes their place."""


def close_chain(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Seal what a transfer did not say: empty folders, links, tags. Restate everything when it is time for that."""
    known = places.chain(archive.catalogue, row.id, library.id)
    ledger = Ledger(place, LibraryId(library.uid), known, archive.now)
    if known is not None and (known.damaged or known.n - known.first >= SEGMENT_LIMIT):
        yield from restate(archive, place, row, library)
        ledger.chain = places.chain(archive.catalogue, row.id, library.id)
    notes = _note_changes(archive, row, library)
    untold = analyses.untold(archive.catalogue, row.id, library.id)
    newest = events.last(archive.catalogue)
    after = events.told_until(archive.catalogue, row.id, library.id)
    happened = [line_of(each) for each in events.stored(archive.catalogue, library.name, after, newest)]
    stops = holds.untold(archive.catalogue, row.id, library.id)
    # What a copy was before it was replaced comes along; a segment of its own for it would double them.
    is_news = any(each.kind != Type.REPLICATION for each in happened)
    if not (notes or untold or is_news or stops):
        return
    sealed = ledger.seal(chain(map(holds.line_of, stops), notes, _analysis_lines(archive, untold), happened))
    with transaction(archive.catalogue):
        for line in notes:
            if line.gone:
                replay.forget_note(archive.catalogue, row.id, library.id, line.path)
            else:
                target = line.target if isinstance(line, Link) else None
                replay.put_note(archive.catalogue, row.id, library.id, line.path, target)
        analyses.told(archive.catalogue, row.id, untold)
        events.told(archive.catalogue, row.id, library.id, newest)
        holds.told(archive.catalogue, row.id, stops)
        places.set_chain(archive.catalogue, row.id, library.id, sealed)
    yield Sealed(row.name, library.name, sealed.n)


def _analysis_lines(archive: Archive, untold: list[int]) -> Iterator[Line]:
    for content in untold:
        line = analyses.line(archive.catalogue, content)
        if line is not None:
            yield line


def _note_changes(archive: Archive, row: PlaceRow, library: LibraryRow) -> list[Folder | Link]:
    """What the manifest must say anew about empty folders and links."""
    now = archive.now()
    stated = replay.notes_at(archive.catalogue, row.id, library.id)
    actual = dict(libraries.notes(archive.catalogue, library.id))
    lines: list[Folder | Link] = []
    for path, target in sorted(stated.items()):
        if path not in actual:
            lines.append(_note(path, target, now, gone=True))
    for path, target in sorted(actual.items()):
        if path not in stated or stated[path] != target:
            lines.append(_note(path, target, now, gone=False))
    return lines


def _note(path: bytes, target: bytes | None, now: int, *, gone: bool) -> Folder | Link:
    if target is None:
        return Folder(RelPath(path), now, gone)
    return Link(RelPath(path), b"" if gone else target, now, gone)


def restate(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Write one full segment: all that holds. Earlier segments go."""
    known = places.chain(archive.catalogue, row.id, library.id)
    ledger = Ledger(place, LibraryId(library.uid), known, archive.now)
    newest = events.last(archive.catalogue)
    happened = map(line_of, events.stored(archive.catalogue, library.name, 0, newest))
    stops = holds.every(archive.catalogue, library.id)
    lines = chain(map(holds.line_of, stops), _all_lines(archive, row, library), happened)
    sealed = ledger.seal(lines, full=True)
    with transaction(archive.catalogue):
        holds.told(archive.catalogue, row.id, stops)
        places.set_chain(archive.catalogue, row.id, library.id, Chain(sealed.n, sealed.digest, sealed.n))
        over = [FindingKind.MANIFEST_DAMAGED]
        journal.close(archive.catalogue, archive.now(), kinds=over, library=library.name, location=row.name)
        events.told(archive.catalogue, row.id, library.id, newest)
    ledger.drop_restated()
    yield Sealed(row.name, library.name, sealed.n)


def _all_lines(archive: Archive, row: PlaceRow, library: LibraryRow) -> Iterator[Line]:
    connection = archive.catalogue
    for version in copies.versions_at(connection, row.id):
        if version.library == library.name:
            yield _kept(connection, row, version)
    for copy in copies.at(connection, row.id):
        if copy.library != library.name:
            continue
        content = Content(copy.sha256, copy.size, copy.xxh3_128)
        level, when = Level(copy.level), copy.verified_ns or archive.now()
        yield Have(
            Key(copy.key),
            RelPath(copy.path),
            content,
            copy.mtime_ns,
            level,
            when,
            added_ns=copy.added_ns,
        )
    for path, target in sorted(replay.notes_at(connection, row.id, library.id).items()):
        yield _note(path, target, archive.now(), gone=False)
    for number in analyses.already_told(connection, row.id, library.id):
        line = analyses.line(connection, number)
        if line is not None:
            yield line


def _kept(connection: sqlite3.Connection, row: PlaceRow, version: copies.VersionRow) -> Line:
    content = Content(version.sha256, version.size, version.xxh3_128)
    copy = next(
        (each for each in copies.of_entry(connection, version.entry) if each.location == row.id), None
    )
    key = Key(copy.key) if copy else Key(version.library.encode() + b"/" + version.path)
    # An entry that came back after it was retired has a copy again: nothing is gone that this line could say.
    line = Retired if version.reason == "retired" and copy is None else Superseded
    return line(
        key,
        RelPath(version.path),
        content,
        version.mtime_ns,
        Key(version.key),
        past.verdict_on(connection, version.entry, version.sha256, version.size) or version.reason,
        Level(version.level),
        version.verified_ns or version.time_ns,
        until_ns=version.time_ns,
    )


# the catalogue's snapshot


def put_snapshots(archive: Archive, opened: list[tuple[OpenLocation, PlaceRow]], library: LibraryRow) -> None:
    """Put a compressed copy of the catalogue to each location that has none of the last day; two are kept."""
    folder = os.path.dirname(archive.config.catalogue)
    _sweep(folder)
    due = [
        (place, row)
        for place, row in opened
        if row.snapshot_ns is None or archive.now() - row.snapshot_ns > SNAPSHOT_NS
    ]
    if not due:
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=_ours()) as scratch:
        plain = os.path.join(scratch, "catalogue.sqlite")
        snapshot(archive.config.catalogue, plain)
        packed = plain + ".gz"
        _pack(plain, packed)
        for place, row in due:
            _put_snapshot(archive, place, row, library, packed)


def _ours() -> str:
    """What the names of this process's snapshots begin with: two locations may be served at once."""
    return f"{_SCRATCH}{os.getpid()}-"


def _sweep(folder: str) -> None:
    """Remove what a run that was killed left of a snapshot: as large as the catalogue. The archive's lock is held."""
    with os.scandir(folder) as found:
        names = {each.name: each.path for each in found}
    left = [
        path for name, path in names.items() if name.startswith(_SCRATCH) and not name.startswith(_ours())
    ]
    for path in left:
        shutil.rmtree(path)


def _pack(plain: str, packed: str) -> None:
    with open(plain, "rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
        while block := source.read(1 << 20):
            target.write(block)


def _put_snapshot(
    archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow, packed: str
) -> None:
    folder = catalogue_key(LibraryId(library.uid))
    stem = f"{archive.now() // 1_000_000_000}.sqlite.gz".encode()
    key = Key(folder + stem)
    if place.stat(key) is not None:
        return
    with open(packed, "rb") as source, place.batch() as batch:
        size = os.fstat(source.fileno()).st_size
        writing = batch.create(key, size, archive.now())
        while block := source.read(1 << 20):
            writing.write(block)
        staged = writing.finish()
        batch.flush()
        raise_first(batch.publish([staged]))
    kept = sorted(found for found, _ in place.list(folder))
    raise_first(place.delete(kept[:-2]))
    with transaction(archive.catalogue):
        places.snapshot_put(archive.catalogue, row.id, archive.now())
