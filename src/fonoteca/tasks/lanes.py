"""A lane: the path from the shared reading to one location.

Readers push messages; two threads serve them. The *stager* writes bytes into the location's `incoming/` as they come;
the *finisher* takes a full draft through flush, read-back, publication and seal while the stager fills the next one.
What a lane achieves or suffers it puts into `results`; it never raises into the readers, so one failing place stalls
nobody.

    staged → durable → read back → published → sealed → reported (and then recorded by the archive's one writer)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from queue import Queue, SimpleQueue

from fonoteca.core.finding import Finding
from fonoteca.core.place import Key, Stamp
from fonoteca.core.plan.copies import Action, Decision, Target, Work, action_for
from fonoteca.errors import LocationError
from fonoteca.locations.base import Batch, OpenLocation, Staged, Writing
from fonoteca.tasks.blocks import Gauge
from fonoteca.tasks.messages import (
    BatchDone,
    Begin,
    Close,
    Data,
    End,
    LaneClosed,
    LaneFailed,
    Message,
    Report,
    Whole,
)
from fonoteca.tasks.seal import Ledger

DRAFT_FILES = 1000
DRAFT_BYTES = 256 << 20
DRAFT_SECONDS = 60.0
"""A draft is published when it holds so many files or bytes, or is so old: a slow place makes progress too."""


@dataclass(slots=True)
class Draft:
    """What is staged and not yet published."""

    batch: Batch
    leave: ExitStack
    staged: list[tuple[Work, Target, Decision, Staged]] = field(default_factory=list)
    times: list[tuple[Work, Target, Decision]] = field(default_factory=list)
    looks: list[tuple[Work, Target, Decision]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    bytes: int = 0
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


@dataclass(slots=True)
class Lane:
    """One location's lane. `put` is for readers, `results` for whoever records."""

    number: int
    name: str
    place: OpenLocation
    ledger: Ledger
    results: SimpleQueue[Report]
    library: str
    finish: Callable[[Lane, Draft], BatchDone]
    over: Callable[[OpenLocation, Target, Work], tuple[Stamp | None, Key | None, Finding | None]]
    lagging: bool = False
    failed: bool = False
    queued: Gauge = field(default_factory=Gauge)
    _inbox: SimpleQueue[Message] = field(default_factory=SimpleQueue)
    _drafts: Queue[Draft | None] = field(default_factory=lambda: Queue(maxsize=1))
    _threads: list[threading.Thread] = field(default_factory=list)
    _writings: dict[int, tuple[Writing, Begin] | None] = field(default_factory=dict)
    _draft: Draft | None = None

    def start(self) -> None:
        """Start both threads. They are daemons: a second Ctrl-C ends the program at once."""
        for name, body in ((f"{self.name} stages", self._stage), (f"{self.name} finishes", self._finish)):
            thread = threading.Thread(target=self._guarded, args=(body,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def put(self, message: Message) -> bool:
        """Hand a message over; False when the lane takes no more bytes now (it failed, or lags behind)."""
        if not isinstance(message, Close | End) and (self.failed or self.lagging):
            return False
        if isinstance(message, Data | Whole):
            self.queued.rise(message.size)
        self._inbox.put(message)
        return True

    def join(self, timeout: float | None = None) -> bool:
        """Wait for both threads; False when they did not end in time."""
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    # the stager

    def _stage(self) -> None:
        while True:
            message = self._inbox.get()
            if isinstance(message, Close):
                break
            try:
                self._take(message)
            finally:
                self._release(message)
        if message.hurry or self.failed:
            self._discard()
        else:
            self._hand_over()
        self._drafts.put(None)

    def _release(self, message: Message) -> None:
        if isinstance(message, Data | Whole):
            self.queued.fall(message.size)
        if isinstance(message, Data):
            message.block.done()

    def _take(self, message: Begin | Data | End | Whole) -> None:
        if self.failed:
            return
        if isinstance(message, Begin):
            self._begin(message)
        elif isinstance(message, Data):
            writing = self._writings.get(message.work.id)
            if writing is not None:
                writing[0].write(message.block.data)
        elif isinstance(message, End):
            self._end(message)
        else:
            for work, target, decision, data in message.items:
                self._whole(work, target, decision, data)
        if self._draft is not None and self._draft.is_full and not self._writings:
            self._hand_over()

    def _open_draft(self) -> Draft:
        if self._draft is None:
            self.place.check()
            leave = ExitStack()
            self._draft = Draft(leave.enter_context(self.place.batch()), leave)
        return self._draft

    def _begin(self, begin: Begin) -> None:
        draft = self._open_draft()
        stamp, keep = self._over(draft, begin.target, begin.work)
        writing = draft.batch.create(begin.target.key, begin.size, begin.mtime_ns, over=stamp, keep=keep)
        self._writings[begin.work.id] = (writing, begin)

    def _end(self, end: End) -> None:
        held = self._writings.pop(end.work.id, None)
        if held is None:
            return
        writing, begin = held
        if end.decision is None or action_for(begin.target, end.decision) is not Action.PUBLISH:
            writing.abort()
            if end.decision is not None:
                self._later(self._open_draft(), end.work, begin.target, end.decision)
            return
        draft = self._open_draft()
        draft.staged.append((end.work, begin.target, end.decision, writing.finish()))
        draft.bytes += begin.size

    def _whole(self, work: Work, target: Target, decision: Decision, data: bytes | None) -> None:
        draft = self._open_draft()
        if data is None:
            self._later(draft, work, target, decision)
            return
        stamp = keep = None
        if target.old is not None:
            stamp, keep = self._over(draft, target, work)
        writing = draft.batch.create(target.key, len(data), decision.stat.mtime_ns, over=stamp, keep=keep)
        if data:
            writing.write(data)
        draft.staged.append((work, target, decision, writing.finish()))
        draft.bytes += len(data)

    def _over(self, draft: Draft, target: Target, work: Work) -> tuple[Stamp | None, Key | None]:
        stamp, keep, finding = self.over(self.place, target, work)
        if finding is not None:
            draft.findings.append(replace(finding, library=self.library, location=self.name))
        return stamp, keep

    def _later(self, draft: Draft, work: Work, target: Target, decision: Decision) -> None:
        action = action_for(target, decision)
        if action is Action.RETIME:
            draft.times.append((work, target, decision))
        elif action is Action.LOOK:
            draft.looks.append((work, target, decision))

    def _hand_over(self) -> None:
        draft, self._draft = self._draft, None
        if draft is None:
            return
        if draft.is_empty:
            draft.leave.close()
            return
        self._drafts.put(draft)

    def _discard(self) -> None:
        for held in self._writings.values():
            if held is not None:
                held[0].abort()
        self._writings.clear()
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.leave.close()

    # the finisher

    def _finish(self) -> None:
        while (draft := self._drafts.get()) is not None:
            with draft.leave:
                if not self.failed:
                    self.results.put(self.finish(self, draft))
        self.results.put(LaneClosed(self.number))

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
                _leave(draft)
            self.results.put(LaneClosed(self.number))

    def _drain(self) -> None:
        """Give every buffer back until the readers say that no more comes."""
        self._writings.clear()
        if self._draft is not None:
            _leave(self._draft)
            self._draft = None
        while not isinstance(message := self._inbox.get(), Close):
            self._release(message)


def _leave(draft: Draft) -> None:
    try:
        draft.leave.close()
    except LocationError:
        return  # the place is gone; its staging is swept when it is opened again
