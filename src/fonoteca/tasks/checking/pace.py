"""Holding several readers together to one rate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from fonoteca.core.plan.scrub import wait_for
from fonoteca.core.policy import Speed
from fonoteca.tasks.checking.rereading import Stoppable

NAP = 0.2
"""Seconds of one wait: between two the readers hear that nobody wants any more."""


@dataclass(slots=True)
class Pace:
    """At most `rate` bytes a second, from the first block on. Usable from several threads."""

    rate: Speed
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    crew: Stoppable | None = None
    _began: float | None = None
    _bytes: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def take(self, size: int) -> None:
        """So many bytes were read: wait until that is no longer too fast."""
        with self._counting:
            if self._began is None:
                self._began = self.clock()
            self._bytes += size
            wanted = self._bytes
        while (wait := wait_for(wanted, self.clock() - self._began, self.rate)) > 0:
            if self.crew is not None and self.crew.cancelled:
                return
            self.sleep(min(wait, NAP))
