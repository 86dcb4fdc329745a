"""Events of the journal as manifest lines, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.journal import FAILURE, SUCCESS, Logged, Type, event_of, line_of
from fonoteca.core.manifest.decode import decode
from fonoteca.core.manifest.encode import encode
from fonoteca.core.manifest.lines import Happened

paths = st.none() | st.binary(min_size=1, max_size=30)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
events = st.builds(
    Logged,
    time_ns=st.integers(0, 2**61),
    type=st.sampled_from([str(each) for each in Type]),
    outcome=st.sampled_from([SUCCESS, FAILURE]),
    library=st.just("music"),
    location=st.none() | texts.filter(bool),
    path=paths,
    was=paths,
    detail=texts,
    agent=st.none() | texts.filter(bool),
    entry=st.none(),
)


@given(events)
def test_every_event_comes_back_from_its_line(event: Logged) -> None:
    """Any name, any text."""
    line = decode(encode(line_of(event)))

    assert isinstance(line, Happened)
    assert event == event_of(line, "music")


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"outcome": 1},
        {"versions": 3, "bytes": 12},
        {"outcome": "success", "path": 5},
        {"outcome": "success", "path": "a", "path_b64": "%"},
    ],
)
def test_a_line_that_is_no_event_of_an_object_is_passed_over(detail) -> None:
    """What another version wrote, or a torn one, stops nothing."""
    assert event_of(Happened("deletion", 0, detail), "music") is None
