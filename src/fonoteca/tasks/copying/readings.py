"""What readers report: files that were read and judged, and those that were not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.core.plan.copies import Action, Decision, Work, action_for
from fonoteca.tasks.copying.borrowing import is_to_borrow
from fonoteca.tasks.copying.messages import Item, Other


class Read(NamedTuple):
    """A file was read and judged."""

    work: Work
    decision: Decision
    left: tuple[int, ...] = ()
    """Lanes that needed its bytes and could not take them."""
    inside: AnalysisRow | None = None
    """What was read inside it, where the verdict asked."""


class Unread(NamedTuple):
    """A file was not accepted. `why` is None when it changed while it was read (look again later)."""

    work: Work
    why: str | None
    vanished: bool = False
    size: int = 0
    """Bytes that it had when it was seen last, where it changed."""


Result: TypeAlias = Read | Unread


@dataclass(frozen=True, slots=True)
class ReadParcel:
    """What became of a parcel, in one message."""

    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class ReaderCrashed:
    """A bug in a reader; the receiver raises it."""

    error: BaseException


class Changed(Exception):
    """The file changed while it was read; it has `size` bytes now."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(size)


class Stopped(Exception):
    """Nobody wants to hear any more."""


def unread(work: Work, error: Changed | OSError) -> Unread:
    """The result for a file that could not be read, or that changed."""
    if isinstance(error, FileNotFoundError):
        return Unread(work, None, vanished=True)
    if isinstance(error, OSError):
        return Unread(work, error.strerror or str(error))
    return Unread(work, None, size=error.size)


def without(result: Result, left: set[int]) -> Result:
    """The result when some lanes do not get the bytes that they need."""
    if isinstance(result, Unread):
        return result
    wanting = (t for t in result.work.targets if t.lane in left)
    mine = tuple(t.lane for t in wanting if action_for(t, result.decision) is Action.PUBLISH)
    return result._replace(left=mine)


Share: TypeAlias = tuple[Work, Decision, int, int]
"""A small file that was read, and where in the block its bytes are: start and size."""


def by_lane(shares: list[Share]) -> tuple[dict[int, list[Item]], list[Other]]:
    """What each lane is given of a block, and what needs no bytes."""
    items: dict[int, list[Item]] = {}
    others: list[Other] = []
    for work, decision, start, size in shares:
        for target in work.targets:
            action = action_for(target, decision)
            if action is Action.PUBLISH and not is_to_borrow(work, target, decision):
                items.setdefault(target.lane, []).append(Item(work, target, decision, start, size))
            elif action is not Action.NOTHING:
                others.append(Other(work, target, decision))
    return items, others
