"""Whether somebody has a lease, by what it says and by how long it was seen unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fonoteca.core.lease import (
    LONGEST_S,
    TIME_S,
    Holding,
    Lease,
    Sight,
    digest,
    holding,
    left_s,
    parsed,
    written,
)

NS = 10**9
_words = st.text(max_size=4)
LEASES = st.builds(
    Lease,
    owner=_words,
    renewal=_words,
    for_s=st.integers(1, 10**6),
    expires=_words,
    since=st.integers(0, 10**10),
    machine=_words,
    host=_words,
    boot=_words,
    pid=st.none() | st.integers(0, 2**22),
    started=_words,
)


@pytest.mark.parametrize(
    ("machine", "boot", "runs", "expected"),
    [
        ("ours", "now", True, Holding.HERE),
        ("ours", "now", False, Holding.OVER),
        ("ours", "now", None, Holding.ELSEWHERE),
        ("ours", "earlier", True, Holding.OVER),
        ("ours", "", False, Holding.OVER),
        ("theirs", "now", True, Holding.ELSEWHERE),
        ("theirs", "earlier", False, Holding.ELSEWHERE),
        ("", "", False, Holding.ELSEWHERE),
    ],
)
def test_who_has_a_lease_is_told_by_machine_start_and_process(
    machine: str, boot: str, runs: bool | None, expected: Holding
):
    """A dead process of this start of this machine holds nothing; what cannot be seen may be alive."""
    assert expected is holding(Lease(machine=machine, boot=boot), "ours", "now", runs=runs)


@settings(max_examples=25)
@given(LEASES)
def test_what_is_written_is_read(lease: Lease):
    """All of it, in a text of its own."""
    assert lease == parsed(written(lease))


@given(st.binary(max_size=200) | st.just(b"[" * 100_000))
def test_whatever_stands_there_is_read_as_somebody(text: bytes):
    """A torn or foreign lease.json never stops the program, and never counts as nobody."""
    assert Holding.ELSEWHERE is holding(parsed(text), "ours", "now", runs=False)


@given(st.integers(-(10**12), 10**12), st.floats(0, 10**9))
def test_nobody_is_patient_for_less_than_twice_the_time_nor_for_ever(for_s: int, seen_s: float):
    """Whatever a lease says of itself."""
    left = left_s(Lease(for_s=for_s), seen_s)

    assert left is None or seen_s <= 2 * LONGEST_S
    assert left is not None or seen_s > 2 * TIME_S


@pytest.mark.parametrize(
    ("boot", "now_ns", "expected"),
    [("now", 5 * NS, True), ("now", 4 * NS, False), ("later", 9 * NS, False), ("", 9 * NS, False)],
)
def test_a_sight_counts_within_one_start_of_the_machine_alone(boot: str, now_ns: int, expected: bool):
    """The clock begins anew with each, so an earlier one's figure would say anything."""
    assert expected is Sight("nas", digest(b"x"), "now", 5 * NS).holds(boot, now_ns)
