"""Reading a library's files once, for all lanes: threads that take `Work`, hash it, and push its bytes.

A file counts as read only when its stat is the same before and after everything that was read from it.
Small files share a block, many at a time (a hand-over between threads costs as much as reading one); large ones go
block by block. The blocks are shared by the reader and all lanes, and their number bounds what may wait.
"""

from __future__ import annotations

import os
import stat as modes
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from fonoteca.core.digest import Digests, Hasher, digest
from fonoteca.core.entry import Content
from fonoteca.core.pattern import join
from fonoteca.core.plan.copies import Action, Decision, Need, Target, Work, action_for
from fonoteca.disk import calls
from fonoteca.disk.ahead import opened_ahead
from fonoteca.disk.reading import NotRegular, open_source, read_past_cache, read_up_to
from fonoteca.library.scan import file_stat
from fonoteca.library.trust import Trust
from fonoteca.tasks.copying.blocks import Block, BlockPool
from fonoteca.tasks.copying.borrowing import is_to_borrow, may_be_borrowed
from fonoteca.tasks.copying.lanes import AnyLane
from fonoteca.tasks.copying.messages import Begin, Data, End, Missed, Other, Small
from fonoteca.tasks.copying.readings import (
    Changed,
    Read,
    ReaderCrashed,
    ReadParcel,
    Result,
    Share,
    Stopped,
    by_lane,
    unread,
    without,
)
from fonoteca.tasks.looking.judging import Judge, Judged, LookInside, same_after

SMALL_BYTES = 256 << 10
"""Up to this size a file goes to the lanes whole, in a block with others."""

LAG_SECONDS = 10.0
"""A lane that makes the others wait longer than this leaves the shared reading and catches up alone."""


