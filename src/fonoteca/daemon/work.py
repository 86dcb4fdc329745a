"""What the daemon can have done, as values, and the task that does each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias, assert_never

from fonoteca.archive import Archive
from fonoteca.catalogue import duties, journal, places
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.judgement import judge
from fonoteca.core.policy import Budget, Speed, Timing
from fonoteca.core.spots import Spot
from fonoteca.core.timetable import SECOND_NS, Duty, Zone, minute_of, period_ns, share
from fonoteca.errors import LocationError
from fonoteca.tasks.scan import Rests

Resting: TypeAlias = Callable[[str], Rests]


@dataclass(frozen=True, slots=True)
class Follow:
    """Something changed at these spots, by library."""

    spots: Mapping[str, Sequence[Spot]]
    papers: bool = False
    """`SHA256SUMS` is due too."""
    lasting: tuple[tuple[str, bytes], ...] = ()
    """Files that have been written to for an hour."""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """A location came back."""

    location: str


@dataclass(frozen=True, slots=True)
class ScrubPlace:
    """A location that came back is read again where that is due."""

    location: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Everything is looked at, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Regular:
    """A duty whose time has come. `left`: bytes of a scrub that gave way."""

    duty: Duty
    timing: Timing
    left: int | None = None


Work: TypeAlias = Follow | CatchUp | ScrubPlace | Scan | Regular


def is_heavy(work: Work) -> bool:
    """Not begun in quiet hours, and gives way to new music and to drives that came."""
    return not isinstance(work, Follow | CatchUp)


def name_of(work: Work) -> str:
    """In a word or two."""
    match work:
        case Follow():
            return "new music"
        case CatchUp():
            return f"catching up {work.location}"
        case ScrubPlace():
            return f"scrub of {work.location}"
        case Scan():
            return "scan"
        case Regular():
            return work.duty.value
        case _:
            assert_never(work)


def events(work: Work, archive: Archive, rests: Resting, zone: Zone) -> Iterator[Event]:
    """Do it. Raises what the task raises; what comes to its end is recorded as done."""
    duties.hear(archive.catalogue, [duty.value for duty in Duty], archive.now())
    match work:
        case Follow():
            yield from _follow(work, archive, rests)
        case CatchUp():
            from fonoteca.tasks.follow import follow

            spots: dict[str, list[Spot]] = {name: [] for name in archive.config.libraries}
            yield from follow(archive, spots, [work.location], rests=rests, papers=True)
        case ScrubPlace():
            yield from _scrub_place(work, archive, zone)
        case Scan():
            from fonoteca.tasks.backup import backup

            yield from backup(archive, rests=rests)
            duties.put_done(archive.catalogue, Duty.SCAN.value, archive.now())
        case Regular():
            yield from _regular(work, archive, zone)
            duties.put_done(archive.catalogue, work.duty.value, archive.now())
        case _:
            assert_never(work)


def _follow(work: Follow, archive: Archive, rests: Resting) -> Iterator[Event]:
    from fonoteca.tasks.follow import follow

    for library, path in work.lasting:
        detail = "it has been written to for more than an hour; it is copied when it rests"
        finding = Finding(FindingKind.CHANGING, detail, library=library, path=path)
        journal.note(archive.catalogue, finding, archive.now())
        yield Found(finding)
    yield from follow(archive, work.spots, rests=rests, papers=work.papers)


def _scrub_place(work: ScrubPlace, archive: Archive, zone: Zone) -> Iterator[Event]:
    from fonoteca.tasks.scrub import scrub

    row = places.by_name(archive.catalogue, work.location)
    if row is None:
        return
    before_ns = archive.now() - archive.config.policy.verify_every_s * SECOND_NS * 4 // 5
    size = places.unread_bytes(archive.catalogue, row.id, before_ns)
    if size:
        yield from scrub(archive, [work.location], (), budget=Budget(bytes=size, rate=_speed(archive, zone)))


def _regular(work: Regular, archive: Archive, zone: Zone) -> Iterator[Event]:
    match work.duty:
        case Duty.SCRUB:
            from fonoteca.tasks.scrub import scrub

            size = scrub_bytes(archive, work.timing, zone) if work.left is None else work.left
            yield from scrub(archive, budget=Budget(bytes=size, rate=_speed(archive, zone)))
        case Duty.PRUNE:
            from fonoteca.tasks.prune import prune

            yield from prune(archive, None, apply=True)
        case Duty.DRILL:
            from fonoteca.tasks.drill import drill

            yield from drill(archive, Random(os.urandom(16)))
        case Duty.SCAN | Duty.REPORT:
            return
        case _:
            assert_never(work.duty)


def scrub_bytes(archive: Archive, timing: Timing, zone: Zone) -> int:
    """How much one scrub has to read so that everything has its turn within the policy's time."""
    from fonoteca.tasks.status import status

    now = status(archive)
    total = sum(each.bytes + each.version_bytes for each in now.locations)
    total += sum(each.bytes for each in now.libraries)
    cycle = archive.config.policy.verify_every_s * SECOND_NS
    return share(total, period_ns=period_ns(timing, archive.now(), zone), cycle_ns=cycle)


def lacking(archive: Archive, location: str) -> int:
    """How many copies a location lacks, or has in a bad state."""
    from fonoteca.tasks.status import status

    return sum(each.missing + each.damaged for each in status(archive).locations if each.name == location)


def standing(archive: Archive) -> str:
    """The archive's word, with its first reason: what a weekly report says."""
    from fonoteca.tasks.status import status

    try:
        verdict = judge(status(archive))
    except LocationError as error:
        return f"Archive: {error}"
    reasons = "".join(f" {reason.sentence}" for reason in verdict.reasons[:5])
    return f"Archive: {verdict.overall.value}.{reasons}"


def _speed(archive: Archive, zone: Zone) -> Speed:
    """How fast background reading may go now. In quiet hours, and where it is paused, nothing heavy begins at all."""
    return archive.config.background.rate.at(minute_of(archive.now(), zone)) or None
