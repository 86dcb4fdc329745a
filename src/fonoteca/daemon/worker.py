"""One piece of work at a time, in a thread of its own, so that the loop hears and answers meanwhile."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from stat import S_ISREG
from time import monotonic

from fonoteca.archive import Access, Archive
from fonoteca.config.model import Config
from fonoteca.core.event import (
    Advanced,
    Event,
    Found,
    LibraryFailed,
    LocationFailed,
    Phase,
    RunEnded,
    Scanned,
    Verified,
)
from fonoteca.core.finding import Finding
from fonoteca.core.settle import Settling
from fonoteca.core.timetable import SECOND_NS, Duty, Zone
from fonoteca.daemon.clock import Bell, Clock
from fonoteca.daemon.progress import Progress
from fonoteca.daemon.work import CatchUp, Regular, ScrubPlace, Work, events, is_heavy, lacking, standing
from fonoteca.disk.gentle import be_gentle, be_small
from fonoteca.errors import Interrupted
from fonoteca.tasks.heeding import heeding
from fonoteca.tasks.scan import Rests

SHOWN = 10
"""So many findings of one kind are kept of one piece of work; all are counted."""


@dataclass(slots=True)
class Reins:
    """How the loop asks a piece of work to end."""

    requested: bool = False
    signal_number: int = 15
    since: float | None = None

    def pull(self) -> None:
        """End at the next file."""
        if not self.requested:
            self.since, self.requested = monotonic(), True


@dataclass(slots=True)
class Outcome:
    """What came of a piece of work, filled while it goes on."""

    work: Work
    started_ns: int
    reins: Reins = field(default_factory=Reins)
    code: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    copied: dict[str, int] = field(default_factory=dict)
    """Files by location."""
    interrupted: bool = False
    error: Exception | None = None
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """Locations and libraries that took no part, with the reason."""
    kinds: dict[str, str] = field(default_factory=dict)
    """By which error a location took no part."""
    harmed: set[str] = field(default_factory=set)
    """Locations at which something was found that another copy can put right."""
    scanned: dict[str, Scanned] = field(default_factory=dict)
    read_bytes: int = 0
    phase: Phase | None = None
    done: int = 0
    """Files of this phase."""
    says: str = ""
    lacking: int = 0
    """Copies that the location of a `CatchUp` or `ScrubPlace` still lacks."""
    is_over: bool = False
    progress: Progress = field(default_factory=Progress)

    def take(self, event: Event) -> None:
        """Remember what the loop, and whoever asks it, want to know."""
        self.progress.take(event)
        if isinstance(event, Phase):
            self.phase, self.done = event, 0
        elif isinstance(event, Advanced):
            self.done += event.files
        elif isinstance(event, Verified):
            self.read_bytes += event.size
        elif isinstance(event, Found):
            self.found += 1
            if event.finding.repairable and event.finding.location:
                self.harmed.add(event.finding.location)
            like = sum(each.kind is event.finding.kind for each in self.findings)
            if like < SHOWN:  # a hold is said also where a hundred files went
                self.findings.append(event.finding)
        elif isinstance(event, LocationFailed):
            self.failed[event.location] = event.sentence
            self.kinds[event.location] = event.kind
        elif isinstance(event, LibraryFailed):
            self.failed[event.library] = event.sentence
        elif isinstance(event, Scanned):
            self.scanned[event.library] = event
        elif isinstance(event, RunEnded):
            self.code, self.counts = event.exit_code, event.summary.counts
            for name, place in event.summary.per_location.items():
                self.copied[name] = int(place.get("copied") or 0)


@dataclass(slots=True)
class Stillness:
    """Whether files rest, for a task: by what the watch told, and by their own times. Used in the worker's thread."""

    settling: Settling
    clock: Clock
    skipped: deque[tuple[str, bytes]] = field(default_factory=deque)
    """Library and path of files that were left alone: they are to be looked at when they rest."""

    def __call__(self, library: str) -> Rests:
        """The question for the files of one library."""
        settle_ns = int(self.settling.settle_s * SECOND_NS)

        def rests(path: bytes, status: os.stat_result) -> bool:
            now = self.clock.wall_ns()
            young = any(0 <= now - each < settle_ns for each in (status.st_mtime_ns, status.st_ctime_ns))
            if not young and self.settling.rests(library, path, self.clock.monotonic()):
                return True
            if S_ISREG(status.st_mode):
                self.skipped.append((library, path))
            return False

        return rests


@dataclass(slots=True)
class Worker:
    """Does work in a thread. `said` gets every event there."""

    clock: Clock
    bell: Bell
    stillness: Stillness
    said: Callable[[Event], None] = lambda event: None
    began: Callable[[], None] = lambda: None
    looked: Callable[[Archive], None] = lambda archive: None
    """Sees the archive at the end of each piece of work, in its thread, and raises nothing."""
    rest: Callable[[], None] = be_small
    """Called after each piece of work, in its thread."""
    _thread: threading.Thread | None = None
    _outcome: Outcome | None = None

    @property
    def outcome(self) -> Outcome | None:
        """What is being done now."""
        return self._outcome

    def start(self, work: Work, config: Config) -> None:
        """Begin. Nothing else is under way."""
        outcome = self._outcome = Outcome(work, self.clock.wall_ns())
        self.began()
        self._thread = threading.Thread(target=self._run, args=(outcome, config), name="work")
        self._thread.start()

    def finished(self) -> Outcome | None:
        """What came of it, once; None while it goes on."""
        if self._thread is None or self._outcome is None or not self._outcome.is_over:
            return None
        self._thread.join()
        outcome, self._thread, self._outcome = self._outcome, None, None
        return outcome

    def wait(self, timeout_s: float | None = None) -> None:
        """Until nothing is under way, or for so long."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, outcome: Outcome, config: Config) -> None:
        try:
            self._do(outcome, config)
        except Interrupted:
            outcome.interrupted = True
        except Exception as error:  # noqa: BLE001  the loop says it, and goes on with the other work
            outcome.error = error
        finally:
            self.rest()
            outcome.is_over = True
            self.bell.ring()

    def _do(self, outcome: Outcome, config: Config) -> None:
        if is_heavy(outcome.work):
            be_gentle()
        now, reins, zone = self.clock.wall_ns, outcome.reins, self.clock.zone
        with Archive.open(config, Access.WRITE, stop=reins, now=now, asks=False) as archive:
            for event in heeding(self._events(outcome, archive, zone), reins):
                outcome.take(event)
                self.said(event)
            self.looked(archive)

    def _events(self, outcome: Outcome, archive: Archive, zone: Zone) -> Iterator[Event]:
        archive.pause_point()
        work = outcome.work
        yield from events(work, archive, self.stillness, zone)
        if isinstance(work, CatchUp | ScrubPlace):
            outcome.lacking = lacking(archive, work.location)
        if isinstance(work, Regular) and work.duty is Duty.REPORT:
            outcome.says = standing(archive)
