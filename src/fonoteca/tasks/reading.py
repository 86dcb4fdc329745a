"""Reading a library's files once, for all lanes: threads that take `Work`, hash it, and push its bytes.

A file counts as read only when its stat is the same before and after everything that was read from it.
Small files go to the lanes whole, many at a time (a hand-over between threads costs as much as reading one); large ones
block by block, in buffers that the reader and all lanes share.
"""

from __future__ import annotations

import os
import stat as modes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import NamedTuple, TypeAlias

from fonoteca.core.digest import Digests, Hasher, digest
from fonoteca.core.entry import Content, is_settled
from fonoteca.core.pattern import join
from fonoteca.core.plan.copies import Action, Decision, Need, Target, Work, action_for
from fonoteca.core.verdict import StatClass, Verdict, judge, stat_class
from fonoteca.disk import calls
from fonoteca.disk.ahead import opened_ahead
from fonoteca.disk.reading import NotRegular, open_source, read_past_cache
from fonoteca.library.scan import file_stat
from fonoteca.tasks.blocks import Block, BlockPool
from fonoteca.tasks.lanes import Lane
from fonoteca.tasks.messages import Begin, Data, End, Whole

SMALL_BYTES = 256 << 10
"""Up to this size a file goes to the lanes whole."""

WAITING_BYTES = 4 << 20
"""So many bytes of small files may wait in one lane."""

LAG_SECONDS = 10.0
"""A lane that makes the others wait longer than this leaves the shared reading and catches up alone."""


class Read(NamedTuple):
    """A file was read and judged."""

    work: Work
    decision: Decision
    left: tuple[int, ...] = ()
    """Lanes that needed its bytes and could not take them."""


class Unread(NamedTuple):
    """A file was not accepted. `why` is None when it changed while it was read (look again later)."""

    work: Work
    why: str | None
    vanished: bool = False


Result: TypeAlias = Read | Unread


@dataclass(frozen=True, slots=True)
class ReadParcel:
    """What became of a parcel, in one message."""

    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """Small files that a lane could not take after all: it fell behind at this moment."""

    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class ReaderCrashed:
    """A bug in a reader; the receiver raises it."""

    error: BaseException


class Changed(Exception):
    """The file changed while it was read."""


