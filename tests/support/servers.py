"""Servers on loopback that notices really reach: for mail, for HTTP, one that never answers, one that refuses.

with web() as server:
    … server.url("json", "topic") …
    assert server.got[0].path == "/topic"
"""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Asked:
    """One request."""

    path: str
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Web:
    """An HTTP server that keeps what it gets, and answers with `code`."""

    port: int = 0
    code: int = 200
    got: list[Asked] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [each.path for each in self.got]

    def url(self, kind: str, path: str = "") -> str:
        """Its address."""
        return f"{kind}://127.0.0.1:{self.port}/{path}"


@contextmanager
def web(certified_in: Path | None = None) -> Iterator[Web]:
    """An HTTP server; one of HTTPS with a certificate of its own where a folder is given for it (`cert.pem`)."""
    known = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            known.got.append(Asked(self.path, self.rfile.read(size)))
            self.send_response(known.code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.port = server.server_address[1]
    if certified_in is not None:
        server.socket = _certified(certified_in).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mail:
    """A mail server that keeps what it gets."""

    port: int = 0
    got: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where mail to Ana is left."""
        return f"mailto://127.0.0.1:{self.port}?from=fonoteca@example.org&to=ana@example.org&mode=insecure"

    @property
    def subjects(self) -> list[str]:
        """Of all mails."""
        return [str(each["Subject"]) for each in self.got]

    @property
    def texts(self) -> list[str]:
        """What they say."""
        return [_text(each) for each in self.got]


@contextmanager
def mail() -> Iterator[Mail]:
    """A mail server."""
    known = Mail()

    class Handler:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
            known.got.append(message_from_bytes(envelope.content, policy=default))
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=0, ready_timeout=30)
    # aiosmtpd knocks at the port that it was given to see whether it listens: it has to be a known one.
    controller.port = free_port()
    controller.start()
    known.port = controller.port
    try:
        yield known
    finally:
        controller.stop()


@contextmanager
def hanging() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _certified(folder: Path) -> ssl.SSLContext:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    alternative = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *words.split(), *alternative], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _text(mail: Any) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""