@dataclass(slots=True)
class Reader:
    """What every reader thread shares."""

    root: bytes
    lanes: Sequence[AnyLane]
    pool: BlockPool
    parcels: SimpleQueue[tuple[Work, ...] | None]
    report: Callable[[ReadParcel | Missed | ReaderCrashed], None]
    trust: Trust
    now: Callable[[], int]
    look_inside: LookInside
    stopped: bool = False
    """Set by the caller: readers end at the next block."""
    lent: bool = False
    """A lane was told to take an earlier version that stands there: it may give the file back."""
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self._judge = Judge(self.root, self.trust, self._go_on, self.look_inside)

    def run(self) -> None:
        """A thread's body: parcels until None."""
        try:
            while (parcel := self.parcels.get()) is not None:
                self._parcel(parcel)
        except Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - a thread's end must be heard; the receiver raises it
            self.report(ReaderCrashed(error))

    def _parcel(self, parcel: tuple[Work, ...]) -> None:
        """One large file, or small ones whose sizes fit into a block, a byte to spare for each."""
        if parcel[0].size > SMALL_BYTES:
            self._large(parcel[0])
            return
        results: list[Result] = []
        shares: list[Share] = []
        with opened_ahead([join(self.root, work.path) for work in parcel]) as found:
            block = self._take()
            used = 0
            for work, fd in zip(parcel, found, strict=True):
                self._go_on()
                used += self._small(work, fd, block.buffer[used:], used, results, shares)
        self._give(block, results, shares)

    def _give(self, block: Block, results: list[Result], shares: list[Share]) -> None:
        """Report what was read, then hand the block to every lane that needs some of it."""
        items, others = by_lane(shares)
        left = {number for number in items if self.lanes[number].lagging or self.lanes[number].failed}
        if left:
            results = [without(result, left) for result in results]
        # Entries are reported before any lane can report their copies.
        self.report(ReadParcel(tuple(results)))
        block.share(1 + len(items) - len(left))
        for number, each in items.items():
            if number not in left and not self.lanes[number].put(Small(tuple(each), block)):
                block.done()
                self.report(Missed(number, tuple(item.work for item in each)))
        block.done()
        for other in others:
            self._put_other(other)

    # small files

    def _small(
        self,
        work: Work,
        fd: int | OSError,
        buffer: memoryview,
        start: int,
        results: list[Result],
        shares: list[Share],
    ) -> int:
        """Read one into the buffer; how many bytes of it are taken now."""
        try:
            if isinstance(fd, OSError):
                raise fd
            size, before, read_ns = self._read_whole(fd, work, buffer)
            decision, inside = self._decide(work, before, digest(buffer[:size]), size, read_ns)
        except (Changed, OSError) as error:
            results.append(unread(work, error))
            return 0
        results.append(Read(work, decision, inside=inside))
        shares.append((work, decision, start, size))
        return size

    def _read_whole(self, fd: int, work: Work, buffer: memoryview) -> tuple[int, os.stat_result, int]:
        path = join(self.root, work.path)
        before = calls.fstat(fd)
        if not modes.S_ISREG(before.st_mode):
            raise NotRegular(path)
        if before.st_size > work.size:
            raise Changed(before.st_size)  # it grew since the scan: looked at anew with its new size
        read_ns = self.now()
        if work.past_cache:
            size = _copy(read_past_cache(path), buffer)
        else:
            size = read_up_to(fd, buffer[: before.st_size + 1])
        same_after(path, before, size)
        return size, before, read_ns

    # large files

    def _large(self, work: Work) -> None:
        if may_be_borrowed(work, work.size) and self._borrowed(work):
            return
        lanes = [target for target in work.targets if target.need is Need.BYTES]
        path = join(self.root, work.path)
        sending: list[tuple[AnyLane, Target]] = []
        decision: Decision | None = None
        result: Result
        try:
            with open_source(path) as fd:
                before = calls.fstat(fd)
                read_ns = self.now()
                for target in lanes:
                    lane = self.lanes[target.lane]
                    if lane.put(Begin(work, target, before.st_size, file_stat(before).mtime_ns)):
                        sending.append((lane, target))
                digests, size = self._pump(fd, path, work, sending)
            same_after(path, before, size)
            decision, inside = self._decide(work, before, digests, size, read_ns)
            left = self._not_sent(work, decision, sending)
            result = Read(work, decision, left, inside)
        except (Changed, OSError) as error:
            result = unread(work, error)
        except Stopped:
            self._end(work, None, lanes, sending)
            raise
        self.report(ReadParcel((result,)))
        self._end(work, decision, lanes, sending)

    def _borrowed(self, work: Work) -> bool:
        """Read it for nobody. Where lanes take it from what they have, all is done; who needs its bytes misses it."""
        path = join(self.root, work.path)
        try:
            with open_source(path) as fd:
                before = calls.fstat(fd)
                read_ns = self.now()
                digests, size = self._pump(fd, path, work, [])
            same_after(path, before, size)
            is_known = work.recorded is not None and digests.sha256 == work.recorded.sha256
            if not is_known and (digests.sha256, size) not in work.earlier:
                return False
            decision, inside = self._decide(work, before, digests, size, read_ns)
        except (Changed, OSError):
            return False  # read once more, as any other, and said then
        if not any(is_to_borrow(work, target, decision) for target in work.targets):
            return False
        items, others = by_lane([(work, decision, 0, 0)])
        self.report(ReadParcel((Read(work, decision, tuple(items), inside),)))
        for other in others:
            self._put_other(other)
        return True

    def _not_sent(
        self, work: Work, decision: Decision, sending: list[tuple[AnyLane, Target]]
    ) -> tuple[int, ...]:
        sent = {target.lane for _, target in sending}
        wanting = (t for t in work.targets if action_for(t, decision) is Action.PUBLISH)
        return tuple(target.lane for target in wanting if target.lane not in sent)

    def _end(
        self,
        work: Work,
        decision: Decision | None,
        lanes: list[Target],
        sending: list[tuple[AnyLane, Target]],
    ) -> None:
        sent = {target.lane for _, target in sending}
        for target in lanes:  # those that lost their place on the way only forget it
            self.lanes[target.lane].put(End(work, decision if target.lane in sent else None))
        if decision is None:
            return
        for target in work.targets:
            if target.need is not Need.BYTES and action_for(target, decision) in (Action.LOOK, Action.RETIME):
                self._put_other(Other(work, target, decision))

    def _put_other(self, other: Other) -> None:
        self.lent |= is_to_borrow(other.work, other.target, other.decision)
        if not self.lanes[other.target.lane].put(other):
            self.report(Missed(other.target.lane, (other.work,)))

    def _pump(
        self, fd: int, path: bytes, work: Work, sending: list[tuple[AnyLane, Target]]
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

    def _go_on(self) -> None:
        if self.stopped:
            raise Stopped

    def _take(self) -> Block:
        waited = 0.0
        while True:
            self._go_on()
            started = time.monotonic()
            block = self.pool.take(0.25)
            if block is not None:
                return block
            waited += time.monotonic() - started
            if waited >= LAG_SECONDS:
                self._leave_behind()
                waited = 0.0

    def _leave_behind(self) -> None:
        """The lane with most waiting leaves the shared reading, unless it is the only one."""
        active = [lane for lane in self.lanes if not (lane.failed or lane.lagging)]
        if len(active) > 1:
            max(active, key=lambda lane: lane.waiting).lagging = True

    # judging

    def _decide(
        self, work: Work, status: os.stat_result, digests: Digests, size: int, read_ns: int
    ) -> Judged:
        content = Content(digests.sha256, size, digests.xxh3_128)
        return self._judge.decide(work, status, content, read_ns)


def start(reader: Reader, threads: int) -> list[threading.Thread]:
    """Start reader threads (daemons)."""
    started = []
    for number in range(threads):
        thread = threading.Thread(target=reader.run, name=f"reads {number + 1}", daemon=True)
        thread.start()
        started.append(thread)
    return started


def _copy(pieces: Iterable[memoryview], buffer: memoryview) -> int:
    used = 0
    for piece in pieces:
        if used + len(piece) > len(buffer):
            raise Changed(used + len(piece))
        buffer[used : used + len(piece)] = piece
        used += len(piece)
    return used
