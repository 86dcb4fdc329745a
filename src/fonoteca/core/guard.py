"""The guard: stops and asks before a mass change reaches the copies.

    >>> from fonoteca.core.policy import GuardLimit
    >>> incidents = [Incident(GuardKind.REMOVED, entry, time_ns=1) for entry in range(60)]
    >>> guard(GuardLimit(), 1000, incidents, now_ns=2).trips
    (Trip(kind=<GuardKind.REMOVED: 'removed'>, entries=60, of=1000),)

It counts entries, each once, of one library and one kind over seven days since the last accepted state. What stays
under the limit is accepted as it ages out. A hold that stands goes on standing, whatever is counted later: only a
person's word ends it. Times are nanoseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from enum import StrEnum
from typing import NamedTuple

from fonoteca.core.entry import EntryKind, kind_of
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.policy import DAY_S, Guard, GuardOff
from fonoteca.core.verdict import Verdict

WINDOW_NS = 7 * DAY_S * 1_000_000_000
"""What is older does not count any more (7 days)."""

SMALLEST = 3
"""From so many entries on, a change of more than half of a library is held whatever the limit's number of files."""

MACHINE_FILES = 20
"""Rot in more files than this in one pass says more about the machine than about the files."""


class GuardKind(StrEnum):
    """What is counted apart, and held apart."""

    REMOVED = "removed"
    EMPTIED = "emptied"
    DAMAGED = "damaged"
    SUSPECT = "suspect or rot"
    UNPROVEN = "replaced, unproven"


class Incident(NamedTuple):
    """One entry of the library met one verdict that the guard counts."""

    kind: GuardKind
    entry: int
    time_ns: int


class Trip(NamedTuple):
    """A kind that is over the limit now: so many entries `of` so many."""

    kind: GuardKind
    entries: int
    of: int


class Guarded(NamedTuple):
    """What the guard says of a library. `held` is every kind that is held now: what trips, and what stood."""

    trips: tuple[Trip, ...]
    held: frozenset[GuardKind]


_KINDS = {
    Verdict.REMOVED: GuardKind.REMOVED,
    Verdict.DAMAGED: GuardKind.DAMAGED,
    Verdict.SUSPECT: GuardKind.SUSPECT,
    Verdict.ROT: GuardKind.SUSPECT,
    Verdict.UNPROVEN: GuardKind.UNPROVEN,
}


def counted_as(verdict: Verdict, *, is_emptied: bool = False) -> GuardKind | None:
    """The kind under which a verdict counts; None where it does not."""
    if verdict is Verdict.DAMAGED and is_emptied:
        return GuardKind.EMPTIED
    return _KINDS.get(verdict)


def guard(
    limit: Guard,
    entries: int,
    incidents: Iterable[Incident],
    *,
    now_ns: int,
    accepted_ns: Mapping[GuardKind, int] | None = None,
    standing: Set[GuardKind] = frozenset(),
) -> Guarded:
    """Which kinds of change are held. `entries`: how many the library had at its last accepted state, those that are
    gone since among them. `accepted_ns`: when a person last accepted a hold over a kind; `standing`: holds that stand.

    More incidents never lift a hold; `off` makes no new one, and ends none.
    """
    counts = counted(incidents, now_ns=now_ns, accepted_ns=accepted_ns or {})
    trips = tuple(
        Trip(kind, counts[kind], entries)
        for kind in GuardKind
        if kind in counts and exceeds(limit, counts[kind], entries)
    )
    return Guarded(trips, frozenset(standing) | {trip.kind for trip in trips})


def counted(
    incidents: Iterable[Incident], *, now_ns: int, accepted_ns: Mapping[GuardKind, int]
) -> dict[GuardKind, int]:
    """How many entries count under each kind: seen within the window, and after what was last accepted.

    An incident of the future counts too: a clock that was put back must not hide it.
    """
    seen: dict[GuardKind, set[int]] = {}
    for kind, entry, time_ns in incidents:
        if time_ns > max(now_ns - WINDOW_NS, accepted_ns.get(kind, 0)):
            seen.setdefault(kind, set()).add(entry)
    return {kind: len(found) for kind, found in seen.items()}


def exceeds(limit: Guard, count: int, entries: int) -> bool:
    """True when `count` of `entries` is too much: over both halves of the limit, or over half of the library."""
    if isinstance(limit, GuardOff):
        return False
    if count * 100 > limit.percent * entries and count > limit.files:
        return True
    return entries >= SMALLEST and count * 2 > entries


def lets_add(name: bytes, held: Set[GuardKind], *, parses: bool) -> bool:
    """Whether a new file may be copied: while anything is held, only audio that parses and companions that are known.

    What encrypts a collection leaves new files under new endings. `name` is the file's, `parses` says whether it was
    read as audio.
    """
    if not held:
        return True
    return parses if kind_of(name) is EntryKind.TRACK else is_known_companion(name)


def is_known_companion(name: bytes) -> bool:
    """True for what lies beside music in a collection, by the ending of its name or the whole of it."""
    word = name.lower().decode("utf-8", "replace")
    stem, dot, suffix = word.rpartition(".")
    return (suffix if dot and stem else word) in _COMPANIONS


_COMPANIONS = frozenset(
    (
        "jpg jpeg jpe png gif bmp webp tif tiff avif heic pdf djvu cue log txt lrc nfo md rtf htm html url xml json "
        "m3u m3u8 pls xspf wpl asx md5 sha1 sha256 sha512 sfv ffp st5 accurip toc md5sums sha1sums sha256sums "
        "sha512sums readme"
    ).split()
)


def doubts_machine(library: str, rotten: int) -> Finding | None:
    """The finding that so much rot in one pass is no accident of single files; None up to `MACHINE_FILES`."""
    if rotten <= MACHINE_FILES:
        return None
    detail = (
        f"{rotten:,} files turned in one pass: a disk, its cable, its controller or the memory is failing, so nothing "
        "should be repaired through this machine before that is found"
    )
    return Finding(FindingKind.MACHINE, detail, library)
