"""JSON Lines: one object a line, for programs.

    {"type": "run_started", "schema_version": 1, "run_id": "5f…", "task": "backup", "time": …}
    {"type": "copied", "location": "red", "library": "music", "path": "a.flac", "size": 812, "level": …}
    {"type": "summary", "task": "backup", "exit_code": 0, "seconds": 1.25, "counts": {…}, "locations": {…}}

Every line has `type`; the first also `schema_version` and `run_id`; the last is `summary`, or `error` where
a run was stopped by one. A path is `path`, with `path_b64` (the exact bytes) beside it where it is not UTF-8.
Times are RFC 3339. Whatever is not ASCII is escaped (RFC 8259, section 7), so that a name acts on no terminal
and suits any encoding.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from fonoteca.core.event import (
    Advanced,
    BudgetReached,
    Copied,
    Event,
    Found,
    Judged,
    LibraryFailed,
    LocationFailed,
    Moved,
    Phase,
    Planned,
    Repaired,
    Restored,
    Retagged,
    Retired,
    RunEnded,
    RunStarted,
    Scanned,
    Sealed,
    Verified,
    VersionPruned,
    Warned,
    WouldCopy,
    WouldMove,
    WouldRepair,
    WouldRetire,
)
from fonoteca.core.finding import Finding
from fonoteca.core.judgement import Judgement, judge
from fonoteca.core.status import ArchiveStatus, ServiceStatus
from fonoteca.render.words import rfc3339

SCHEMA_VERSION = 1
_PROGRESS_EVERY = 1.0
"""Seconds between two `advanced` lines: progress for a program that watches, without a line a block."""

Line = dict[str, Any]


class Lines:
    """Writes the lines of one command with `write`, which takes one line of text with its line end.

    `quiet` leaves out what only says that work goes on (`phase`, `advanced`).
    """

    def __init__(self, write: Callable[[str], object], run_id: str, *, quiet: bool = False) -> None:
        self._write = write
        self._run_id = run_id
        self._quiet = quiet
        self._begun = False
        self._moved: dict[str | None, list[int]] = {}
        self._last_progress = monotonic()

    def take(self, event: Event) -> None:
        """Write `event`. `Advanced` is summed up and written once a second."""
        if isinstance(event, Advanced):
            self._advance(event)
            return
        if isinstance(event, RunStarted) and not self._begun:
            self._run_id = event.run_id
        if self._quiet and isinstance(event, Phase):
            return
        self.line(_KINDS[type(event)], as_line(event))

    def line(self, kind: str, values: Mapping[str, Any]) -> None:
        """Write one object of type `kind`."""
        head: Line = {"type": kind}
        if not self._begun:
            self._begun = True
            head |= {"schema_version": SCHEMA_VERSION, "run_id": self._run_id}
        self._write(json.dumps(head | dict(values), default=_plain) + "\n")

    def _advance(self, event: Advanced) -> None:
        if self._quiet:
            return
        moved = self._moved.setdefault(event.location, [0, 0])
        moved[0] += event.files
        moved[1] += event.bytes
        now = monotonic()
        if now - self._last_progress < _PROGRESS_EVERY:
            return
        self._last_progress = now
        for location, (files, count) in self._moved.items():
            self.line("advanced", {"files": files, "bytes": count, "location": location})
        self._moved.clear()


def name_of_event(event: Event) -> str:
    """What it is called in `type`."""
    return _KINDS[type(event)]


def path_fields(path: bytes | None, name: str = "path") -> Line:
    """`{"path": …}`; where `path` is not UTF-8 its readable form, and `path_b64` with the exact bytes."""
    if path is None:
        return {}
    try:
        return {name: path.decode("utf-8")}
    except UnicodeDecodeError:
        return {name: path.decode("utf-8", "replace"), name + "_b64": base64.b64encode(path).decode("ascii")}


def finding_fields(seen: Finding) -> Line:
    """A finding, flat."""
    return {
        "kind": seen.kind.value,
        "severity": seen.severity.value,
        "detail": seen.detail,
        "library": seen.library,
        "location": seen.location,
        **path_fields(seen.path),
        "repairable": seen.repairable,
        "version": seen.version,
    }


def as_line(event: Event) -> Line:
    """What `event` says, as JSON values."""
    if isinstance(event, Found):
        return finding_fields(event.finding)
    if isinstance(event, RunEnded):
        summary = event.summary
        return {
            "task": event.task,
            "exit_code": event.exit_code,
            "seconds": round(event.seconds, 3),
            "counts": summary.counts,
            "locations": summary.per_location,
        }
    if isinstance(event, Retagged):
        fields = [
            {"field": each.field, "old": list(each.old), "new": list(each.new)} for each in event.changes
        ]
        return _flat(event) | {"changes": fields}
    return _flat(event)


def _flat(value: Any) -> Line:
    """A dataclass's or named tuple's fields, with paths, levels and times in their JSON form."""
    line: Line = {}
    for name in type(value).__match_args__:
        each = getattr(value, name)
        if name in ("path", "was") and isinstance(each, bytes):
            line |= path_fields(each, name)
        elif name.endswith("_ns"):
            line[name.removesuffix("_ns") or "time"] = None if each is None else rfc3339(each)
        elif name in {"level", "source_level"}:
            line[name] = each.word
        else:
            line[name] = each
    return line


def _plain(value: Any) -> Any:
    """What `json` does not know: bytes as readable text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"{type(value).__name__} has no JSON form")


