"""Read what is pending in one library and bring it to every lane; record each outcome as it happens.

One thread (the caller's) feeds the readers, receives what readers and lanes report, writes the catalogue and yields
events. A file that changed while it was read, and what a lagging lane missed, is taken up again in a second round.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from fonoteca.archive import Archive
from fonoteca.catalogue import pending
from fonoteca.core.event import Event, LocationFailed
from fonoteca.core.plan.copies import Work
from fonoteca.errors import FonotecaError, LocationError
from fonoteca.tasks.copying import apart
from fonoteca.tasks.copying.blocks import BLOCK_BYTES
from fonoteca.tasks.copying.lanes import AnyLane
from fonoteca.tasks.copying.messages import BatchDone, Close, LaneClosed, LaneFailed, LaneSynced, Missed, Sync
from fonoteca.tasks.copying.reading import SMALL_BYTES, Reader, start
from fonoteca.tasks.copying.readings import ReaderCrashed, ReadParcel
from fonoteca.tasks.copying.recording import Recorder
from fonoteca.tasks.copying.turns import TURN
from fonoteca.tasks.copying.works import Works
from fonoteca.tasks.looking.insight import Insights

PARCEL_FILES = 256
"""So many small files at most go through a reader together, in one block."""

LINGER_SECONDS = 5.0
"""A thread that hangs in a dead network share is not waited for any longer."""

ROUNDS = 100
"""So often at most what a lane missed is read again in one run; the rest is left to the next."""

IN_FLIGHT = 6
"""Parcels and large files that wait for a reader at once: enough to keep readers busy, few enough to stop at once."""


@dataclass(slots=True)
class Transfer:
    """One library's transfer in one run."""

    archive: Archive
    lanes: list[AnyLane]
    works: Works
    reader: Reader
    threads: int
    reports: SimpleQueue[object]
    recorder: Recorder
    insights: Insights
    only: str | None = None
    """Take only what is pending for this reason."""
    turns: bool = False
    """Others work beside it: where it would wait it says `TURN` instead, and nothing is left uncommitted then."""
    _reading: list[Thread] = field(default_factory=list)
    _outstanding: int = 0
    _synced: int = 0
    _closed: int = 0
    _seen: int = 0
    """The number of what was last taken up again."""
    _committed: float = field(default_factory=monotonic)

    @property
    def catalogue(self) -> sqlite3.Connection:
        """The archive's catalogue."""
        return self.archive.catalogue

    @property
    def _part(self) -> str:
        return self.recorder.part

    def run(self) -> Iterator[Event]:
        """Everything pending, in rounds. Raises Interrupted after what was under way is recorded.

        However it ends, by an error or because the caller wants no more events, no thread of it goes on.
        """
        for number, lane in apart.processes_first(self.lanes):
            # Before the readers: a lane's own process is made from a program without threads of ours.
            self.lanes[number] = apart.start(lane)
        self._reading = start(self.reader, self.threads)
        try:
            yield from self._round(again=False)
            yield from self._again()
            self._dismiss_readers()
            yield from self._close_lanes(hurry=False)
            yield from self.recorder.ended()
        except (FonotecaError, GeneratorExit):
            self._dismiss_readers(hurry=True)
            for _ in self._close_lanes(hurry=True):
                pass
            raise
        except BaseException:
            # The catalogue itself failed, or there is a bug: nothing more can be recorded. What was sealed is read
            # from the locations by the next run.
            self._dismiss_readers(hurry=True)
            for lane in self.lanes:
                lane.put(Close(hurry=True))
            for lane in self.lanes:
                lane.join()
            raise
        finally:
            self.insights.close()
            self._commit()

    def _dismiss_readers(self, *, hurry: bool = False) -> None:
        self.reader.stopped = hurry
        for _ in self._reading:
            self.reader.parcels.put(None)
        for thread in self._reading:
            thread.join(LINGER_SECONDS)

    # feeding

    def _again(self) -> Iterator[Event]:
        """What changed while it was read, and what a lane missed: a place beyond this machine may lose some again."""
        remote = any(lane.is_remote for lane in self.lanes)
        for _ in range(ROUNDS if remote else 1):
            if remote or self.reader.lent or pending.last_again(self.catalogue, part=self._part):
                yield from self._sync_lanes()  # only then is known what they missed
            last = pending.last_again(self.catalogue, part=self._part)
            if last <= self._seen:
                return
            yield from self._round(again=True)
            self._seen = last

    def _round(self, *, again: bool) -> Iterator[Event]:
        chunks = (
            pending.again(self.catalogue, self._seen, part=self._part)
            if again
            else pending.every(self.catalogue, only=self.only, part=self._part)
        )
        parcel: list[Work] = []
        size = 0
        for item in chain.from_iterable(chunks):
            if self._all_failed():
                break  # nothing is read for nobody
            work = self.works.of(item, again=again)
            if work.size > SMALL_BYTES:
                yield from self._send((work,))
                continue
            if len(parcel) >= PARCEL_FILES or size + work.size + 1 > BLOCK_BYTES:
                yield from self._send(tuple(parcel))
                parcel, size = [], 0
            parcel.append(work)
            size += work.size + 1  # a byte to spare, to see that it grew
        if parcel:
            yield from self._send(tuple(parcel))
        while self._outstanding:
            yield from self._receive(1)

    def _send(self, parcel: tuple[Work, ...]) -> Iterator[Event]:
        while self._outstanding >= IN_FLIGHT:
            yield from self._receive(1)
        self.archive.pause_point()
        self._outstanding += 1
        self.reader.parcels.put(parcel)
        yield from self._receive(0)

    def _sync_lanes(self) -> Iterator[Event]:
        """Hear all that came of the first round: the second one plans by what stands at each location."""
        for lane in self.lanes:
            lane.put(Sync())
        while self._synced < len(self.lanes):
            yield from self._receive(1)
        self._synced = 0
        for lane in self.lanes:
            lane.lagging = False

    # receiving

    def _receive(self, wait: int) -> Iterator[Event]:
        """Take what was reported; with `wait` at least one report, or a moment."""
        first = True
        while True:
            try:
                waits = wait and first and not self.turns
                report = self.reports.get(timeout=0.25) if waits else self.reports.get_nowait()
            except Empty:
                self.archive.pause_point()
                if wait and first and self._all_failed() and not self._outstanding:
                    return
                break
            first = False
            yield from self._take(report)
        if wait and self.turns:
            self._commit()
            yield TURN
        self._commit_now_and_then()

    def _take(self, report: object) -> Iterator[Event]:
        if not self.catalogue.in_transaction:
            self.catalogue.execute("BEGIN IMMEDIATE")
        try:
            yield from self._record(report)
        except Exception:
            self._roll_back()  # a report is recorded whole or not at all
            raise

    def _record(self, report: object) -> Iterator[Event]:
        if isinstance(report, ReadParcel):
            self._outstanding -= 1
            yield from self.recorder.read(report)
        elif isinstance(report, BatchDone):
            yield from self.recorder.batch(report)
            self._commit()
        elif isinstance(report, LaneFailed):
            yield from self._lane_failed(report)
        elif isinstance(report, LaneClosed):
            self._closed += 1
        elif isinstance(report, LaneSynced):
            self._synced += 1
        elif isinstance(report, Missed):
            self.recorder.missed(report.works)
        elif isinstance(report, ReaderCrashed):
            raise report.error

    def _lane_failed(self, report: LaneFailed) -> Iterator[Event]:
        if not isinstance(report.error, LocationError):
            raise report.error
        name = self.lanes[report.lane].name
        yield LocationFailed(name, type(report.error).__name__, str(report.error))

    # ending

    def _close_lanes(self, *, hurry: bool) -> Iterator[Event]:
        for lane in self.lanes:
            lane.put(Close(hurry))
        while self._closed < len(self.lanes):
            try:
                report = (
                    self.reports.get_nowait() if self.turns and not hurry else self.reports.get(timeout=1.0)
                )
            except Empty:
                if self.turns and not hurry:
                    self.archive.pause_point()
                    self._commit()
                    yield TURN
                continue
            yield from self._take(report)
        for lane in self.lanes:
            lane.join(LINGER_SECONDS)  # a process that is still there would hold the location's lock
        while True:
            try:
                yield from self._take(self.reports.get_nowait())
            except Empty:
                return

    def _all_failed(self) -> bool:
        return bool(self.lanes) and all(lane.failed for lane in self.lanes)

    def _commit_now_and_then(self) -> None:
        if monotonic() - self._committed > 1.0:
            self._commit()

    def _roll_back(self) -> None:
        if self.catalogue.in_transaction:
            self.catalogue.execute("ROLLBACK")

    def _commit(self) -> None:
        if self.catalogue.in_transaction:
            self.catalogue.execute("COMMIT")
        self._committed = monotonic()
