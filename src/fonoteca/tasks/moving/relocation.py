"""Renaming copies at a location after their entries: no bytes are sent, nothing is ever replaced.

Each batch is an intent, then renames, then a seal. Where names clash (a swap, a cycle, a chain, other letters on a
place that folds them) a copy waits under `.fonoteca/moving/` until its name is free:

    old keys → moving/<batch>-<n>    where another one that leaves has the new name
    old keys → new keys              the others
    moving/<batch>-<n> → new keys

Before that each old copy is looked at. What is not as published is read: strange bytes go to quarantine, and the next
step of the run sends the right ones under the new key. A run that is cut off is completed from the intent
(`tasks/moving/resuming.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, events, journal, misplaced, places
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.misplaced import Misplaced
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core import naming
from fonoteca.core.entry import LibraryId
from fonoteca.core.event import Event, Found, Phase
from fonoteca.core.event import Moved as MovedEvent
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.journal import SUCCESS, Logged, Type
from fonoteca.core.manifest.layout import quarantine_key
from fonoteca.core.manifest.lines import Done, MoveStep
from fonoteca.core.place import Key
from fonoteca.core.plan.moves import blocked
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.copying.naming import Namer
from fonoteca.tasks.copying.predecessor import ABOUT_ONE, content_at, is_ours, strange
from fonoteca.tasks.manifest.recover import folder_of
from fonoteca.tasks.manifest.seal import Ledger, raise_first
from fonoteca.tasks.moving.going import Going, move_lines, published, shown, step_of
from fonoteca.tasks.moving.renaming import rename_all

TOGETHER = 1000
"""So many renames belong to one intent; a longer circle of names is one batch all the same."""


def namer_of(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Namer:
    """Says which keys the copies should have that are to be moved."""
    rule = naming.rule_named(row.identity.naming)
    return Namer(archive.catalogue, row.id, folder_of(place, library), rule, leaving=True)


def relocate(archive: Archive, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> Iterator[Event]:
    """Rename every misplaced copy of `library` at one location. Raises LocationError, Interrupted between batches."""
    if not misplaced.count(archive.catalogue, row.id, library.id):
        return
    yield Phase("move", location=row.name)
    one = Relocation(archive, place, row, library, namer_of(archive, place, row, library))
    for batch in one.batches():
        archive.pause_point()
        yield from one.carry_out(batch)


@dataclass(slots=True)
class Relocation:
    """One library's renames at one location."""

    archive: Archive
    place: OpenLocation
    row: PlaceRow
    library: LibraryRow
    namer: Namer
    _refused: set[int] = field(default_factory=set)
    _right: list[int] = field(default_factory=list)
    """Entries whose copies have the right key already."""

    # which go together

    def batches(self) -> Iterator[list[Going]]:
        """Copies with their new keys. Whoever stands where another one wants to is in the same batch."""
        misplaced.note_leaving(self.archive.catalogue, self.row.id, self.library.id, self.fold)
        batch: dict[int, Going] = {}
        for copy in misplaced.every(self.archive.catalogue, self.row.id, self.library.id):
            self._gather(self._fresh(copy.entry), batch)
            if len(batch) >= TOGETHER:
                yield list(batch.values())
                batch = {}
        misplaced.in_place(self.archive.catalogue, self.row.id, self._right)
        if batch:
            yield list(batch.values())

    def fold(self, key: Key) -> bytes:
        """Equal for keys that the place may hold to be one."""
        return naming.fold(key, self.namer.rule)

    def _gather(self, copy: Misplaced | None, batch: dict[int, Going]) -> None:
        while copy is not None and copy.entry not in batch:
            new = self.namer.wanted(copy.path)
            if new == copy.key:
                self._right.append(copy.entry)
                return
            batch[copy.entry] = Going(copy, new)
            occupant = misplaced.leaving(self.archive.catalogue, self.row.id, self.fold(new))
            copy = self._fresh(occupant) if occupant is not None else None

    def _fresh(self, entry: int) -> Misplaced | None:
        """As it is now: it may have gone with an earlier batch, or been refused there."""
        if entry in self._refused:
            return None
        return misplaced.one(self.archive.catalogue, self.row.id, self.library.id, entry)

    # one batch

    def carry_out(self, batch: list[Going]) -> Iterator[Event]:
        """Rename the copies of one batch, and record it. Raises LocationError; the intent then tells the next run."""
        self.place.check()
        stuck = blocked(batch, self._is_taken, self.fold)
        findings = [self._taken(each) for each in batch if each.old in stuck]
        going = [self._looked_at(each) for each in batch if each.old not in stuck]
        ledger = self._ledger()
        name = os.urandom(8).hex()
        steps = [step_of(each) for each in going if each.stands]
        if steps:
            self._intend(ledger, name, steps)
        refused = rename_all(self.place, name, steps, self.fold)
        findings += [each.odd for each in going if each.odd is not None]
        findings += [self._left(each, refused[each.old]) for each in going if each.old in refused]
        done = [each for each in going if each.old not in refused]
        lost = self._without_key(done, refused)
        done = [each for each in done if each not in lost]
        self._refused |= {each.copy.entry for each in batch} - {each.copy.entry for each in done}
        self._date(done)
        self._forget(lost)
        yield from self._record(ledger, name, done, findings, steps)

    def _without_key(self, done: list[Going], refused: Iterable[Key]) -> list[Going]:
        """Copies that are not there, and whose new key is still held by one that could not leave."""
        kept = {self.fold(key) for key in refused}
        return [each for each in done if not each.stands and self.fold(each.new) in kept]

    def _forget(self, lost: list[Going]) -> None:
        """What is not there is no copy. Restating everything at the run's end takes back what the manifest says."""
        if not lost:
            return
        with transaction(self.archive.catalogue):
            for each in lost:
                copies.drop(self.archive.catalogue, self.row.id, each.copy.entry)
            places.restate_soon(self.archive.catalogue, self.row.id, self.library.id)

    def _is_taken(self, going: Going) -> bool:
        """True when the new key is not free: of another copy that stays, or something that nobody recorded."""
        known = copies.by_key(self.archive.catalogue, self.row.id, going.new)
        if known is not None and known.entry != going.copy.entry:
            return True
        try:
            return self.place.stat(going.new) is not None and self._stands(going)
        except ABOUT_ONE:
            return True

    def _stands(self, going: Going) -> bool:
        # Where the copy itself is gone, whatever stands under its new key is looked at by the transfer.
        try:
            return self.place.stat(going.old) is not None
        except ABOUT_ONE:
            return True

    def _looked_at(self, going: Going) -> Going:
        """Is what stands there what we published? What is strange is put aside."""
        old = published(going.copy)
        try:
            found = self.place.stat(going.old)
        except ABOUT_ONE:
            found = None
        if found is None:
            return going._replace(stands=False)
        if is_ours(self.place, old, found):
            return going
        oddity = strange(self.place, going.old, old)
        if oddity is None:
            return going._replace(level=content_at(self.place, going.old)[1])
        self.place.check()
        kind, detail = oddity
        aside = quarantine_key(os.urandom(16).hex(), going.copy.entry, going.copy.path)
        raise_first(self.place.move([(going.old, aside)]))
        shown = aside.decode("ascii", "replace")
        detail = f"{detail}; those bytes were put aside as {shown}, the right ones are sent to its new name"
        return going._replace(stands=False, odd=self._finding(kind, detail, going))

    def _ledger(self) -> Ledger:
        chain = places.chain(self.archive.catalogue, self.row.id, self.library.id)
        return Ledger(self.place, LibraryId(self.library.uid), chain, self.archive.now)

    def _intend(self, ledger: Ledger, name: str, steps: list[MoveStep]) -> None:
        """The intent outlives a power cut before anything has another name."""
        with self.place.batch() as batch:
            staged = ledger.stage_intent(batch, name, steps)
            batch.flush()
            raise_first(batch.publish([staged]))

    def _date(self, done: list[Going]) -> None:
        """What was ours by its bytes alone gets the time back that it should have."""
        times = [(each.new, each.copy.mtime_ns) for each in done if each.level is not None]
        for outcome in self.place.retime(times) if times else ():
            if outcome.error is not None and not isinstance(outcome.error, ABOUT_ONE):
                raise outcome.error

    # recording

    def _record(
        self, ledger: Ledger, name: str, done: list[Going], findings: list[Finding], steps: list[MoveStep]
    ) -> Iterator[Event]:
        catalogue, now = self.archive.catalogue, self.archive.now()
        if done:
            chain = ledger.seal([*move_lines(done, now), Done(name, now)])
        elif steps:
            ledger.forget_intent()
        with transaction(catalogue):
            if done:
                misplaced.rekey(
                    catalogue, self.row.id, [(each.copy.entry, each.new) for each in done], chain.n
                )
                misplaced.in_place(catalogue, self.row.id, [each.copy.entry for each in done])
                misplaced.left(catalogue, self.row.id, [each.copy.entry for each in done])
                places.set_chain(catalogue, self.row.id, self.library.id, chain)
                places.set_sums_stale(catalogue, self.row.id, True)
                self._restate(done, now)
                events.add(catalogue, (self._renamed(each, now) for each in done if each.stands))
            for finding in findings:
                journal.note(catalogue, finding, now)
        for each in done:
            if each.stands:
                copy = each.copy
                yield MovedEvent(self.row.name, self.library.name, copy.path, copy.size, copy.key)
        yield from map(Found, findings)

    def _renamed(self, going: Going, now: int) -> Logged:
        copy = going.copy
        return Logged(
            now,
            Type.FILENAME_CHANGE,
            SUCCESS,
            self.library.name,
            self.row.name,
            copy.path,
            copy.key,
            "of its copy; no bytes were sent",
            entry=copy.entry,
        )

    def _restate(self, done: list[Going], now: int) -> None:
        for each in done:
            if not each.stands:
                copies.set_state(self.archive.catalogue, self.row.id, each.copy.entry, "missing")
        read = [
            (int(each.level), now, self.row.id, each.copy.entry) for each in done if each.level is not None
        ]
        copies.verified(self.archive.catalogue, read)

    # findings

    def _finding(self, kind: FindingKind, detail: str, going: Going) -> Finding:
        repairable = kind in (FindingKind.CHANGED_AT_LOCATION, FindingKind.UNREADABLE_COPY)
        return Finding(kind, detail, self.library.name, self.row.name, going.copy.path, repairable or None)

    def _taken(self, going: Going) -> Finding:
        detail = (
            f"its new name {shown(going.new)} is taken there by something else; its copy stays under its old name "
            f"{shown(going.old)}: move that away and run backup again"
        )
        return self._finding(FindingKind.DIFFERS, detail, going)

    def _left(self, going: Going, reason: str) -> Finding:
        detail = (
            f"it could not be renamed there ({reason}); its copy stays under its old name {shown(going.old)}"
        )
        return self._finding(FindingKind.NOT_COPIED, detail, going)
