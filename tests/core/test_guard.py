"""The guard's arithmetic: when it holds, what it counts, and that nothing but a word lifts a hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.finding import FindingKind
from fonoteca.core.guard import (
    WINDOW_NS,
    Guarded,
    GuardKind,
    Incident,
    Trip,
    counted_as,
    doubts_machine,
    exceeds,
    guard,
    lets_add,
)
from fonoteca.core.policy import GuardLimit, GuardOff
from fonoteca.core.verdict import Verdict

NOW = 1_700_000_000_000_000_000
LIMIT = GuardLimit()
REMOVED = GuardKind.REMOVED


def incidents(count: int, kind: GuardKind = REMOVED, time_ns: int = NOW) -> list[Incident]:
    """So many entries, each once."""
    return [Incident(kind, entry, time_ns) for entry in range(count)]


@pytest.mark.parametrize(
    ("count", "entries", "expected"),
    [
        (20, 100, False),  # over 5 %, and not over 20 files
        (21, 100, True),
        (50, 1000, False),  # just 5 %
        (51, 1000, True),
        (1, 2, False),
        (2, 2, False),  # too small a library to speak of halves
        (1, 3, False),
        (2, 3, True),
        (6, 12, False),  # just half
        (7, 12, True),
        (12, 12, True),  # the right mount, but empty
    ],
)
def test_a_change_is_held_over_both_limits_or_over_half(count, entries, expected):
    """One deleted album goes through, an emptied library does not."""
    assert expected == exceeds(LIMIT, count, entries)


def test_off_means_off():
    """The person's own word: a library of sketches."""
    assert Guarded((), frozenset()) == guard(GuardOff(), 10, incidents(10), now_ns=NOW)


def test_off_ends_no_hold_that_stands():
    """Switching the guard off must not let go what it is holding: that takes a word about the hold."""
    held = guard(GuardOff(), 10, [], now_ns=NOW, standing={REMOVED}).held

    assert {REMOVED} == held


def test_each_kind_is_counted_apart():
    """Twelve that were removed and twelve that were retouched are two small things."""
    found = [*incidents(12), *incidents(12, GuardKind.UNPROVEN)]

    assert () == guard(LIMIT, 100, found, now_ns=NOW).trips
    assert (Trip(REMOVED, 25, 100),) == guard(LIMIT, 100, [*found, *incidents(25)], now_ns=NOW).trips


def test_an_entry_counts_once_however_often_it_is_seen():
    """A held file is read again by every scan."""
    again = incidents(15) * 30

    assert () == guard(LIMIT, 100, again, now_ns=NOW).trips


