"""One location looked at as a whole: every name listed, every copy and kept version held against the
catalogue.

One pass over the copies in key order. What the listing decides (missing, another size) is not read; the
rest is read when the level asks for it. What was seen is recorded every thousand copies, so that a run that
is stopped keeps it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, journal, readings
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core.copy import Level
from fonoteca.core.event import Event, Found, LocationFailed, Phase, Verified, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.core.manifest.lines import DropStep, MoveStep, OverStep, Step
from fonoteca.core.plan.copies import same_time
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.checking.expected import Copy, Expected, Kept
from fonoteca.tasks.checking.listed import list_all
from fonoteca.tasks.checking.remedy import is_repairable
from fonoteca.tasks.checking.rereading import Item, Rereader, Trouble, parcels
from fonoteca.tasks.crew import Crew
from fonoteca.tasks.manifest.neighbours import folders_of, strangers

THREADS = 4
PAGE = 1000
"""Rows that are looked up together; checks that are recorded together."""

RECORD_SECONDS = 2.0

_STATES = {
    FindingKind.MISSING: "missing",
    FindingKind.DAMAGED: "damaged",
    FindingKind.UNREADABLE_COPY: "unreadable",
}


@dataclass(slots=True)
class Inspection:
    """One look at one open location. `level` None asks for the best to be had; `alone`: nothing else is
    known.
    """

    archive: Archive
    place: OpenLocation
    row: PlaceRow
    level: Level | None
    sha256: bool
    alone: bool
    unfinished: dict[bytes, Step]
    started_ns: int
    weakest: Level = Level.MEDIA
    redated: list[bytes] = field(default_factory=list)
    redated_count: int = 0
    _checks: list[tuple[int, int, int, int]] = field(default_factory=list)
    _recorded: float = field(default_factory=monotonic)
    _reread: int = 0
    """Bytes that were read and right since the last `record`."""

    @property
    def expected(self) -> Expected:
        """What should stand there."""
        return Expected(self.catalogue, self.row, self.level, self.unfinished)

    @property
    def catalogue(self) -> sqlite3.Connection:
        """The archive's catalogue."""
        return self.archive.catalogue

    def events(self) -> Iterator[Event]:
        """Everything. Raises LocationError, Interrupted; what was seen until then is recorded."""
        files, size = self.expected.totals()
        yield Phase("verify", files, size, self.row.name)
        list_all(self.catalogue, self.place, self.row)
        theirs = strangers(self.archive, self.place)
        folders = folders_of(theirs, self.row)
        for key, size in self.expected.extras():
            if key.partition(b"/")[0] in folders or (theirs and key.startswith(VERSIONS)):
                continue  # another archive's at this shared place
            yield Found(
                Finding(FindingKind.EXTRA, f"{size:,} bytes that nobody recorded", None, self.row.name, key)
            )
        try:
            for results in self._look(self.expected.copies()):
                for copy, level, trouble in results:
                    yield from self.take(copy, level, trouble)
                self.record_now_and_then()
            for kept_results in self._look(self.expected.versions()):
                for kept, level, trouble in kept_results:
                    yield from self.take_kept(kept, level, trouble)
                self.record_now_and_then()
        finally:
            with suppress(
                sqlite3.ProgrammingError
            ):  # whoever listened went away, and the catalogue is closed
                self.record()
        yield from self._closing()

    def _look(self, items: Iterator[Item]) -> Iterator[list[tuple[Item, Level, Trouble | None]]]:
        rereader = Rereader(self.place, self.sha256, by_store=self.level is Level.DIGEST)
        crew: Crew[list[Item], list[tuple[Item, Level, Trouble | None]]] = Crew(rereader.look, THREADS)
        rereader.crew = crew
        return crew.run(parcels(items), self.archive.pause_point)

    # what it means

    def take(self, copy: Copy, level: Level, trouble: Trouble | None) -> Iterator[Event]:
        """What looking at a copy showed: recorded with the next `record`, and said."""
        if trouble is not None and self._is_excused(copy, trouble):
            return
        if trouble is not None:
            yield self._found(copy, trouble)
            return
        self._reached(level, copy.size)
        self._dated(copy)
        self._checks.append((int(level), self.archive.now(), self.row.id, copy.entry))
        yield Verified(copy.path, copy.size, level, copy.library, self.row.name)

    def _is_excused(self, copy: Copy, trouble: Trouble) -> bool:
        """True for what a cut-off run explains: the next backup completes it, and it was said."""
        step = self.unfinished.get(copy.key)
        if step is None or isinstance(step, DropStep):
            return False
        if trouble.kind is FindingKind.MISSING:
            return isinstance(step, OverStep | MoveStep)
        return trouble.found is not None and trouble.found.sha256 == step.content.sha256

    def _found(self, copy: Copy, trouble: Trouble) -> Found:
        repairable = None if self.alone else is_repairable(self.archive, self.row.id, copy.entry)
        finding = self._finding(trouble, copy.library, copy.path, repairable)
        self._begin()
        copies.set_state(self.catalogue, self.row.id, copy.entry, _STATES[trouble.kind])
        journal.note(self.catalogue, finding, self.archive.now())
        return Found(finding)

    def _finding(self, trouble: Trouble, library: str, path: bytes, repairable: bool | None) -> Finding:
        detail = trouble.detail
        if self.alone:
            detail += "; whether another copy of it exists is not known here"
        return Finding(trouble.kind, detail, library, self.row.name, path, repairable)

    def take_kept(self, kept: Kept, level: Level, trouble: Trouble | None) -> Iterator[Event]:
        """The same of a kept version."""
        now = self.archive.now()
        if trouble is None:
            self._reached(level, kept.size)
            self._begin()
            for number in kept.rows:
                self._kept_checked(number, level, now)
            yield Verified(kept.path, kept.size, level, kept.library, self.row.name)
            return
        repairable = None if self.alone else self._stands_elsewhere(kept)
        finding = self._finding(trouble, kept.library, kept.path, repairable).of_version(kept.key)
        self._begin()
        for number in kept.rows:
            copies.version_checked(self.catalogue, number, 0, None, _STATES[trouble.kind])
        journal.note(self.catalogue, finding, now)
        yield Found(finding)

    def _kept_checked(self, number: int, level: Level, now: int) -> None:
        # As for copies: a weaker look leaves the best one standing.
        self.catalogue.execute(
            "UPDATE versions SET level = ?1, verified_ns = ?2, state = 'good' WHERE id = ?3 "
            "AND (level <= ?1 OR ?1 >= 4)",
            (int(level), now, number),
        )

    def _stands_elsewhere(self, kept: Kept) -> bool:
        found = self.catalogue.execute(
            "SELECT EXISTS (SELECT 1 FROM copies WHERE content = ?1 AND state = 'good' AND level >= 4) "
            "OR EXISTS (SELECT 1 FROM versions WHERE content = ?1 AND state = 'good' AND level >= 4 "
            "AND location <> ?2) OR EXISTS (SELECT 1 FROM entries WHERE content = ?1 AND state = 'present' "
            "AND ctime_ns <> 0)",
            (kept.content, self.row.id),
        ).fetchone()
        return bool(found[0])

    def _reached(self, level: Level, size: int) -> None:
        self._reread += size if level >= Level.BYTES else 0
        if level < self.weakest:
            self.weakest = level

    def _dated(self, copy: Copy) -> None:
        if not same_time(copy.mtime_ns, copy.seen_mtime_ns, self.row.traits.mtime_precision_ns):
            self.redated_count += 1
            if len(self.redated) < 3:
                self.redated.append(copy.key)

    # recording

    def _begin(self) -> None:
        """Open the transaction that the next `record` ends: a commit for each finding would cost a flush each."""
        if not self.catalogue.in_transaction:
            self.catalogue.execute("BEGIN IMMEDIATE")

    def record_now_and_then(self) -> None:
        """Record what was seen when it is much, or some seconds old."""
        if len(self._checks) >= PAGE or monotonic() - self._recorded > RECORD_SECONDS:
            self.record()

    def record(self) -> None:
        """Record what was seen."""
        checks, self._checks = self._checks, []
        if checks:
            self._begin()
            copies.verified(self.catalogue, checks)
        if self._reread:
            self._begin()
            readings.add(self.catalogue, self.row.id, self.archive.now(), self._reread)
            self._reread = 0
        if self.catalogue.in_transaction:
            self.catalogue.execute("COMMIT")
        self._recorded = monotonic()

    def _closing(self) -> Iterator[Event]:
        if self.redated_count:
            some = ", ".join(key.decode("utf-8", "backslashreplace") for key in self.redated)
            yield Warned(
                f"{self.redated_count:,} copies at {self.row.name} bear another date than the one they were given, "
                f"for example {some}. That is no damage: it was their content that was checked."
            )
        if self.level is not None and self.weakest < self.level:
            yield LocationFailed(self.row.name, "LevelNotReached", self._why_weaker())
        with transaction(self.catalogue):
            kinds = [
                FindingKind.MISSING,
                FindingKind.MANIFEST_DAMAGED,
                FindingKind.ROLLED_BACK,
                FindingKind.UNFINISHED,
            ]
            if self.expected.reads:
                kinds += [
                    FindingKind.DAMAGED,
                    FindingKind.UNREADABLE_COPY,
                    FindingKind.CHANGED_AT_LOCATION,
                ]
            journal.close(
                self.catalogue,
                self.archive.now(),
                kinds=kinds,
                location=self.row.name,
                before_ns=self.started_ns,
            )

    def _why_weaker(self) -> str:
        asked = self.level.word if self.level is not None else ""
        why = (
            "this place keeps no digests of its own (a server can make them: `server_digests = true` in the config)"
            if self.level is Level.DIGEST
            else "it cannot be shown there that the bytes came from the device and not from memory"
        )
        return f"{self.row.name} was verified at level {self.weakest.word}, not {asked}: {why}."
