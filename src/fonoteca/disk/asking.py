"""Asking the daemon of an archive, over a Unix socket beside its catalogue: for the lock, or how it is.

    with yielded(catalogue):
        ...                                  # it starts nothing until we are done, or dead
    ask(catalogue, "status", patience=0.5)   # {"pid": 4711, …}, or None where nobody answers

One line asks, one line of JSON answers. Who can open the socket is who owns the archive.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

YIELD_PATIENCE_S = 60.0
"""A daemon ends what it does at the next file; a slow drive may need that long for the flush in progress."""

LONGEST_LINE = 1 << 16
_LONGEST_NAME = 100
"""Bytes of a path that fit into a socket's address, whatever the system (108 on Linux)."""


def socket_of(catalogue: str) -> str:
    """Where the daemon of the archive with this catalogue listens."""
    return catalogue + ".socket"


@contextmanager
def address(path: str) -> Iterator[str]:
    """`path`, or a shorter name of the same for one with-block: an address holds 107 bytes."""
    if len(os.fsencode(path)) <= _LONGEST_NAME:
        yield path
        return
    fd = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{os.path.basename(path)}"
    finally:
        os.close(fd)


def ask(catalogue: str, question: str, *, patience: float) -> dict[str, Any] | None:
    """The answer to one line; None where no daemon listens, or none answers within `patience` (s)."""
    connection = _asked(catalogue, question, patience)
    if connection is None:
        return None
    with connection:
        return _answer(connection)


@contextmanager
def yielded(catalogue: str) -> Iterator[None]:
    """Have the archive's daemon, if one runs, leave us the lock for one with-block. Whether it did, the lock shows."""
    connection = _asked(catalogue, "yield", YIELD_PATIENCE_S)
    if connection is None:
        yield
        return
    with connection:
        _answer(connection)
        yield


def _asked(catalogue: str, question: str, patience: float) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    connection.settimeout(patience)
    try:
        with address(socket_of(catalogue)) as where:
            connection.connect(where)
        connection.sendall(question.encode() + b"\n")
    except OSError:  # nobody is there, or it is somebody else's: then the lock decides
        connection.close()
        return None
    return connection


def _answer(connection: socket.socket) -> dict[str, Any] | None:
    received = b""
    try:
        while not received.endswith(b"\n") and len(received) < LONGEST_LINE:
            part = connection.recv(4096)
            if not part:
                return None
            received += part
        found = json.loads(received)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
