"""What is to be done next: new music before drives that came, these before the scan, it before what the clock asks.

Decides from values; what is asked for stays until it was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fonoteca.config.model import Background, Config, Schedule
from fonoteca.core.policy import Timing
from fonoteca.core.settle import Settling
from fonoteca.core.spots import Spot
from fonoteca.core.timetable import Duty, Zone, due_ns, is_quiet, minute_of
from fonoteca.daemon.watching import Watching
from fonoteca.daemon.work import CatchUp, Follow, Regular, Scan, ScrubPlace, Work
from fonoteca.daemon.worker import Outcome

PAPERS_S = 3600.0
"""`SHA256SUMS` is written at most so often."""

ALL = Spot(b"", True)


@dataclass(slots=True)
class Agenda:
    """What waits. `since`: when each duty was done last, or first heard of (ns)."""

    since: dict[str, int]
    scan_reason: str | None = "start"
    arrivals: list[str] = field(default_factory=list)
    """Locations that came back and were not caught up yet."""
    to_scrub: list[str] = field(default_factory=list)
    unfinished: set[str] = field(default_factory=set)
    """Locations that were caught up and lacked something still: asked again when that may have come."""
    papers_at: float = float("-inf")
    owes_papers: bool = False
    scrub_left: int | None = None
    """Bytes of the regular scrub that gave way."""

    def next(
        self, config: Config, settling: Settling, watching: Watching, *, now: float, wall_ns: int, zone: Zone
    ) -> Work | None:
        """The most urgent of what is due; None: nothing is."""
        papers = self.owes_papers and now - self.papers_at >= PAPERS_S
        spots, lasting = self._changed(settling, watching, now), tuple(settling.lasting(now))
        if spots or lasting:
            return Follow(spots, papers, lasting)
        if self.arrivals:
            return CatchUp(self.arrivals[0])
        if papers:
            return Follow({}, papers)
        if is_calm(config.background, wall_ns, zone):
            return next(self._heavy(config.schedule, wall_ns, zone), None)
        return None

    def is_urgent(self, settling: Settling, now: float) -> bool:
        """Whether something waits to which heavy work gives way."""
        due = settling.next_due
        return bool(self.arrivals) or (due is not None and due <= now)

    def _changed(self, settling: Settling, watching: Watching, now: float) -> dict[str, list[Spot]]:
        spots = {
            name: some for name, some in settling.take(now).items() if name in watching.states
        }  # a library that the config lost has hints no more
        for name in watching.due(now):
            spots[name] = [ALL]
        return spots

    def _heavy(self, schedule: Schedule, wall_ns: int, zone: Zone) -> Iterator[Work]:
        if self.scan_reason is None and self._due_at(Duty.SCAN, schedule.scan, wall_ns, zone) <= wall_ns:
            self.scan_reason = "schedule"
        if self.scan_reason is not None:
            yield Scan(self.scan_reason)
        yield from map(ScrubPlace, self.to_scrub)
        times = [
            (self._due_at(duty, timing, wall_ns, zone), duty, timing) for duty, timing in regular(schedule)
        ]
        for at, duty, timing in sorted(times, key=lambda each: each[0]):
            if at <= wall_ns:
                yield Regular(duty, timing, self.scrub_left if duty is Duty.SCRUB else None)

    def _due_at(self, duty: Duty, timing: Timing, wall_ns: int, zone: Zone) -> int:
        since = self.since.setdefault(duty.value, wall_ns)
        return due_ns(timing, since_ns=since, now_ns=wall_ns, zone=zone)

    def due_times(self, schedule: Schedule, wall_ns: int, zone: Zone) -> dict[str, int]:
        """When each duty is due next (ns), by its name."""
        timings = [(Duty.SCAN, schedule.scan), *regular(schedule)]
        return {duty.value: self._due_at(duty, timing, wall_ns, zone) for duty, timing in timings}

    # afterwards

    def done(self, outcome: Outcome, now: float, wall_ns: int, *, has_place: bool) -> None:
        """A piece of work came to its end, without being interrupted and without an error."""
        match outcome.work:
            case Follow(papers=papers):
                self._papers(now, written=papers, owed=bool(outcome.copied))
                self._ask_again(outcome)
            case CatchUp(name):
                self.arrivals = [each for each in self.arrivals if each != name]
                if has_place and name not in outcome.failed:
                    self.to_scrub = [*(each for each in self.to_scrub if each != name), name]
            case ScrubPlace(name):
                self.to_scrub = [each for each in self.to_scrub if each != name]
            case Scan():
                self.scan_reason = None
                self.since[Duty.SCAN.value] = wall_ns
                self._papers(now, written=True, owed=False)
                self._ask_again(outcome)
            case Regular(duty):
                self.since[duty.value] = wall_ns
                self.scrub_left = None if duty is Duty.SCRUB else self.scrub_left
                for name in sorted(outcome.harmed - outcome.failed.keys()):
                    self.came(name)  # what it found is put right now, not with the next music

    def _ask_again(self, outcome: Outcome) -> None:
        for name in sorted(self.unfinished - outcome.failed.keys()):
            if outcome.copied.get(name) or outcome.counts.get("gone"):
                self.unfinished.discard(name)
                self.came(name)

    def _papers(self, now: float, *, written: bool, owed: bool) -> None:
        if written:
            self.papers_at, self.owes_papers = now, False
        elif owed:
            self.owes_papers = True

    def interrupted(self, outcome: Outcome, settling: Settling, now: float) -> None:
        """It gave way, or failed: what it had taken waits again."""
        match outcome.work:
            case Follow(spots=spots):
                settling.give_back(spots, now)
            case Regular(duty, left=left) if duty is Duty.SCRUB and left is not None:
                self.scrub_left = max(left - outcome.read_bytes, 0)
            case _:
                pass

    def went(self, location: str) -> None:
        """It is there no more."""
        self.unfinished.discard(location)
        self.arrivals = [each for each in self.arrivals if each != location]
        self.to_scrub = [each for each in self.to_scrub if each != location]

    def came(self, location: str) -> None:
        """It is there again."""
        if location not in self.arrivals:
            self.arrivals.append(location)


def regular(schedule: Schedule) -> list[tuple[Duty, Timing]]:
    """The duties besides the scan that are not off."""
    timings: list[tuple[Duty, Timing | None]] = [
        (Duty.SCRUB, schedule.scrub),
        (Duty.PRUNE, schedule.prune),
        (Duty.DRILL, schedule.drill),
        (Duty.REPORT, schedule.report),
    ]
    return [(duty, timing) for duty, timing in timings if timing is not None]


def is_calm(background: Background, wall_ns: int, zone: Zone) -> bool:
    """Whether heavy work may be done now: no quiet hours, and background reading is not paused."""
    return not is_quiet(background.quiet, wall_ns, zone) and background.rate.at(minute_of(wall_ns, zone)) != 0
