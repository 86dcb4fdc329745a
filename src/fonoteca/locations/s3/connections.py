"""Connections to one server, kept open, so that a request costs little beside what the server does.

    answer = connections.ask("GET", "/ana-music/a.flac", headers)
    while count := answer.readinto(buffer): ...          # then the connection is free for the next request

urllib3 beneath botocore takes some 2 ms of processor for the same. What goes wrong is raised as botocore's errors.
"""

from __future__ import annotations

import base64
import http.client
import io
import os
import select
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from fonoteca.core.digest import Block
from fonoteca.locations.s3.answer import Answer, Foreign, Spoilt

Body: TypeAlias = Sequence[Block]
"""Bytes in pieces."""

_SMALL = 64 << 10
"""A head and so many bytes of a body go in one packet of our making."""


@dataclass(frozen=True, slots=True)
class Server:
    """Who is asked. `base`: scheme, host, port."""

    base: SplitResult
    proxy: str | None = None
    """URL of the proxy on the way."""
    ca_file: str | None = None
    limits_s: tuple[float, float] = (10.0, 60.0)
    """For a connection, and for the next bytes."""

    @property
    def is_tls(self) -> bool:
        """True for https."""
        return self.base.scheme == "https"

    @property
    def url(self) -> str:
        """For errors."""
        return f"{self.base.scheme}://{self.base.netloc}"


class Connections:
    """See the module. For several threads; at most `most` stay open when nobody uses them."""

    def __init__(self, server: Server, most: int) -> None:
        self.server = server
        self._most = most
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._context = ssl.create_default_context(cafile=server.ca_file) if server.is_tls else None

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: Body = ()) -> Answer:
        """The answer, its body unread. Raises errors of botocore: ConnectionClosedError, ReadTimeoutError, …"""
        from botocore import exceptions as boto

        connection = self._take()
        url = self.server.url
        try:
            return connection.ask(method, target, headers, body)
        except TimeoutError as error:
            connection.close()
            raise boto.ReadTimeoutError(endpoint_url=url, error=error) from error
        except Foreign:
            connection.close()
            raise
        except (OSError, Spoilt) as error:
            connection.close()
            raise boto.ConnectionClosedError(endpoint_url=url, error=error) from error
        except BaseException:
            connection.close()
            raise

    def _take(self) -> Connection:
        with self._lock:
            if self._owner != os.getpid():  # they are those of the process that this one was made from
                self._owner, self._idle = os.getpid(), []
            while self._idle:
                connection = self._idle.pop()
                if connection.is_quiet():
                    return connection
                connection.close()
        return Connection(self, _connected(self.server, self._context))

    def give_back(self, connection: Connection) -> None:
        """It may be used again."""
        with self._lock:
            if len(self._idle) < self._most and self._owner == os.getpid():
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Let go of those that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()


class Connection:
    """One of them. Used by one thread at a time."""

    def __init__(self, home: Connections, sock: socket.socket) -> None:
        self._home = home
        self._sock = sock
        self._file = io.BufferedReader(socket.SocketIO(sock, "r"), 1 << 16)
        base = home.server.base
        through = home.server.proxy is not None and not home.server.is_tls
        self._before = f"http://{base.netloc}" if through else ""
        self._login = _login(home.server.proxy) if through else {}

    def is_quiet(self) -> bool:
        """True while the other side neither closed it nor says what nobody asked for."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """End it. Never raises."""
        try:
            self._file.close()
            self._sock.close()
        except OSError:
            return

    def release(self, *, clean: bool) -> None:
        """Its answer was read, to the end (`clean`) or not."""
        if clean:
            self._home.give_back(self)
        else:
            self.close()

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> Answer:
        """Send a request, and wait for the head of its answer. Raises OSError, Spoilt."""
        size = sum(len(piece) for piece in body)
        lines = [f"{method} {self._before}{target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (*headers.items(), *self._login.items())]
        if method == "PUT" or size:
            lines.append(f"content-length: {size}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        try:
            self._send(head, body, size)
        except (BrokenPipeError, ConnectionResetError) as error:
            return self._answer_to_half(method, error)
        _acknowledge_at_once(self._sock)
        return Answer.begun(self._file, self, method)

    def _send(self, head: bytes, body: Body, size: int) -> None:
        if size <= _SMALL:
            self._sock.sendall(b"".join((head, *body)))
            return
        self._sock.sendall(head)
        for piece in body:
            self._sock.sendall(piece)

    def _answer_to_half(self, method: str, error: OSError) -> Answer:
        """A server may refuse before it has it all, and take no more: then it said why."""
        try:
            return Answer.begun(self._file, self, method, spoilt=True)
        except (OSError, Spoilt):
            raise error from None


def _acknowledge_at_once(sock: socket.socket) -> None:
    """A server that sends head and body of an answer apart (Ceph does) waits with the body until the head is
    acknowledged, which Linux would put off for 40 ms. It forgets this after a while, so it is asked each time.
    """
    quick = getattr(socket, "TCP_QUICKACK", None)
    if quick is not None:
        sock.setsockopt(socket.IPPROTO_TCP, quick, 1)


def _connected(server: Server, context: ssl.SSLContext | None) -> socket.socket:
    """Raises botocore's errors."""
    from botocore import exceptions as boto

    url = server.url
    try:
        made = _reached(server, context)
    except ssl.SSLError as error:
        raise boto.SSLError(endpoint_url=url, error=error) from error
    except TimeoutError as error:
        raise boto.ConnectTimeoutError(endpoint_url=url, error=error) from error
    except (OSError, http.client.HTTPException) as error:
        if server.proxy is not None:
            raise boto.ProxyConnectionError(proxy_url=urlsplit(server.proxy).hostname, error=error) from error
        raise boto.EndpointConnectionError(endpoint_url=url, error=error) from error
    made.settimeout(server.limits_s[1])
    # A head and its body are two packets: without this the second waits for the server's late ACK, 40 ms.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _reached(server: Server, context: ssl.SSLContext | None) -> socket.socket:
    """http.client knows how a proxy is asked to lead on to a server (CONNECT), and how TLS begins behind it."""
    proxy = urlsplit(server.proxy) if server.proxy else None
    host, port = _where(proxy or server.base)
    limit = server.limits_s[0]
    made: http.client.HTTPConnection
    if context is None:
        made = http.client.HTTPConnection(host, port, timeout=limit)
    else:
        made = http.client.HTTPSConnection(host, port, timeout=limit, context=context)
        if proxy is not None:
            made.set_tunnel(*_where(server.base), headers=_login(server.proxy))
    made.connect()
    found: socket.socket = made.sock
    return found


def _where(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _login(proxy: str | None) -> dict[str, str]:
    """What a proxy wants to be told, where its URL holds a name and a password."""
    parts = urlsplit(proxy or "")
    if parts.username is None:
        return {}
    said = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"proxy-authorization": "Basic " + base64.b64encode(said.encode()).decode()}
