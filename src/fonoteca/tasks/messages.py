"""What readers tell lanes, and what lanes report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from fonoteca.core.copy import Level
from fonoteca.core.finding import Finding
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import Decision, OldCopy, Target, Work
from fonoteca.tasks.blocks import Block


@dataclass(frozen=True, slots=True)
class Begin:
    """A large file's bytes follow."""

    work: Work
    target: Target
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Data:
    """The next block of a large file."""

    work: Work
    block: Block
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """A large file was read; None: forget it."""

    work: Work
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Whole:
    """Small files with all their bytes (None where nothing is published); `size` is their sum, bytes."""

    items: tuple[tuple[Work, Target, Decision, bytes | None], ...]
    size: int


@dataclass(frozen=True, slots=True)
class Close:
    """No more comes. `hurry` drops what is not yet on its way."""

    hurry: bool = False


Message: TypeAlias = Begin | Data | End | Whole | Close


class Done(NamedTuple):
    """One copy that now stands, or whose time was set. `old` is what it superseded, kept under `kept`."""

    work: Work
    key: Key
    decision: Decision
    level: Level
    how: str
    old: OldCopy | None = None
    kept: Key | None = None


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A draft is through: published, durable and sealed as segment `n`."""

    lane: int
    done: tuple[Done, ...]
    findings: tuple[Finding, ...]
    refused: tuple[int, ...]
    """Works that this lane could not take: something else stands there, or the read-back differed."""
    n: int
    digest: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class LaneFailed:
    """The lane is over; `error` is a LocationError, anything else is a bug."""

    lane: int
    error: BaseException


@dataclass(frozen=True, slots=True)
class LaneClosed:
    """All that the lane was given is through."""

    lane: int


Report: TypeAlias = BatchDone | LaneFailed | LaneClosed
