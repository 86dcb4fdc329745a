"""The one word for an archive: the worst of its parts, with every reason.

    >>> judge(ArchiveStatus(time_ns=0, wanted_copies=2)).overall.value
    'unprotected'

The same reasons are what `status` says, what notices tell of and what metrics count: they agree because they are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from fonoteca.core.report import ExitCode, worst
from fonoteca.core.status import (
    ArchiveStatus,
    FailureStatus,
    HoldStatus,
    LibraryStatus,
    LocationStatus,
    Presence,
)


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


class Concern(StrEnum):
    """What kind of thing is not as it should be; programs may rely on these words."""

    UNPROTECTED = "unprotected"
    LIBRARY_AWAY = "library away"
    HOLD = "hold"
    WAITING = "waiting for your word"
    """Held entries over which no hold stands."""
    LOST_FILES = "files lost"
    """Damaged in the library itself, no good copy known."""
    SPOILT_FILES = "files damaged"
    """Damaged in the library itself, good copies known."""
    UNSTABLE = "unstable reads"
    UNREAD = "not read"
    """A part of a library could not be seen or read by its last scan."""
    MENDABLE = "damaged inside, a better one kept"
    DAMAGED_INSIDE = "damaged inside"
    BELOW_POLICY = "copies below policy"
    LOST_COPIES = "copies lost"
    """Damaged copies that nothing known can put right."""
    DAMAGED_COPIES = "copies damaged"
    AWAY = "location away"
    REFUSES = "location refuses"
    FULL = "location full"
    FAILED = "location failed"
    MISSING = "copies missing"
    OVERDUE = "verification overdue"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an archive is not simply safe. `remedy` is a command to type, or empty."""

    word: Overall
    code: ExitCode
    sentence: str
    remedy: str = ""
    concern: Concern = Concern.UNPROTECTED
    library: str | None = None
    location: str | None = None
    hold: str | None = None
    since_ns: int | None = None
    """Since when it is so, as far as anybody looked; None where nobody did."""

    @property
    def key(self) -> str:
        """What it is about, the same as long as it lasts: `copies damaged at red`, `hold removed-7k2m`."""
        about = (self.hold or self.library, f"at {self.location}" if self.location else None)
        return " ".join([self.concern.value, *(part for part in about if part)])


@dataclass(frozen=True, slots=True)
class Judgement:
    """The word, the exit code, and every reason, worst first. `safe` may still carry excused absences."""

    overall: Overall
    exit_code: ExitCode
    reasons: tuple[Reason, ...] = ()


def judge(status: ArchiveStatus) -> Judgement:
    """The archive's overall word: the worst of its parts."""
    since = dict(status.since)
    reasons = tuple(
        reason if reason.since_ns is not None else replace(reason, since_ns=since.get(reason.key))
        for reason in _reasons(status)
    )
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
    failures = {failure.location: failure for failure in status.failures}
    for location in status.locations:
        yield from _of_location(location, status, failures.get(location.name))


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
    yield Reason(Overall.UNPROTECTED, ExitCode.POLICY, sentence, remedy, Concern.UNPROTECTED)


def _of_library(library: LibraryStatus, status: ArchiveStatus) -> Iterator[Reason]:
    if not library.present:
        why = f": {library.reason}" if library.reason else ""
        yield Reason(
            Overall.AWAY,
            ExitCode.AWAY,
            f"The library {library.name} is away{why}.",
            "",
            Concern.LIBRARY_AWAY,
            library.name,
        )
    yield from _held(library, any(hold.library == library.name for hold in status.holds))
    if library.unreadable or not library.scan_complete:
        yield Reason(
            Overall.INCOMPLETE,
            ExitCode.INCOMPLETE,
            _unseen(library),
            "fonoteca scan",
            Concern.UNREAD,
            library.name,
        )
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
    return Reason(
        Overall.HELD,
        ExitCode.HELD,
        sentence,
        remedy,
        Concern.HOLD,
        hold.library,
        hold=hold.id,
        since_ns=hold.since_ns,
    )


def _held(library: LibraryStatus, is_under_hold: bool) -> Iterator[Reason]:
    """Damage is damage, whoever is asked about it; what a hold speaks of is not said twice."""
    if library.hopeless:
        found = _count(library.hopeless, "file is", "files are")
        sentence = f"{found} damaged in {library.name} itself, and no good copy is known."
        yield Reason(
            Overall.LOST, ExitCode.LOST, sentence, "fonoteca show PATH", Concern.LOST_FILES, library.name
        )
    if library.spoilt > library.hopeless:
        found = _count(library.spoilt - library.hopeless, "file is", "files are")
        sentence = f"{found} damaged in {library.name} itself, and good copies are known."
        yield Reason(
            Overall.DAMAGED,
            ExitCode.REPAIRABLE,
            sentence,
            "fonoteca repair --library",
            Concern.SPOILT_FILES,
            library.name,
        )
    if library.unstable:
        found = _count(library.unstable, "file reads", "files read")
        sentence = f"{found} differently each time in {library.name}: the machine is to be doubted."
        yield Reason(
            Overall.INCOMPLETE, ExitCode.INCOMPLETE, sentence, "fonoteca scan", Concern.UNSTABLE, library.name
        )
    waiting = library.held - library.spoilt - library.unstable
    if waiting > 0 and not is_under_hold:
        sentence = f"{_count(waiting, 'entry waits', 'entries wait')} in {library.name} for your word."
        yield Reason(
            Overall.HELD,
            ExitCode.HELD,
            sentence,
            "fonoteca repair --library    # or: fonoteca hold accept PATH",
            Concern.WAITING,
            library.name,
        )


