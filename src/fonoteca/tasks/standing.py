"""What `status` adds to its counts: since when each thing is so, and what no count speaks of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from fonoteca.catalogue import notices
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core.finding import FindingKind
from fonoteca.core.judgement import Concern, judge
from fonoteca.core.notice import UNDELIVERED
from fonoteca.core.sharing import shared
from fonoteca.core.status import ArchiveStatus
from fonoteca.core.times import time_text
from fonoteca.tasks.guarding import holding

_SHOWN = 10
"""So many open findings are put into words; more are counted."""

UNREAD = {FindingKind.UNREADABLE.value, FindingKind.CHANGING.value}
_TOLD_OTHERWISE = UNREAD | {
    kind.value
    for kind in (
        FindingKind.MISSING,
        FindingKind.DAMAGED,
        FindingKind.UNREADABLE_COPY,
        *holding.KINDS.values(),
        FindingKind.HELD,
    )
}

_SHOWN_BY: dict[Concern, set[str]] = {
    Concern.LOST_FILES: {FindingKind.ROT.value, FindingKind.DAMAGED_BY_WRITE.value},
    Concern.SPOILT_FILES: {FindingKind.ROT.value, FindingKind.DAMAGED_BY_WRITE.value},
    Concern.UNSTABLE: {FindingKind.UNSTABLE_READS.value},
    Concern.WAITING: {FindingKind.SUSPECT.value},
    Concern.UNREAD: {*UNREAD, FindingKind.NOT_SEEN.value},
    Concern.MENDABLE: {FindingKind.DAMAGED_INSIDE.value},
    Concern.DAMAGED_INSIDE: {FindingKind.DAMAGED_INSIDE.value},
    Concern.LOST_COPIES: {"missing", "damaged", "unreadable copy"},
    Concern.DAMAGED_COPIES: {"missing", "damaged", "unreadable copy"},
}
"""Which findings show what a reason counts."""


class OpenFinding(NamedTuple):
    """One that is open."""

    kind: str
    severity: str
    library: str | None
    location: str | None
    path: bytes | None
    detail: str
    first_ns: int

    @property
    def sentence(self) -> str:
        """`nua: changed at location: music/Nina Simone/01.flac: expected …`."""
        path = self.path.decode("utf-8", "backslashreplace") if self.path else ""
        file = "/".join(part for part in (self.library, path) if part) if path else ""
        parts = (self.location or self.library, self.kind, file, self.detail)
        return ": ".join(part for part in parts if part) + "."


def shows(finding: OpenFinding, concern: Concern, library: str | None, location: str | None) -> bool:
    """Whether a finding is one of those that a reason about this library or location counts."""
    if finding.kind not in _SHOWN_BY.get(concern, ()):
        return False
    return finding.location == location and (library is None or finding.library == library)


def since(
    connection: sqlite3.Connection, status: ArchiveStatus, findings: Sequence[OpenFinding]
) -> Iterator[tuple[str, int]]:
    """Since when each reason holds: by what shows it, by when a place was seen last, else by when we looked."""
    known = {key: each.since_ns for key, each in notices.load(connection).items() if each.ended_ns is None}
    seen = {each.name: each.last_seen_ns for each in status.locations}
    scanned = {each.name: each.last_scan_ns for each in status.libraries}
    for reason in judge(status).reasons:
        first = [
            each.first_ns for each in findings if shows(each, reason.concern, reason.library, reason.location)
        ]
        when: int | None = min(first, default=None)
        if reason.concern is Concern.AWAY and reason.location is not None:
            when = seen.get(reason.location)
        elif reason.concern is Concern.LIBRARY_AWAY and reason.library is not None:
            when = scanned.get(reason.library)
        when = known.get(reason.key) if when is None else when
        if when is not None:
            yield reason.key, when


def warnings(
    connection: sqlite3.Connection,
    findings: Iterable[OpenFinding],
    libraries: Mapping[str, LibraryRow],
    places: Mapping[str, PlaceRow],
) -> Iterator[str]:
    """What counts less than a person might think, notices that do not arrive, and findings that no count speaks of."""
    yield from shared(
        {row.name: row.file_system for row in libraries.values()},
        {row.name: row.identity.file_system for row in places.values()},
    )
    undelivered = notices.load(connection).get(UNDELIVERED)
    if undelivered is not None:
        yield f"Since {time_text(undelivered.since_ns)} {undelivered.title}"
    yield from _others(findings, {*libraries, *places})


def _others(findings: Iterable[OpenFinding], names: set[str]) -> Iterator[str]:
    others = [
        each.sentence
        for each in findings
        if each.severity != "note"
        and each.kind not in _TOLD_OTHERWISE
        and (each.location or each.library) in names
    ]
    yield from others[:_SHOWN]
    if len(others) > _SHOWN:
        yield f"{len(others) - _SHOWN} more findings are open."
