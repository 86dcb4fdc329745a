"""The user's rclone as a server for us alone: `rclone rcd` on a socket in a folder of ours, which ends when we do,
however we end.

One that is older than 1.61 knows no such sockets: it listens on loopback, on a port that the system chooses. Either
asks for a password made for it, which is handed over in its environment: a command line can be read by every user of
the machine, an environment by ours alone. A shell waits beside it at the end of a pipe that only we hold, and ends it
when the pipe breaks: also when we are killed.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, NamedTuple

from fonoteca.errors import Away
from fonoteca.locations.rclone.address import Address

REMOTE = "fonotecaplace"
"""What the remote is called over there: an alias, so that no path has to be quoted, and no setting said again."""

START_S = 30.0
_END_S = 5.0
_LISTENS = re.compile(r"Serving remote control on http://127\.0\.0\.1:(\d+)/")
_INSTALL = "Install rclone 1.60 or later (Debian: `sudo apt install rclone`, or see rclone.org/install)"
_GUARD = 'read -r _ || { kill "$1" && sleep 5 && kill -9 "$1"; rm -rf "$2"; } 2>/dev/null'
_LOOK_S = 0.01
_LONGEST_PATH = 100
"""Bytes: no socket has a longer path (unix(7): 108 with a zero)."""

_on_loopback: set[str] = set()
"""Programs that know no sockets in a folder, as they have shown."""

_NOT_OURS = re.compile(
    r"RCLONE_(RC|RC_.*|EXCLUDE.*|INCLUDE.*|FILTER.*|FILES_FROM.*|(MIN|MAX)_(SIZE|AGE)|MAX_DEPTH|METADATA.*|DRY_RUN|"
    r"INTERACTIVE|IMMUTABLE|IGNORE_.*|BACKUP_DIR|SUFFIX.*|MAX_TRANSFER|MAX_DURATION|CUTOFF_MODE|LOG_.*|VERBOSE|"
    r"USE_JSON_LOG|SYSLOG.*|NO_TRAVERSE|UPDATE|SIZE_ONLY|CHECKSUM|NO_UPDATE_MODTIME|USE_SERVER_MODTIME|LINKS|COPY_LINKS)"
)
"""What a user may have set for other uses of rclone, and what would make it leave files out or hide what goes on."""


class Endpoint(NamedTuple):
    """Where it listens, a socket or a port of loopback, and the password that it asks for."""

    at: str | int
    user: str
    password: str

    def connect(self, limit_s: float) -> socket.socket:
        """A connection to it. Raises OSError."""
        if isinstance(self.at, int):
            return socket.create_connection(("127.0.0.1", self.at), limit_s)
        made = socket.socket(socket.AF_UNIX)
        try:
            made.settimeout(limit_s)
            made.connect(self.at)
        except BaseException:
            made.close()
            raise
        return made


class Daemon:
    """One running rclone. Raises Away when it cannot be started. `folder`: ours alone, gone with it."""

    def __init__(self, place: str, address: Address) -> None:
        self._place = place
        self._address = address
        self._owner = os.getpid()
        self._scratch = tempfile.TemporaryDirectory(prefix="fonoteca-rclone-", ignore_cleanup_errors=True)
        self.folder = self._scratch.name
        user, password = "fonoteca", secrets.token_urlsafe(32)
        environ = environment(address, user, password)
        try:
            self.endpoint = Endpoint(self._listening(environ), user, password)
        except BaseException:
            self._scratch.cleanup()
            raise

    def _listening(self, environ: Mapping[str, str]) -> str | int:
        """Where it listens: on a socket, and on loopback where it cannot do that."""
        path = os.path.join(self.folder, "rc")
        if self._address.program not in _on_loopback and len(os.fsencode(path)) <= _LONGEST_PATH:
            self._start(f"unix://{path}", environ)
            found = self._awaited(path)
            if found is not None:
                return found
            self._stop()
        self._start("127.0.0.1:0", environ)
        found = self._awaited(None)
        if found is not None:
            _on_loopback.add(self._address.program)
            return found
        reason = self.ended() or "it does not say where it listens"
        self._stop()
        raise Away(
            self._place, f"{self._address.program} could not be used: {reason}", f"{_INSTALL}, and try again."
        )

    def _start(self, at: str, environ: Mapping[str, str]) -> None:
        self._said: deque[str] = deque(maxlen=20)
        self._is_told = threading.Event()
        self._port: int | None = None
        self._process = self._started(at, environ)
        self._guard = _guard(self._process.pid, self.folder)

    def _started(self, at: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        command = [self._address.program, "rcd", "--rc-addr", at, "--rc-serve"]
        # A transfer is one request: it may take a day. Who waits for an answer has limits of its own.
        command += ["--rc-server-read-timeout", "24h", "--rc-server-write-timeout", "24h"]
        try:
            process = subprocess.Popen(
                command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us: we finish what we began, with its help
            )
        except OSError as error:
            raise Away(
                self._place,
                f"the program {self._address.program} cannot be started ({error.strerror})",
                f"{_INSTALL}, or say with `program` where it is.",
            ) from error
        assert process.stderr is not None
        threading.Thread(
            target=self._listen, args=(process.stderr, self._said, self._is_told), daemon=True
        ).start()
        return process

    def _listen(self, lines: IO[bytes], said: deque[str], told: threading.Event) -> None:
        """Take all it says, so that it never waits for us."""
        with lines:
            for line in lines:
                text = line.decode("utf-8", "replace").strip()
                found = _LISTENS.search(text)
                if found and self._port is None:
                    self._port = int(found[1])
                    told.set()
                elif text:
                    said.append(text)
        told.set()

    def _awaited(self, path: str | None) -> str | int | None:
        """Where it listens, by now; None where it ended, or came to nothing. Of a socket rclone says nothing."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._is_told.wait(_LOOK_S):
                break
            if path is not None and os.path.exists(path) and _answers(path):
                return path
        if self._process.poll() is not None:
            self._is_told.wait(_END_S)  # until all is read that it said
        return self._port

    @property
    def is_running(self) -> bool:
        """False when it ended, or was killed."""
        return self._process.poll() is None

    def ended(self) -> str | None:
        """Why it ended by itself; None while it runs, or where it was killed."""
        with suppress(subprocess.TimeoutExpired):
            if self._process.wait(0.5) > 0:
                said = self._said[-1] if self._said else f"it ended with code {self._process.returncode}"
                return re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \w+ *: ", "", said)
        return None

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def end(self) -> None:
        """End it and what watches it. Never raises."""
        if os.getpid() != self._owner:
            return
        self._stop()
        self._scratch.cleanup()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            self._guard.communicate(b"\n")


def _answers(path: str) -> bool:
    try:
        Endpoint(path, "", "").connect(START_S).close()
    except OSError:
        return False
    return True


def _guard(pid: int, folder: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "sh", str(pid), folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def environment(
    address: Address, user: str, password: str, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What rclone is started with: the user's own, without what would make it leave out or hide something."""
    known = os.environ if environ is None else environ
    found = {
        "RCLONE_LOW_LEVEL_RETRIES": "3",  # we have patience of our own
        "RCLONE_CONTIMEOUT": "15s",
        "RCLONE_TIMEOUT": "60s",
        **{name: value for name, value in known.items() if not _NOT_OURS.fullmatch(name)},
        "RCLONE_ASK_PASSWORD": "false",
        "RCLONE_RC_USER": user,
        "RCLONE_RC_PASS": password,
        f"RCLONE_CONFIG_{REMOTE.upper()}_TYPE": "alias",
        f"RCLONE_CONFIG_{REMOTE.upper()}_REMOTE": address.remote,
    }
    if address.config_file is not None:
        found["RCLONE_CONFIG"] = address.config_file
    return found
