"""Shifts that a whole disk's times make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.plan.stamps import COARSEST_NS, FEWEST, LARGEST_NS, QUARTER_NS, common_shift, shift_of

HOUR = 4 * QUARTER_NS


@given(
    st.integers(min_value=0, max_value=2**60),
    st.integers(min_value=-104, max_value=104),
    st.integers(min_value=0, max_value=COARSEST_NS - 1),
)
def test_a_zone_is_seen_through_a_coarse_clock(recorded, quarters, cut):
    """FAT gives an even second, in whatever zone it thinks it is."""
    assert quarters * QUARTER_NS == shift_of(recorded, recorded + quarters * QUARTER_NS - cut)


@pytest.mark.parametrize("moved", [COARSEST_NS, 7 * 60 * 10**9, LARGEST_NS + QUARTER_NS, -LARGEST_NS * 2])
def test_what_a_person_does_is_no_zone(moved):
    """Minutes later, or days."""
    assert shift_of(10**18, 10**18 + moved) is None


@pytest.mark.parametrize(
    ("counts", "of", "expected"),
    [
        ({}, 100, None),
        ({HOUR: 51}, 100, HOUR),
        ({HOUR: 50}, 100, None),
        ({HOUR: FEWEST}, FEWEST, HOUR),
        ({HOUR: FEWEST - 1}, FEWEST - 1, None),
        ({0: 60, HOUR: 40}, 100, 0),
        ({HOUR: 30, -HOUR: 30}, 100, None),
    ],
)
def test_only_most_of_a_library_moves_as_a_whole(counts, of, expected):
    """Fewer files are simply read again."""
    assert expected == common_shift(counts, of=of)
