"""The verdict table of the design: a test a row, and what holds over all inputs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.entry import FileStat
from fonoteca.core.sound import Payload, Soundness
from fonoteca.core.verdict import (
    Facts,
    Origin,
    Readings,
    Sameness,
    Sight,
    StatClass,
    Verdict,
    judge,
    sameness,
    stat_class,
    wants_second_reading,
)

UNMOVED, TOUCHED, WRITTEN = StatClass.UNMOVED, StatClass.TOUCHED, StatClass.WRITTEN
UNKNOWN = StatClass.CTIME_UNKNOWN
SAME, DIFFERS = Sameness.SAME, Sameness.DIFFERS
SOUND, DAMAGED = Soundness.SOUND, Soundness.DAMAGED


@dataclass(frozen=True)
class Row:
    """One line of the table, or a corner of it."""

    number: str
    facts: Facts
    verdict: Verdict

    def __str__(self) -> str:
        return self.number


ROWS = [
    Row("1", Facts(sight=Sight.AWAY), Verdict.LIBRARY_AWAY),
    Row("2", Facts(sight=Sight.HIDDEN), Verdict.NOT_SEEN),
    Row("2 not read", Facts(stat=WRITTEN, readings=Readings.NONE), Verdict.NOT_SEEN),
    Row("3 by content", Facts(origin=Origin.GONE, stat=WRITTEN, is_same=True), Verdict.MOVED),
    Row("3 by inode", Facts(origin=Origin.GONE, stat=TOUCHED, readings=Readings.NONE), Verdict.MOVED),
    Row(
        "3 retagged",
        Facts(origin=Origin.GONE, stat=WRITTEN, payload=SAME, tags_parse=True),
        Verdict.TAG_EDIT,
    ),
    Row("3 and suspect", Facts(origin=Origin.GONE, stat=TOUCHED, payload=DIFFERS), Verdict.SUSPECT),
    Row("4", Facts(origin=Origin.EXCHANGED, stat=TOUCHED, is_same=True), Verdict.SWAPPED),
    Row("4 by inode", Facts(origin=Origin.EXCHANGED, stat=TOUCHED, readings=Readings.NONE), Verdict.SWAPPED),
    Row(
        "4 without a rename",
        Facts(origin=Origin.EXCHANGED, stat=UNMOVED, readings=Readings.EQUAL),
        Verdict.ROT,
    ),
    Row("5", Facts(origin=Origin.STANDING), Verdict.DUPLICATE),
    Row("6", Facts(origin=Origin.NEW), Verdict.ADDED),
    Row("6 failing", Facts(origin=Origin.NEW, now=DAMAGED), Verdict.ADDED_DAMAGED),
    Row("7", Facts(stat=UNMOVED, readings=Readings.NONE), Verdict.UNCHANGED),
    Row("7 without a ctime", Facts(stat=UNKNOWN, readings=Readings.NONE), Verdict.UNCHANGED),
    Row("8", Facts(stat=WRITTEN, is_same=True), Verdict.UNCHANGED),
    Row("8 at the second", Facts(stat=UNMOVED, readings=Readings.UNEQUAL, is_same=True), Verdict.UNCHANGED),
    Row("9", Facts(stat=WRITTEN, is_earlier=True), Verdict.REVERTED),
    Row("9 copied back with its times", Facts(stat=UNKNOWN, is_earlier=True), Verdict.REVERTED),
    Row("9 emptied", Facts(stat=WRITTEN, is_earlier=True, is_emptied=True), Verdict.DAMAGED),
    Row("9 unmoved", Facts(stat=UNMOVED, readings=Readings.EQUAL, is_earlier=True), Verdict.ROT),
    Row("10", Facts(stat=UNMOVED, readings=Readings.EQUAL), Verdict.ROT),
    Row("10 companion", Facts(stat=UNMOVED, readings=Readings.EQUAL, is_track=False), Verdict.ROT),
    Row("10 read once", Facts(stat=UNMOVED), Verdict.SUSPECT),
    Row("11", Facts(stat=UNMOVED, readings=Readings.UNEQUAL), Verdict.UNSTABLE),
    Row("11 written", Facts(stat=WRITTEN, readings=Readings.UNEQUAL, now=SOUND), Verdict.UNSTABLE),
    Row("11 new", Facts(origin=Origin.NEW, readings=Readings.UNEQUAL), Verdict.UNSTABLE),
    Row("12 emptied", Facts(stat=WRITTEN, is_emptied=True), Verdict.DAMAGED),
    Row("12 emptied companion", Facts(stat=WRITTEN, is_emptied=True, is_track=False), Verdict.DAMAGED),
    Row("12 of no form", Facts(stat=WRITTEN, is_own_format=False, payload=DIFFERS), Verdict.DAMAGED),
    Row("13", Facts(stat=WRITTEN, is_track=False), Verdict.COMPANION_EDITED),
    Row("14 written", Facts(stat=WRITTEN, payload=SAME, tags_parse=True), Verdict.TAG_EDIT),
    Row("14 touched", Facts(stat=TOUCHED, payload=SAME, tags_parse=True), Verdict.TAG_EDIT),
    Row(
        "14 volatile",
        Facts(stat=WRITTEN, payload=SAME, tags_parse=True, is_volatile=True),
        Verdict.VOLATILE_EDIT,
    ),
    Row(
        "14 damaged all along",
        Facts(stat=WRITTEN, payload=SAME, tags_parse=True, before=DAMAGED, now=DAMAGED),
        Verdict.TAG_EDIT,
    ),
    Row(
        "14 structure worse",
        Facts(stat=WRITTEN, payload=SAME, tags_parse=True, before=SOUND, now=DAMAGED),
        Verdict.DAMAGED,
    ),
    Row("14 no tags to read", Facts(stat=WRITTEN, payload=SAME), Verdict.SUSPECT),
    Row("15", Facts(stat=UNKNOWN, payload=SAME, tags_parse=True), Verdict.SUSPECT),
    Row("16 touched", Facts(stat=TOUCHED, payload=DIFFERS, now=Soundness.STRUCTURE), Verdict.SUSPECT),
    Row("16 without a ctime", Facts(stat=UNKNOWN, payload=DIFFERS, now=DAMAGED), Verdict.SUSPECT),
    Row("16 nothing known", Facts(stat=TOUCHED), Verdict.SUSPECT),
    Row("16 companion", Facts(stat=TOUCHED, is_track=False), Verdict.SUSPECT),
    Row("16 sound, tags unknown", Facts(stat=UNKNOWN, now=SOUND), Verdict.SUSPECT),
    Row("16 proven", Facts(stat=TOUCHED, payload=DIFFERS, now=SOUND), Verdict.REPLACED),
    Row("17", Facts(stat=WRITTEN, payload=DIFFERS, before=SOUND, now=DAMAGED), Verdict.DAMAGED),
    Row("17 no payload left", Facts(stat=WRITTEN, before=SOUND, now=DAMAGED), Verdict.DAMAGED),
    Row(
        "18",
        Facts(stat=WRITTEN, payload=DIFFERS, is_lossless_same=True, now=SOUND),
        Verdict.RECOMPRESSED,
    ),
    Row(
        "18 declared by broken frames",
        Facts(stat=WRITTEN, payload=DIFFERS, is_lossless_same=True, now=DAMAGED),
        Verdict.UNPROVEN,
    ),
    Row("19", Facts(stat=WRITTEN, payload=DIFFERS, now=SOUND), Verdict.REPLACED),
    Row("20 nothing known", Facts(stat=WRITTEN), Verdict.UNPROVEN),
    Row("20 structure only", Facts(stat=WRITTEN, payload=DIFFERS, now=Soundness.STRUCTURE), Verdict.UNPROVEN),
    Row(
        "20 mp3gain",
        Facts(stat=WRITTEN, payload=DIFFERS, before=SOUND, now=Soundness.ALTERED),
        Verdict.UNPROVEN,
    ),
    Row("21", Facts(sight=Sight.ABSENT), Verdict.REMOVED),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_row_of_the_table_has_its_verdict(row: Row):
    """The table is the promise that this program makes about somebody's music."""
    assert row.verdict == judge(row.facts)


