"""Figures for a monitoring, in the text format of Prometheus (version 0.0.4): one look at the archive as gauges.

    fonoteca_copies{location="red"} 4120
    fonoteca_location_present{location="red"} 1

Times are seconds since 1970, sizes bytes, truths 0 or 1. A figure that nobody knows has no line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fonoteca import __version__
from fonoteca.core.judgement import Judgement, Overall
from fonoteca.core.status import ArchiveStatus, LibraryStatus, LocationStatus, Presence

Labels = tuple[tuple[str, str], ...]
Value = float | int | None


@dataclass(frozen=True, slots=True)
class Cycle:
    """The last piece of work, or run: when it ended, and whether it did so as it should."""

    time_ns: int
    is_well: bool


def metrics(status: ArchiveStatus, verdict: Judgement, cycle: Cycle) -> str:
    """The whole file, with its last line end."""
    lines: list[str] = []
    for name, kind, meaning, values in _families(status, verdict, cycle):
        known = [(labels, value) for labels, value in values if value is not None]
        if known:
            lines += [f"# HELP fonoteca_{name} {meaning}", f"# TYPE fonoteca_{name} {kind}"]
            lines += [f"fonoteca_{name}{_labelled(labels)} {_number(value)}" for labels, value in known]
    return "\n".join(lines) + "\n"


Family = tuple[str, str, str, Iterable[tuple[Labels, Value]]]


def _families(status: ArchiveStatus, verdict: Judgement, cycle: Cycle) -> Iterator[Family]:
    yield "info", "gauge", "The program that wrote this.", [((("version", __version__),), 1)]
    yield "time_seconds", "gauge", "When this was written.", [((), _seconds(status.time_ns))]
    yield (
        "last_cycle_time_seconds",
        "gauge",
        "When the last piece of work ended.",
        [((), _seconds(cycle.time_ns))],
    )
    yield "last_cycle_success", "gauge", "Whether no piece of work failed last.", [((), int(cycle.is_well))]
    yield (
        "state",
        "gauge",
        "The archive's word: 1 for the one that holds.",
        [((("state", each.value),), int(each is verdict.overall)) for each in Overall],
    )
    yield "exit_code", "gauge", "The exit code of fonoteca status.", [((), int(verdict.exit_code))]
    yield "wanted_copies", "gauge", "Copies that the policy asks for.", [((), status.wanted_copies)]
    yield "holds", "gauge", "Holds that wait for a person.", [((), len(status.holds))]
    yield (
        "reason_since_seconds",
        "gauge",
        "Since when each thing is as it should not be; 0 where nobody knows.",
        [(_of_reason(each), _seconds(each.since_ns) or 0) for each in verdict.reasons],
    )
    yield from _of_libraries(status)
    yield from _of_locations(status)


def _of_reason(reason: object) -> Labels:
    given = [(name, getattr(reason, name)) for name in ("concern", "library", "location", "hold")]
    return tuple((name, str(value)) for name, value in given if value is not None)


def _of_libraries(status: ArchiveStatus) -> Iterator[Family]:
    def each(value: str) -> list[tuple[Labels, Value]]:
        return [((("library", one.name),), _library(one, value, status)) for one in status.libraries]

    for value, meaning in {
        "present": "Whether the library is there.",
        "entries": "Files of the library.",
        "bytes": "Their size.",
        "held": "Files that are held.",
        "unreadable": "Files and folders that could not be read.",
        "below_policy": "Files with fewer copies than the policy asks for.",
        "last_scan_time_seconds": "When all of it was looked at last.",
    }.items():
        yield f"library_{value}", "gauge", meaning, each(value)


def _library(one: LibraryStatus, value: str, status: ArchiveStatus) -> Value:
    match value:
        case "present":
            return int(one.present)
        case "below_policy":
            return one.below(status.wanted_copies)
        case "last_scan_time_seconds":
            return _seconds(one.last_scan_ns)
        case _:
            return int(getattr(one, value))


def _of_locations(status: ArchiveStatus) -> Iterator[Family]:
    for value, meaning in {
        "present": "Whether the location is there.",
        "copies": "Copies that it holds.",
        "bytes": "Their size.",
        "versions": "Earlier contents that it keeps.",
        "missing": "Copies that it lacks.",
        "damaged": "Copies that are wrong, unreadable or vanished.",
        "lost": "Those of them that nothing known can put right.",
        "level": "The weakest level of its copies, 0 (none) to 5 (media).",
        "never_verified": "Copies that were never read back.",
        "oldest_verified_time_seconds": "When the copy that was read longest ago was read.",
        "last_verified_time_seconds": "When a copy was read last.",
        "last_seen_time_seconds": "When it was opened last.",
        "free_bytes": "Its free room.",
        "total_bytes": "Its whole room.",
        "share_within_policy": "Copies that were read within the policy's time, 0 to 1.",
    }.items():
        given: list[tuple[Labels, Value]] = [
            ((("location", one.name),), _location(one, value)) for one in status.locations
        ]
        yield f"location_{value}", "gauge", meaning, given


def _location(one: LocationStatus, value: str) -> Value:
    match value:
        case "present":
            return int(one.presence is Presence.PRESENT)
        case "level":
            return int(one.level) if one.copies else None
        case "oldest_verified_time_seconds" | "last_verified_time_seconds" | "last_seen_time_seconds":
            time_ns: int | None = getattr(one, value.removesuffix("_time_seconds") + "_ns")
            return _seconds(time_ns)
        case "share_within_policy":
            return one.share_within
        case _:
            known: int | None = getattr(one, value)
            return known


def _seconds(time_ns: int | None) -> float | None:
    return None if time_ns is None else time_ns / 1e9


def _number(value: float) -> str:
    """Whole, or with the digits that a double holds."""
    return str(value) if isinstance(value, int) else repr(value)


def _labelled(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    """As the format asks for in a label's value; what is no UTF-8 is replaced."""
    text = value.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