def status_line(status: ArchiveStatus) -> Line:
    """`fonoteca status --json`: one object."""
    verdict = judge(status)
    return {
        "overall": verdict.overall.value,
        "exit_code": int(verdict.exit_code),
        "reasons": _reasons(verdict),
        "time": rfc3339(status.time_ns),
        "wanted_copies": status.wanted_copies,
        "libraries": [
            _flat(library) | {"copies": {str(copies): entries for copies, entries in library.copies}}
            for library in status.libraries
        ],
        "locations": [
            _flat(location) | {"presence": location.presence.value} for location in status.locations
        ],
        "holds": [_flat(hold) for hold in status.holds],
        "failures": [_flat(failure) for failure in status.failures],
        "warnings": list(status.warnings),
        "service": _service(status.service),
    }


def _service(service: ServiceStatus) -> Line:
    times = {name: rfc3339(at) for name, at in service.next_times}
    return _flat(service) | {"died": service.died, "watch": dict(service.watch), "next_times": times}


def _reasons(verdict: Judgement) -> list[Line]:
    return [
        {
            "word": reason.word.value,
            "exit_code": int(reason.code),
            "sentence": reason.sentence,
            "remedy": reason.remedy,
            "concern": reason.concern.value,
            "library": reason.library,
            "location": reason.location,
            "hold": reason.hold,
            "since": None if reason.since_ns is None else rfc3339(reason.since_ns),
        }
        for reason in verdict.reasons
    ]


_KINDS: dict[type, str] = {
    RunStarted: "run_started",
    Phase: "phase",
    Scanned: "scanned",
    Judged: "judged",
    Planned: "planned",
    WouldCopy: "would_copy",
    Advanced: "advanced",
    Copied: "copied",
    Moved: "moved",
    WouldMove: "would_move",
    Retired: "retired",
    WouldRetire: "would_retire",
    Verified: "verified",
    Restored: "restored",
    WouldRepair: "would_repair",
    Repaired: "repaired",
    Retagged: "retagged",
    VersionPruned: "pruned",
    Found: "finding",
    LocationFailed: "location_failed",
    LibraryFailed: "library_failed",
    Sealed: "sealed",
    BudgetReached: "budget_reached",
    Warned: "warning",
    RunEnded: "summary",
}
"""What each event is called in `type`."""
