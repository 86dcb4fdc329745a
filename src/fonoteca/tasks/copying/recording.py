"""Recording what readers and lanes report: the one place where a transfer writes the catalogue.

Every outcome is recorded as it happens, so that a run that dies is simply planned again. A file's entry is recorded
before any copy of it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fonoteca.catalogue import analyses, copies, entries, journal, pending, places
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import Chain
from fonoteca.core.entry import kind_of
from fonoteca.core.event import Advanced, Copied, Event, Found, Judged
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.guard import doubts_machine
from fonoteca.core.plan.copies import Decision, OldCopy, Work
from fonoteca.core.verdict import Verdict
from fonoteca.tasks.copying.messages import BatchDone, Done
from fonoteca.tasks.copying.readings import Read, ReadParcel, Unread
from fonoteca.tasks.guarding import holding

_MENDED = (
    FindingKind.MISSING,
    FindingKind.DAMAGED,
    FindingKind.UNREADABLE_COPY,
    FindingKind.DIFFERS,
    FindingKind.NOT_COPIED,
)


@dataclass(slots=True)
class Recorder:
    """Writes one library's transfer into the catalogue. Belongs to the archive's one writer."""

    catalogue: sqlite3.Connection
    library: LibraryRow
    rows: list[places.PlaceRow]
    """The locations, by lane."""
    run_ns: int
    part: str = ""
    """Whose plan it is, as `pending` has it."""
    _numbers: dict[int, list[int]] = field(default_factory=dict)
    """By work: the new entry's number, and how many lanes have yet to report on it."""
    _next: int = 0
    _rotten: int = 0
    _came: Counter[Verdict] = field(default_factory=Counter)
    """New contents of entries, by the verdict."""

    def __post_init__(self) -> None:
        self._next = entries.next_number(self.catalogue)

    def read(self, parcel: ReadParcel) -> Iterator[Event]:
        """Files that readers have read, or could not."""
        accepted = [
            result
            for result in parcel.results
            if isinstance(result, Read) and result.decision.verdict.leads_outward
        ]
        entries.put_contents(self.catalogue, [result.decision.content for result in accepted])
        entries.add_many(
            self.catalogue, [self._newcomer(result) for result in accepted if result.work.entry is None]
        )
        size = 0
        for result in parcel.results:
            if isinstance(result, Unread):
                yield from self._unread(result)
                continue
            size += result.decision.content.size
            if not result.decision.verdict.leads_outward:
                yield self._hold(result)
            elif result.work.entry is not None:
                self._renew(result.work, result.decision, result.inside)
            if result.left:
                self.again(result.work, pending.NO_COPY)
                self._forget([result.work.id] * len(result.left))
        yield Advanced(len(parcel.results), size)

    def batch(self, report: BatchDone) -> Iterator[Event]:
        """Copies that now stand and are sealed."""
        row = self.rows[report.lane]
        for number, state in report.bad:
            copies.set_state(self.catalogue, row.id, number, state)
        stood = []
        for done in report.done:
            entry = self._entry(done.work)
            if done.old is not None and done.kept is not None:
                self._superseded(report, row.id, entry, done.old, done.kept)
            if (
                done.how in ("replaced", "repaired", "taken", "reverted")
                or done.work.reason == pending.NO_COPY
            ):
                self._mended(row.name, done.work)
            stood.append(_stood(report, row.id, entry, done))
        copies.record_many(self.catalogue, stood)
        if report.n:
            known = places.chain(self.catalogue, row.id, self.library.id) or Chain(0, "", 1)
            seal = Chain(report.n, report.digest, known.first, known.damaged)
            places.set_chain(self.catalogue, row.id, self.library.id, seal)
            places.set_sums_stale(self.catalogue, row.id, True)
        for done in report.done:
            yield Copied(row.name, self.library.name, done.work.path, done.work.size, done.level, done.how)
        for finding in report.findings:
            yield self.found(finding)
        self._forget((*(done.work.id for done in report.done), *report.refused))

    def missed(self, works: Iterable[Work]) -> None:
        """Files that one lane could not take after they were read."""
        for work in works:
            self.again(work, pending.NO_COPY)
            self._forget([work.id])

    def ended(self) -> Iterator[Event]:
        """What all that was read says together."""
        for verdict in Verdict:
            if self._came[verdict]:
                yield Judged(self.library.name, verdict, self._came[verdict])
        finding = doubts_machine(self.library.name, self._rotten)
        if finding is not None:
            yield self.found(finding)

    def again(self, work: Work, reason: str, size: int | None = None) -> None:
        """Take a file up again in the second round; `size` in bytes where it has another one now."""
        known = self._numbers.get(work.id)
        entry = known[0] if known else work.entry
        now = work.size if size is None else size
        pending.put_again(self.catalogue, work.folder, _name(work), entry, reason, now, part=self.part)

    def found(self, finding: Finding) -> Found:
        """Record a finding, and say it."""
        journal.note(self.catalogue, finding, self.run_ns)
        return Found(finding)

    def _newcomer(self, result: Read) -> entries.Newcomer:
        work, decision = result.work, result.decision
        number, self._next = self._next, self._next + 1
        if work.targets:
            self._numbers[work.id] = [number, len(work.targets)]
        name, stat = _name(work), decision.stat
        return entries.Newcomer(
            number,
            work.folder,
            name,
            kind_of(name).value,
            decision.content.sha256,
            decision.content.size,
            stat.mtime_ns,
            stat.ctime_ns,
            stat.inode,
            int(decision.trusted),
            decision.read_ns,
        )

    def _entry(self, work: Work) -> int:
        return work.entry if work.entry is not None else self._numbers[work.id][0]

    def _forget(self, works: Iterable[int]) -> None:
        """A new entry's number is needed until every lane has said what became of it."""
        for number in works:
            known = self._numbers.get(number)
            if known is None:
                continue
            known[1] -= 1
            if known[1] == 0:
                del self._numbers[number]

    def _hold(self, result: Read) -> Found:
        work, decision = result.work, result.decision
        assert work.entry is not None
        self._rotten += decision.verdict is Verdict.ROT
        finding = holding.hold(
            self.catalogue,
            self.library.name,
            work.path,
            work.entry,
            decision.verdict,
            decision.content.sha256,
            self.run_ns,
        )
        return Found(finding)

    def _mended(self, location: str, work: Work) -> None:
        journal.close(
            self.catalogue,
            self.run_ns,
            kinds=_MENDED,
            library=self.library.name,
            location=location,
            path=work.path,
        )

    def _renew(self, work: Work, decision: Decision, inside: AnalysisRow | None) -> None:
        assert work.entry is not None
        if decision.verdict.is_version:
            self._came[decision.verdict] += 1
            content = entries.put_content(self.catalogue, decision.content)
            if inside is not None:
                analyses.put(self.catalogue, content, inside)
            entries.accept(
                self.catalogue,
                work.entry,
                content,
                decision.stat,
                trusted=decision.trusted,
                read_ns=decision.read_ns,
                verdict=decision.verdict.value,
            )
            return
        entries.confirm(
            self.catalogue,
            work.entry,
            decision.stat,
            trusted=decision.trusted,
            now_ns=decision.read_ns,
            reread=work.reason == pending.DUE,
        )

    def _unread(self, result: Unread) -> Iterator[Event]:
        work = result.work
        if result.vanished:
            return
        is_again = pending.is_again(self.catalogue, work.folder, _name(work), part=self.part)
        if result.why is None and not is_again:
            reason = pending.WRITTEN if work.entry is not None else pending.NEW
            self.again(work, reason, result.size)
            return
        kind = FindingKind.CHANGING if result.why is None else FindingKind.UNREADABLE
        detail = result.why or "it changed each time it was read; it is looked at again by the next run"
        yield self.found(Finding(kind, detail, library=self.library.name, path=work.path))

    def _superseded(self, report: BatchDone, location: int, entry: int, old: OldCopy, kept: bytes) -> None:
        copies.add_version(
            self.catalogue,
            location,
            entry,
            old.content_id,
            kept,
            old.mtime_ns,
            "superseded",
            report.time_ns,
            old.level,
            old.verified_ns,
            report.n,
        )


def _stood(report: BatchDone, location: int, entry: int, done: Done) -> copies.Stood:
    content = done.decision.content
    old = done.old if done.is_unread else None
    return copies.Stood(
        location,
        entry,
        done.key,
        content.sha256,
        content.size,
        done.decision.stat.mtime_ns,
        int(done.level),
        old.verified_ns if old is not None else report.time_ns,
        report.time_ns,
        report.n,
    )


def _name(work: Work) -> bytes:
    return work.path.rpartition(b"/")[2]
