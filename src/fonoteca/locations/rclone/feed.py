"""Where rclone fetches what we send: a server on loopback that gives each upload once, to whoever knows its number.

    feed = Feed()
    offer = feed.offer(size, mtime_ns)
    ...                                     # rclone is asked to copy offer.url
    offer.send(block)                       # waits until rclone has come, and while it is busy

rclone's `operations/copyurl` is the one of its commands that takes a stream, its length and its time at once. Times go
in an HTTP header, to the second.
"""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import suppress
from email.utils import formatdate

from fonoteca.core.digest import Block

SECOND_NS = 1_000_000_000
LATEST_S = 253_402_300_799
"""The end of the year 9999, as far as a date in HTTP goes."""

_GREETING_S = 20.0


class Offer:
    """One upload: `send` its bytes, then `end`. Used by one thread, and by the server's."""

    def __init__(self, url: str, size: int, mtime_ns: int, limit_s: float) -> None:
        self.url = url
        self._head = _head(size, mtime_ns)
        self._limit_s = limit_s
        self._socket: socket.socket | None = None
        self._changed = threading.Condition()
        self._over = False

    def send(self, block: Block) -> None:
        """Give the next bytes. Raises OSError where rclone does not come, or goes, or takes nothing for too long."""
        self._taker().sendall(block)

    def end(self) -> None:
        """All bytes were given. Never raises: rclone counts them."""
        with suppress(OSError):
            self._taker().shutdown(socket.SHUT_WR)

    def cancel(self) -> None:
        """Nothing more will come, or rclone wants no more. Never raises."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
            taker, self._socket = self._socket, None
        if taker is not None:
            taker.close()

    def come(self, taker: socket.socket) -> bool:
        """Rclone is there. False where it came before, or nobody waits."""
        with self._changed:
            if self._over or self._socket is not None:
                return False
            taker.settimeout(self._limit_s)
            taker.sendall(self._head)
            self._socket = taker
            self._changed.notify_all()
        return True

    def _taker(self) -> socket.socket:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._socket is not None, self._limit_s)
            if self._socket is None:
                raise ConnectionError("rclone fetches nothing")
            return self._socket


class Feed:
    """See the module. Usable from several threads."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._offers: dict[str, Offer] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def offer(self, size: int, mtime_ns: int) -> Offer:
        """An upload of so many bytes; ns since 1970. Take it back by `forget`."""
        name = secrets.token_urlsafe(24)
        offer = Offer(f"http://127.0.0.1:{self._port}/{name}", size, mtime_ns, self._limit_s)
        self._offers[name] = offer
        return offer

    def forget(self, offer: Offer) -> None:
        """Rclone has answered: nobody will come any more."""
        self._offers.pop(offer.url.rpartition("/")[2], None)
        offer.cancel()

    def close(self) -> None:
        """End it. Never raises."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for offer in list(self._offers.values()):
            self.forget(offer)

    def _serve(self) -> None:
        while True:
            try:
                taker, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(taker,), daemon=True).start()

    def _greet(self, taker: socket.socket) -> None:
        try:
            taker.settimeout(_GREETING_S)
            offer = self._offers.get(_wanted(taker))
            if offer is not None and offer.come(taker):
                return
            taker.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except OSError:
            pass  # a stranger, or rclone went: whoever sends notices
        taker.close()


def _wanted(taker: socket.socket) -> str:
    """The name in `GET /NAME HTTP/1.1`, when the whole head has come; empty for anything else."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = taker.recv(4096)
        if not more or len(head) > 1 << 16:
            return ""
        head += more
    words = head.split(b"\r\n", 1)[0].split()
    if len(words) != 3 or words[0] != b"GET":
        return ""
    return words[1].decode("ascii", "replace").removeprefix("/")


def _head(size: int, mtime_ns: int) -> bytes:
    when = formatdate(min(max(mtime_ns // SECOND_NS, 0), LATEST_S), usegmt=True)
    lines = ("HTTP/1.1 200 OK", f"Content-Length: {size}", f"Last-Modified: {when}", "Connection: close")
    return "\r\n".join([*lines, "", ""]).encode()