def test_every_verdict_stands_in_a_row_of_the_table():
    """A verdict without a row is one that nobody decided on."""
    assert set(Verdict) == {row.verdict for row in ROWS}


any_facts = st.builds(
    Facts,
    st.sampled_from(Sight),
    st.sampled_from(Origin),
    st.none() | st.sampled_from(StatClass),
    st.sampled_from(Readings),
    *[st.booleans()] * 5,
    st.sampled_from(Sameness),
    st.booleans(),
    st.none() | st.sampled_from(Soundness),
    st.none() | st.sampled_from(Soundness),
    st.booleans(),
    st.booleans(),
)
seen_facts = any_facts.map(lambda facts: facts._replace(sight=Sight.SEEN))
other_bytes = seen_facts.map(
    lambda facts: facts._replace(
        origin=Origin.RECORDED,
        is_same=False,
        readings=Readings.ONCE if facts.readings is Readings.NONE else facts.readings,
    )
)


@given(any_facts)
def test_every_input_has_one_verdict_and_always_the_same(facts):
    """A case that was not thought of must not end a run, nor depend on anything but the facts."""
    verdict = judge(facts)

    assert verdict in Verdict
    assert verdict == judge(Facts(*facts))


@pytest.mark.parametrize("verdict", Verdict)
def test_what_is_held_or_unstable_never_leads_outward(verdict):
    """The good copies are what everything else exists for."""
    inside = {
        Verdict.ROT,
        Verdict.SUSPECT,
        Verdict.DAMAGED,
        Verdict.UNSTABLE,
        Verdict.LIBRARY_AWAY,
        Verdict.NOT_SEEN,
        Verdict.REMOVED,
    }
    assert verdict.leads_outward == (verdict not in inside)
    assert not (verdict.is_held and verdict.leads_outward)
    assert not (verdict.is_version and not verdict.leads_outward)


