"""What a lane has staged and not yet published."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from fonoteca.core.finding import Finding
from fonoteca.core.plan.copies import Action, Decision, Target, Work, action_for
from fonoteca.errors import LocationError
from fonoteca.locations.base import Batch, OpenLocation, Staged

DRAFT_FILES = 1000
DRAFT_BYTES = 256 << 20
DRAFT_SECONDS = 60.0
"""A draft is published when it holds so many files or bytes, or is so old: a slow place makes progress too."""


@dataclass(slots=True)
class Draft:
    """A batch at a location with what was staged in it."""

    batch: Batch
    leave: ExitStack
    staged: list[tuple[Work, Target, Decision, Staged]] = field(default_factory=list)
    times: list[tuple[Work, Target, Decision]] = field(default_factory=list)
    looks: list[tuple[Work, Target, Decision]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    borrowed: set[int] = field(default_factory=set)
    """Works among `staged` whose bytes came from a version that stands there."""
    bytes: int = 0
    open: int = 0
    """Large files whose bytes are still coming. A draft takes no new ones once it is full, and goes on its way when
    these have ended."""
    born: float = field(default_factory=time.monotonic)

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to publish."""
        return not (self.staged or self.times or self.looks)

    @property
    def is_full(self) -> bool:
        """True when it is time to publish."""
        count = len(self.staged) + len(self.times) + len(self.looks)
        return (
            count >= DRAFT_FILES or self.bytes >= DRAFT_BYTES or time.monotonic() - self.born > DRAFT_SECONDS
        )

    @property
    def works(self) -> list[Work]:
        """All that it is about, but for large files whose bytes are still coming."""
        staged = [work for work, *_ in self.staged]
        return [*staged, *(work for work, _, _ in self.times), *(work for work, _, _ in self.looks)]

    def later(self, work: Work, target: Target, decision: Decision) -> None:
        """Note a file that needs no bytes: its time is set, or what stands there is looked at, after the publishing."""
        action = action_for(target, decision)
        if action is Action.RETIME:
            self.times.append((work, target, decision))
        elif action is Action.LOOK:
            self.looks.append((work, target, decision))

    def drop(self) -> None:
        """Forget it: nothing of it has a name. What the place no longer lets us remove is swept at the next opening."""
        try:
            self.leave.close()
        except LocationError:
            return


def new_draft(place: OpenLocation) -> Draft:
    """Begin one. Raises LocationError."""
    place.check()
    leave = ExitStack()
    return Draft(leave.enter_context(place.batch()), leave)
