"""The words of the journal: what happened to the archive's objects, as PREMIS names it.

The types are those of the vocabulary that PREMIS 3.0 points to (semantic unit 2.2, id.loc.gov/vocabulary/preservation/
eventType), so that a program that knows them knows ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from fonoteca.core.finding import FindingKind
from fonoteca.core.manifest.lines import Happened
from fonoteca.core.paths import path_fields, path_value
from fonoteca.core.plan.repair import Bad, Kind

SUCCESS: Final = "success"
FAILURE: Final = "failure"


class Type(StrEnum):
    """What kind of thing happened."""

    INGESTION = "ingestion"
    """An entry came into the archive's keeping, or came back."""
    REPLICATION = "replication"
    """A verified copy stands at a location."""
    FIXITY_CHECK = "fixity check"
    """Bytes were compared with what was recorded."""
    VALIDATION = "validation"
    """Something was held against its own form: a file's inside, a manifest."""
    MODIFICATION = "modification"
    """An entry has another content."""
    METADATA_MODIFICATION = "metadata modification"
    """Only its tags are others."""
    FILENAME_CHANGE = "filename change"
    """An entry, or a copy after it, has another path."""
    DEACCESSION = "deaccession"
    """An entry is gone from its library; its copies are kept."""
    DELETION = "deletion"
    """An old version was given up."""
    QUARANTINE = "quarantine"
    """Bytes that should not stand there were put aside."""
    RECOVERY = "recovery"
    """Recorded bytes were put back."""
    DISSEMINATION = "dissemination"
    """Files were restored into a folder."""


class Logged(NamedTuple):
    """One event of the journal. `was`: the path before, of a filename change. `agent` None: it was not recorded."""

    time_ns: int
    type: str
    outcome: str
    library: str | None = None
    location: str | None = None
    path: bytes | None = None
    was: bytes | None = None
    detail: str = ""
    agent: str | None = None
    entry: int | None = None


OF_FINDING: Final = {
    **dict.fromkeys(
        (
            FindingKind.MISSING,
            FindingKind.DAMAGED,
            FindingKind.UNREADABLE_COPY,
            FindingKind.CHANGED_AT_LOCATION,
            FindingKind.ROT,
            FindingKind.SUSPECT,
            FindingKind.DAMAGED_BY_WRITE,
            FindingKind.UNSTABLE_READS,
            FindingKind.UNREADABLE,
        ),
        Type.FIXITY_CHECK,
    ),
    **dict.fromkeys((FindingKind.NOT_COPIED, FindingKind.DIFFERS), Type.REPLICATION),
    **dict.fromkeys(
        (FindingKind.DAMAGED_INSIDE, FindingKind.MANIFEST_DAMAGED, FindingKind.ROLLED_BACK), Type.VALIDATION
    ),
}
"""Findings that tell of an event that failed, and which. Others tell of no event."""

PUT_ASIDE: Final = (FindingKind.CHANGED_AT_LOCATION, FindingKind.PUT_ASIDE)
"""Findings whose bytes are in quarantine."""


def recovery(
    now: int, bad: Bad, location: str | None, what: Kind, source: str, kept: str | None
) -> tuple[Logged, ...]:
    """A repair: the recovery with its source, and the quarantine of the bad bytes where they are `kept`."""
    detail = f"the {what.value} was {bad.state}; the recorded bytes came from {source}"
    done = Logged(now, Type.RECOVERY, SUCCESS, bad.library, location, bad.path, None, detail, entry=bad.entry)
    if kept is None:
        return (done,)
    return done, done._replace(type=Type.QUARANTINE, detail=f"the bad bytes lie at {kept}")


# as manifest lines


def line_of(event: Logged) -> Happened:
    """The manifest line that states an event; its library is the segment's."""
    told: dict[str, object] = {"outcome": event.outcome}
    told |= {name: value for name in _TEXTS if (value := getattr(event, name))}
    for name in _PATHS:
        if (path := getattr(event, name)) is not None:
            told |= path_fields(name, path)
    return Happened(event.type, event.time_ns, told)


def event_of(line: Happened, library: str) -> Logged | None:
    """The event that a line states; None for a line that is no event of an object, or that cannot be read."""
    outcome = line.detail.get("outcome")
    if not isinstance(outcome, str):
        return None
    texts = {name: value for name in _TEXTS if isinstance(value := line.detail.get(name), str)}
    try:
        paths = {name: path_value(line.detail, name) for name in _PATHS if name in line.detail}
    except (TypeError, ValueError):
        return None
    return Logged(line.time_ns, line.kind, outcome, library, **texts, **paths)  # type: ignore[arg-type]  # by name


_TEXTS = ("location", "detail", "agent")
_PATHS = ("path", "was")
