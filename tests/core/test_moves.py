"""Which file is which entry, and in which order names change places."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.place import Key
from fonoteca.core.plan.moves import Arrival, Lost, blocked, in_order, moving_key, pairs, parked


@dataclass(frozen=True)
class Step:
    """One rename."""

    old: Key
    new: Key


def step(old: str, new: str) -> Step:
    """A rename, by text."""
    return Step(Key(old.encode()), Key(new.encode()))


def same(key: Key) -> bytes:
    """A place that keeps all names apart."""
    return key


def lower(key: Key) -> bytes:
    """One that does not."""
    return key.lower()


def matched(arrivals: list[Arrival], lost: list[Lost]) -> dict[bytes, bytes]:
    """New path to old path."""
    return {arrival.path: old.path for arrival, old in pairs(arrivals, lost)}


def test_of_equal_files_the_one_that_kept_its_name_is_paired_first():
    """Two covers with the same bytes in two renamed folders stay the covers of their albums."""
    arrivals = [Arrival(1, (7,), b"X/a.jpg", None), Arrival(2, (7,), b"X/b.jpg", None)]
    lost = [Lost(1, (7,), b"A/b.jpg"), Lost(2, (7,), b"B/a.jpg")]

    assert {b"X/a.jpg": b"B/a.jpg", b"X/b.jpg": b"A/b.jpg"} == matched(arrivals, lost)


def test_then_the_one_that_kept_its_folder():
    """A renamed file is looked for beside where it was."""
    arrivals = [Arrival(1, (7,), b"B/new.jpg", None)]
    lost = [Lost(1, (7,), b"A/old.jpg"), Lost(2, (7,), b"B/old.jpg")]

    assert {b"B/new.jpg": b"B/old.jpg"} == matched(arrivals, lost)


def test_a_file_that_is_its_own_entry_moved_nowhere():
    """Bytes that were only written again are no arrival, and their entry is not lost."""
    arrivals = [Arrival(1, (7,), b"a.jpg", 1), Arrival(2, (7,), b"b.jpg", None)]

    assert {} == matched(arrivals, [Lost(1, (7,), b"a.jpg")])


def test_only_what_has_the_same_identity_is_paired():
    """Both streams are sorted, and neither has to be in memory."""
    arrivals = [Arrival(n, (n,), b"new %d" % n, None) for n in (1, 3, 5, 6)]
    lost = [Lost(n, (n,), b"old %d" % n) for n in (0, 3, 4, 6, 9)]

    assert {b"new 3": b"old 3", b"new 6": b"old 6"} == matched(arrivals, lost)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([step("a", "b")], [False]),
        ([step("a", "b"), step("b", "c")], [True, False]),
        ([step("a", "b"), step("b", "a")], [True, True]),
        ([step("d/x", "d")], [True]),
        ([step("d", "d/x")], [True]),
    ],
    ids=["alone", "chain", "swap", "takes its folder's name", "goes into a folder of its name"],
)
def test_who_wants_a_name_that_is_being_left_waits(steps, expected):
    """Nothing is ever renamed over something else."""
    assert expected == parked(steps, same)


def test_other_letters_are_the_same_name_where_a_place_folds_them():
    """`a.flac` cannot be renamed to `A.flac` at once on FAT: the target stands."""
    assert [True] == parked([step("m/a.flac", "m/A.flac")], lower)
    assert [False] == parked([step("m/a.flac", "m/A.flac")], same)


def test_whoever_wants_the_name_of_one_that_stays_stays_too():
    """A stranger in the way holds up the whole queue, and nobody else."""
    steps = [step("a", "b"), step("b", "c"), step("x", "y")]

    assert {b"a", b"b"} == blocked(steps, lambda each: each.new == b"c", same)


def test_a_waiting_place_is_known_from_the_intent_alone():
    """Whoever completes a run that was cut off has to find it."""
    assert b".fonoteca/moving/5f0c-7" == moving_key("5f0c", 7)


names = st.lists(st.integers(0, 40), unique=True, max_size=20)


@given(names, st.randoms(use_true_random=False))
def test_in_order_each_step_finds_its_name_free_and_circles_are_set_apart(olds, dice):
    """What a manifest says of moves is read line by line."""
    news = dice.sample(range(41), len(olds))
    steps = [step(str(old), str(new)) for old, new in zip(olds, news, strict=True) if old != new]
    ordered, circles = in_order(steps)

    held = {each.old for each in steps}
    for each in ordered:
        assert each.new not in held
        held = held - {each.old} | {each.new}
    assert {each.old for each in circles} == {each.new for each in circles}
    assert set(steps) == {*ordered, *circles}
