"""How often a library without events is looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.polling import LONGEST_S, SHORTEST_S, SPARE, after_look

TIMES = st.floats(0, 1e5)


@given(TIMES, TIMES)
def test_a_change_brings_the_next_look_soon(pause_s: float, took_s: float) -> None:
    """Where one file was written, more will be."""
    assert max(SHORTEST_S, SPARE * took_s) == after_look(pause_s, changed=True, took_s=took_s)


@given(st.integers(1, 20))
def test_silence_makes_it_seldom_but_never_stops_it(looks: int) -> None:
    """An hour at most, for a library that is looked at in a moment."""
    pause_s = 0.0
    for _ in range(looks):
        pause_s = after_look(pause_s, changed=False, took_s=0.1)

    assert SHORTEST_S <= pause_s <= LONGEST_S


@given(TIMES, st.booleans(), TIMES)
def test_looking_takes_a_small_part_of_the_time(pause_s: float, changed: bool, took_s: float) -> None:
    """A NAS with a million files is not walked through without end."""
    assert after_look(pause_s, changed=changed, took_s=took_s) >= SPARE * took_s
