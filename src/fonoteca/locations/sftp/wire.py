"""One SFTP session: requests go out without waiting for answers, so that a long way costs its time once, not per file.

    wire = Wire(stream)
    numbers = [wire.send(LSTAT, string(path)) for path in paths]
    found = [wire.attributes(number) for number in numbers]

Usable from several threads: whoever waits for an answer reads, and keeps for the others what is theirs. A refusal of
the server is `Refusal`; that nothing more can come of this session is `Severed`. Whoever sends bounds what is
unanswered, so that neither side's buffers fill up.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterable, Iterator
from typing import Protocol

from fonoteca.core.digest import Block
from fonoteca.locations.sftp import packets
from fonoteca.locations.sftp.packets import Attributes, Reply, string

TOGETHER = 64
"""So many requests at most are unanswered: as many as OpenSSH's own sftp allows itself."""

OK, EOF, NO_SUCH_FILE, DENIED, FAILURE, BAD_MESSAGE, NO_CONNECTION, CONNECTION_LOST, UNSUPPORTED = range(9)

_LARGEST = 16 << 20
"""No packet is longer; what says it is, is no SFTP."""


class Severed(Exception):
    """The session is over: cut off, too long silent, or not SFTP. `str()` is the reason."""


class Refusal(Exception):
    """The server said no: its status code and what it said."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"{text or 'failure'} (status {code})")


class Bytes(Protocol):
    """What a session runs over: a `Stream`, or anything like it. All raise OSError or EOFError."""

    def take(self, count: int, /) -> bytes:
        """So many bytes, fewer at the end."""
        ...

    def sendall(self, *blocks: Block) -> None: ...
    def close(self) -> None: ...


class Wire:
    """See the module. Raises Severed when the other side speaks no SFTP."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self._sending = threading.Lock()
        self._change = threading.Condition()
        self._answers: dict[int, Reply] = {}
        self._unwanted: set[int] = set()
        self._reading = False
        self._number = 0
        self._severed: str | None = None
        self.born = 0
        """Of which connection it is, as its maker counts them."""
        self.extensions = self._greet()

    def _greet(self) -> frozenset[bytes]:
        self._put(bytes((packets.INIT,)) + packets.word(3))
        body = self._next()
        if body[0] != packets.VERSION:
            raise self._over("what answers there speaks no SFTP")
        reply, found = Reply(body[0], memoryview(body)[1:]), set()
        reply.word()
        while not reply.is_read:
            found.add(reply.string())
            reply.string()
        return frozenset(found)

    @property
    def is_over(self) -> bool:
        """True when nothing more can come of it."""
        return self._severed is not None

    def close(self) -> None:
        """End the session. Never raises."""
        self._severed = self._severed or "it was closed"
        try:
            self._stream.close()
        except (OSError, EOFError):
            return

    # asking

    def send(self, kind: int, *parts: bytes, data: Block = b"") -> int:
        """Send a request, `data` at its end; the number under which its answer is to be had."""
        with self._sending:
            self._number = number = (self._number + 1) & 0xFFFFFFFF
            self._put(b"".join((bytes((kind,)), packets.word(number), *parts)), data)
        return number

    def extended(self, name: bytes, *parts: bytes) -> int:
        """Send a request of an extension."""
        return self.send(packets.EXTENDED, string(name), *parts)

    def forget(self, numbers: Iterable[int]) -> None:
        """Nobody will ask for these answers."""
        with self._change:
            for number in numbers:
                if self._answers.pop(number, None) is None:
                    self._unwanted.add(number)

    # answers

    def done(self, number: int) -> None:
        """Wait until it is done. Raises Refusal."""
        self._expect(self.wait(number), packets.STATUS)

    def handle(self, number: int) -> bytes:
        """The handle that was asked for. Raises Refusal."""
        return bytes(self._read(self._expect(self.wait(number), packets.HANDLE)))

    def data(self, number: int) -> memoryview:
        """What was read; empty at the end. Raises Refusal."""
        try:
            return self._read(self._expect(self.wait(number), packets.DATA))
        except Refusal as refusal:
            if refusal.code == EOF:
                return memoryview(b"")
            raise

    def attributes(self, number: int) -> Attributes:
        """What was asked about. Raises Refusal."""
        reply = self._expect(self.wait(number), packets.ATTRS)
        try:
            return reply.attributes()
        except struct.error as error:
            raise self._over("it sent a packet that is no SFTP") from error

    def names(self, number: int) -> Iterator[tuple[bytes, Attributes]]:
        """Names of a folder; none at its end. Raises Refusal."""
        try:
            reply = self._expect(self.wait(number), packets.NAME)
        except Refusal as refusal:
            if refusal.code == EOF:
                return
            raise
        try:
            for _ in range(reply.word()):
                name, _long_name = reply.string(), reply.string()
                yield name, reply.attributes()
        except struct.error as error:
            raise self._over("it sent a packet that is no SFTP") from error

    def reply(self, number: int) -> Reply:
        """What an extension answered. Raises Refusal."""
        return self._expect(self.wait(number), packets.EXTENDED_REPLY)

    def wait(self, number: int) -> Reply:
        """The answer, as it came. Raises Severed."""
        while True:
            with self._change:
                while number not in self._answers and self._reading:
                    self._change.wait()
                found = self._answers.pop(number, None)
                if found is not None:
                    return found
                if self._severed is not None:
                    raise Severed(self._severed)
                self._reading = True
            try:
                self._take(self._next())
            finally:
                with self._change:
                    self._reading = False
                    self._change.notify_all()

    def _take(self, body: bytes) -> None:
        if len(body) < 5:
            raise self._over("it sent a packet that is no SFTP")
        number = int.from_bytes(body[1:5], "big")
        with self._change:
            if number in self._unwanted:
                self._unwanted.discard(number)
            else:
                self._answers[number] = Reply(body[0], memoryview(body)[5:])

    def _expect(self, reply: Reply, kind: int) -> Reply:
        if reply.kind == packets.STATUS:
            code, text = self._status(reply)
            if kind == packets.STATUS and code == OK:
                return reply
            raise Refusal(code, text)
        if reply.kind != kind:
            raise self._over(f"it answered with a packet of kind {reply.kind}, not {kind}")
        return reply

    def _status(self, reply: Reply) -> tuple[int, str]:
        try:
            code = reply.word()
            return code, "" if reply.is_read else reply.string().decode("utf-8", "replace")
        except struct.error as error:
            raise self._over("it sent a packet that is no SFTP") from error

    def _read(self, reply: Reply) -> memoryview:
        try:
            return reply.view()
        except struct.error as error:
            raise self._over("it sent a packet that is no SFTP") from error

    # bytes

    def _put(self, body: bytes, data: Block = b"") -> None:
        if self._severed is not None:
            raise Severed(self._severed)
        try:
            self._stream.sendall(packets.word(len(body) + len(data)) + body, data)
        except (OSError, EOFError) as error:
            raise self._over(_why(error)) from error

    def _next(self) -> bytes:
        length = int.from_bytes(self._exactly(4), "big")
        if not 0 < length <= _LARGEST:
            raise self._over("what answers there speaks no SFTP")
        return self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        try:
            found = self._stream.take(count)
        except (OSError, EOFError) as error:
            raise self._over(_why(error)) from error
        if len(found) < count:
            raise self._over("the server ended the connection")
        return found

    def _over(self, reason: str) -> Severed:
        """The session is of no use any more: the next ones who ask hear so at once."""
        reason = self._severed or reason
        self._severed = reason
        self.close()
        return Severed(reason)


def _why(error: OSError | EOFError) -> str:
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    said = getattr(error, "strerror", None)
    return f"the connection broke off ({said.lower()})" if said else "the connection broke off"
