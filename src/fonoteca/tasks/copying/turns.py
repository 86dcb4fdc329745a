"""Several jobs side by side: each is a stream of events, and lets the others go on while it waits for a server.

    baton = Baton(lambda: not catalogue.in_transaction)
    yield from side_by_side([to_nas(), to_cloud()], baton)

Each job has a thread, and only the one that has the baton works: so the catalogue has one writer at a time, and nobody
needs a lock. It is let go of around each word with a server (`ceding`), and where a job says `TURN`; an event is told
to the caller before its job goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Final

from fonoteca.core.event import Advanced, Event

TURN: Final = Advanced(0, 0)
"""The others may go on. Known by being this very object; said to nobody else."""

NAP = 0.01
"""Seconds before a job that said `TURN` looks again."""


class Baton:
    """Whoever has it, works. `may_cede`: whether this is a moment at which others may work in between."""

    def __init__(self, may_cede: Callable[[], bool] = lambda: True) -> None:
        self._may_cede = may_cede
        self._lock = threading.Lock()
        self._holder: int | None = None

    def take(self) -> None:
        """Wait for it."""
        self._lock.acquire()
        self._holder = threading.get_ident()

    def let_go(self) -> None:
        """Give it to the next one."""
        self._holder = None
        self._lock.release()

    @contextmanager
    def ceded(self) -> Iterator[None]:
        """Without it, where this thread has it and others may work now; it is ours again afterwards."""
        if self._holder != threading.get_ident() or not self._may_cede():
            yield
            return
        self.let_go()
        try:
            yield
        finally:
            self.take()


class _Actor(threading.Thread):
    """Plays one job. What it puts out: itself with an event, with an error, or with None at its end."""

    def __init__(self, job: Generator[Event, None, None], baton: Baton, out: SimpleQueue[_Told]) -> None:
        super().__init__(name="serves a place beyond", daemon=True)
        self._job = job
        self._baton = baton
        self._out = out
        self.go = threading.Semaphore(0)
        self.is_wanted = True

    def run(self) -> None:
        """The job, until its end or until nobody wants it any more."""
        self._baton.take()
        try:
            self._play()
        except BaseException as error:  # noqa: BLE001 - whoever hears the events is told, and raises it
            self._out.put((self, error))
        else:
            self._out.put((self, None))
        finally:
            self._baton.let_go()

    def _play(self) -> None:
        try:
            while self.is_wanted and (event := next(self._job, None)) is not None:
                if event is TURN:
                    with self._baton.ceded():
                        time.sleep(NAP)
                else:
                    self._out.put((self, event))
                    self.go.acquire()
        finally:
            self._job.close()


_Told = tuple[_Actor, Event | BaseException | None]


def side_by_side(jobs: Sequence[Generator[Event, None, None]], baton: Baton) -> Iterator[Event]:
    """The events of all jobs, as they come. What one raises ends them all."""
    out: SimpleQueue[_Told] = SimpleQueue()
    actors = [_Actor(job, baton, out) for job in jobs]
    left = len(actors)
    for actor in actors:
        actor.start()
    try:
        while left:
            actor, told = out.get()
            if isinstance(told, BaseException):
                raise told
            if told is None:
                left -= 1
                continue
            yield told
            actor.go.release()
    finally:
        _end(actors)


def _end(actors: Sequence[_Actor]) -> None:
    """Let none go on. One that waits for a server ends when that has answered, or the time for it is over."""
    for actor in actors:
        actor.is_wanted = False
        actor.go.release()
    for actor in actors:
        actor.join()
