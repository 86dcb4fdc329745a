"""The guard at work: after a look at a library and before anything leaves it, a mass change becomes a hold.

    removed entries      are counted as the scan saw them
    written files        are first only judged, where so many at once would be too much if none of them can be proven
    new files            are let through, while anything is held, if they are audio or known companions

A hold stops its kind of change: what is gone is not retired, what cannot be proven is held entry by entry. It stands
through any number of runs, whatever is counted later.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from fonoteca.archive import Archive
from fonoteca.catalogue import entries, holds, journal, pending
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.holds import Hold
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.pending import Pending
from fonoteca.config.model import LibraryConfig
from fonoteca.core.entry import EntryKind, kind_of
from fonoteca.core.event import Event, Found, Phase
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.guard import GuardKind, Trip, counted, exceeds, guard, lets_add
from fonoteca.core.pattern import join

if TYPE_CHECKING:
    from fonoteca.tasks.copying.transfer import Transfer

Make: TypeAlias = "Callable[[int], Generator[Event, None, Transfer]]"
"""Makes a transfer of so many files to nowhere."""

_WORDS = {
    GuardKind.REMOVED: "removed",
    GuardKind.EMPTIED: "emptied",
    GuardKind.DAMAGED: "damaged",
    GuardKind.SUSPECT: "suspect",
    GuardKind.UNPROVEN: "unproven",
}
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""None that is easily taken for another one."""

_STOPPED = {
    GuardKind.REMOVED: "removed; their copies stay as they are",
    GuardKind.EMPTIED: "emptied; their copies stay as they are",
    GuardKind.DAMAGED: "damaged by a write; their copies stay as they are",
    GuardKind.SUSPECT: "other bytes that nobody accounts for; their copies stay as they are",
    GuardKind.UNPROVEN: "overwritten with something that nothing shows to be good; their copies stay as they are",
}


def held_finding(hold: Hold, now: int) -> Finding:
    """What a hold says of itself, with the commands that end it. `now`: how many entries it stops."""
    today = "" if now == hold.entries else f" ({now:,} by now)"
    detail = (
        f"{hold.id}: {hold.entries:,} of {hold.total:,} entries{today} {_STOPPED[hold.kind]}. If this is meant, run "
        f"`fonoteca hold accept {hold.id}`; if not, `fonoteca hold reject {hold.id}` shows how to put them back"
    )
    return Finding(FindingKind.HELD, detail, hold.name)


