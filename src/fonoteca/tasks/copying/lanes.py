"""A lane: the path from the shared reading to one location.

Readers push messages; two threads serve them. The *stager* writes bytes into the location's `incoming/` as they come;
the *finisher* takes a full draft through flush, read-back, publication and seal while the stager fills the next one.
What a lane achieves or suffers it puts into `results`; it never raises into the readers, so one failing place stalls
nobody.

    staged → durable → read back → published → sealed → reported (and then recorded by the archive's one writer)

A connection that breaks off (`Lost`) costs what was staged over it: those files are given back (`Missed`), and read and
sent again in another round, until that happened `LOSSES` times without a single file coming through.

A lane of threads shares the interpreter with readers and the recorder. Where many small files are to be copied it works
in a process of its own instead (`tasks/copying/apart.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from queue import Queue, SimpleQueue
from typing import Protocol

from fonoteca.core.finding import Finding
from fonoteca.core.place import Key, Stamp
from fonoteca.core.plan.copies import Action, Target, Work, action_for
from fonoteca.errors import Lost
from fonoteca.locations.base import OpenLocation, Writing
from fonoteca.tasks.copying.borrowing import borrow, is_to_borrow
from fonoteca.tasks.copying.drafts import Draft, new_draft
from fonoteca.tasks.copying.messages import (
    BatchDone,
    Begin,
    Close,
    Data,
    End,
    Item,
    LaneClosed,
    LaneFailed,
    LaneSynced,
    Message,
    Missed,
    Other,
    Report,
    Small,
    Sync,
    works_of,
)
from fonoteca.tasks.manifest.seal import Ledger

LOSSES = 5
"""So often in a row a lane loses its connection before it is given up for this run."""


class Results(Protocol):
    """Where a lane puts what it achieves or suffers."""

    def put(self, report: Report, /) -> None: ...


class AnyLane(Protocol):
    """What readers and the transfer know of a lane: one of threads here, or one in a process of its own."""

    lagging: bool
    """True while it takes no bytes from the shared reading."""
    failed: bool

    @property
    def number(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def is_remote(self) -> bool:
        """True for a place beyond this machine: connections break off there."""
        ...

    @property
    def waiting(self) -> int:
        """Blocks that it was given and has not taken."""
        ...

    def start(self) -> None: ...

    def put(self, message: Message) -> bool:
        """Hand a message over; False when the lane takes no more bytes now (it failed, or lags behind)."""
        ...

    def join(self, timeout: float | None = None) -> bool:
        """Wait for its end; False when it did not come in time."""
        ...


Predecessor = Callable[[OpenLocation, Target, Work], tuple[Stamp | None, Key | None, Finding | None]]


@dataclass(slots=True)
class Lane:
    """One location's lane: see `AnyLane`."""

    number: int
    name: str
    place: OpenLocation
    ledger: Ledger
    results: Results
    library: str
    finish: Callable[[Lane, Draft], BatchDone]
    over: Predecessor
    is_remote: bool = False
    streams: int = 1
    """So many staged objects are read back at once."""
    lagging: bool = False
    failed: bool = False
    waiting: int = 0
    _losses: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _inbox: SimpleQueue[Message] = field(default_factory=SimpleQueue)
    _drafts: Queue[Draft | Sync | None] = field(default_factory=lambda: Queue(maxsize=1))
    _threads: list[threading.Thread] = field(default_factory=list)
    _writings: dict[int, tuple[Writing, Begin, Draft]] = field(default_factory=dict)
    _draft: Draft | None = None
    _closed: bool = False

    def start(self) -> None:
        """Start both threads. They are daemons: a second Ctrl-C ends the program at once."""
        for name, body in ((f"{self.name} stages", self._stage), (f"{self.name} finishes", self._finish)):
            thread = threading.Thread(target=self._guarded, args=(body,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def put(self, message: Message) -> bool:
        """See `AnyLane`."""
        if not takes(self, message):
            return False
        if isinstance(message, Data | Small):
            self._count(1)
        self._inbox.put(message)
        return True

    def join(self, timeout: float | None = None) -> bool:
        """See `AnyLane`."""
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    # the stager

    def _stage(self) -> None:
        while True:
            message = self._inbox.get()
            if isinstance(message, Close):
                self._closed = True
                break
            try:
                self._take(message)
            except Lost as lost:
                self._give_back(lost, [*self._underway(), *works_of(message)])
            finally:
                self._release(message)
        if message.hurry or self.failed:
            self._discard()
        else:
            self._hand_over()
        self._drafts.put(None)

    def _release(self, message: Message) -> None:
        if isinstance(message, Data | Small):
            self._count(-1)
            message.block.done()

    def _count(self, change: int) -> None:
        with self._counting:
            self.waiting += change

    def _take(self, message: Begin | Data | End | Small | Other | Sync) -> None:
        if isinstance(message, Sync):
            self._hand_over()
            self._drafts.put(message)
        elif not self.failed:
            self._stage_one(message)
            if self._draft is not None and self._draft.is_full:
                self._hand_over()

    def _stage_one(self, message: Begin | Data | End | Small | Other) -> None:
        if isinstance(message, Small):
            for item in message.items:
                self._small(item, message.block.buffer)
        elif isinstance(message, Data):
            held = self._writings.get(message.work.id)
            if held is not None:
                held[0].write(message.block.data)
        elif isinstance(message, Begin):
            self._begin(message)
        elif isinstance(message, End):
            self._end(message)
        elif is_to_borrow(message.work, message.target, message.decision):
            borrow(self, self._open_draft(), message)
        else:
            self._open_draft().later(message.work, message.target, message.decision)

    def _open_draft(self) -> Draft:
        if self._draft is None:
            self._draft = new_draft(self.place)
        return self._draft

    def _small(self, item: Item, buffer: memoryview) -> None:
        work, target, decision, start, size = item
        draft = self._open_draft()
        stamp = keep = None
        if target.old is not None:
            stamp, keep = self.over_what(draft, target, work)
        writing = draft.batch.create(target.key, size, decision.stat.mtime_ns, over=stamp, keep=keep)
        if size:
            writing.write(buffer[start : start + size])
        draft.staged.append((work, target, decision, writing.finish()))
        draft.bytes += size

    def _begin(self, begin: Begin) -> None:
        draft = self._open_draft()
        stamp, keep = self.over_what(draft, begin.target, begin.work)
        writing = draft.batch.create(begin.target.key, begin.size, begin.mtime_ns, over=stamp, keep=keep)
        self._writings[begin.work.id] = (writing, begin, draft)
        draft.open += 1

    def _end(self, end: End) -> None:
        held = self._writings.pop(end.work.id, None)
        if held is None:
            return
        writing, begin, draft = held
        draft.open -= 1
        if end.decision is None or action_for(begin.target, end.decision) is not Action.PUBLISH:
            writing.abort()
            if end.decision is not None:
                draft.later(end.work, begin.target, end.decision)
        else:
            draft.staged.append((end.work, begin.target, end.decision, writing.finish()))
            draft.bytes += begin.size
        if draft is not self._draft and not draft.open:
            self._send_on(draft)

    def over_what(self, draft: Draft, target: Target, work: Work) -> tuple[Stamp | None, Key | None]:
        """What `work` takes the place of there, and where that is kept; what is odd about it goes into `draft`."""
        stamp, keep, finding = self.over(self.place, target, work)
        if finding is not None:
            draft.findings.append(replace(finding, library=self.library, location=self.name))
        return stamp, keep

    def _hand_over(self) -> None:
        """Give the draft to the finisher, at once or when the last of its large files has come."""
        draft, self._draft = self._draft, None
        if draft is not None and not draft.open:
            self._send_on(draft)

    def _send_on(self, draft: Draft) -> None:
        if draft.is_empty:
            draft.leave.close()
        else:
            self._drafts.put(draft)

    def _underway(self) -> list[Work]:
        """What is staged and not handed over; it is let go of."""
        drafts = {id(draft): draft for _, _, draft in self._writings.values()}
        if self._draft is not None:
            drafts[id(self._draft)] = self._draft
        works = [work for draft in drafts.values() for work in draft.works]
        works += [begin.work for _, begin, _ in self._writings.values()]
        self._discard()
        return works

    def _give_back(self, lost: Lost, works: list[Work]) -> None:
        """Their bytes are gone with the connection: they are to be read again. Raises Lost after too many losses."""
        self._losses += 1
        if self._losses > LOSSES:
            raise lost
        self.results.put(Missed(self.number, tuple({work.id: work for work in works}.values())))

    def _discard(self) -> None:
        drafts = {id(draft): draft for _, _, draft in self._writings.values()}
        for writing, _, _ in self._writings.values():
            writing.abort()
        self._writings.clear()
        draft, self._draft = self._draft, None
        if draft is not None:
            drafts[id(draft)] = draft
        for each in drafts.values():
            each.drop()

    # the finisher

    def _finish(self) -> None:
        while (draft := self._drafts.get()) is not None:
            if isinstance(draft, Sync):
                self.results.put(LaneSynced(self.number))
                continue
            with draft.leave:
                if not self.failed:
                    self._bring_through(draft)
        self.results.put(LaneClosed(self.number))

    def _bring_through(self, draft: Draft) -> None:
        try:
            report = self.finish(self, draft)
        except Lost as lost:
            self._give_back(lost, draft.works)
            return
        self._losses = 0
        self.results.put(report)

    # when something breaks

    def _guarded(self, body: Callable[[], None]) -> None:
        try:
            body()
        except BaseException as error:  # noqa: BLE001 - a thread's end must be heard; the receiver raises what is a bug
            self._break(error)

    def _break(self, error: BaseException) -> None:
        first = not self.failed
        self.failed = True
        if first:
            self.results.put(LaneFailed(self.number, error))
        if threading.current_thread() is self._threads[0]:
            self._drain()
            self._drafts.put(None)
        else:
            while (draft := self._drafts.get()) is not None:
                if isinstance(draft, Sync):
                    self.results.put(LaneSynced(self.number))
                else:
                    draft.drop()
            self.results.put(LaneClosed(self.number))

    def _drain(self) -> None:
        """Give every buffer back until the readers say that no more comes."""
        self._discard()
        while not self._closed:
            message = self._inbox.get()
            self._closed = isinstance(message, Close)
            self._release(message)
            if isinstance(message, Sync):
                self._drafts.put(message)


def takes(lane: AnyLane, message: Message) -> bool:
    """False for bytes, and what leads to bytes, when the lane failed or lags behind."""
    return isinstance(message, Close | End | Sync) or not (lane.failed or lane.lagging)