@dataclass(slots=True)
class Reader:
    """What every reader thread shares."""

    root: bytes
    lanes: list[Lane]
    pool: BlockPool
    parcels: SimpleQueue[tuple[Work, ...] | None]
    report: Callable[[ReadParcel | Missed | ReaderCrashed], None]
    racy_ns: int
    ctime_trusted: bool
    now: Callable[[], int]

    def run(self) -> None:
        """A thread's body: parcels until None."""
        try:
            while (parcel := self.parcels.get()) is not None:
                self._parcel(parcel)
        except BaseException as error:  # noqa: BLE001 - a thread's end must be heard; the receiver raises it
            self.report(ReaderCrashed(error))

    def _parcel(self, parcel: tuple[Work, ...]) -> None:
        results: list[Result] = []
        outward: dict[int, list[tuple[Work, Target, Decision, bytes | None]]] = {}
        small = [work for work in parcel if work.size <= SMALL_BYTES]
        for work in parcel:
            if work.size > SMALL_BYTES:
                self._large(work)
        with opened_ahead([join(self.root, work.path) for work in small]) as found:
            for work, fd in zip(small, found, strict=True):
                self._small(work, fd, results, outward)
        # Entries are reported before any lane can report their copies.
        left = self._left(outward)
        if left:
            results = [self._with_left(result, left) for result in results]
        if results:
            self.report(ReadParcel(tuple(results)))
        for number, items in outward.items():
            if number not in left:
                self._await_room(self.lanes[number])
                if not self.lanes[number].put(Whole(tuple(items), sum(item[0].size for item in items))):
                    self.report(Missed(tuple(item[0] for item in items)))

    def _left(self, outward: dict[int, list[tuple[Work, Target, Decision, bytes | None]]]) -> set[int]:
        return {number for number in outward if self.lanes[number].lagging or self.lanes[number].failed}

    def _with_left(self, result: Result, left: set[int]) -> Result:
        if isinstance(result, Unread):
            return result
        mine = tuple(target.lane for target in result.work.targets if target.lane in left)
        return Read(result.work, result.decision, mine)

    # small files

    def _small(
        self,
        work: Work,
        fd: int | OSError,
        results: list[Result],
        outward: dict[int, list[tuple[Work, Target, Decision, bytes | None]]],
    ) -> None:
        try:
            if isinstance(fd, OSError):
                raise fd
            data, before, read_ns = self._read_whole(fd, work)
            decision = self._decide(work, before, digest(data), len(data), read_ns)
        except (Changed, OSError) as error:
            results.append(_unread(work, error))
            return
        results.append(Read(work, decision))
        for target in work.targets:
            action = action_for(target, decision)
            if action is Action.NOTHING:
                continue
            item = (work, target, decision, data if action is Action.PUBLISH else None)
            outward.setdefault(target.lane, []).append(item)

    def _read_whole(self, fd: int, work: Work) -> tuple[bytes, os.stat_result, int]:
        path = join(self.root, work.path)
        before = calls.fstat(fd)
        if not modes.S_ISREG(before.st_mode):
            raise NotRegular(path)
        read_ns = self.now()
        if work.past_cache:
            data = b"".join(bytes(block) for block in read_past_cache(path))
        else:
            data = _read_up_to(fd, before.st_size + 1)
        self._same_after(path, before, len(data))
        return data, before, read_ns

    # large files

    def _large(self, work: Work) -> None:
        lanes = [target for target in work.targets if target.need is Need.BYTES]
        path = join(self.root, work.path)
        sending: list[tuple[Lane, Target]] = []
        decision: Decision | None = None
        result: Result
        try:
            with open_source(path) as fd:
                before = calls.fstat(fd)
                read_ns = self.now()
                for target in lanes:
                    lane = self.lanes[target.lane]
                    if lane.put(Begin(work, target, before.st_size, before.st_mtime_ns)):
                        sending.append((lane, target))
                digests, size = self._pump(fd, path, work, sending)
            self._same_after(path, before, size)
            decision = self._decide(work, before, digests, size, read_ns)
            left = self._not_sent(work, decision, sending)
            result = Read(work, decision, left)
        except (Changed, OSError) as error:
            result = _unread(work, error)
        self.report(ReadParcel((result,)))
        self._end(work, decision, lanes, sending)

    def _not_sent(
        self, work: Work, decision: Decision, sending: list[tuple[Lane, Target]]
    ) -> tuple[int, ...]:
        sent = {target.lane for _, target in sending}
        wanting = (t for t in work.targets if action_for(t, decision) is Action.PUBLISH)
        return tuple(target.lane for target in wanting if target.lane not in sent)

    def _end(
        self, work: Work, decision: Decision | None, lanes: list[Target], sending: list[tuple[Lane, Target]]
    ) -> None:
        sent = {target.lane for _, target in sending}
        for target in lanes:  # those that lost their place on the way only forget it
            self.lanes[target.lane].put(End(work, decision if target.lane in sent else None))
        if decision is None:
            return
        for target in work.targets:
            if target.need is not Need.BYTES and action_for(target, decision) in (Action.LOOK, Action.RETIME):
                self.lanes[target.lane].put(Whole(((work, target, decision, None),), 0))

    def _pump(
        self, fd: int, path: bytes, work: Work, sending: list[tuple[Lane, Target]]
    ) -> tuple[Digests, int]:
        hasher = Hasher()
        if work.past_cache and not sending:
            for piece in read_past_cache(path):
                hasher.update(piece)
            return hasher.digests(), hasher.size
        calls.advise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while True:
            block = self._take()
            try:
                block.size = calls.read_into(fd, block.buffer, hasher.size)
            except OSError:
                block.share(0)
                raise
            if block.size == 0:
                block.share(0)
                return hasher.digests(), hasher.size
            # The lanes write while we hash: neither changes the buffer.
            block.share(len(sending) + 1)
            for pair in list(sending):
                if not pair[0].put(Data(work, block, block.size)):
                    sending.remove(pair)
                    block.done()
            hasher.update(block.data)
            block.done()

    # waiting for lanes

    def _take(self) -> Block:
        waited = 0.0
        while True:
            started = time.monotonic()
            block = self.pool.take(1.0)
            if block is not None:
                return block
            waited += time.monotonic() - started
            if waited >= LAG_SECONDS:
                self._leave_behind()
                waited = 0.0

    def _await_room(self, lane: Lane) -> None:
        waited = 0.0
        while not (lane.failed or lane.lagging or lane.queued.wait_below(WAITING_BYTES, 1.0)):
            waited += 1.0
            if waited >= LAG_SECONDS:
                self._leave_behind()
                waited = 0.0

    def _leave_behind(self) -> None:
        """The lane with most waiting leaves the shared reading, unless it is the only one."""
        active = [lane for lane in self.lanes if not (lane.failed or lane.lagging)]
        if len(active) > 1:
            max(active, key=lambda lane: lane.queued.level).lagging = True

    # judging

    def _same_after(self, path: bytes, before: os.stat_result, size: int) -> None:
        after = calls.lstat(path)
        if (
            after.st_mtime_ns != before.st_mtime_ns
            or after.st_ctime_ns != before.st_ctime_ns
            or after.st_ino != before.st_ino
            or not after.st_size == before.st_size == size
        ):
            raise Changed

    def _decide(
        self, work: Work, status: os.stat_result, digests: Digests, size: int, read_ns: int
    ) -> Decision:
        content = Content(digests.sha256, size, digests.xxh3_128)
        stat = file_stat(status)
        moved = stat_class(work.known, stat, ctime_trusted=self.ctime_trusted) if work.known else None
        verdict = judge(work.recorded, moved, content)
        if (
            verdict is Verdict.REPLACED
            and moved is StatClass.WRITTEN
            and work.reason not in ("written", "no copy yet")
        ):
            raise Changed  # written since the scan: planned as expected-unchanged, so look at it anew
        return Decision(content, stat, verdict, is_settled(stat, read_ns, self.racy_ns), read_ns)


def start(reader: Reader, threads: int) -> list[threading.Thread]:
    """Start reader threads (daemons)."""
    started = []
    for number in range(threads):
        thread = threading.Thread(target=reader.run, name=f"reads {number + 1}", daemon=True)
        thread.start()
        started.append(thread)
    return started


def _unread(work: Work, error: Exception) -> Unread:
    if isinstance(error, FileNotFoundError):
        return Unread(work, None, vanished=True)
    if isinstance(error, OSError):
        return Unread(work, error.strerror or str(error))
    return Unread(work, None)


def _read_up_to(fd: int, size: int) -> bytes:
    data = calls.read(fd, size)
    while 0 < len(data) < size - 1 and (more := calls.read(fd, size - len(data))):
        data += more
    return data
