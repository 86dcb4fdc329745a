"""Which copy a scrub reads next, and when it has read enough.

    what failed before → what was never read again → the rest, the oldest verification first

A run with a budget goes on where the last one stopped, because what it read is the youngest now. So `n` bytes are all
read within `ceil(n / budget)` runs; a random sample of the same size leaves some of them unread for years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, Protocol, TypeVar

from fonoteca.core.copy import Level
from fonoteca.core.policy import Budget


class Urgency(IntEnum):
    """Classes of what there is to read, the most urgent first."""

    FAILED = 0
    """Found missing, damaged, unreadable or held, and not put right since: read in every run."""
    NEW = 1
    """Its bytes were never read again."""
    KNOWN = 2


class Turn(NamedTuple):
    """When a copy is read: a smaller one comes first. `since_ns`: its last verification; of a new one, its arrival."""

    urgency: Urgency
    since_ns: int


def turn(*, good: bool, level: int, verified_ns: int | None, arrived_ns: int) -> Turn:
    """The turn of a copy in state `good`, last verified to `level` at `verified_ns`. Times are ns since 1970."""
    if not good:
        return Turn(Urgency.FAILED, arrived_ns)
    if level < Level.BYTES or verified_ns is None:
        return Turn(Urgency.NEW, arrived_ns)
    return Turn(Urgency.KNOWN, verified_ns)


class Candidate(Protocol):
    """Something that can be read. `size` is bytes."""

    @property
    def urgency(self) -> Urgency: ...
    @property
    def size(self) -> int: ...


C = TypeVar("C", bound=Candidate)


@dataclass(slots=True)
class Purse:
    """What one run may spend, and has spent. `elapsed` gives the seconds since it began.

    What failed before is not charged in bytes and gets at most half of the time: otherwise copies that stay bad could
    use up every run, and the others would never have their turn.
    """

    budget: Budget
    elapsed: Callable[[], float]
    bytes: int = 0
    files: int = 0
    """Taken in all, charged or not."""
    skipped: int = field(default=0)
    """Failed ones that there was no time for."""

    @property
    def is_empty(self) -> bool:
        """True when nothing more may be begun."""
        out_of_bytes = self.budget.bytes is not None and self.bytes >= self.budget.bytes
        return out_of_bytes or (self.budget.seconds is not None and self.elapsed() >= self.budget.seconds)

    def take(self, candidates: Iterable[C]) -> Iterator[C]:
        """Of `candidates`, in their order, those that the budget allows. The one that uses it up is still taken."""
        rest = iter(candidates)
        while not self.is_empty and (each := next(rest, None)) is not None:
            if each.urgency is Urgency.FAILED and self._is_half_spent():
                self.skipped += 1
                continue
            self.files += 1
            self.bytes += self._charge(each)
            yield each

    def give_back(self, candidate: Candidate) -> None:
        """It was not there to be read."""
        self.bytes -= self._charge(candidate)

    def _is_half_spent(self) -> bool:
        return self.budget.seconds is not None and self.elapsed() >= self.budget.seconds / 2

    def _charge(self, candidate: Candidate) -> int:
        return 0 if candidate.urgency is Urgency.FAILED else candidate.size


def wait_for(size: int, elapsed: float, rate: int | None) -> float:
    """Seconds to wait after `size` bytes in `elapsed` seconds, so that no more than `rate` bytes a second are read.

    >>> wait_for(100_000_000, 1.0, 50_000_000)
    1.0
    """
    return 0.0 if not rate else max(0.0, size / rate - elapsed)