def _inside(library: LibraryStatus) -> Iterator[Reason]:
    """What came damaged is kept as it came: said, but no fault of the archive's, so without a code of its own."""
    if library.mendable:
        found = _count(library.mendable, "track is", "tracks are")
        sentence = (
            f"{found} damaged inside in {library.name}, and an earlier content without a fault is kept."
        )
        yield Reason(
            Overall.DAMAGED,
            ExitCode.REPAIRABLE,
            sentence,
            "fonoteca show PATH",
            Concern.MENDABLE,
            library.name,
        )
    left = library.damaged_inside - library.mendable
    if left:
        found = _count(left, "track is", "tracks are")
        sentence = f"{found} damaged inside in {library.name}: kept as found, no better content is known."
        yield Reason(Overall.DAMAGED, ExitCode.DONE, sentence, "", Concern.DAMAGED_INSIDE, library.name)


def _short_of_copies(library: LibraryStatus, short: int, status: ArchiveStatus) -> Reason:
    """Where every location is complete, another backup adds nothing: another drive is needed."""
    has = "has" if short == 1 else "have"
    sentence = (
        f"{_count(short, 'entry', 'entries')} of {library.name} {has} fewer than "
        f"{_count(status.wanted_copies, 'copy', 'copies')} on separate file systems."
    )
    lacking = any(location.missing or location.damaged for location in status.locations)
    remedy = "fonoteca backup" if lacking else "fonoteca location add NAME PLACE    # on another drive"
    return Reason(Overall.INCOMPLETE, ExitCode.POLICY, sentence, remedy, Concern.BELOW_POLICY, library.name)


def _unseen(library: LibraryStatus) -> str:
    if library.unreadable:
        found = _count(library.unreadable, "file or folder", "files or folders")
        return f"{found} of {library.name} could not be read."
    if library.last_scan_ns is None:
        return f"{library.name} was never looked at."
    return f"A part of {library.name} could not be seen by its last scan."


def _of_location(
    location: LocationStatus, status: ArchiveStatus, failure: FailureStatus | None
) -> Iterator[Reason]:
    name = location.name
    if location.lost:
        found = _count(location.lost, "copy is", "copies are")
        sentence = f"{found} damaged at {name}, and nothing known can repair that."
        remedy = f"fonoteca verify {name}"
        yield _at(location, Overall.LOST, ExitCode.LOST, sentence, remedy, Concern.LOST_COPIES)
    if location.damaged > location.lost:
        found = _count(location.damaged - location.lost, "copy is", "copies are")
        remedy = f"fonoteca repair {name} --apply" if location.damaged_apart else f"fonoteca backup {name}"
        sentence = f"{found} damaged or missing at {name}."
        yield _at(location, Overall.DAMAGED, ExitCode.REPAIRABLE, sentence, remedy, Concern.DAMAGED_COPIES)
    yield from _presence(location)
    # What a drive in its drawer lacks is a line until it is due again; `copies` of the policy still counts.
    code = ExitCode.DONE if location.excused else ExitCode.POLICY
    if failure is not None and location.presence is Presence.PRESENT:
        yield _of_failure(location, failure)
    if location.missing:
        found = _count(location.missing, "entry is", "entries are")
        sentence, remedy = f"{found} not yet copied to {name}.", f"fonoteca backup {name}"
        yield _at(location, Overall.INCOMPLETE, code, sentence, remedy, Concern.MISSING)
    if _overdue(location, status):
        sentence = f"Some copies at {name} were not read back for longer than the policy allows."
        yield _at(location, Overall.OVERDUE, code, sentence, f"fonoteca scrub {name}", Concern.OVERDUE)


def _at(
    location: LocationStatus, word: Overall, code: ExitCode, sentence: str, remedy: str, concern: Concern
) -> Reason:
    return Reason(word, code, sentence, remedy, concern, location=location.name)


def _presence(location: LocationStatus) -> Iterator[Reason]:
    why = f": {location.reason}" if location.reason else ""
    if location.presence is Presence.AWAY:
        code = ExitCode.DONE if location.excused else ExitCode.AWAY
        yield _at(location, Overall.AWAY, code, f"{location.name} is away{why}.", "", Concern.AWAY)
    if location.presence is Presence.REFUSES:
        sentence = f"{location.name} cannot be used{why}."
        yield _at(location, Overall.INCOMPLETE, ExitCode.INCOMPLETE, sentence, "", Concern.REFUSES)


def _of_failure(location: LocationStatus, failure: FailureStatus) -> Reason:
    """What it lacks for that is a reason of its own; this says why."""
    concern = Concern.FULL if failure.kind == "Full" else Concern.FAILED
    remedy = f"fonoteca backup {location.name}"
    reason = _at(location, Overall.INCOMPLETE, ExitCode.INCOMPLETE, failure.sentence, remedy, concern)
    return replace(reason, since_ns=failure.since_ns)


def _overdue(location: LocationStatus, status: ArchiveStatus) -> bool:
    """Copies that were never read back count from the start of time."""
    if status.verify_every_ns is None or not location.copies:
        return False
    if location.never_verified or location.oldest_verified_ns is None:
        return True
    return status.time_ns - location.oldest_verified_ns > status.verify_every_ns


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
