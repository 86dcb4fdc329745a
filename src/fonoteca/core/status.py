"""What an archive is like now, as values: what `fonoteca status` says, and what is judged by `core/judgement`.

The catalogue fills these values. What could not be looked at is counted and is not success.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fonoteca.core.copy import Level


class Presence(StrEnum):
    """What a location answers now."""

    PRESENT = "present"
    AWAY = "away"
    """Not there, or something else stands in its place."""
    REFUSES = "refuses"
    """There, but it denies us or cannot be believed."""


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
    damaged_apart: int = 0
    """Those of `damaged` that no backup copies anew: earlier versions, and copies of what a library lacks."""
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
    last_seen_ns: int | None = None
    """When it was last opened."""


@dataclass(frozen=True, slots=True)
class FailureStatus:
    """A location at which the last run that copied had to stop."""

    location: str
    kind: str
    """The error's class: `Full`, `Broken`, `Denied`, …."""
    sentence: str
    since_ns: int


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The daemon of an archive. `pid` None: none was ever started, or it ended as it should."""

    pid: int | None = None
    is_alive: bool = False
    last_sign_ns: int | None = None
    """When it last showed that it goes round; it does so at least once a minute."""
    doing: str | None = None
    phase: str | None = None
    files: int | None = None
    files_done: int = 0
    bytes: int | None = None
    bytes_done: int = 0
    place: str | None = None
    """Of several locations that are filled at once, the one that has most before it; the figures are its own."""
    left_s: int | None = None
    """At the pace of this phase until now."""
    since_ns: int | None = None
    paused_s: int = 0
    """For so many seconds it begins nothing."""
    watch: tuple[tuple[str, str], ...] = ()
    """How each library is watched, in words: `events, 3 folders`, `polling (no events on nfs)`."""
    next_times: tuple[tuple[str, int], ...] = ()
    """When each duty is due next, the earliest first."""

    @property
    def died(self) -> bool:
        """It was started, and did not end as it should."""
        return self.pid is not None and not self.is_alive


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
    service: ServiceStatus = ServiceStatus()
    holds: tuple[HoldStatus, ...] = ()
    failures: tuple[FailureStatus, ...] = ()
    since: tuple[tuple[str, int], ...] = ()
    """By `Reason.key`, since when each is so, as far as anybody looked."""
