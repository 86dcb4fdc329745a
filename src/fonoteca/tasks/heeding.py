"""Ending a task from outside, within bounds, with nothing half-made."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing, nullcontext
from time import monotonic
from typing import Protocol

from fonoteca.core.event import Event, Phase, RunEnded
from fonoteca.errors import Interrupted

PATIENCE = 10.0
"""Seconds for which a task may go on with what it had begun when it was asked to stop."""


class TimedStop(Protocol):
    """A request to stop that says when it was made (`time.monotonic`)."""

    @property
    def requested(self) -> bool: ...

    @property
    def signal_number(self) -> int: ...

    @property
    def since(self) -> float | None: ...


def heeding(events: Iterable[Event], stop: TimedStop) -> Generator[Event, None, None]:
    """`events`, until the user asks to stop: the task ends itself, within bounds, and begins no new phase.

    However this ends, the task's own with-blocks are left here and now, while the archive is still open.
    """
    with closing(events) if isinstance(events, Generator) else nullcontext():
        for event in events:
            yield event
            if not stop.requested or isinstance(event, RunEnded):
                continue
            late = stop.since is not None and monotonic() - stop.since > PATIENCE
            if late or isinstance(event, Phase):
                raise Interrupted(stop.signal_number)
