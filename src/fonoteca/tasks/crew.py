"""Some threads that work on parcels: few under way at once, results in the order in which they are ready.

    crew = Crew(read_all, threads=3)
    for result in crew.run(parcels, archive.pause_point): ...

What a worker raises is raised to whoever iterates. However the iteration ends, no thread outlives it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Parcel = TypeVar("Parcel")
Result = TypeVar("Result")

PATIENCE = 0.2
"""Seconds between two questions whether the user had enough."""


class Cancelled(Exception):
    """A worker may raise it when it sees `Crew.cancelled`."""


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


@dataclass(slots=True)
class Crew(Generic[Parcel, Result]):
    """`work` is called in `threads` threads, with one parcel at a time each."""

    work: Callable[[Parcel], Result]
    threads: int
    cancelled: bool = False
    """Asked by long work between two steps."""

    def run(self, parcels: Iterable[Parcel], pause: Callable[[], None]) -> Iterator[Result]:
        """Every parcel's result. `pause` is called while waiting; what it raises ends the run."""
        todo: SimpleQueue[Parcel | None] = SimpleQueue()
        done: SimpleQueue[Result | _Raised] = SimpleQueue()
        started = [
            threading.Thread(target=self._serve, args=(todo, done), daemon=True) for _ in range(self.threads)
        ]
        for thread in started:
            thread.start()
        under_way = 0
        try:
            for parcel in parcels:
                todo.put(parcel)
                under_way += 1
                while under_way >= 2 * self.threads:
                    yield _taken(done, pause)
                    under_way -= 1
            while under_way:
                yield _taken(done, pause)
                under_way -= 1
        finally:
            self._dismiss(started, todo)

    def _dismiss(self, started: list[threading.Thread], todo: SimpleQueue[Parcel | None]) -> None:
        self.cancelled = True
        for _ in started:
            todo.put(None)
        for thread in started:
            thread.join()

    def _serve(self, todo: SimpleQueue[Parcel | None], done: SimpleQueue[Result | _Raised]) -> None:
        while (parcel := todo.get()) is not None:
            if self.cancelled:
                continue
            try:
                done.put(self.work(parcel))
            except BaseException as error:  # noqa: BLE001 - heard by the receiver, who raises it
                done.put(_Raised(error))


def _taken(done: SimpleQueue[Result | _Raised], pause: Callable[[], None]) -> Result:
    while True:
        pause()
        try:
            result = done.get(timeout=PATIENCE)
        except Empty:
            continue
        if isinstance(result, _Raised):
            raise result.error
        return result