@dataclass(slots=True)
class Guarding:
    """The guard over one library in one run, which began at `started_ns`."""

    archive: Archive
    config: LibraryConfig
    row: LibraryRow
    started_ns: int
    kept_back: int = 0
    """New files that are not copied while something is held."""

    @property
    def catalogue(self) -> sqlite3.Connection:
        """The archive's catalogue."""
        return self.archive.catalogue

    def before(self, make: Make | None) -> Iterator[Event]:
        """Judge before anything leaves. Without `make` nothing may be read: then by stat and name alone."""
        self.weigh()
        if make is not None and self._may_be_too_much():
            yield from self._judge(make)
        if self._standing():
            yield from self._sift(reads=make is not None)

    def after(self) -> Iterator[Event]:
        """Count what was judged while it was read, and say what stands."""
        self.weigh()
        with transaction(self.catalogue):
            stand = [
                holds.count_again(self.catalogue, each)
                for each in holds.standing(self.catalogue, self.row.id)
            ]
        if self.kept_back:
            word = "file is" if self.kept_back == 1 else "files are"
            detail = (
                f"{self.kept_back:,} new {word} not copied while {', '.join(each.id for each, _ in stand)} stands: "
                f"neither audio nor a kind of file that lies beside music"
            )
            yield Found(Finding(FindingKind.HELD, detail, self.row.name))
        for each, now in stand:
            finding = held_finding(each, now)
            journal.note(self.catalogue, finding, self.archive.now())
            yield Found(finding)

    def weigh(self) -> None:
        """Begin a hold over every kind that is too much by now."""
        incidents = holds.incidents(self.catalogue, self.row.id, self.started_ns)
        first = next(incidents, None)
        if first is None:
            return  # and the entries need not be counted, in the commonest run of all
        standing = self._standing()
        said = guard(
            self.config.guard,
            holds.size_of(self.catalogue, self.row.id, self.started_ns),
            chain([first], incidents),
            now_ns=self.started_ns,
            accepted_ns=holds.ended_ns(self.catalogue, self.row.id),
            standing=standing,
        )
        with transaction(self.catalogue):
            for trip in said.trips:
                if trip.kind not in standing:
                    self._begin(trip)

    def _begin(self, trip: Trip) -> None:
        name = _new_id(trip.kind)
        while holds.by_id(self.catalogue, name) is not None:
            name = _new_id(trip.kind)
        holds.begin(self.catalogue, name, self.row.id, trip, self.started_ns)

    def _standing(self) -> frozenset[GuardKind]:
        return frozenset(each.kind for each in holds.standing(self.catalogue, self.row.id))

    # what was written

    def _may_be_too_much(self) -> bool:
        """True when all that was written, were it of one kind, would be too much; or when a hold stands over it."""
        written = pending.written(self.catalogue)
        if not written:
            return False
        if GuardKind.UNPROVEN in self._standing():
            return True
        counts = counted(
            holds.incidents(self.catalogue, self.row.id, self.started_ns),
            now_ns=self.started_ns,
            accepted_ns=holds.ended_ns(self.catalogue, self.row.id),
        )
        more = max((counts.get(kind, 0) for kind in GuardKind if kind is not GuardKind.REMOVED), default=0)
        size = holds.size_of(self.catalogue, self.row.id, self.started_ns)
        return exceeds(self.config.guard, written + more, size)

    def _judge(self, make: Make) -> Iterator[Event]:
        """Read what was written, for nobody; what cannot be proven is held as long as a hold over that stands."""
        from fonoteca.tasks.guarding.weighing import Weighing

        files, size = pending.totals(self.catalogue)[pending.WRITTEN]
        yield Phase("judge", files, size)
        transfer = yield from make(files)
        recorder = transfer.recorder
        assert isinstance(recorder, Weighing)
        transfer.only = pending.WRITTEN
        yield from transfer.run()
        self.weigh()
        if GuardKind.UNPROVEN not in self._standing():
            return
        unproven = recorder.judged.get(GuardKind.UNPROVEN, set())
        with transaction(self.catalogue):
            for entry in unproven:
                entries.set_state(self.catalogue, entry, "held", self.started_ns)
            pending.leave_out_entries(self.catalogue, unproven)

    # what is new

    def _sift(self, *, reads: bool) -> Iterator[Event]:
        """Leave out new files that what encrypts a collection would leave behind."""
        held = self._standing()
        tracks: list[Pending] = []
        strange: list[int] = []
        for chunk in pending.every(self.catalogue, only=pending.NEW):
            for item in chunk:
                if kind_of(item.name) is EntryKind.TRACK:
                    tracks.append(item)
                elif not lets_add(item.name, held, parses=False):
                    strange.append(item.id)
        if tracks and reads:
            yield Phase("look inside", len(tracks), sum(each.size for each in tracks))
            parsed = self._parsed(tracks)
            strange += [each.id for each in tracks if not lets_add(each.name, held, parses=each.id in parsed)]
        self.kept_back += len(strange)
        with transaction(self.catalogue):
            pending.leave_out(self.catalogue, strange)

    def _parsed(self, tracks: list[Pending]) -> set[int]:
        """Those that can be read as audio, and in which nothing is damaged."""
        # Here, because a run in which nothing is held need not load what starts processes.
        from fonoteca.audio.model import Job, Tagged
        from fonoteca.audio.worker import Analyst
        from fonoteca.core.sound import Soundness
        from fonoteca.library.scan import file_stat

        jobs = []
        for each in tracks:
            path = join(self.config.path, join(each.folder_path, each.name))
            with suppress(OSError):  # what cannot be looked at does not parse
                jobs.append(Job(path, file_stat(os.lstat(path)), each.id))
        parsed = set()
        with Analyst(pause=self.archive.pause_point) as analyst:
            for analysis in analyst.analyse(jobs):
                found = analysis.outcome
                if isinstance(found, Tagged) and found.audio is not None:
                    is_whole = found.sound is None or found.sound.check.soundness is not Soundness.DAMAGED
                    parsed |= {analysis.key} if is_whole else set()
        return parsed


def _new_id(kind: GuardKind) -> str:
    """`removed-7k2m`: short enough to be typed."""
    letters = (_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(4))
    return f"{_WORDS[kind]}-{''.join(letters)}"
