"""Progress while a run goes on: a moving display on a terminal, now and then a plain line elsewhere (stderr).

Nothing appears in a run's first second. Counting an event costs under a microsecond; drawing is throttled.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from time import monotonic
from typing import IO, TYPE_CHECKING, Protocol

from fonoteca.core.event import (
    Advanced,
    Copied,
    Event,
    LibraryFailed,
    LocationFailed,
    Phase,
    Planned,
    Restored,
    Verified,
    Warned,
)
from fonoteca.render.console import is_lively
from fonoteca.render.words import duration, files, number, safe, size

if TYPE_CHECKING:
    from fonoteca.render.bars import Bars

APPEARS_AFTER = 1.0
"""Seconds: what is over sooner needs no display."""
DRAW_EVERY = 0.2
LINE_EVERY = 15.0
"""Seconds between plain lines where nothing can move."""

_PHASES = {
    "scan": "Looking at the library",
    "plan": "Planning",
    "copy": "Copying",
    "read": "Reading",
    "look inside": "Looking inside",
    "checksum files": "Comparing checksum files",
    "verify": "Verifying",
    "scrub": "Scrubbing",
    "restore": "Restoring",
    "seal": "Sealing",
    "list": "Listing",
}


@dataclass(slots=True)
class Gauge:
    """How far one location, or the phase as a whole, has come. Totals are None where nobody knows them."""

    title: str
    files: int = 0
    bytes: int = 0
    total_files: int | None = None
    total_bytes: int | None = None
    done_files: int = 0
    done_bytes: int = 0
    began: float = 0.0

    @property
    def seen_files(self) -> int:
        """Files so far: what was announced in steps, or what was finished, whichever is further."""
        return max(self.files, self.done_files)

    @property
    def seen_bytes(self) -> int:
        """Bytes so far, likewise."""
        return max(self.bytes, self.done_bytes)

    def sentence(self, now: float) -> str:
        """`Copying to red: 1,200 of 4,000 files, 3.2 GB of 9.1 GB, 41 MB/s, 2 min 20 s left`."""
        spent = max(now - self.began, 0.001)
        rate = self.seen_bytes / spent
        count = number(self.seen_files) + (f" of {files(self.total_files)}" if self.total_files else " files")
        parts = [count]
        if self.seen_bytes or self.total_bytes:
            parts.append(
                size(self.seen_bytes) + (f" of {size(self.total_bytes)}" if self.total_bytes else "")
            )
            parts.append(f"{size(rate)}/s")
        if self.total_bytes and rate:
            parts.append(f"{duration(max(0, self.total_bytes - self.seen_bytes) / rate)} left")
        return f"{self.title}: {', '.join(parts)}"


class Progress(Protocol):
    """Takes every event of a run; closed when it is over, however it ended."""

    def take(self, event: Event) -> None: ...
    def close(self) -> None: ...


class Live:
    """Progress for a person. `stream` is stderr unless told otherwise."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._gauges: dict[str | None, Gauge] = {}
        self._phase: Phase | None = None
        self._plans: dict[str, Planned] = {}
        self._bars: Bars | None = None
        self._lively = is_lively(self._stream)
        self._began = self._drawn = monotonic()
        self._patience = APPEARS_AFTER if self._lively else LINE_EVERY
        self._lock = threading.Lock()
        # A run may be silent for long (a flush, a slow disk): the display does not wait for an event.
        self._timer = threading.Timer(APPEARS_AFTER, self._draw)
        self._timer.daemon = True
        if self._lively:
            self._timer.start()
        self._takers = {
            Copied: self._copied,
            Verified: self._done,
            Restored: self._done,
            Advanced: self._advanced,
            Phase: self._enter,
            Planned: self._planned,
            Warned: self._say,
            LocationFailed: self._say,
            LibraryFailed: self._say,
        }

    def take(self, event: Event) -> None:
        """Count `event`; draw when it is time."""
        taker = self._takers.get(type(event))
        if taker is None:
            return
        taker(event)  # type: ignore[operator]  # each taker is kept under the type it takes
        if monotonic() - self._drawn >= self._patience:
            self._draw()

    def close(self) -> None:
        """Take the display away; what the closing report says stays."""
        self._timer.cancel()
        with self._lock:
            self._lively = False
            if self._bars is not None:
                self._bars.close()
                self._bars = None

    def _copied(self, event: Copied) -> None:
        if event.how not in ("time set", "reverted"):  # no bytes moved
            self._done(event)

    def _done(self, event: Copied | Verified | Restored) -> None:
        location = event.source if type(event) is Restored else event.location  # type: ignore[union-attr]
        gauge = self._gauges.get(location) or self._gauge(location)
        gauge.done_files += 1
        gauge.done_bytes += event.size

    def _advanced(self, event: Advanced) -> None:
        gauge = self._gauges.get(event.location) or self._gauge(event.location)
        gauge.files += event.files
        gauge.bytes += event.bytes

    def _gauge(self, location: str | None) -> Gauge:
        """A new gauge of this phase; a copy's totals are those that were planned for its location."""
        name = self._phase.name if self._phase else "work"
        title = _PHASES.get(name, name.capitalize())
        if location is not None:
            title = f"{title}: {safe(location)}"
        gauge = self._gauges[location] = Gauge(title, began=monotonic())
        plan = self._plans.get(location) if location is not None and name == "copy" else None
        if plan is not None:
            gauge.total_files, gauge.total_bytes = plan.files, plan.bytes
        return gauge

    def _enter(self, phase: Phase) -> None:
        """A new phase begins with empty gauges; the same one at another location leaves the others alone."""
        if phase.location is None or self._phase is None or self._phase.name != phase.name:
            self._gauges.clear()
        self._phase = phase
        gauge = self._gauge(phase.location)
        for location in self._plans if phase.name == "copy" and phase.location is None else ():
            self._gauge(location)
        if phase.files is not None or phase.bytes is not None:
            gauge.total_files, gauge.total_bytes = phase.files, phase.bytes

    def _planned(self, event: Planned) -> None:
        """What a location is still to get: its gauge's totals, whether copying has begun or not."""
        self._plans[event.location] = event
        if self._phase is not None and self._phase.name == "copy":
            self._gauge(event.location)

    def _say(self, event: Warned | LocationFailed | LibraryFailed) -> None:
        """Say at once what a person may act on; in a short run the closing report is at once enough."""
        if monotonic() - self._began < APPEARS_AFTER:
            return
        self._print(safe(event.sentence))

    def _print(self, line: str) -> None:
        if self._bars is not None:
            self._bars.print(line)
        else:
            self._stream.write(line + "\n")
            self._stream.flush()

    def _draw(self) -> None:
        with self._lock:
            self._drawn = monotonic()
            if self._lively:
                self._show_bars()
            elif self._patience == LINE_EVERY:
                self._write_lines()

    def _show_bars(self) -> None:
        if self._bars is None:
            from fonoteca.render.bars import Bars

            self._bars = Bars(self._stream)
            self._patience = DRAW_EVERY
        self._bars.show(list(self._gauges.values()))

    def _write_lines(self) -> None:
        for gauge in self._gauges.values():
            if gauge.seen_files or gauge.seen_bytes:
                self._print(gauge.sentence(self._drawn))
