"""Tag readers that die or get stuck on purpose; a worker process finds them by their names."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

from fonoteca.audio.border import Ticket
from fonoteca.audio.task import read_batch


def read_or_die(tickets: Sequence[Ticket], seconds: float, hear: bool) -> bytes:
    """As a parser with a bug in C code: the process dies over a file named `deadly…`."""
    if any(b"/deadly" in ticket[0] for ticket in tickets):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_batch(tickets, seconds, hear)


def read_or_stick(tickets: Sequence[Ticket], seconds: float, hear: bool) -> bytes:
    """As a parser that never leaves C code: no alarm reaches it over a file named `sticky…`."""
    if any(b"/sticky" in ticket[0] for ticket in tickets):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        time.sleep(600)  # the process is killed long before
    return read_batch(tickets, seconds, hear)


def hear_or_die(tickets: Sequence[Ticket], seconds: float, hear: bool) -> bytes:
    """As a sound check with a bug in C code: the process dies over the sound of a file named `deadly…`."""
    if hear and any(b"/deadly" in ticket[0] for ticket in tickets):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_batch(tickets, seconds, hear)


def hear_or_stick(tickets: Sequence[Ticket], seconds: float, hear: bool) -> bytes:
    """As a sound check that never leaves C code over a file named `sticky…`."""
    if hear and any(b"/sticky" in ticket[0] for ticket in tickets):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        time.sleep(600)  # the process is killed long before
    return read_batch(tickets, seconds, hear)


def write_or_stick(path: bytes, now: object, then: object) -> str | None:
    """As a tag writer that never comes back."""
    time.sleep(600)  # the process is killed long before
    return None


def die_at_once(memory: int) -> None:
    """In place of the memory limit: a process that never gets as far as its first task."""
    os._exit(1)
