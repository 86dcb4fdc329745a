"""One execution of a task: its beginning, its end, and the exit code that its events add up to."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import failures, journal
from fonoteca.core.copy import Level
from fonoteca.core.event import (
    BudgetReached,
    Copied,
    Event,
    Found,
    Judged,
    LibraryFailed,
    LocationFailed,
    Moved,
    Repaired,
    Restored,
    Retagged,
    Retired,
    RunEnded,
    RunStarted,
    Scanned,
    Summary,
    Verified,
    VersionPruned,
    WouldRepair,
)
from fonoteca.core.finding import Finding, Severity
from fonoteca.core.report import ExitCode, worst


@dataclass(slots=True)
class Tally:
    """Counts events, and gathers the exit codes that they ask for."""

    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, dict[str, int | str | None]] = field(default_factory=dict)
    codes: set[ExitCode] = field(default_factory=set)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Locations that are there and could not be used: the error's class and sentence."""
    _copies: dict[tuple[str, str, Level], list[int]] = field(default_factory=dict)
    """Files and bytes by location, how and level, not yet in the counts."""

    def take(self, event: Event) -> None:
        """Count one event."""
        if isinstance(event, Copied):
            self._copied(event)
        elif isinstance(event, Verified):
            self._count("verified", 1)
            self._count("verified_bytes", event.size)
            self._at(event.location, "verified", 1)
        elif isinstance(event, Moved):
            self._count("moved", 1)
            self._at(event.location, "moved", 1)
        elif isinstance(event, Retired):
            self._count("retired", 1)
            self._at(event.location, "retired", 1)
        elif isinstance(event, Restored):
            name = event.how.replace(" ", "_")
            self._count(name if event.what == "file" else f"{event.what}s_{name}", 1)
            self._count("restored_bytes", event.size if event.how in ("written", "replaced") else 0)
            if event.how == "kept":
                self.codes.add(ExitCode.INCOMPLETE)
        elif isinstance(event, Repaired | WouldRepair):
            name = "repaired" if isinstance(event, Repaired) else "would_repair"
            self._count(name, 1)
            self._count(f"{name}_bytes", event.size)
            self._at(event.location, name, 1)
            self.codes.add(ExitCode.REPAIRABLE)
        elif isinstance(event, Retagged):
            self._count("retagged" if event.how == "written" else "would_retag", 1)
        elif isinstance(event, VersionPruned):
            name = event.how.replace(" ", "_")
            self._count(name, 1)
            self._count(f"{name}_bytes", event.size)
            self._at(event.location, name, 1)
        elif isinstance(event, Scanned):
            for name in ("entries", "bytes", "new", "written", "touched", "gone"):
                self._count(name, getattr(event, name))
        elif isinstance(event, Judged):
            self._count(event.verdict.value.replace(",", "").replace(" ", "_"), event.files)
        elif isinstance(event, Found):
            self._found(event.finding)
        elif isinstance(event, LocationFailed):
            self._failed(event)
        elif isinstance(event, BudgetReached):
            self._count("not_reached", event.files)
            self.codes.add(ExitCode.BUDGET)
        elif isinstance(event, LibraryFailed):
            self._count("failed_libraries", 1)
            self.codes.add(ExitCode.AWAY if event.kind == "LibraryAway" else ExitCode.INCOMPLETE)

    def _copied(self, event: Copied) -> None:
        """Called for each of 100,000 files and every location: what is alike is added up first."""
        known = self._copies.get((event.location, event.how, event.level))
        if known is None:
            known = self._copies[event.location, event.how, event.level] = [0, 0]
        known[0] += 1
        known[1] += event.size

    def _add_copies(self) -> None:
        for (location, how, level), (count, size) in self._copies.items():
            self._count("copied", count)
            self._count(how.replace(" ", "_"), count)
            self._at(location, "copied", count)
            if how not in ("time set", "reverted"):
                self._count("copied_bytes", size)
                self._at(location, "bytes", size)
            place = self.places.setdefault(location, {})
            known = place.get("level")
            place["level"] = (level if known is None else min(level, Level.from_word(str(known)))).word
        self._copies.clear()

    def _found(self, finding: Finding) -> None:
        self._count("findings", 1)
        self._count("found_" + finding.kind.value.replace(" ", "_"), 1)
        self._at(finding.location, "findings", 1)
        code = code_of(finding)
        if code is not ExitCode.DONE:
            self.codes.add(code)

    def _failed(self, event: LocationFailed) -> None:
        self.places.setdefault(event.location, {})["failed"] = event.kind
        if event.kind not in _FAILED:
            self.failed[event.location] = event.kind, event.sentence
        if not event.asked:
            return
        self._count("failed_locations", 1)
        self.codes.add(_FAILED.get(event.kind, ExitCode.INCOMPLETE))

    def _count(self, name: str, more: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + more

    def _at(self, location: str | None, name: str, more: int) -> None:
        if location is None:
            return
        place = self.places.setdefault(location, {})
        place[name] = int(place.get(name) or 0) + more

    @property
    def summary(self) -> Summary:
        """What was counted so far."""
        self._add_copies()
        return Summary(self.counts, self.places)

    @property
    def exit_code(self) -> ExitCode:
        """The worst of it all."""
        return worst(self.codes)


_FAILED = {"Away": ExitCode.AWAY, "Locked": ExitCode.LOCKED, "Paused": ExitCode.BUDGET}


def code_of(finding: Finding) -> ExitCode:
    """What one finding asks of the exit code. Damage of which nothing good is known counts as lost."""
    if finding.severity is Severity.NOTE:
        return ExitCode.DONE
    if finding.severity is Severity.INCOMPLETE:
        return ExitCode.INCOMPLETE
    if finding.severity is Severity.HELD and finding.repairable is None:
        return (
            ExitCode.HELD
        )  # where it was asked whether that can be repaired, it weighs as the damage that it is
    return ExitCode.REPAIRABLE if finding.repairable else ExitCode.LOST


def run(archive: Archive, task: str, body: Iterator[Event]) -> Iterator[Event]:
    """`body` between `RunStarted` and `RunEnded`; a run that writes is recorded in the catalogue.

    What `body` raises passes through; the catalogue then shows a run without an end.
    """
    number, started, started_ns = os.urandom(16).hex(), monotonic(), archive.now()
    yield RunStarted(task, number, started_ns)
    if archive.access is Access.WRITE:
        journal.run_started(archive.catalogue, number, task, archive.now())
    tally = Tally()
    for event in body:
        tally.take(event)
        yield event
    summary = tally.summary
    if archive.access is Access.WRITE:
        _ended(archive.catalogue, number, archive.now(), tally.exit_code, summary)
        if task == "backup":
            failures.clear(archive.catalogue, tally.failed, started_ns)
            failures.put(archive.catalogue, tally.failed, archive.now())
    yield RunEnded(task, int(tally.exit_code), monotonic() - started, summary)


def _ended(connection: sqlite3.Connection, number: str, now: int, code: ExitCode, summary: Summary) -> None:
    journal.run_ended(connection, number, now, int(code), summary)
