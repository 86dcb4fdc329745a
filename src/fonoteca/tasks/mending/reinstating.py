"""A library's own file put back from a good copy, where its bytes differ though its size and date do not.

Nothing of the user's is lost by it: the bad bytes are first kept in a location's quarantine, and a file that was
written since it was judged is left alone, for that is an edit until a backup says otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fonoteca.catalogue import entries, events, holds, journal
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import EntryRow
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.copy import Level
from fonoteca.core.digest import Hasher, fast_digest
from fonoteca.core.entry import RACY_NS, is_settled
from fonoteca.core.event import Event, Found, LibraryFailed, Repaired, Warned, WouldRepair
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.journal import recovery
from fonoteca.core.manifest.layout import quarantine_key
from fonoteca.core.pattern import join, split
from fonoteca.core.place import Key
from fonoteca.core.plan.repair import Bad, Kind
from fonoteca.core.verdict import Verdict
from fonoteca.disk.reading import open_source, reading_again
from fonoteca.disk.replacing import Replacement
from fonoteca.errors import LibraryError, LocationError
from fonoteca.library.scan import file_stat
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.checking.originals import Original, Originals, Seen, Sight
from fonoteca.tasks.copying.readings import Changed
from fonoteca.tasks.guarding import holding
from fonoteca.tasks.looking.judging import read_again
from fonoteca.tasks.manifest.seal import raise_first
from fonoteca.tasks.mending.supply import Supply
from fonoteca.tasks.places.ground import is_reached_by_folders

if TYPE_CHECKING:
    from fonoteca.tasks.repair import Repairing

KINDS = tuple(holding.KINDS.values())
"""Findings about a library's file that a good copy can put right."""


class NotKept(Exception):
    """The bad bytes could be kept nowhere, so the file was left as it is."""


