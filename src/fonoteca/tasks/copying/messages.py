"""What readers tell lanes, and what lanes report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from fonoteca.core.copy import Level
from fonoteca.core.finding import Finding
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import Decision, OldCopy, Target, Work
from fonoteca.tasks.copying.blocks import Filled


@dataclass(frozen=True, slots=True)
class Begin:
    """A large file's bytes follow."""

    work: Work
    target: Target
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Data:
    """The next block of a large file: the block is one user's less when it was taken."""

    work: Work
    block: Filled
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """A large file was read; None: forget it."""

    work: Work
    decision: Decision | None


class Item(NamedTuple):
    """A small file: its bytes are `size` from `start` on in the block that came with it.

    A NamedTuple, like what it holds: one is made for each file and lane.
    """

    work: Work
    target: Target
    decision: Decision
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Small:
    """Small files, all in one block."""

    items: tuple[Item, ...]
    block: Filled


@dataclass(frozen=True, slots=True)
class Other:
    """A file of which this lane is sent no bytes: it sets a time, looks at what stands there, or takes a version."""

    work: Work
    target: Target
    decision: Decision


@dataclass(frozen=True, slots=True)
class Sync:
    """Publish what is staged, and report `LaneSynced` behind all that came of it."""


@dataclass(frozen=True, slots=True)
class Close:
    """No more comes. `hurry` drops what is not yet on its way."""

    hurry: bool = False


Message: TypeAlias = Begin | Data | End | Small | Other | Sync | Close


def works_of(message: Message) -> list[Work]:
    """What a message brings that would be lost with it. Of bytes, the work was begun before."""
    if isinstance(message, Small):
        return [item.work for item in message.items]
    return [message.work] if isinstance(message, Begin | Other) else []


class Done(NamedTuple):
    """One copy that now stands, or whose time was set.

    `old` is what it superseded, kept under `kept`; where only its time was set, what was published before.
    """

    work: Work
    key: Key
    decision: Decision
    level: Level
    how: str
    old: OldCopy | None = None
    kept: Key | None = None

    @property
    def is_unread(self) -> bool:
        """True when only its time was set: the level is the old one, reached when the old copy says."""
        return self.how == "time set"


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
    bad: tuple[tuple[int, str], ...] = ()
    """Entry and state of copies that proved to be missing, damaged or unreadable on the way."""


@dataclass(frozen=True, slots=True)
class LaneFailed:
    """The lane is over; `error` is a LocationError, anything else is a bug."""

    lane: int
    error: BaseException


@dataclass(frozen=True, slots=True)
class LaneSynced:
    """All that the lane was given before `Sync` is through and reported."""

    lane: int


@dataclass(frozen=True, slots=True)
class LaneClosed:
    """All that the lane was given is through."""

    lane: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Files that a lane could not take after all: it fell behind at this moment, or lost its connection."""

    lane: int
    works: tuple[Work, ...]


Report: TypeAlias = BatchDone | Missed | LaneFailed | LaneSynced | LaneClosed
