"""Ctrl-C, and being asked to end: the first time gently, the second time at once.

The first signal only sets a flag. Tasks look at it between files: nothing new starts, the flush in progress
returns, what is proven is published and recorded, and `Interrupted` is raised. Whatever a hard end leaves
behind lies in `incoming/` and counts for nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from time import monotonic
from types import FrameType
from typing import Any

from fonoteca.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = "\x1b[?25h"


class Stop:
    """Whether the user asked to stop. A context manager: inside it, signals set `requested`."""

    def __init__(self) -> None:
        self.requested = False
        self.signal_number: int = signal.SIGINT
        self.since: float | None = None
        """When it was asked (`time.monotonic`)."""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        for number in _SIGNALS:
            # A signal that our parent had us ignore (nohup) stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def check(self) -> None:
        """Raise Interrupted if the user asked to stop."""
        if self.requested:
            raise Interrupted(self.signal_number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            _end_hard(number)
        self.requested = True
        self.signal_number = number
        self.since = monotonic()
        _tell("\nStopping when what is being written is safe; once more ends at once.\n")


def _end_hard(number: int) -> None:
    """As if we had never caught the signal; the terminal gets its cursor back."""
    if os.isatty(2):
        _tell(_SHOW_CURSOR)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _tell(text: str) -> None:
    """Straight to the descriptor: a signal may come while Python's own buffer is in use."""
    try:
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, text.encode())
    except OSError:
        return  # nobody is there to be told
