"""Copies whose entries are gone from their library go from their keys to `versions/`: no bytes are sent, none are lost.

Each batch is an intent, then renames, then a seal that says which key gave its content to which blob. Before that each
copy is looked at: only what we published becomes a version; strange bytes go to quarantine. Where the blob stands
already with the same content, the copy under the key is deleted once the blob was read. A run that is cut off leaves
each copy under its key or under `versions/`; the next one says which (`tasks/moving/resuming.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, events, gone, journal, misplaced, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.gone import Gone
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, LibraryId, RelPath
from fonoteca.core.event import Event, Found, Phase
from fonoteca.core.event import Retired as RetiredEvent
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.journal import SUCCESS, Logged, Type
from fonoteca.core.manifest.layout import quarantine_key, version_key
from fonoteca.core.manifest.lines import Done, MoveStep, Retired
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import OldCopy
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.predecessor import ABOUT_ONE, content_at, is_ours, strange
from fonoteca.tasks.manifest.seal import Ledger, raise_first

TOGETHER = 1000
"""So many belong to one intent."""

REASON = "removed"
"""The verdict's word, in the manifest."""


class Leaving(NamedTuple):
    """A copy on its way to `versions/`. `stands`: it is there and is ours; else nothing of it can be kept."""

    copy: Gone
    blob: Key
    stands: bool = True
    merges: bool = False
    """The blob stands already, or another copy of this batch becomes it: this one is only deleted."""
    level: Level | None = None
    """What reading it reached, where it was not as published and had to be read."""
    odd: Finding | None = None

    @property
    def key(self) -> Key:
        """Where it stands now."""
        return Key(self.copy.key)

    @property
    def bytes_recorded(self) -> Content:
        """What it should hold."""
        return Content(self.copy.sha256, self.copy.size, self.copy.xxh3_128)


