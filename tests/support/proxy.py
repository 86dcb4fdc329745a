"""A network between us and a server, with faults on purpose: cut after so many bytes, stall, go slowly.

with proxy(server.port) as between:
    between.cut_after(100_000)
    location = sftp_location(server, path, port=between.port)
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Takes connections on `port` and passes them on."""

    def __init__(self, target: int, address: str = "127.0.0.1") -> None:
        self._target = (address, target)
        self._listener = socket.create_server((address, 0))
        self.port = int(self._listener.getsockname()[1])
        self.cuts = 0
        """How many connections were cut."""
        self._left: int | None = None
        self._often: Iterator[int] = iter(())
        self._speed: int | None = None
        self._word: bytes | None = None
        self._go = threading.Event()
        self._go.set()
        self._gates = [self._go]
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def cut_after(self, count: int | None) -> None:
        """Cut the connection with a reset when so many more bytes have passed; None: no more."""
        self._left = count

    def cut_often(self, times: int, room: Callable[[], int]) -> None:
        """Cut so many times, each when `room()` more bytes have passed."""
        self._often = iter([room() for _ in range(times)])
        self._left = next(self._often)

    def cut_at(self, word: bytes | None) -> None:
        """Cut each connection over which this word comes; None: no more."""
        self._word = word

    def stall(self) -> None:
        """Pass nothing on, and keep the connections."""
        self._go.clear()

    def resume(self) -> None:
        """Pass everything on again, also what was held on to."""
        for gate in self._gates:
            gate.set()

    def hold_on(self) -> None:
        """The connections that there are stall; new ones pass. What the old ones carry arrives with `resume`."""
        self._go.clear()
        self._go = threading.Event()
        self._go.set()
        self._gates.append(self._go)

    def slow(self, speed: int | None) -> None:
        """Pass on at most so many bytes a second, in each direction."""
        self._speed = speed

    def close(self) -> None:
        """End it all."""
        self.resume()
        self._listener.close()
        self._reset()

    def _serve(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            try:
                theirs = socket.create_connection(self._target)
            except OSError:
                ours.close()
                continue
            with self._lock:
                self._open += [ours, theirs]
            for one, other in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=self._pass, args=(one, other, self._go), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, go: threading.Event) -> None:
        with suppress(OSError):
            while data := one.recv(1 << 14):
                go.wait()
                if self._speed is not None:
                    time.sleep(len(data) / self._speed)
                with self._lock:
                    cut = self._left is not None and self._left < len(data)
                    if self._word is not None and self._word in data:
                        cut = True
                    elif self._left is not None:
                        self._left = next(self._often, None) if cut else self._left - len(data)
                if cut:
                    self.cuts += 1
                    self._reset()
                    return
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _reset(self) -> None:
        """Close all connections as a router does that forgot them."""
        with self._lock:
            sockets, self._open = self._open, []
        for each in sockets:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                each.close()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A proxy to the port `target`."""
    made = Proxy(target)
    try:
        yield made
    finally:
        made.close()
