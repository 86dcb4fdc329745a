"""What an archive is like now, as values, and the one word for it: the worst of its parts, with the reasons.

    >>> judge(ArchiveStatus(time_ns=0, wanted_copies=2)).overall.value
    'unprotected'

The catalogue fills these values; `judge` decides. What could not be looked at is counted and is not success.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from fonoteca.core.copy import Level
from fonoteca.core.report import ExitCode, worst


class Presence(StrEnum):
    """What a location answers now."""

    PRESENT = "present"
    AWAY = "away"
    """Not there, or something else stands in its place."""
    REFUSES = "refuses"
    """There, but it denies us or cannot be believed."""


class Overall(StrEnum):
    """One word for an archive."""

    SAFE = "safe"
    UNPROTECTED = "unprotected"
    """No library, no location, or nothing copied yet."""
    INCOMPLETE = "incomplete"
    """Fewer copies than the policy asks for, or a part that could not be read."""
    OVERDUE = "overdue"
    """Every copy is there, but some were not read back for longer than the policy allows."""
    AWAY = "away"
    HELD = "held"
    """Something waits for a person's word."""
    DAMAGED = "damaged"
    """A copy is wrong or missing, and another one can put it right."""
    LOST = "lost"
    """Damage that nothing known can repair."""


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """One library as of its last scan. Sizes are bytes, times nanoseconds since 1970."""

    name: str
    path: str
    present: bool
    entries: int = 0
    tracks: int = 0
    bytes: int = 0
    last_scan_ns: int | None = None
    scan_complete: bool = True
    """False when a part of the library was not seen by the last scan."""
    held: int = 0
    """Entries whose file nobody can vouch for, whatever the reason: none of it is copied."""
    spoilt: int = 0
    """Those of `held` whose bytes turned, or were damaged by a write."""
    hopeless: int = 0
    """Those of `spoilt` of which no good copy is known."""
    unstable: int = 0
    """Those of `held` that read differently each time."""
    gone: int = 0
    """Entries that are no longer in the library; what their copies held is kept as versions."""
    unreadable: int = 0
    damaged_inside: int = 0
    """Tracks that their own checks say are damaged; copied as they are."""
    mendable: int = 0
    """Those of `damaged_inside` of which an earlier content without a fault is kept."""
    copies: tuple[tuple[int, int], ...] = ()
    """How many entries have how many copies apart: `((0, 3), (2, 411))`."""
    reason: str = ""
    """Why it is not present."""

    def below(self, wanted: int) -> int:
        """Entries with fewer than `wanted` copies on distinct file systems."""
        return sum(entries for copies, entries in self.copies if copies < wanted)


@dataclass(frozen=True, slots=True)
class HoldStatus:
    """A hold that stands over one kind of change in a library."""

    id: str
    library: str
    kind: str
    """`removed`, `emptied`, `damaged`, `suspect or rot`, `replaced, unproven`."""
    since_ns: int
    entries: int
    """So many had changed when it began, of `total`."""
    total: int
    stopped: int = 0
    """Entries that it keeps as they were recorded now."""


