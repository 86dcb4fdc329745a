"""The daemon's ear for other commands: a Unix socket beside the catalogue, for its owner alone.

    yield         nothing is begun until this connection is closed; answered when nothing is under way
    status        what is going on
    pause 7200    nothing is begun for so many seconds
    resume

A command that was killed has closed its connection, so nobody waits for it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fonoteca.daemon.clock import Bell
from fonoteca.disk.asking import address, socket_of

LONGEST_QUESTION = 1024
Answer = Callable[[str], dict[str, Any]]


@dataclass(slots=True)
class _Caller:
    connection: socket.socket
    heard: bytes = b""
    wants_lock: bool = False
    was_told: bool = False


@dataclass(slots=True)
class Control:
    """Listens for one archive. The caller holds the daemon's lock, so a socket that lies there is a dead one's."""

    catalogue: str
    bell: Bell
    _server: socket.socket = field(init=False)
    _callers: dict[int, _Caller] = field(default_factory=dict)

    def __post_init__(self) -> None:
        path = socket_of(self.catalogue)
        with suppress(FileNotFoundError):
            os.unlink(path)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._server.setblocking(False)
        before = os.umask(0o177)  # never open to others, not even for a moment
        try:
            with address(path) as where:
                self._server.bind(where)
        finally:
            os.umask(before)
        self._server.listen(16)
        self.bell.watch(self._server.fileno())

    def close(self) -> None:
        """Listen no more; whoever waits for the lock sees us go and takes it."""
        for fd in list(self._callers):
            self._hang_up(fd)
        self.bell.forget(self._server.fileno())
        self._server.close()
        with suppress(FileNotFoundError):
            os.unlink(socket_of(self.catalogue))

    @property
    def is_asked_to_yield(self) -> bool:
        """Whether some command wants the lock, or has it."""
        return any(caller.wants_lock for caller in self._callers.values())

    def hear(self, ready: AbstractSet[int], answer: Answer) -> None:
        """Take what came on these descriptors. `answer` gives the reply to every question but `yield`."""
        if self._server.fileno() in ready:
            self._accept()
        for fd in ready & self._callers.keys():
            self._read(self._callers[fd], answer)

    def grant(self) -> None:
        """Nothing is under way: whoever wants the lock may take it."""
        for fd, caller in list(self._callers.items()):
            if caller.wants_lock and not caller.was_told:
                caller.was_told = True
                if not _tell(caller.connection, {"yielded": True}):
                    self._hang_up(fd)

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                connection, _ = self._server.accept()
                connection.setblocking(False)
                self._callers[connection.fileno()] = _Caller(connection)
                self.bell.watch(connection.fileno())

    def _read(self, caller: _Caller, answer: Answer) -> None:
        fd = caller.connection.fileno()
        try:
            part = caller.connection.recv(LONGEST_QUESTION)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        caller.heard += part
        if not part or len(caller.heard) > LONGEST_QUESTION:
            self._hang_up(fd)
        elif caller.heard.endswith(b"\n") and not caller.wants_lock:
            question = caller.heard.decode("utf-8", "replace").strip()
            if question == "yield":
                caller.wants_lock = True
                return
            _tell(caller.connection, answer(question))
            self._hang_up(fd)

    def _hang_up(self, fd: int) -> None:
        self.bell.forget(fd)
        self._callers.pop(fd).connection.close()


def _tell(connection: socket.socket, reply: dict[str, Any]) -> bool:
    """False where nobody is there to hear it. A reply fits into the socket's buffer."""
    try:
        connection.sendall(json.dumps(reply).encode() + b"\n")
    except OSError:
        return False
    return True
