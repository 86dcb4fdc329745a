"""The analyst: tags and sound of many files, read in processes that can be killed.

    with Analyst() as analyst:
        for analysis in analyst.analyse(jobs):
            ...

or, beside other work (a reader that copies files and has each looked into while it is still in the page
cache):

    with Analyst() as analyst:
        for job in work:
            for analysis in analyst.submit(job): ...    # what became ready; seldom waits
        for analysis in analyst.finish(): ...           # the rest; lets the processes go

**Limits.** Each file's tags have `seconds` of wall clock, its sound a time that grows with its size
(`limits`), both `memory` bytes; this is kept inside the worker (an interval timer, RLIMIT_AS). A parser that
hangs in C code is beyond that, so its task has a limit too, after which pebble kills the process. A task that
is lost that way, or by a crash, is split and tried again until the guilty file stands alone. That one is read
once more without its sound, so that its tags are not lost with it; if this fails too it becomes `Unreadable`.
Its neighbours get their tags and their sound.

**Backpressure.** Jobs are gathered into tasks of at most 64 files or 64 MiB. Two tasks a worker may be
under way; when a further one is full, `submit` waits for one of them to end. It hands over all results that
are ready each time, so nothing piles up here: at most (2 x workers + 1) x 64 jobs and results are held,
whatever the length of the input.

Processes are spawned, never forked from a program with threads, when the first task is full or `finish` is
called. One analyst belongs to one thread.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from time import monotonic
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeAlias

from fonoteca.audio.border import Ticket, ticket_of, unpack
from fonoteca.audio.limits import file_seconds
from fonoteca.audio.model import Analysis, Job, Tagged, Unreadable

TASK_FILES = 64
TASK_BYTES = 64 << 20
"""Files of one task are to be in the page cache still when they are looked into."""
GRACE = 5.0
"""Seconds beyond the worker's own limits before its process is killed."""
_BREAKDOWNS = 3
"""A pool that cannot keep its processes alive is set up anew this many times in a row."""
_POLL = 1.0

START_METHOD = "spawn"
"""How processes begin (`multiprocessing`): never as a copy of a program with threads."""


Reader: TypeAlias = Callable[[Sequence[Ticket], float, bool], bytes]
"""Tickets, seconds, whether the sound is heard: `task.read_batch`."""


class _Task(NamedTuple):
    """What a process was given."""

    tickets: tuple[Ticket, ...]
    limit: float
    """Seconds until it is killed."""
    unheard: str | None = None
    """Why the sound is left alone this time."""


