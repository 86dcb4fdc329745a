"""Talking to our rclone: one question, one answer, in JSON over HTTP; and an object's bytes.

    client = Client("drive", Address("gdrive:music"))
    client.ask("operations/stat", remote="music/a.flac")     # {'item': {…}}

rclone is started with the first question, anew where it was killed, and ended by `close`. Raises Failure for what it
could not do, Lost where it does not answer in time, Away where it cannot be started.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote

from fonoteca.errors import Away, LocationError, Lost
from fonoteca.locations.rclone.address import Address
from fonoteca.locations.rclone.daemon import REMOTE, Daemon, Endpoint

LIMIT_S = 120.0
"""No look takes longer."""

CHANGE_S = 900.0
"""No change of a name takes longer, though some remotes copy all bytes for it, nor the end of an upload."""

OLDEST = (1, 60)
"""Of the rclone versions that we have met, the first that can do what is needed (Debian 12 has it)."""


class Failure(Exception):
    """What rclone could not do, in its own words. `status`: as in HTTP."""

    def __init__(self, text: str, status: int) -> None:
        self.text = text
        self.status = status
        super().__init__(text)


class _Http(http.client.HTTPConnection):
    """Over whatever rclone listens on."""

    def __init__(self, endpoint: Endpoint, limit_s: float) -> None:
        super().__init__("127.0.0.1", timeout=limit_s)
        self._endpoint = endpoint

    def connect(self) -> None:
        """Called by itself."""
        self.sock = self._endpoint.connect(self.timeout or LIMIT_S)


class Connection(NamedTuple):
    """An HTTP connection to the rclone of that number."""

    http: http.client.HTTPConnection
    born: int


@dataclass(slots=True)
class Client:
    """See the module. Usable from several threads."""

    place: str
    address: Address
    limit_s: float = LIMIT_S
    change_s: float = CHANGE_S
    version: tuple[int, ...] = ()
    _daemon: Daemon | None = None
    _made: int = 0
    _idle: list[Connection] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def ask(self, command: str, /, *, changes: bool = False, **given: Any) -> dict[str, Any]:
        """The answer to one command of rclone's remote control (rclone.org/rc)."""
        if command.startswith("operations/") and "srcFs" not in given:
            given["fs"] = f"{REMOTE}:"
        connection = self._connection()
        return self._asked(connection, command, given, self.change_s if changes else self.limit_s)

    def _asked(
        self, connection: Connection, command: str, given: dict[str, Any], limit_s: float
    ) -> dict[str, Any]:
        headers = {**self._login(connection), "Content-Type": "application/json"}
        try:
            self._wait(connection, limit_s)
            connection.http.request("POST", f"/{command}", json.dumps(given).encode(), headers)
            reply = connection.http.getresponse()
            data = reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise self.lost(connection, error) from error
        self._give_back(connection)
        found = _parsed(data)
        if reply.status != 200:
            raise Failure(str(found.get("error") or data[:200].decode("utf-8", "replace")), reply.status)
        return found

    def fetch(self, name: str, start: int = 0) -> tuple[http.client.HTTPResponse, Connection]:
        """The bytes of an object from `start` on. The connection goes back by `end_fetch`."""
        connection = self._connection()
        headers = self._login(connection)
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            self._wait(connection, self.limit_s)
            path = f"/{quote(f'[{REMOTE}:]', safe=':')}/{quote(name, safe='/')}"
            connection.http.request("GET", path, headers=headers)
            reply = connection.http.getresponse()
            if reply.status in (200, 206):
                return reply, connection
            data = reply.read()
        except (OSError, http.client.HTTPException) as error:
            raise self.lost(connection, error) from error
        self._give_back(connection)
        raise Failure(
            str(_parsed(data).get("error") or data[:200].decode("utf-8", "replace")).strip(), reply.status
        )

    def end_fetch(self, reply: http.client.HTTPResponse, connection: Connection) -> None:
        """Give the connection back, where it was read to its end; else it is closed."""
        if reply.isclosed():
            self._give_back(connection)
        else:
            connection.http.close()

    def lost(self, connection: Connection, error: Exception) -> LocationError:
        """The error for an answer that did not come; that rclone is ended, so that it does nothing later on."""
        connection.http.close()
        with self._lock:
            daemon, said = self._daemon, None
            if connection.born == self._made and daemon is not None:
                said = None if isinstance(error, TimeoutError) else daemon.ended()
                self.close()
        if said is not None:
            return Away(self.place, f"rclone ended: {said}")
        reason = "did not answer in time" if isinstance(error, TimeoutError) else "broke off"
        return Lost(self.place, f"rclone {reason} ({str(error) or type(error).__name__})")

    def broke_off(self, connection: Connection, error: Exception) -> LocationError:
        """The error for bytes that stopped coming: of that object alone while our rclone runs, which goes on then."""
        daemon = self._daemon
        if connection.born != self._made or daemon is None or not daemon.is_running:
            return self.lost(connection, error)
        connection.http.close()
        return Lost(self.place, f"rclone broke off ({str(error) or type(error).__name__})")

    @property
    def folder(self) -> str:
        """A folder of ours alone, as long as our rclone runs."""
        with self._lock:
            if self._daemon is None:
                self._start()
            assert self._daemon is not None
            return self._daemon.folder

    def close(self) -> None:
        """End rclone; the next question starts it again. Never raises."""
        with self._lock:
            daemon, self._daemon = self._daemon, None
            idle, self._idle = self._idle, []
        for each in idle:
            each.http.close()
        if daemon is not None:
            daemon.end()

    @property
    def pid(self) -> int | None:
        """The process of our rclone, None where none runs."""
        return self._daemon.pid if self._daemon is not None else None

    # connections

    def _connection(self) -> Connection:
        with self._lock:
            if self._daemon is None:
                self._start()
            if self._idle:
                return self._idle.pop()
            assert self._daemon is not None
            return Connection(_Http(self._daemon.endpoint, self.limit_s), self._made)

    def _start(self) -> None:
        self._daemon = Daemon(self.place, self.address)
        self._made += 1
        try:
            found = self.ask("core/version")
        except Failure as failure:
            self.close()
            raise Away(
                self.place, f"{self.address.program} does not say which version it is ({failure})"
            ) from failure
        self.version = tuple(found.get("decomposed") or ())
        if self.version[:2] < OLDEST:
            self.close()
            raise Away(
                self.place,
                f"{self.address.program} is {found.get('version', 'of an unknown version')}, which is too old",
                "Install 1.60 or later (Debian: `sudo apt install rclone`, or see rclone.org/install).",
            )

    def _login(self, connection: Connection) -> dict[str, str]:
        daemon = self._daemon
        if daemon is None or connection.born != self._made:
            raise self.lost(connection, ConnectionError("it was ended"))
        both = f"{daemon.endpoint.user}:{daemon.endpoint.password}"
        return {"Authorization": "Basic " + base64.b64encode(both.encode()).decode()}

    def _wait(self, connection: Connection, limit_s: float) -> None:
        connection.http.timeout = limit_s
        if connection.http.sock is not None:
            connection.http.sock.settimeout(limit_s)

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if connection.born == self._made and self._daemon is not None:
                self._idle.append(connection)
                return
        connection.http.close()


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
