"""A lane in a process of its own: with many small files, Python's interpreter is what is scarce.

    lane = LaneApart(Lane(…), pool, reports)     # the lane as it would be here
    lane.start()                                 # forks; from now on the lane lives there

The process is forked, so it has the open location, its lock and the shared blocks as they are. It does nothing but
that lane's work, and ends with it, or with us: the kernel kills it when we are gone (PR_SET_PDEATHSIG), so that a
`kill -9` leaves nobody behind who writes. Ctrl-C is ours to deal with: it ignores signals and does as it is told.

Three pipes: messages, reports (the length before each), and one byte for each block that it is done with: its number.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NoReturn

from fonoteca.errors import Broken
from fonoteca.tasks.copying.blocks import Block, BlockPool
from fonoteca.tasks.copying.lanes import AnyLane, Lane, Results, takes
from fonoteca.tasks.copying.messages import (
    Close,
    Data,
    LaneClosed,
    LaneFailed,
    LaneSynced,
    Message,
    Report,
    Small,
    Sync,
)
from fonoteca.tasks.copying.wire import Given, decode, encode, encode_report

_LENGTH = struct.Struct("<I")
_PR_SET_PDEATHSIG = 1
_DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@dataclass(slots=True)
class LaneApart:
    """See `lanes.AnyLane`. `lane` is what will live in the process; `results` gets its reports here."""

    lane: Lane
    pool: BlockPool
    results: Results
    lagging: bool = False
    failed: bool = False
    _pid: int = 0
    _messages: int = -1
    _sending: threading.Lock = field(default_factory=threading.Lock)
    _given: Given = field(default_factory=Given)
    _held: list[int] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _unsynced: int = 0

    def __post_init__(self) -> None:
        self._held = [0] * len(self.pool.blocks)

    @property
    def number(self) -> int:
        """See `AnyLane`."""
        return self.lane.number

    @property
    def name(self) -> str:
        """See `AnyLane`."""
        return self.lane.name

    @property
    def is_remote(self) -> bool:
        """See `AnyLane`."""
        return self.lane.is_remote

    @property
    def waiting(self) -> int:
        """See `AnyLane`."""
        return sum(self._held)

    def start(self) -> None:
        """Fork, and listen. To be called while no thread of ours holds a lock that the lane needs.

        Raises OSError when there can be no further process; nothing has happened then.
        """
        pipes = [*os.pipe(), *os.pipe(), *os.pipe()]
        messages_in, self._messages, reports_in, reports_out, done_in, done_out = pipes
        parent = os.getpid()
        try:
            self._pid = os.fork()
        except OSError:
            for fd in pipes:
                os.close(fd)
            raise
        if self._pid == 0:
            for fd in (self._messages, reports_in, done_in):
                os.close(fd)
            _live(self.lane, self.pool, messages_in, reports_out, done_out, parent)
        for fd in (messages_in, reports_out, done_out):
            os.close(fd)
        for name, body, fd in (("reports", self._hear, reports_in), ("blocks", self._take_back, done_in)):
            thread = threading.Thread(target=body, args=(fd,), name=f"{self.name} {name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def put(self, message: Message) -> bool:
        """See `AnyLane`."""
        if not takes(self, message):
            return False
        data = encode(message)
        with self._sending:
            if self._messages < 0:
                return self._answer(message)
            self._given.note(message)
            if isinstance(message, Data | Small):
                with self._counting:
                    self._held[message.block.number] += 1
            self._unsynced += isinstance(message, Sync)
            try:
                _send(self._messages, data)
            except OSError:  # its process is gone; `_hear` says so, and gives back what it held
                self._hang_up()
                return isinstance(message, Data | Small)
            if isinstance(message, Close):
                self._hang_up()
        return True

    def join(self, timeout: float | None = None) -> bool:
        """See `AnyLane`."""
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _answer(self, message: Message) -> bool:
        """In the place of a process that is gone."""
        if isinstance(message, Sync):
            self.results.put(LaneSynced(self.number))
        return False

    def _hang_up(self) -> None:
        if self._messages >= 0:
            os.close(self._messages)
            self._messages = -1

    # what comes back

    def _take_back(self, fd: int) -> None:
        """Blocks that the lane is done with, one byte each: its number."""
        while numbers := os.read(fd, 4096):
            for number in numbers:
                with self._counting:
                    self._held[number] -= 1
                self.pool.blocks[number].done()
        os.close(fd)

    def _hear(self, fd: int) -> None:
        """Reports, until the process ends. One that ends without its last word was killed: the lane has failed."""
        closed = False
        with os.fdopen(fd, "rb") as stream:
            while data := _receive(stream):
                report = self._given.decode(data)
                closed = closed or isinstance(report, LaneClosed)
                self.failed = self.failed or isinstance(report, LaneFailed)
                self._unsynced -= isinstance(report, LaneSynced)
                self.results.put(report)
        _, status = os.waitpid(self._pid, 0)
        self._threads[1].join()
        if not closed:
            self._mourn(os.waitstatus_to_exitcode(status))

    def _mourn(self, code: int) -> None:
        """The process died: everybody who waits for it gets its word, and its blocks are free."""
        with self._sending:
            self._hang_up()
            if not self.failed:
                self.failed = True
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                error = Broken(self.name, f"the process that wrote there died ({how})")
                self.results.put(LaneFailed(self.number, error))
            for number, count in enumerate(self._held):
                for _ in range(count):
                    self.pool.blocks[number].done()
            self._held = [0] * len(self._held)
            for _ in range(self._unsynced):
                self.results.put(LaneSynced(self.number))
        self.results.put(LaneClosed(self.number))


def start(lane: AnyLane) -> AnyLane:
    """Start a lane; where the system allows no further process, as threads here. Gives the one that works."""
    try:
        lane.start()
    except OSError:
        if not isinstance(lane, LaneApart):
            raise
        lane.lane.start()
        return lane.lane
    return lane


def processes_first(lanes: Sequence[AnyLane]) -> list[tuple[int, AnyLane]]:
    """The lanes with their numbers in the order in which they are to be started: threads only when all is forked."""
    return sorted(enumerate(lanes), key=lambda each: not isinstance(each[1], LaneApart))


# in the lane's process


class _SharedBlock:
    """A block as the lane's process sees it: the same memory; `done` tells the other side."""

    __slots__ = ("_fd", "buffer", "number", "size")

    def __init__(self, block: Block, fd: int) -> None:
        self.number = block.number
        self.buffer = block.buffer
        self.size = 0
        self._fd = fd

    @property
    def data(self) -> memoryview:
        return self.buffer[: self.size]

    def done(self) -> None:
        os.write(self._fd, bytes((self.number,)))