class Analyst:
    """Reads tags and sound in `workers` processes, `seconds` (see the module) and `memory` (bytes) a file.

    `reader` is what a process runs for a task; tests give one that dies. `pause` is called at least once a second
    while results are waited for; what it raises ends the wait.
    """

    def __init__(
        self,
        workers: int = 2,
        seconds: float = 10.0,
        memory: int = 1 << 30,
        reader: Reader | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self._reader = reader
        self._pause = pause
        self._workers = workers
        self._seconds = seconds
        self._memory = memory
        self._pool: Any = None  # a pebble.ProcessPool, imported on first need
        self._gathered: list[Ticket] = []
        self._gathered_bytes = 0
        self._running: dict[Future[bytes], _Task] = {}
        self._ready: deque[Analysis] = deque()
        self._breakdowns = 0
        self._has_many = False
        """More than one task: until then a second process would only be started."""
        self._progress = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; what they had not finished is lost."""
        self._let_go()

    def analyse(self, jobs: Iterable[Job]) -> Iterator[Analysis]:
        """One analysis for each job, in no particular order. `jobs` is consumed as results are asked for."""
        for job in jobs:
            yield from self.submit(job)
        yield from self.finish()

    def submit(self, job: Job) -> list[Analysis]:
        """Take one job; hand over what is ready. Waits only while every worker has two tasks to do."""
        self._gathered.append(ticket_of(job))
        self._gathered_bytes += job.stat.size
        if len(self._gathered) >= TASK_FILES or self._gathered_bytes >= TASK_BYTES:
            self._has_many = True
            self._send_gathered()
            while len(self._running) > 2 * self._workers:
                self._collect()
        return self.ready()

    def look(self, job: Job) -> Analysis:
        """One job, now, while nothing else is under way here; the processes stay for the next one."""
        self._send((ticket_of(job),))
        while not self._ready:
            self._collect()
        return self._ready.popleft()

    def ready(self) -> list[Analysis]:
        """What has become ready, without waiting."""
        if self._running and any(future.done() for future in self._running):
            self._collect()
        taken = list(self._ready)
        self._ready.clear()
        return taken

    def finish(self) -> Iterator[Analysis]:
        """All that is left, as it becomes ready; then the processes are let go. More jobs may follow."""
        self._send_gathered()
        while self._running or self._ready:
            yield from self.ready()
            if self._running:
                self._collect()
        self._let_go()
        self._breakdowns, self._has_many = 0, False

    def _send_gathered(self) -> None:
        if self._gathered:
            self._send(tuple(self._gathered))
            self._gathered.clear()
            self._gathered_bytes = 0

    def _send(self, tickets: tuple[Ticket, ...], unheard: str | None = None) -> None:
        if self._breakdowns > _BREAKDOWNS:
            reason = Unreadable("the process that reads tags cannot be kept running")
            self._ready.extend(Analysis(ticket[5], reason) for ticket in tickets)
            return
        hear = unheard is None
        largest = max(ticket[1] for ticket in tickets)
        limit = self._seconds + file_seconds(self._seconds, largest, hear=hear) + GRACE
        if not self._running:
            self._progress = monotonic()
        task = _Task(tickets, limit, unheard)
        try:
            future = self._open_pool().schedule(
                self._read(), args=(tickets, self._seconds, hear), timeout=limit
            )
        except RuntimeError:  # pebble's word for a pool that has broken down since
            self._break_down(task)
        else:
            self._running[future] = task

    def _read(self) -> Reader:
        if self._reader is None:
            from fonoteca.audio.task import read_batch

            self._reader = read_batch
        return self._reader

    def _open_pool(self) -> Any:
        if self._pool is None:
            self._pool = open_pool(self._workers if self._has_many else 1, self._memory)
        return self._pool

    def _collect(self) -> None:
        """Wait until a task has ended, and deal with all that have."""
        self._pause()
        done = wait(self._running, timeout=_POLL, return_when=FIRST_COMPLETED).done
        for future in done:
            if task := self._running.pop(future, None):
                self._settle(task, future)
        if done:
            self._progress = monotonic()
        elif self._pool is not None and (not self._pool.active or self._is_stuck()):
            self._break_down()

    def _is_stuck(self) -> bool:
        """A process that was killed in the middle of a message leaves pebble's pipe locked for the others."""
        return monotonic() - self._progress > 2 * max(task.limit for task in self._running.values())

    def _settle(self, task: _Task, future: Future[bytes]) -> None:
        from concurrent.futures.process import BrokenProcessPool

        from pebble import ProcessExpired

        try:
            analyses = unpack(future.result())
        except BrokenProcessPool:
            self._break_down(task)
        except TimeoutError:
            self._split(task, f"took longer than {task.limit:.3g} s and could not be stopped")
        except ProcessExpired as error:
            self._split(task, f"killed the process that did it (exit code {error.exitcode})")
        except Exception as error:  # noqa: BLE001 - whatever a worker could not turn into an outcome itself
            self._split(task, f"failed ({type(error).__name__})")
        else:
            self._breakdowns = 0
            self._ready.extend(_unheard(each, task.unheard) for each in analyses)
            if rest := task.tickets[len(analyses) :]:
                self._send(rest, task.unheard)

    def _split(self, task: _Task, what: str) -> None:
        """A lost task: each half is tried again; its only file is the guilty one, and tried without its sound."""
        tickets = task.tickets
        if len(tickets) > 1:
            half = len(tickets) // 2
            self._send(tickets[:half], task.unheard)
            self._send(tickets[half:], task.unheard)
        elif task.unheard is None:
            self._send(tickets, f"checking its sound {what}")
        else:
            self._ready.append(Analysis(tickets[0][5], Unreadable(f"reading its tags {what}")))

    def _break_down(self, *lost: _Task) -> None:
        """The pool lost its processes, or could not start them: set it up anew, and in the end give up."""
        tasks = (*lost, *self._running.values())
        self._let_go()
        self._breakdowns += 1
        for task in tasks:
            self._send(task.tickets, task.unheard)

    def _let_go(self) -> None:
        self._running.clear()
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()


def _unheard(analysis: Analysis, why: str | None) -> Analysis:
    """The analysis, with why its sound is not known where that was left alone."""
    if why is None or not isinstance(analysis.outcome, Tagged | Unreadable):
        return analysis
    return Analysis(analysis.key, replace(analysis.outcome, unheard=why))


def open_pool(workers: int, memory: int) -> Any:
    """A pebble.ProcessPool of `workers`, each with `memory` (bytes) at most.

    Its processes are deaf to SIGINT: Ctrl-C reaches all of a terminal's processes, and the caller ends these.
    """
    from multiprocessing import get_context
    from multiprocessing.resource_tracker import ensure_running

    from pebble import ProcessPool

    from fonoteca.audio.task import limit_memory

    pool = ProcessPool(
        max_workers=workers, initializer=limit_memory, initargs=(memory,), context=get_context(START_METHOD)
    )
    ensure_running()  # by itself, for it unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        _ = pool.active  # starts it; its threads, and what they spawn later, inherit the mask
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pool
