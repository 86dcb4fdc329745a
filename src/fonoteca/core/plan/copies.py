"""What one file needs: whether its bytes go to each location, under which key, and what they take the place of.

The values are NamedTuples: several are made for each of 100,000 files, at a third of a frozen dataclass's price.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from fonoteca.core.entry import Content, FileStat, RelPath
from fonoteca.core.insight import Insight
from fonoteca.core.place import Key
from fonoteca.core.verdict import Verdict


class Need(StrEnum):
    """What a location needs of a file that is about to be read."""

    BYTES = "bytes"
    """It lacks this file, or what it has will be superseded if the file was written."""
    TIME = "time"
    """It has a good copy of the recorded content; at most the mtime is to be set."""
    LOOK = "look"
    """Something unrecorded stands under the key: it is read and taken as the copy if it is one, never replaced."""


class OldCopy(NamedTuple):
    """What we published under a key before."""

    content: Content
    content_id: int
    mtime_ns: int
    level: int
    verified_ns: int | None
    good: bool
    """False when it was last seen missing, damaged or unreadable."""


class Target(NamedTuple):
    """One location's part in the reading of one file. `lane` is the location's number in this run."""

    lane: int
    key: Key
    need: Need
    old: OldCopy | None = None
    keeps: bool = False
    """The location has the recorded content among its versions, so that no bytes need be sent."""


class Work(NamedTuple):
    """One file to read, once, for all the locations that need it."""

    id: int
    entry: int | None
    folder: int
    path: RelPath
    reason: str
    size: int
    recorded: Content | None
    known: FileStat | None
    targets: tuple[Target, ...]
    past_cache: bool = False
    """A second reading: from the device, not from memory."""
    earlier: frozenset[tuple[bytes, int]] = frozenset()
    """SHA-256 and size of what was recorded of this entry before."""
    is_settled: bool = True
    """False where `known` was too young when it was read for an equal ctime to prove anything."""
    before: Insight | None = None
    """The inside of `recorded`, for a written file; None where nobody looked yet."""


def need_of(old: OldCopy | None, recorded: Content | None, reason: str, *, stands: bool) -> Need:
    """What a location needs, given what we published there.

    A written file is sent although it may turn out unchanged: its bytes are staged while they are read, and the verdict
    publishes or discards them. Touched and due files are only read: they are expected to be what they were.
    """
    if old is None:
        return Need.LOOK if stands else Need.BYTES
    if not old.good:
        return Need.LOOK if stands else Need.BYTES
    if reason == "written" or recorded is None or old.content != recorded:
        return Need.BYTES
    return Need.TIME


def same_time(published_ns: int, seen_ns: int | None, precision_ns: int | None) -> bool:
    """True when a location's mtime is what we set, as exactly as that place can hold it."""
    if precision_ns is None or seen_ns is None:
        return True
    return abs(published_ns - seen_ns) < max(precision_ns, 1)


def bytes_needed(works: Iterable[Work], lane: int) -> int:
    """Bytes that `works` may send to a lane."""
    return sum(
        work.size
        for work in works
        for target in work.targets
        if target.lane == lane and target.need is Need.BYTES
    )


class Action(StrEnum):
    """What a location does once the file was read and judged."""

    PUBLISH = "publish"
    RETIME = "set time"
    LOOK = "look"
    NOTHING = "nothing"


class Decision(NamedTuple):
    """What was read, and what it means."""

    content: Content
    stat: FileStat
    verdict: Verdict
    trusted: bool
    read_ns: int


def action_for(target: Target, decision: Decision) -> Action:
    """What `target` does about `decision`. What is held, or reads differently each time, never goes outward."""
    if not decision.verdict.leads_outward:
        return Action.NOTHING
    if target.need is Need.LOOK:
        return Action.LOOK
    if target.old is None or not target.old.good or target.old.content != decision.content:
        return Action.PUBLISH
    if target.old.mtime_ns != decision.stat.mtime_ns:
        return Action.RETIME
    return Action.NOTHING