@dataclass(slots=True)
class Reinstating:
    """One library's files in a repair."""

    job: Repairing
    config: LibraryConfig
    supply: Supply

    def events(self) -> Iterator[Event]:
        """Everything. Raises Interrupted."""
        archive = self.job.archive
        try:
            row = self.job.origins.library(self.config)
        except LibraryError as error:
            yield LibraryFailed(self.config.name, type(error).__name__, str(error))
            return
        if row is None:
            return  # nothing is recorded of it
        originals = Originals(archive, self.config, False)
        try:
            yield from self._each(row, originals)
        finally:
            originals.close()

    def _each(self, row: LibraryRow, originals: Originals) -> Iterator[Event]:
        for entry in self._bad(row):
            self.job.archive.pause_point()
            (seen,) = map(originals.judged, originals.look([original_of(entry)]))
            if seen.sight is Sight.DIFFERS:
                yield from self.one(row, entry, seen)
            elif seen.sight is Sight.WRITTEN and (still := self._still_judged(entry)):
                yield from self.one(row, entry, still)
            elif seen.sight is Sight.WRITTEN:
                yield self._warned(row, entry, "was written or removed since: run `fonoteca backup`")
            elif seen.sight is Sight.UNREADABLE:
                yield self._found(row, entry, seen, f"it cannot be read: {seen.detail}")
            elif self.job.apply:  # right after all
                yield from originals.take(row, [seen])
                originals.commit()
                self._close(row, entry)

    def _bad(self, row: LibraryRow) -> Iterator[EntryRow]:
        for library, path in sorted(
            journal.complained_of(self.job.archive.catalogue, KINDS, library=row.name)
        ):
            folder, name = split(path or b"")
            entry = entries.by_path(self.job.archive.catalogue, row.id, folder, name)
            if library == row.name and entry is not None and entry.state in ("held", "present"):
                yield entry

    def _still_judged(self, entry: EntryRow) -> Seen | None:
        """A held file that a write damaged has another stat than the recorded one: it is known by what was judged."""
        judged = holds.file_of(self.job.archive.catalogue, entry.entry) if entry.state == "held" else None
        return self.as_judged(entry, judged, Verdict.DAMAGED) if judged is not None else None

    def as_judged(self, entry: EntryRow, judged: holds.Changed, verdict: Verdict) -> Seen | None:
        """The file as it is now, if it still is what got this verdict."""
        path = join(self.config.path, entry.path)
        try:
            status = os.lstat(path)
            found = read_again(path, status, self.job.archive.pause_point)
        except (OSError, Changed):
            return None
        if found != judged.content:
            return None
        return Seen(
            original_of(entry),
            Sight.DIFFERS,
            stat=file_stat(status),
            detail=f"expected sha256 {entry.sha256.hex()}, found {found.sha256.hex()}",
            verdict=verdict,
            found=found.sha256,
        )

    def one(self, row: LibraryRow, entry: EntryRow, seen: Seen) -> Iterator[Event]:
        """Put one file back that was just read as `seen`, or say how."""
        bad = _as_bad(row, entry)
        source = next(iter(self.supply.here(bad)), None)
        if source is None:
            yield self._found(
                row, entry, seen, f"{seen.detail}; no good copy of it can be read here: nothing was touched"
            )
        elif not self.job.apply:
            yield WouldRepair(
                row.name,
                entry.path,
                None,
                Kind.ORIGINAL.value,
                entry.size,
                _why(seen),
                self.job.origins.name(source),
                source.level,
                source.verified_ns,
            )
        else:
            yield from self._put_back(row, entry, bad, seen)

    def _put_back(self, row: LibraryRow, entry: EntryRow, bad: Bad, seen: Seen) -> Iterator[Event]:
        assert seen.stat is not None  # it was read
        path = join(self.config.path, entry.path)
        try:
            if not is_reached_by_folders(self.config.path, entry.path):
                raise NotKept("a symbolic link stands in its path")
            with Replacement(path, entry.mtime_ns) as new:
                filled = self.supply.fill(bad, lambda size: new.begin())
                yield from self.job.said(bad, filled.tried)
                if filled.source is None:
                    yield self._found(
                        row, entry, seen, f"{seen.detail}; no copy of it proved right: nothing was touched"
                    )
                    return
                level, read_back = filled.staged
                if read_back != filled.xxh3_128:
                    yield self._found(row, entry, seen, "what was written beside it reads back differently")
                    return
                kept = self._keep(path, entry, seen)
                stat = file_stat(new.swap(seen.stat))
        except (OSError, NotKept) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            yield self._found(row, entry, seen, f"{seen.detail}; it was left as it is: {why}")
            return
        now = self.job.archive.now()
        with transaction(self.job.archive.catalogue):
            trusted = is_settled(stat, now, RACY_NS)
            entries.confirm(self.job.archive.catalogue, entry.entry, stat, trusted=trusted, now_ns=now)
            source = self.job.origins.name(filled.source)
            events.add(self.job.archive.catalogue, recovery(now, bad, None, Kind.ORIGINAL, source, kept))
        self._close(row, entry)
        yield Repaired(
            row.name,
            entry.path,
            None,
            Kind.ORIGINAL.value,
            entry.size,
            Level(level),
            self.job.origins.name(filled.source),
            filled.source.level,
            filled.source.verified_ns,
            kept,
        )

    def _keep(self, path: bytes, entry: EntryRow, seen: Seen) -> str:
        """The bad bytes, in quarantine at the first location that takes them. Raises NotKept, OSError."""
        why = "no location is here that could keep its bad bytes"
        for one in self.job.keepers():
            try:
                key = _kept_at(one.place, path, entry)
            except LocationError as error:
                why = str(error)
                continue
            return f"{one.row.name}: {os.fsdecode(key)}"
        raise NotKept(f"its bad bytes could not be kept ({why})")

    def _close(self, row: LibraryRow, entry: EntryRow) -> None:
        archive = self.job.archive
        journal.close(archive.catalogue, archive.now(), kinds=KINDS, library=row.name, path=entry.path)

    def _found(self, row: LibraryRow, entry: EntryRow, seen: Seen, detail: str) -> Found:
        known = bool(self.supply.find(_as_bad(row, entry)))
        return Found(
            Finding(
                holding.KINDS.get(seen.verdict, FindingKind.ROT), detail, row.name, None, entry.path, known
            )
        )

    def _warned(self, row: LibraryRow, entry: EntryRow, why: str) -> Warned:
        return Warned(f"{row.name}/{entry.path.decode('utf-8', 'backslashreplace')} {why}.")


def _kept_at(place: OpenLocation, path: bytes, entry: EntryRow) -> Key:
    key = quarantine_key(os.urandom(16).hex(), entry.entry, entry.path)
    hasher = Hasher()
    with place.batch() as batch:
        with open_source(path) as fd, reading_again(os.dup(fd), media=False) as reading:
            writing = batch.create(key, reading.size, entry.mtime_ns)
            for block in reading:
                hasher.update(block)
                writing.write(block)
        staged = writing.finish()
        batch.flush()
        with batch.read(staged) as back:
            if fast_digest(back) != hasher.digests().xxh3_128:
                raise NotKept(f"they read back differently at {place.identity.id}")
        raise_first(batch.publish([staged]))
    return key


def _why(seen: Seen) -> str:
    """The word for what is wrong with it."""
    kind = holding.KINDS.get(seen.verdict)
    return seen.verdict.value if kind is None else kind.value


def original_of(entry: EntryRow) -> Original:
    """One entry as it was recorded."""
    stat = (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode)
    return Original(
        entry.entry,
        entry.path,
        *stat,
        entry.sha256,
        entry.xxh3_128,
        bool(entry.trusted),
        entry.state == "held",
    )


def _as_bad(row: LibraryRow, entry: EntryRow) -> Bad:
    return Bad(
        Kind.ORIGINAL,
        entry.entry,
        (entry.entry,),
        entry.path,
        entry.sha256,
        entry.size,
        entry.xxh3_128,
        entry.mtime_ns,
        "damaged",
        entry.path,
        row.name,
    )
