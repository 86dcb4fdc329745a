"""A server between us and a real S3 that lies on purpose: it answers itself, or alters what the real one says.

with lying(server) as liar:
    liar.lie(lambda asked: refusal(403, "ExpiredToken") if asked.method == "PUT" else None)
    location = s3_location(liar.server, bucket)
"""

from __future__ import annotations

import http.client
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from support.rgw import S3Server
from support.tools import run_tool


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """A reply. `cut`: so many bytes of its body are sent, then the connection ends; -1: not even the status is sent."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: int | None = None


Lie = Callable[[Asked], Answer | None]
"""Its own answer, or None to pass the request on."""


def refusal(status: int, code: str, more: str = "") -> Answer:
    """An error as S3 words it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message>{more}</Error>".encode()
    return Answer(status, {"Content-Type": "application/xml"}, body)


class Liar:
    """Takes requests on `port`. `asked` are those that came, without their bodies."""

    def __init__(self, server: S3Server, certificate: Path | None) -> None:
        self._real = server
        self._lies: list[Lie] = []
        self.asked: list[Asked] = []
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                liar._serve(self, super().handle_one_request)

            def answer(self) -> None:
                liar._answer(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

            def log_message(self, *_: object) -> None:
                return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 50

        self._tcp = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._tcp.server_address[1])
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._tcp.socket = context.wrap_socket(self._tcp.socket, server_side=True)
            scheme = "https"
        self.server = replace(server, url=f"{scheme}://127.0.0.1:{self.port}")
        threading.Thread(target=self._tcp.serve_forever, daemon=True).start()

    def lie(self, lie: Lie) -> None:
        """From now on; the first that answers counts."""
        self._lies.append(lie)

    def honest(self) -> None:
        """No more lies."""
        self._lies.clear()

    def ask(self, asked: Asked) -> Answer:
        """What the real server says."""
        real = urlsplit(self._real.url)
        connection = http.client.HTTPConnection(real.hostname or "", real.port or 80, timeout=60)
        try:
            headers = {key: value for key, value in asked.headers.items() if key.lower() != "expect"}
            connection.request(asked.method, asked.path, body=asked.body or None, headers=headers)
            reply = connection.getresponse()
            return Answer(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            connection.close()

    def close(self) -> None:
        """End it."""
        self._tcp.shutdown()
        self._tcp.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler, serve: Callable[[], None]) -> None:
        try:
            serve()
        except (OSError, http.client.HTTPException):
            handler.close_connection = True

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        path = handler.path
        if "://" in path:  # asked as a proxy
            parts = urlsplit(path)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        asked = Asked(handler.command, path, dict(handler.headers.items()), handler.rfile.read(length))
        self.asked.append(replace(asked, body=b""))  # what was said is remembered, not what was sent
        found = next((said for said in (lie(asked) for lie in list(self._lies)) if said is not None), None)
        answer = found or self.ask(asked)
        if answer.cut == -1:
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for key, value in answer.headers.items():
            if key.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server"):
                handler.send_header(key, value)
        size = answer.headers.get("Content-Length") if asked.method == "HEAD" else None
        handler.send_header("Content-Length", size or str(len(answer.body)))
        handler.end_headers()
        if asked.method != "HEAD":
            handler.wfile.write(answer.body if answer.cut is None else answer.body[: answer.cut])
        if answer.cut is not None:
            handler.close_connection = True


@contextmanager
def lying(server: S3Server, *, certificate: Path | None = None) -> Iterator[Liar]:
    """A liar before `server`; with a certificate (and its key, in one file) over TLS."""
    liar = Liar(server, certificate)
    try:
        yield liar
    finally:
        liar.close()


def private_authority(folder: Path) -> tuple[Path, Path]:
    """A certificate authority that nobody knows, and a certificate of it for 127.0.0.1 with its key: two files."""
    authority, certificate = folder / "authority.pem", folder / "server.pem"
    key, request, extension = folder / "ca.key", folder / "server.csr", folder / "server.ext"
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-subj")
    run_tool(
        "openssl", *new, "/CN=Ana's own", "-x509", "-days", "2", "-keyout", str(key), "-out", str(authority)
    )
    run_tool("openssl", *new, "/CN=127.0.0.1", "-keyout", str(certificate), "-out", str(request))
    extension.write_text("subjectAltName = IP:127.0.0.1\n")
    signed = folder / "signed.pem"
    by = ("-CA", str(authority), "-CAkey", str(key), "-CAcreateserial", "-extfile", str(extension))
    run_tool("openssl", "x509", "-req", "-in", str(request), *by, "-days", "2", "-out", str(signed))
    certificate.write_text(certificate.read_text() + signed.read_text())
    return authority, certificate
