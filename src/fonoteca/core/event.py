"""Everything that happens, as values: `--json`, the progress display and the log are this one stream.

A task's stream begins with `RunStarted` and ends with `RunEnded`; between them the order is the order of things.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from fonoteca.core.copy import Level
from fonoteca.core.finding import Finding
from fonoteca.core.retag import Change
from fonoteca.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A task begins. `run_id` is 32 hex digits; `time_ns` since 1970."""

    task: str
    run_id: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class Phase:
    """What is being done now: `scan`, `copy`, `look inside`, `verify`, `seal`, …; totals where they are known."""

    name: str
    files: int | None = None
    bytes: int | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """A library was looked at. Counts of entries; `complete` is False when a part of it could not be seen."""

    library: str
    entries: int
    bytes: int
    new: int
    written: int
    touched: int
    gone: int
    complete: bool
    moved: int = 0
    """Entries that have another path now; they count as neither new nor gone."""


class Judged(NamedTuple):
    """So many tracks and companions of a library have a new content that came by this verdict."""

    library: str
    verdict: Verdict
    files: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What a location still needs, before anything is sent."""

    location: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class WouldCopy:
    """A dry run: this entry would be sent to these locations, for this reason (`new`, `written`, `no copy yet`)."""

    library: str
    path: bytes
    size: int
    reason: str
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advanced:
    """Progress of the current phase since the last such event: files and bytes, at one location or over all."""

    files: int
    bytes: int
    location: str | None = None


class Copied(NamedTuple):
    """A verified copy stands and is recorded.

    `how`: `sent`, `replaced` (the old is kept as a version), `repaired` (a copy that was missing, damaged or changed is
    right again; bad bytes are in quarantine), `taken` (it stood there), `reverted` (a version was), `time set`.
    """

    location: str
    library: str
    path: bytes
    size: int
    level: Level
    how: str


class Moved(NamedTuple):
    """A copy stands under its entry's new path and is recorded; no bytes were sent. `was`: its key before."""

    location: str
    library: str
    path: bytes
    size: int
    was: bytes


@dataclass(frozen=True, slots=True)
class WouldMove:
    """A dry run: the copies of this entry would be renamed at these locations. `was`: the key of the first of them."""

    library: str
    path: bytes
    size: int
    was: bytes
    locations: tuple[str, ...]


class Retired(NamedTuple):
    """The entry is gone from its library: its copy left its key there and is kept as a version."""

    location: str
    library: str
    path: bytes
    size: int


@dataclass(frozen=True, slots=True)
class WouldRetire:
    """A dry run: the copies of this entry, which is gone, would become versions at these locations."""

    library: str
    path: bytes
    size: int
    locations: tuple[str, ...]


class Verified(NamedTuple):
    """One copy (or library file, then `location` is None) was checked and is as recorded."""

    path: bytes
    size: int
    level: Level
    library: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """One entry stands in the target folder. `how` is `written`, `already there`, `replaced` or `kept` (a conflict).

    `what` is `file`, `link` or `folder` (an empty one).
    """

    library: str
    path: bytes
    size: int
    how: str
    source: str | None = None
    what: str = "file"


class WouldRepair(NamedTuple):
    """A plan's step: what is bad, and the copy that would be put in its place. Nothing was touched.

    `what`: `copy`, `version` or `library file` (`location` is then None). `source`: a location, or the library itself.
    """

    library: str
    path: bytes
    location: str | None
    what: str
    size: int
    why: str
    """The state in which it was last seen: `missing`, `damaged`, `unreadable`, `rot`, …."""
    source: str
    source_level: Level
    """Of the source's last verification, at `source_verified_ns`; it is read again before it is believed."""
    source_verified_ns: int | None


class Repaired(NamedTuple):
    """The recorded bytes stand again, verified to `level`. Fields as in `WouldRepair`."""

    library: str
    path: bytes
    location: str | None
    what: str
    size: int
    level: Level
    source: str
    source_level: Level
    source_verified_ns: int | None
    kept: str | None
    """Where the bad bytes are kept, `red: .fonoteca/quarantine/…`; None where none were there."""


class Retagged(NamedTuple):
    """Old tags stand again in a library's file. `how` is `would be written` or `written`.

    `source`: the location whose earlier bytes were put back; None where the fields were written into the present file.
    """

    library: str
    path: bytes
    size: int
    how: str
    source: str | None
    changes: tuple[Change, ...]
    """Field by field, from what stands there to what stood there then."""


@dataclass(frozen=True, slots=True)
class VersionPruned:
    """An earlier content of an entry is kept no more at a location. `how` is `would be pruned` or `pruned`.

    It was the entry's until `until_ns`; `is_early`: it went for want of room, its sound stands in its successor.
    """

    location: str
    library: str
    path: bytes
    size: int
    until_ns: int
    how: str
    is_early: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A finding."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class LocationFailed:
    """A location could not be used, or stopped in the middle; the others go on. `kind` is the error's class name."""

    location: str
    kind: str
    sentence: str
    asked: bool = True
    """False for a `removable` location that is merely away: a line, not a code."""


@dataclass(frozen=True, slots=True)
class LibraryFailed:
    """A library could not be used."""

    library: str
    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A location's manifest segment was closed: `segment` is its number."""

    location: str
    library: str
    segment: int


@dataclass(frozen=True, slots=True)
class BudgetReached:
    """A run stopped where its budget ends; so many files and bytes were not reached, and the next run begins there."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know that is neither a finding nor a failure."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The totals of a run, for the closing report and the last JSON line."""

    counts: dict[str, int] = field(default_factory=dict)
    """For example `{"copied": 12, "unchanged": 3400, "findings": 0}`."""
    per_location: dict[str, dict[str, int | str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A task is over. `exit_code` follows section 6 of the design: the worst of its parts."""

    task: str
    exit_code: int
    seconds: float
    summary: Summary


Event: TypeAlias = (
    RunStarted
    | Phase
    | Scanned
    | Judged
    | Planned
    | WouldCopy
    | Advanced
    | Copied
    | Moved
    | WouldMove
    | Retired
    | WouldRetire
    | Verified
    | Restored
    | WouldRepair
    | Repaired
    | Retagged
    | VersionPruned
    | Found
    | LocationFailed
    | LibraryFailed
    | Sealed
    | BudgetReached
    | Warned
    | RunEnded
)