@given(other_bytes)
def test_other_bytes_under_an_unmoved_stat_never_go_anywhere(facts):
    """Nothing wrote them: whatever else is known of them, they are not what somebody wanted."""
    assert not judge(facts._replace(stat=UNMOVED)).leads_outward


@given(seen_facts)
def test_readings_that_differ_are_never_believed(facts):
    """Unless the second of them is what was recorded."""
    verdict = judge(facts._replace(readings=Readings.UNEQUAL, is_same=False))

    assert Verdict.UNSTABLE == verdict


@given(other_bytes)
def test_a_track_with_other_bytes_that_nobody_wrote_needs_proof(facts):
    """Proof: bytes that were recorded before, the same sound with tags that parse, or sound that is whole."""
    unproven = facts._replace(
        is_track=True,
        is_earlier=False,
        payload=Sameness.UNKNOWN,
        stat=facts.stat if facts.stat is not WRITTEN else UNKNOWN,
    )

    assert not judge(unproven).leads_outward


@given(other_bytes)
def test_a_check_that_fails_frees_nothing(facts):
    """What is held without a failing check is held with it."""
    verdict = judge(facts)
    failing = judge(facts._replace(now=DAMAGED))

    assert failing.is_held or not verdict.is_held


@given(other_bytes)
def test_a_check_that_passed_before_and_fails_now_leads_nowhere(facts):
    """A tagger or a crash broke it, however little else is known, unless it is a content that was recorded before."""
    verdict = judge(facts._replace(is_track=True, is_earlier=False, before=SOUND, now=DAMAGED))

    assert not verdict.leads_outward


@given(any_facts)
def test_an_absent_or_unseen_file_becomes_no_version(facts):
    """What was not looked at says nothing about its bytes."""
    for sight in set(Sight) - {Sight.SEEN}:
        assert not judge(facts._replace(sight=sight)).is_version


@given(any_facts)
def test_bytes_that_were_not_read_become_no_version_and_are_not_held(facts):
    """A stat alone never accuses and never replaces."""
    verdict = judge(facts._replace(readings=Readings.NONE))

    assert not verdict.is_version
    assert not verdict.is_held


@given(seen_facts)
def test_rot_is_declared_only_after_two_equal_readings(facts):
    """A bit that turned in memory is not the disk's fault."""
    if judge(facts) is Verdict.ROT:
        assert Readings.EQUAL == facts.readings


@given(other_bytes)
def test_what_differs_under_equal_times_is_read_again_once(facts):
    """And what was written is not: there a difference is what is expected."""
    once = facts._replace(readings=Readings.ONCE)

    assert (facts.stat not in (None, WRITTEN)) == wants_second_reading(once)
    assert not wants_second_reading(facts._replace(readings=Readings.EQUAL))
    assert not wants_second_reading(once._replace(is_same=True))


def test_only_payloads_of_the_same_definition_compare():
    """A better definition of a family's sound must not make a whole collection differ."""
    one, other = Payload("flac/1", b"a" * 32), Payload("flac/1", b"b" * 32)

    assert Sameness.SAME == sameness(one, one)
    assert Sameness.DIFFERS == sameness(one, other)
    assert Sameness.UNKNOWN == sameness(one, Payload("flac/2", b"b" * 32))
    assert Sameness.UNKNOWN == sameness(one, None)
    assert Sameness.UNKNOWN == sameness(None, one)


@pytest.mark.parametrize(
    ("seen", "trusted", "expected"),
    [
        (FileStat(5, 10, 20, 30), True, UNMOVED),
        (FileStat(5, 10, 21, 30), True, TOUCHED),
        (FileStat(5, 10, 20, 31), True, TOUCHED),
        (FileStat(5, 11, 20, 30), True, WRITTEN),
        (FileStat(6, 10, 20, 30), True, WRITTEN),
        (FileStat(5, 10, 21, 31), False, UNKNOWN),
        (FileStat(5, 11, 20, 30), False, WRITTEN),
    ],
)
def test_a_stat_is_in_one_of_four_classes(seen, trusted, expected):
    """Which class it is decides whether other bytes are an edit or rot."""
    assert expected == stat_class(FileStat(5, 10, 20, 30), seen, ctime_trusted=trusted)


def test_a_stat_without_a_ctime_has_none_to_tell_from():
    """An entry that came from a manifest knows its size and mtime only."""
    assert UNKNOWN == stat_class(FileStat(5, 10, 0, 0), FileStat(5, 10, 20, 30), ctime_trusted=True)
