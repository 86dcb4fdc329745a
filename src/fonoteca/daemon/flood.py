"""A thousand like lines are a few lines and a count: what keeps a log readable on the day on which a disk dies.

>>> flood = Flood()
>>> [flood.admits("Damaged copies at red", second * SECOND_NS) for second in range(7)]
[True, True, True, True, True, False, False]
>>> flood.over(61 * SECOND_NS)
[('Damaged copies at red', 2)]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SECOND_NS = 1_000_000_000
WINDOW_NS = 60 * SECOND_NS
SHOWN = 5
"""So many like lines are said in a window; more are counted, and said with their number when it is over."""

_NUMBERS = re.compile(r"\d(?:[\d.,]*\d)?")


def kind_of(sentence: str) -> str:
    """What is alike: the same sentence but for its numbers.

    >>> kind_of("New music: copied 12 files to red.") == kind_of("New music: copied 3,000 files to red.")
    True
    """
    return _NUMBERS.sub("…", sentence)


@dataclass(slots=True)
class _Window:
    began_ns: int
    said: int = 0
    kept_back: int = 0


@dataclass(slots=True)
class Flood:
    """Counts what is said, by kind. Times are nanoseconds of a clock that may jump."""

    _windows: dict[str, _Window] = field(default_factory=dict)

    def admits(self, kind: str, now_ns: int) -> bool:
        """Whether one more of this kind may be said now; else it is counted."""
        window = self._windows.setdefault(kind, _Window(now_ns))
        if window.said < SHOWN:
            window.said += 1
            return True
        window.kept_back += 1
        return False

    def over(self, now_ns: int) -> list[tuple[str, int]]:
        """Kinds whose window is over, with how many were kept back; a clock that jumped back ends it too."""
        ended = [kind for kind, each in self._windows.items() if not 0 <= now_ns - each.began_ns < WINDOW_NS]
        windows = [(kind, self._windows.pop(kind)) for kind in ended]
        return [(kind, each.kept_back) for kind, each in windows if each.kept_back]

    def end(self) -> list[tuple[str, int]]:
        """All that was kept back, whether its window is over or not."""
        windows, self._windows = self._windows, {}
        return [(kind, each.kept_back) for kind, each in windows.items() if each.kept_back]