class _Reports:
    """`lanes.Results`, into a pipe. Both threads of a lane use it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._sending = threading.Lock()

    def put(self, report: Report) -> None:
        data = encode_report(report)
        with self._sending:
            _send(self._fd, data)


def _live(lane: Lane, pool: BlockPool, messages: int, reports: int, done: int, parent: int) -> NoReturn:
    """The whole life of the process. It never returns into the program that it was forked from."""
    try:
        _die_with(parent)
        for number in _DEAF_TO:
            signal.signal(number, signal.SIG_IGN)
        gc.freeze()  # what we were forked with is not ours to collect, an open catalogue above all
        lane.results = _Reports(reports)
        blocks = [_SharedBlock(block, done) for block in pool.blocks]
        lane.start()
        with os.fdopen(messages, "rb") as stream:
            _serve(lane, stream, blocks)
        lane.join()
    except BaseException:  # noqa: BLE001 - whatever it is, the other side sees the end and says so
        os._exit(70)
    os._exit(0)


def _serve(lane: Lane, stream: BinaryIO, blocks: Sequence[_SharedBlock]) -> None:
    while data := _receive(stream):
        message = decode(data, lane.number, blocks)
        if not lane.put(message) and isinstance(message, Data | Small):
            message.block.done()
        if isinstance(message, Close):
            return
    lane.put(Close(hurry=True))


def _die_with(parent: int) -> None:
    """Be killed when the parent is (Linux: prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(70)


def _send(fd: int, data: bytes) -> None:
    """One message. The pipe's other end always reads, so this waits for moments at most."""
    rest = memoryview(_LENGTH.pack(len(data)) + data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _receive(stream: BinaryIO) -> bytes:
    """The next message; empty at the end, also in the middle of one."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return b""
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else b""
