"""The clocks of the daemon, and the one place where it waits.

bell = Bell()
bell.ring()              # from any thread, or a signal handler
bell.wait(10.0)          # returns at once; else after ten seconds, or when a watched descriptor has something
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from fonoteca.core.timetable import Zone

SECOND_NS = 1_000_000_000


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


LOCAL = Zone(
    lambda ns: datetime.fromtimestamp(ns // SECOND_NS),
    lambda shown: round(shown.timestamp()) * SECOND_NS,
)
"""What the clocks of this machine show."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Every time that the daemon asks for. Tests hand in their own."""

    wall_ns: Callable[[], int] = time.time_ns
    """What a wall clock shows; may jump."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds; never jumps, and stands still while the machine sleeps."""
    since_boot: Callable[[], float] = _since_boot
    """The same, going on while the machine sleeps."""
    zone: Zone = LOCAL


@dataclass(slots=True)
class Bell:
    """Waits for whatever comes first. All waiting is done here."""

    _poll: select.poll = field(default_factory=select.poll)
    _ends: tuple[int, int] = field(default_factory=lambda: os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK))

    def __post_init__(self) -> None:
        self._poll.register(self._ends[0], select.POLLIN)

    def ring(self) -> None:
        """End the wait that is going on, or the next one."""
        with suppress(BlockingIOError):  # it is ringing already
            os.write(self._ends[1], b"!")

    def watch(self, fd: int, events: int = select.POLLIN) -> None:
        """End a wait also when `fd` has something."""
        self._poll.register(fd, events)

    def forget(self, fd: int) -> None:
        """No more."""
        self._poll.unregister(fd)

    def wait(self, timeout_s: float) -> set[int]:
        """The descriptors that have something; empty after `timeout_s`, or when it rang."""
        found = {fd for fd, _ in self._poll.poll(max(timeout_s, 0) * 1000)}
        if self._ends[0] in found:
            found.discard(self._ends[0])
            with suppress(BlockingIOError):
                while os.read(self._ends[0], 4096):
                    pass
        return found

    def close(self) -> None:
        """Give back what it holds."""
        for end in self._ends:
            os.close(end)