def test_small_steps_add_up_over_seven_days():
    """A sync gone wrong removes an album a day."""
    daily = [Incident(REMOVED, entry, NOW - entry * WINDOW_NS // 40) for entry in range(30)]

    assert {REMOVED} == guard(LIMIT, 100, daily, now_ns=NOW).held


def test_what_stayed_under_the_limit_is_accepted_as_it_ages_out():
    """Pruning a collection slowly, over months, is not a disaster."""
    old = incidents(20, time_ns=NOW - WINDOW_NS)
    fresh = [Incident(REMOVED, 100 + entry, NOW) for entry in range(20)]

    assert () == guard(LIMIT, 100, [*old, *fresh], now_ns=NOW).trips


def test_what_was_accepted_does_not_count_again():
    """After `hold accept`, the next removed file is the first."""
    found = guard(LIMIT, 100, incidents(60), now_ns=NOW, accepted_ns={REMOVED: NOW})

    assert () == found.trips


def test_accepting_one_kind_accepts_no_other():
    """The word was about removed files."""
    found = incidents(60, GuardKind.DAMAGED)

    assert {GuardKind.DAMAGED} == guard(LIMIT, 100, found, now_ns=NOW, accepted_ns={REMOVED: NOW}).held


def test_a_clock_that_was_put_back_hides_nothing():
    """What was seen tomorrow was seen."""
    assert {REMOVED} == guard(LIMIT, 100, incidents(60, time_ns=NOW + WINDOW_NS * 9), now_ns=NOW).held


limits = st.builds(GuardLimit, st.floats(0, 100), st.integers(0, 50)) | st.just(GuardOff())
many = st.lists(
    st.builds(
        Incident, st.sampled_from(GuardKind), st.integers(0, 60), st.integers(NOW - 2 * WINDOW_NS, NOW)
    ),
    max_size=120,
)
kinds = st.frozensets(st.sampled_from(GuardKind))
accepted = st.dictionaries(st.sampled_from(GuardKind), st.integers(NOW - 2 * WINDOW_NS, NOW))


@given(limits, st.integers(0, 100), many, many, accepted, kinds)
def test_more_incidents_never_lift_a_hold(limit, entries, some, more, when, standing):
    """An attacker must not get out by doing more."""
    before = guard(limit, entries, some, now_ns=NOW, accepted_ns=when, standing=standing)
    after = guard(limit, entries, [*some, *more], now_ns=NOW, accepted_ns=when, standing=standing)

    assert before.held <= after.held


@given(limits, st.integers(0, 100), many, accepted, kinds)
def test_a_hold_that_stands_goes_on_standing(limit, entries, some, when, standing):
    """Thirty runs, a week of nothing, another limit in the config: only a word ends it."""
    assert standing <= guard(limit, entries, some, now_ns=NOW, accepted_ns=when, standing=standing).held


@given(limits, st.integers(0, 100), many, accepted)
def test_nothing_is_held_below_the_limit(limit, entries, some, when):
    """A guard that cries wolf is switched off."""
    for trip in guard(limit, entries, some, now_ns=NOW, accepted_ns=when).trips:
        distinct = {each.entry for each in some if each.kind is trip.kind}

        assert trip.entries <= len(distinct)
        assert exceeds(limit, trip.entries, entries)


@given(st.floats(0, 100), st.integers(0, 50), st.integers(0, 100), st.integers(0, 120))
def test_the_limit_is_monotone_in_what_is_counted(percent, files, entries, count):
    """One more never makes it fine, and a higher limit never makes it worse by the limit's own rule."""
    limit = GuardLimit(percent, files)

    assert not exceeds(limit, count, entries) or exceeds(limit, count + 1, entries)
    assert exceeds(limit, count, entries) or not exceeds(GuardLimit(percent, files + 1), count, entries)


@pytest.mark.parametrize(
    ("verdict", "is_emptied", "expected"),
    [
        (Verdict.REMOVED, False, GuardKind.REMOVED),
        (Verdict.DAMAGED, True, GuardKind.EMPTIED),
        (Verdict.DAMAGED, False, GuardKind.DAMAGED),
        (Verdict.SUSPECT, False, GuardKind.SUSPECT),
        (Verdict.ROT, False, GuardKind.SUSPECT),
        (Verdict.UNPROVEN, False, GuardKind.UNPROVEN),
        (Verdict.TAG_EDIT, False, None),
        (Verdict.REPLACED, False, None),
        (Verdict.MOVED, False, None),
        (Verdict.NOT_SEEN, False, None),
    ],
)
def test_a_verdict_counts_under_one_kind_or_none(verdict, is_emptied, expected):
    """A mass retag or a renamed artist is a person at work."""
    assert expected == counted_as(verdict, is_emptied=is_emptied)


def test_sixty_percent_overwritten_with_random_bytes_is_held():
    """Ransomware leaves the names: files are no longer of their own form, or cannot be proven."""
    found = [
        Incident(GuardKind.DAMAGED if entry % 2 else GuardKind.UNPROVEN, entry, NOW) for entry in range(600)
    ]

    assert {GuardKind.DAMAGED, GuardKind.UNPROVEN} == guard(LIMIT, 1000, found, now_ns=NOW).held


@pytest.mark.parametrize(
    ("name", "parses", "expected"),
    [
        (b"01 Be My Husband.flac", True, True),
        (b"01 Be My Husband.flac", False, False),
        (b"cover.JPG", False, True),
        (b"SHA256SUMS", False, True),
        (b"01 Be My Husband.flac.locked", False, False),
        (b"cover.jpg.x7f3", False, False),
        (b"HOW_TO_DECRYPT", False, False),
        (b".jpg", False, False),
        (b"\xff.cue", False, True),
    ],
)
def test_while_a_hold_stands_only_what_looks_like_a_collection_is_added(name, parses, expected):
    """A new album still gets its copies; what encrypts a collection does not."""
    assert expected == lets_add(name, {REMOVED}, parses=parses)
    assert lets_add(name, frozenset(), parses=parses)


def test_rot_in_many_files_is_about_the_machine():
    """A dying controller, not a thousand accidents."""
    found = doubts_machine("music", 21)

    assert found is not None
    assert (FindingKind.MACHINE, "music") == (found.kind, found.library)
    assert doubts_machine("music", 20) is None
