"""Which versions may go: properties of the plan over everything that could be known of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.place import Key
from fonoteca.core.plan.prune import (
    History,
    Keeping,
    Version,
    is_tag_edit,
    is_trusted,
    is_worth_saying,
    plan,
)

KEEPING = Keeping(keep_ns=100, keep_tag_ns=20)
NOW = 1000
times = st.integers(0, NOW)
numbers = st.integers(0, 9)


def blob(number):
    """A blob's key."""
    return Key(b".fonoteca/versions/%d" % number)


# A blob is one content, so its size follows from its name.
versions = st.builds(
    lambda number, *rest: Version(blob(number), number * 10, *rest),
    numbers, times, st.booleans(), st.booleans(), st.sampled_from([False, False, True]),
)  # fmt: skip
histories = st.builds(
    lambda found, proven: History(sorted(found, key=lambda each: each.until_ns), proven),
    st.lists(versions, min_size=1, max_size=5),
    st.booleans(),
)
archives = st.lists(histories, max_size=5)
shortages = st.integers(0, 400)


def without(found, dropped):
    """The histories after `dropped` blobs went."""
    gone = {each.blob for each in dropped}
    left = [History([each for each in one.versions if each.blob not in gone], one.is_proven) for one in found]
    return [one for one in left if one.versions]


@given(archives, shortages)
def test_the_last_good_one_never_goes_while_the_present_is_not_proven(found, short):
    """It may be all that is left of a song."""
    gone = {each.blob for each in plan(found, KEEPING, NOW, short)}
    for history in found:
        good = [each for each in history.versions if each.is_good]
        if good and not history.is_proven:
            assert good[-1].blob not in gone
        if not good and not history.is_proven:
            assert gone.isdisjoint(each.blob for each in history.versions)


@given(archives, shortages)
def test_what_a_finding_points_to_and_what_is_young_never_goes(found, short):
    """Evidence stays, and so does what a person may still want back."""
    dropped = plan(found, KEEPING, NOW, short)
    for version in (each for history in found for each in history.versions):
        for one in (each for each in dropped if each.blob == version.blob):
            age = NOW - version.until_ns
            assert not version.is_named
            assert age >= KEEPING.keep_ns or (
                one.is_early and version.same_sound and age >= KEEPING.keep_tag_ns
            )


@given(archives, times, times)
def test_what_may_go_today_may_go_tomorrow(found, one, other):
    """Monotone in time: waiting a day makes nothing safer from a plan."""
    earlier, later = sorted((one, other))
    today = {each.blob for each in plan(found, KEEPING, earlier)}

    assert today <= {each.blob for each in plan(found, KEEPING, later)}


@given(archives, shortages)
def test_doing_it_twice_does_no_more(found, short):
    """Idempotent: what was freed is no longer short."""
    dropped = plan(found, KEEPING, NOW, short)
    freed = sum(each.size for each in dropped)

    assert plan(without(found, dropped), KEEPING, NOW, max(0, short - freed)) == []


@given(archives, shortages)
def test_nothing_goes_early_unless_room_is_short_and_then_no_more_than_needed(found, short):
    """Oldest first, and the room that age alone makes counts first."""
    dropped = plan(found, KEEPING, NOW, short)
    early = [each for each in dropped if each.is_early]

    assert sorted(each.until_ns for each in early) == [each.until_ns for each in early]
    if early:
        assert sum(each.size for each in dropped) - early[-1].size < short


def test_a_blob_goes_only_when_each_record_that_names_it_may():
    """Two songs may share their bytes."""
    old, young = (Version(blob(1), 10, until, is_good=True) for until in (0, NOW))

    assert plan([History([old], True), History([young], True)], KEEPING, NOW) == []
    assert [blob(1)] == [each.blob for each in plan([History([old], True)], KEEPING, NOW)]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], [True]),
        (["replaced"], [True, True]),
        (["replaced, unproven"], [True, False]),
        (["replaced, unproven", "tag edit"], [True, False, False]),
        (["tag edit", "tag edit"], [True, True, True]),
        (["replaced, unproven", "replaced"], [True, False, True]),
        (["something new"], [True, False]),
    ],
)
def test_a_content_is_as_good_as_the_way_in_which_it_came(verdicts, expected):
    """New tags around unproven sound prove nothing."""
    assert (
        is_trusted([(0, ""), *((number, verdict) for number, verdict in enumerate(verdicts, 1))]) == expected
    )


def test_what_came_back_is_as_good_as_it_was():
    """Reverting an unproven change ends the doubt."""
    assert is_trusted([(1, ""), (2, "replaced, unproven"), (1, "reverted")]) == [True, False, True]


def test_only_a_tag_edit_leaves_the_sound():
    """Recompressed sound is the same music in other bytes, and worth keeping longer."""
    words = ("tag edit", "volatile tag edit", "recompressed", "replaced")

    assert [is_tag_edit(word) for word in words] == [True, True, False, False]


def test_room_for_versions_is_told_when_it_is_much():
    """A gigabyte, or a twentieth of what is free."""
    found = [is_worth_saying(*each) for each in ((0, 0), (10, 1000), (51, 1000), (1 << 30, None), (5, None))]

    assert found == [False, False, True, True, False]
