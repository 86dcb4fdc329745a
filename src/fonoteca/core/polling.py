"""How often a library is looked at where no events come: soon after a change, seldom where nothing ever happens.

>>> pause_s = after_look(0.0, changed=True, took_s=0.5)
>>> pause_s, after_look(pause_s, changed=False, took_s=0.5), after_look(pause_s, changed=False, took_s=30.0)
(60.0, 120.0, 600.0)
"""

from __future__ import annotations

SHORTEST_S = 60.0
LONGEST_S = 3600.0
SPARE = 20.0
"""A look may take a twentieth of the time at most."""


def after_look(pause_s: float, *, changed: bool, took_s: float) -> float:
    """Seconds until the next look, after one that took `took_s`; `pause_s` is how long the last wait was."""
    wanted = SHORTEST_S if changed else min(max(2 * pause_s, SHORTEST_S), LONGEST_S)
    return max(wanted, SPARE * took_s)
