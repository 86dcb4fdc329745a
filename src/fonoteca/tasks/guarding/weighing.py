"""Recorders that tell the guard what was read: one while files are brought to the locations, one before that.

`Weighing` only judges. What is written in mass must be known before any of it is published, and verdicts come file by
file while files are read; so those files are read once without lanes, and nothing is recorded but what counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from fonoteca.catalogue import holds
from fonoteca.core.event import Advanced, Event
from fonoteca.core.guard import GuardKind, counted_as
from fonoteca.tasks.copying.readings import Read, ReadParcel
from fonoteca.tasks.copying.recording import Recorder


@dataclass(slots=True)
class Counting(Recorder):
    """A recorder that notes what the guard counts."""

    def read(self, parcel: ReadParcel) -> Iterator[Event]:
        """As a recorder does."""
        for result in parcel.results:
            if isinstance(result, Read):
                note(self.catalogue, result, self.run_ns)
        yield from Recorder.read(self, parcel)


@dataclass(slots=True)
class Weighing(Recorder):
    """Notes what the guard counts, and records nothing else."""

    judged: dict[GuardKind, set[int]] = field(default_factory=dict)
    """Entries by the kind under which they count."""

    def read(self, parcel: ReadParcel) -> Iterator[Event]:
        """Judged files; those that could not be read are met again when they are to be copied."""
        size = 0
        for result in parcel.results:
            if not isinstance(result, Read):
                continue
            size += result.decision.content.size
            kind = note(self.catalogue, result, self.run_ns)
            if kind is not None and result.work.entry is not None:
                self.judged.setdefault(kind, set()).add(result.work.entry)
        yield Advanced(len(parcel.results), size)

    def ended(self) -> Iterator[Event]:
        """Nothing: what was read says more when it is read to be copied."""
        yield from ()


def note(catalogue: sqlite3.Connection, result: Read, now_ns: int) -> GuardKind | None:
    """The kind under which what was read counts; it is noted where it does."""
    work, decision = result.work, result.decision
    was_emptied = decision.content.size == 0 and work.recorded is not None and work.recorded.size > 0
    kind = counted_as(decision.verdict, is_emptied=was_emptied)
    if kind is not None and work.entry is not None:
        content, stat = decision.content, decision.stat
        holds.note_incident(
            catalogue, work.entry, kind, content, stat, trusted=decision.trusted, now_ns=now_ns
        )
    return kind
