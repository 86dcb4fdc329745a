"""A daemon in the test's own process, on real folders, whose clock is ours.

with keeper(home) as one:
    one.settle()                 # until nothing is due: the first scan, then whatever happened
    home.write("a.jpg", b"a")
    one.settle()

Waiting is always for a condition, with a deadline in real time; its own time goes on by `Hands.advance` alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fonoteca.core.timetable import UTC_ZONE, Zone
from fonoteca.daemon.clock import SECOND_NS, Bell, Clock
from fonoteca.daemon.loop import Daemon
from fonoteca.daemon.saying import Voice
from fonoteca.daemon.worker import Outcome
from fonoteca.disk.lock import hold_lock
from fonoteca.tasks.service import lock_of
from support.archives import Home

PATIENCE_S = 60.0
"""Real seconds after which a condition is given up."""


@dataclass
class Hands:
    """The hands of the daemon's clock: real time, and what was added to it."""

    added_s: float = 0.0
    asleep_s: float = 0.0
    jumped_s: float = 0.0

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self.added_s += seconds

    def sleep(self, seconds: float) -> None:
        """The machine sleeps: one clock stands still."""
        self.asleep_s += seconds

    def clock(self, zone: Zone = UTC_ZONE) -> Clock:
        """As the daemon takes it."""
        return Clock(
            lambda: time.time_ns() + int((self.added_s + self.asleep_s + self.jumped_s) * SECOND_NS),
            lambda: time.monotonic() + self.added_s,
            lambda: time.monotonic() + self.added_s + self.asleep_s,
            zone,
        )


@dataclass
class Keeper:
    """A daemon that is stepped by hand."""

    daemon: Daemon
    hands: Hands
    lines: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    ready: set[int] = field(default_factory=set)

    def step(self, *, patient: bool = True) -> float:
        """One round, and with `patient` a moment for what comes from outside."""
        before = self.daemon.worker.outcome
        spare = self.daemon.step(self.ready)
        if before is not None and self.daemon.worker.outcome is not before:
            self.outcomes.append(before)
        self.ready = self.daemon.bell.wait(min(spare, 0.02) if patient else 0)
        return spare

    def until(self, condition: Callable[[], object], *, advancing: bool = True) -> None:
        """Go round until something is so. Time goes on by half a second a round while nothing is under way."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "".join(self.lines)
            self.step()
            if advancing and self.daemon.worker.outcome is None:
                self.hands.advance(0.5)

    def listen(self) -> None:
        """Until nothing more is told of. The kernel, and watchdog's grouping of moves, have half a second of real time;
        the clock of the daemon stands still meanwhile.
        """
        quiet = 0
        while quiet < 32:
            told = self.daemon.watching.has_hints
            self.step()
            quiet = 0 if told else quiet + 1

    def rest(self) -> None:
        """Until all that is due is done, and nothing waits to settle."""
        quiet = 0
        self.listen()

        def is_at_rest() -> bool:
            nonlocal quiet
            one = self.daemon
            busy = (
                one.worker.outcome or one.settling.next_due or one.watching.has_hints or one.agenda.arrivals
            )
            quiet = 0 if busy or one.agenda.scan_reason or one.agenda.to_scrub else quiet + 1
            return quiet > 5

        self.until(is_at_rest)

    def did(self, kind: type) -> list[Outcome]:
        """What came of all work of a kind."""
        return [each for each in self.outcomes if isinstance(each.work, kind)]

    @property
    def said(self) -> str:
        """All lines."""
        return "".join(self.lines)


@contextmanager
def keeper(home: Home, *, zone: Zone = UTC_ZONE, hands: Hands | None = None) -> Iterator[Keeper]:
    """A daemon of this archive that has begun."""
    hands = hands or Hands()
    lines: list[str] = []
    clock = hands.clock(zone)
    daemon = Daemon(
        home.config_path, home.config, Voice(lines.append, clock.wall_ns), clock=clock, bell=Bell()
    )
    with hold_lock(lock_of(home.config.catalogue), clears=True):
        daemon.begin()
        try:
            yield Keeper(daemon, hands, lines)
        finally:
            daemon.stop()
            daemon.end()
            daemon.bell.close()


def open_below(folder: Path) -> list[str]:
    """What this process has open at or below a folder."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue
        if target.startswith(str(folder)):
            found.append(target)
    return found


def settings(home: Home, **tables: dict[str, str]) -> None:
    """Write settings into the config: `settings(home, schedule={"scan": "1 day"})`."""
    text = Path(home.config_path).read_text()
    for name, values in tables.items():
        text += f"\n[{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in values.items())
    Path(home.config_path).write_text(text)


__all__ = ["Hands", "Keeper", "keeper", "open_below", "settings"]
