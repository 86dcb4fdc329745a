"""Several jobs side by side in one thread: each is a stream of events, and says `TURN` where it would wait.

    yield from side_by_side([to_nas(), to_cloud()])

A job that waits for a server costs the others nothing; the catalogue has one writer all the same.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from typing import Final

from fonoteca.core.event import Advanced, Event

TURN: Final = Advanced(0, 0)
"""The others may go on. Known by being this very object; said to nobody else."""

NAP = 0.01
"""Seconds of sleep when all of them wait."""


def side_by_side(jobs: Sequence[Generator[Event, None, None]]) -> Iterator[Event]:
    """The events of all jobs, as they come. What one raises ends them all."""
    left = list(jobs)
    try:
        while left:
            is_idle = True
            for job in list(left):
                for event in job:
                    if event is TURN:
                        break
                    is_idle = False
                    yield event
                else:
                    left.remove(job)
                    is_idle = False
            if is_idle:
                time.sleep(NAP)
    finally:
        for job in left:
            job.close()
