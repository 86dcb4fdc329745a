"""This machine, this boot, this process: who holds a lease that outlives the connection it was taken over.

>>> is_running(me().pid, me().started)
True
"""

from __future__ import annotations

import hashlib
import os
import socket
import time
from functools import cache
from typing import NamedTuple

_MACHINE = "/etc/machine-id"
_BOOT = "/proc/sys/kernel/random/boot_id"


class Process(NamedTuple):
    """One process, for ever: the same number is given again after a boot, or later."""

    machine: str
    """Tells machines apart and says nothing of them (the machine's id may not be shown to others: machine-id(5))."""
    host: str
    boot: str
    pid: int
    started: str


def me() -> Process:
    """This process."""
    machine, host, boot = _machine()
    return Process(machine, host, boot, os.getpid(), _started(os.getpid()))


def since_boot_ns() -> int:
    """Nanoseconds since this machine was started, those included in which it slept: never set, never set back."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def is_running(pid: int, started: str) -> bool:
    """True when the process that began then is still there."""
    return bool(started) and _started(pid) == started


@cache
def _machine() -> tuple[str, str, str]:
    host = socket.gethostname()
    known = _text(_MACHINE) or host
    return hashlib.sha256(b"fonoteca " + known.encode()).hexdigest()[:32], host, _text(_BOOT)


def _started(pid: int) -> str:
    """Clock ticks after boot at which it began: field 22 of proc(5); empty where it is not there."""
    return (_text(f"/proc/{pid}/stat").rpartition(")")[2].split() or [""] * 20)[19:20][0]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