@dataclass(frozen=True, slots=True)
class LocationStatus:
    """One location, as remembered; `free_bytes` and `total_bytes` as it says now."""

    name: str
    place: str
    presence: Presence
    copies: int = 0
    bytes: int = 0
    missing: int = 0
    """Entries that should have a copy here and never had one, or not of what they are now."""
    damaged: int = 0
    """Copies found wrong, unreadable or vanished, and not put right since; none of them is in `missing`."""
    lost: int = 0
    """Those of `damaged` that no other copy and no library entry can put right."""
    level: Level = Level.NONE
    """The weakest level among its copies."""
    last_verified_ns: int | None = None
    oldest_verified_ns: int | None = None
    never_verified: int = 0
    """Copies whose bytes were never read back."""
    free_bytes: int | None = None
    total_bytes: int | None = None
    last_sealed_ns: int | None = None
    last_listed_ns: int | None = None
    share_within: float | None = None
    """Of copies and versions, how many were read within the policy's period (0 to 1)."""
    overdue_ns: int | None = None
    """When the first will be older than the policy allows, at the present pace; None: never."""
    vanished: int = 0
    """Those of `damaged` that are not there at all."""
    versions: int = 0
    """Earlier contents that are kept there, beside `copies`."""
    version_bytes: int = 0
    excused: bool = False
    """Being away is normal for it (`removable`) and not yet worth a reminder."""
    reason: str = ""
    """Why it is not present."""


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """Everything `fonoteca status` says."""

    time_ns: int
    wanted_copies: int
    libraries: tuple[LibraryStatus, ...] = ()
    locations: tuple[LocationStatus, ...] = ()
    verify_every_ns: int | None = None
    """None: the policy does not ask for re-reading."""
    warnings: tuple[str, ...] = ()
    holds: tuple[HoldStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an archive is not simply safe. `remedy` is a command to type, or empty."""

    word: Overall
    code: ExitCode
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The word, the exit code, and every reason, worst first. `safe` may still carry excused absences."""

    overall: Overall
    exit_code: ExitCode
    reasons: tuple[Reason, ...] = ()


def judge(status: ArchiveStatus) -> Judgement:
    """The archive's overall word: the worst of its parts."""
    reasons = tuple(_reasons(status))
    code = worst(reason.code for reason in reasons)
    ordered = sorted(reasons, key=lambda reason: 0 if reason.code == code else 1)
    word = ordered[0].word if code != ExitCode.DONE else Overall.SAFE
    return Judgement(word, code, tuple(ordered))


def _reasons(status: ArchiveStatus) -> Iterator[Reason]:
    """Each part's own reasons, libraries first."""
    yield from _unprotected(status)
    for hold in status.holds:
        yield _of_hold(hold)
    for library in status.libraries:
        yield from _of_library(library, status)
    for location in status.locations:
        yield from _of_location(location, status)


def _unprotected(status: ArchiveStatus) -> Iterator[Reason]:
    """An archive without libraries, locations or copies protects nothing, however healthy its parts are."""
    if not status.libraries:
        sentence, remedy = "There is no library yet.", "fonoteca protect ~/Music --to PLACE"
    elif not status.locations:
        sentence, remedy = "There is no location yet: nothing is copied.", "fonoteca location add NAME PLACE"
    elif not any(location.copies for location in status.locations):
        sentence, remedy = "Nothing is copied yet.", "fonoteca backup"
    else:
        return
    yield Reason(Overall.UNPROTECTED, ExitCode.POLICY, sentence, remedy)


def _of_library(library: LibraryStatus, status: ArchiveStatus) -> Iterator[Reason]:
    if not library.present:
        why = f": {library.reason}" if library.reason else ""
        yield Reason(Overall.AWAY, ExitCode.AWAY, f"The library {library.name} is away{why}.")
    yield from _held(library, any(hold.library == library.name for hold in status.holds))
    if library.unreadable or not library.scan_complete:
        yield Reason(Overall.INCOMPLETE, ExitCode.INCOMPLETE, _unseen(library), "fonoteca scan")
    yield from _inside(library)
    short = library.below(status.wanted_copies)
    if short:
        yield _short_of_copies(library, short, status)


def _of_hold(hold: HoldStatus) -> Reason:
    sentence = (
        f"{hold.id}: {_count(hold.entries, 'entry', 'entries')} of {hold.total:,} in {hold.library} ({hold.kind}); "
        f"nothing of that reaches the copies before you say so."
    )
    remedy = f"fonoteca hold accept {hold.id}    # or, to put them back: fonoteca hold reject {hold.id}"
    return Reason(Overall.HELD, ExitCode.HELD, sentence, remedy)


def _held(library: LibraryStatus, is_under_hold: bool) -> Iterator[Reason]:
    """Damage is damage, whoever is asked about it; what a hold speaks of is not said twice."""
    if library.hopeless:
        found = _count(library.hopeless, "file is", "files are")
        sentence = f"{found} damaged in {library.name} itself, and no good copy is known."
        yield Reason(Overall.LOST, ExitCode.LOST, sentence, "fonoteca show PATH")
    if library.spoilt > library.hopeless:
        found = _count(library.spoilt - library.hopeless, "file is", "files are")
        sentence = f"{found} damaged in {library.name} itself, and good copies are known."
        yield Reason(Overall.DAMAGED, ExitCode.REPAIRABLE, sentence, "fonoteca repair --library")
    if library.unstable:
        found = _count(library.unstable, "file reads", "files read")
        sentence = f"{found} differently each time in {library.name}: the machine is to be doubted."
        yield Reason(Overall.INCOMPLETE, ExitCode.INCOMPLETE, sentence, "fonoteca scan")
    waiting = library.held - library.spoilt - library.unstable
    if waiting > 0 and not is_under_hold:
        sentence = f"{_count(waiting, 'entry waits', 'entries wait')} in {library.name} for your word."
        yield Reason(
            Overall.HELD,
            ExitCode.HELD,
            sentence,
            "fonoteca repair --library    # or: fonoteca hold accept PATH",
        )


def _inside(library: LibraryStatus) -> Iterator[Reason]:
    """What came damaged is kept as it came: said, but no fault of the archive's, so without a code of its own."""
    if library.mendable:
        found = _count(library.mendable, "track is", "tracks are")
        sentence = (
            f"{found} damaged inside in {library.name}, and an earlier content without a fault is kept."
        )
        yield Reason(Overall.DAMAGED, ExitCode.REPAIRABLE, sentence, "fonoteca show PATH")
    left = library.damaged_inside - library.mendable
    if left:
        found = _count(left, "track is", "tracks are")
        sentence = f"{found} damaged inside in {library.name}: kept as found, no better content is known."
        yield Reason(Overall.DAMAGED, ExitCode.DONE, sentence)


def _short_of_copies(library: LibraryStatus, short: int, status: ArchiveStatus) -> Reason:
    """Where every location is complete, another backup adds nothing: another drive is needed."""
    has = "has" if short == 1 else "have"
    sentence = (
        f"{_count(short, 'entry', 'entries')} of {library.name} {has} fewer than "
        f"{_count(status.wanted_copies, 'copy', 'copies')} on separate file systems."
    )
    lacking = any(location.missing or location.damaged for location in status.locations)
    remedy = "fonoteca backup" if lacking else "fonoteca location add NAME PLACE    # on another drive"
    return Reason(Overall.INCOMPLETE, ExitCode.POLICY, sentence, remedy)


def _unseen(library: LibraryStatus) -> str:
    if library.unreadable:
        found = _count(library.unreadable, "file or folder", "files or folders")
        return f"{found} of {library.name} could not be read."
    if library.last_scan_ns is None:
        return f"{library.name} was never looked at."
    return f"A part of {library.name} could not be seen by its last scan."


def _of_location(location: LocationStatus, status: ArchiveStatus) -> Iterator[Reason]:
    name = location.name
    if location.lost:
        found = _count(location.lost, "copy is", "copies are")
        sentence = f"{found} damaged at {name}, and nothing known can repair that."
        yield Reason(Overall.LOST, ExitCode.LOST, sentence, f"fonoteca verify {name}")
    if location.damaged > location.lost:
        found = _count(location.damaged - location.lost, "copy is", "copies are")
        sentence = f"{found} damaged or missing at {name}."
        yield Reason(Overall.DAMAGED, ExitCode.REPAIRABLE, sentence, f"fonoteca backup {name}")
    yield from _presence(location)
    # What a drive in its drawer lacks is a line until it is due again; `copies` of the policy still counts.
    code = ExitCode.DONE if location.excused else ExitCode.POLICY
    if location.missing:
        found = _count(location.missing, "entry is", "entries are")
        yield Reason(
            Overall.INCOMPLETE, code, f"{found} not yet copied to {name}.", f"fonoteca backup {name}"
        )
    if _overdue(location, status):
        sentence = f"Some copies at {name} were not read back for longer than the policy allows."
        yield Reason(Overall.OVERDUE, code, sentence, f"fonoteca scrub {name}")


def _presence(location: LocationStatus) -> Iterator[Reason]:
    why = f": {location.reason}" if location.reason else ""
    if location.presence is Presence.AWAY:
        code = ExitCode.DONE if location.excused else ExitCode.AWAY
        yield Reason(Overall.AWAY, code, f"{location.name} is away{why}.")
    if location.presence is Presence.REFUSES:
        yield Reason(Overall.INCOMPLETE, ExitCode.INCOMPLETE, f"{location.name} cannot be used{why}.")


def _overdue(location: LocationStatus, status: ArchiveStatus) -> bool:
    """Copies that were never read back count from the start of time."""
    if status.verify_every_ns is None or not location.copies:
        return False
    if location.never_verified or location.oldest_verified_ns is None:
        return True
    return status.time_ns - location.oldest_verified_ns > status.verify_every_ns


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