def retire(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Retire every copy at one location whose entry is gone. Raises LocationError, Interrupted between batches."""
    if not gone.is_any(archive.catalogue, row.id, library.id):
        return
    yield Phase("retire", location=row.name)
    one = Retirement(archive, place, row, library)
    for batch in gone.copies_of(archive.catalogue, row.id, library.id, TOGETHER):
        archive.pause_point()
        yield from one.carry_out(batch)


@dataclass(slots=True)
class Retirement:
    """One library's at one location."""

    archive: Archive
    place: OpenLocation
    row: PlaceRow
    library: LibraryRow
    _blobs: set[Key] = field(default_factory=set)
    """Those that copies of this batch become."""

    def carry_out(self, batch: list[Gone]) -> Iterator[Event]:
        """Retire one batch, and record it. Raises LocationError; the intent then tells the next run."""
        self.place.check()
        self._blobs.clear()
        leaving = [self._looked_at(copy) for copy in batch]
        standing = [each for each in leaving if each.stands]
        chain = places.chain(self.archive.catalogue, self.row.id, self.library.id)
        ledger = Ledger(self.place, LibraryId(self.library.uid), chain, self.archive.now)
        name = os.urandom(8).hex()
        if standing:
            self._intend(ledger, name, standing)
        stayed = self._renamed(standing)
        stayed |= self._deleted([each for each in standing if each.merges and each.key not in stayed])
        done = [each for each in standing if each.key not in stayed]
        self._date(done)
        yield from self._record(ledger, name, leaving, done, stayed)

    # looking

    def _looked_at(self, copy: Gone) -> Leaving:
        content = Content(copy.sha256, copy.size, copy.xxh3_128)
        each = Leaving(copy, version_key(copy.sha256, copy.path))
        old = OldCopy(
            content, copy.content, copy.mtime_ns, copy.level, copy.verified_ns, copy.state == "good"
        )
        try:
            found = self.place.stat(each.key)
        except ABOUT_ONE:
            found = None  # a folder or a link took its place: nothing of ours is there
        if found is None:
            return each._replace(stands=False)
        if not is_ours(self.place, old, found):
            oddity = strange(self.place, each.key, old)
            if oddity is not None:
                return each._replace(stands=False, odd=self._put_aside(each, each.key, *oddity))
            each = each._replace(level=content_at(self.place, each.key)[1])
        return self._among_blobs(each)

    def _among_blobs(self, each: Leaving) -> Leaving:
        if each.blob in self._blobs:
            return each._replace(merges=True)
        self._blobs.add(each.blob)
        if self.place.stat(each.blob) is None:
            return each
        try:
            if content_at(self.place, each.blob)[0] == each.bytes_recorded:
                return each._replace(merges=True)
            detail = "an earlier version that is kept under the same name was damaged"
            return each._replace(odd=self._put_aside(each, each.blob, FindingKind.DAMAGED, detail))
        except ABOUT_ONE as error:
            detail = f"an earlier version that is kept under the same name cannot be read ({error.reason})"
            return each._replace(odd=self._put_aside(each, each.blob, FindingKind.UNREADABLE_COPY, detail))

    def _put_aside(self, each: Leaving, key: Key, kind: FindingKind, detail: str) -> Finding:
        self.place.check()
        aside = quarantine_key(os.urandom(16).hex(), each.copy.entry, each.copy.path)
        raise_first(self.place.move([(key, aside)]))
        shown = aside.decode("ascii", "replace")
        return self._finding(kind, f"{detail}; those bytes were put aside as {shown}", each, repairable=True)

    # doing

    def _intend(self, ledger: Ledger, name: str, standing: list[Leaving]) -> None:
        """The intent outlives a power cut before anything has another name."""
        steps = [
            MoveStep(each.key, each.blob, RelPath(each.copy.path), each.bytes_recorded, each.copy.mtime_ns)
            for each in standing
        ]
        with self.place.batch() as batch:
            staged = ledger.stage_intent(batch, name, steps)
            batch.flush()
            raise_first(batch.publish([staged]))

    def _renamed(self, standing: list[Leaving]) -> dict[Key, str]:
        """Give the blobs their names; the keys of what had to stay, with the reason."""
        going = {each.blob: each.key for each in standing if not each.merges}
        failed: dict[Key, str] = {}
        for outcome in self.place.move((key, blob) for blob, key in going.items()) if going else ():
            if isinstance(outcome.error, ABOUT_ONE):
                failed[outcome.key] = outcome.error.reason
            elif outcome.error is not None:
                raise outcome.error
        return {each.key: failed[each.blob] for each in standing if each.blob in failed}

    def _deleted(self, merging: list[Leaving]) -> dict[Key, str]:
        """Delete what stands as a blob too; the keys of what had to stay, with the reason."""
        stayed: dict[Key, str] = {}
        for outcome in self.place.delete(each.key for each in merging) if merging else ():
            if isinstance(outcome.error, ABOUT_ONE):
                stayed[outcome.key] = outcome.error.reason
            elif outcome.error is not None:
                raise outcome.error
        return stayed

    def _date(self, done: list[Leaving]) -> None:
        """What was ours by its bytes alone gets the time back that it should have."""
        times = [(each.blob, each.copy.mtime_ns) for each in done if each.level is not None]
        for outcome in self.place.retime(times) if times else ():
            if outcome.error is not None and not isinstance(outcome.error, ABOUT_ONE):
                raise outcome.error

    # recording

    def _record(
        self,
        ledger: Ledger,
        name: str,
        leaving: list[Leaving],
        done: list[Leaving],
        stayed: dict[Key, str],
    ) -> Iterator[Event]:
        catalogue, now, here = self.archive.catalogue, self.archive.now(), self.row.id
        if done:
            ledger.seal([*(self._line(each, now) for each in done), Done(name, now)])
        elif stayed:
            ledger.forget_intent()
        findings = [each.odd for each in leaving if each.odd is not None]
        findings += [self._left(each, stayed[each.key]) for each in leaving if each.key in stayed]
        lost = [each for each in leaving if not each.stands]
        with transaction(catalogue):
            for each in done:
                self._kept(each, now, ledger.next - 1)
            for each in (*done, *lost):
                copies.drop(catalogue, here, each.copy.entry)
            if ledger.chain is not None:
                places.set_chain(catalogue, here, self.library.id, ledger.chain)
            if lost:  # restating everything takes back what the manifest says of them
                places.restate_soon(catalogue, here, self.library.id)
            places.set_sums_stale(catalogue, here, True)
            events.add(catalogue, (self._logged(each, now) for each in done))
            for finding in findings:
                journal.note(catalogue, finding, now)
        misplaced.in_place(catalogue, here, [each.copy.entry for each in (*done, *lost)])
        for each in done:
            yield RetiredEvent(self.row.name, self.library.name, each.copy.path, each.copy.size)
        yield from map(Found, findings)

    def _logged(self, each: Leaving, now: int) -> Logged:
        detail = "its copy became a version; no bytes were sent"
        copy, library, kind = each.copy, self.library.name, Type.FILENAME_CHANGE
        return Logged(
            now, kind, SUCCESS, library, self.row.name, copy.path, copy.key, detail, entry=copy.entry
        )

    def _line(self, each: Leaving, now: int) -> Retired:
        level, checked_ns = self._level(each, now)
        return Retired(
            each.key,
            RelPath(each.copy.path),
            each.bytes_recorded,
            each.copy.mtime_ns,
            each.blob,
            REASON,
            level,
            checked_ns or now,
            until_ns=now,
        )

    def _kept(self, each: Leaving, now: int, segment: int) -> None:
        copy = each.copy
        level, checked_ns = self._level(each, now)
        copies.add_version(
            self.archive.catalogue,
            self.row.id,
            copy.entry,
            copy.content,
            each.blob,
            copy.mtime_ns,
            "retired",
            now,
            int(level),
            checked_ns,
            segment,
        )

    def _level(self, each: Leaving, now: int) -> tuple[Level, int | None]:
        """A rename is no verification: the level and date of the last check stand, where it was not read now."""
        if each.level is not None:
            return each.level, now
        return Level(each.copy.level), each.copy.verified_ns

    # findings

    def _finding(
        self, kind: FindingKind, detail: str, each: Leaving, *, repairable: bool | None = None
    ) -> Finding:
        return Finding(kind, detail, self.library.name, self.row.name, each.copy.path, repairable)

    def _left(self, each: Leaving, reason: str) -> Finding:
        shown = each.key.decode("utf-8", "backslashreplace")
        detail = (
            f"it is gone from the library, and its copy could not be put to the versions there ({reason}); "
            f"it stays as {shown}"
        )
        return self._finding(FindingKind.NOT_COPIED, detail, each)
