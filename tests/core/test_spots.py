"""Which folders a pass looks at when something happened at many places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.pattern import under
from fonoteca.core.spots import Spot, fewest

PATHS = st.lists(st.sampled_from([b"a", b"b"]), max_size=3).map(b"/".join)
SPOTS = st.lists(st.builds(Spot, PATHS, st.booleans()), max_size=8)


def covers(spots: list[Spot], wanted: Spot) -> bool:
    """Whether all that `wanted` means is looked at."""
    return any(
        (spot.whole and under(wanted.path, spot.path)) or (not wanted.whole and spot.path == wanted.path)
        for spot in spots
    )


@given(SPOTS)
def test_nothing_that_was_asked_for_is_lost(spots: list[Spot]) -> None:
    """A place that is dropped is a track that is not copied."""
    assert all(covers(fewest(spots), spot) for spot in spots)


@given(SPOTS)
def test_no_place_is_looked_at_twice(spots: list[Spot]) -> None:
    """Two thousand events in one folder are one look."""
    kept = fewest(spots)

    assert not any(covers([other for other in kept if other != spot], spot) for spot in kept)
