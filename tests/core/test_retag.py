"""Differences of tags, field by field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.retag import (
    PICTURES,
    Change,
    TagSet,
    differences,
    is_volatile,
    is_volatile_edit,
    picture_word,
    tag_digests,
    tag_set,
)

names = st.sampled_from(
    ("TITLE", "ARTIST", "COMMENT:RIP", "_RATING", "_PLAYCOUNT", "REPLAYGAIN_TRACK_GAIN", "ENCODER")
)
texts = st.text(st.characters(codec=None), max_size=5)  # half surrogates too: broken tags have them
tag_sets = st.builds(
    TagSet,
    st.dictionaries(names, st.lists(texts, max_size=3).map(tuple)),
    st.lists(st.sampled_from(("3:aa", "4:aa", "3:bb")), max_size=2).map(tuple),
)


@given(tag_sets)
def test_a_tag_set_does_not_differ_from_itself(tags):
    """An edit that changed nothing has no history."""
    assert () == differences(tags, tags)


@given(tag_sets, tag_sets)
def test_the_changes_lead_from_one_set_to_the_other_and_back(before, after):
    """Tag history must be enough to go back in it."""
    changes = differences(before, after)

    assert after.all == _applied(before.all, changes)
    assert before.all == _applied(after.all, [Change(each.field, each.new, each.old) for each in changes])


@given(tag_sets, tag_sets)
def test_digests_are_equal_just_where_nothing_differs(before, after):
    """Volatile fields apart: a play count must not hide that the title changed, nor look like it."""
    changes = differences(before, after)
    one, other = tag_digests(before), tag_digests(after)

    assert (one.curated == other.curated) == all(each.is_volatile for each in changes)
    assert (one.volatile == other.volatile) == (not any(each.is_volatile for each in changes))


@given(tag_sets)
def test_the_order_of_fields_does_not_count(tags):
    """Taggers write fields in any order."""
    turned = TagSet(dict(reversed(tags.fields.items())), tags.pictures)

    assert tag_digests(tags) == tag_digests(turned)


def test_the_order_of_values_counts():
    """The first artist is the first artist."""
    (change,) = differences(TagSet({"ARTIST": ("Nina", "Hal")}), TagSet({"ARTIST": ("Hal", "Nina")}))

    assert Change("ARTIST", ("Nina", "Hal"), ("Hal", "Nina")) == change


def test_a_field_without_values_is_no_field():
    """Some readers give an empty list where others give nothing."""
    assert () == differences(TagSet({"TITLE": ()}), TagSet())


def test_a_picture_is_told_by_type_and_digest():
    """A cover that is swapped for another is seen without keeping its bytes."""
    old = tag_set({}, [{"type": 3, "sha256": "aa", "mime": "image/jpeg"}])
    new = tag_set({}, [{"type": 3, "sha256": "bb", "mime": "image/jpeg"}])

    assert (Change(PICTURES, ("3:aa",), ("3:bb",)),) == differences(old, new)
    assert "0:cc" == picture_word({"sha256": "cc"})


@pytest.mark.parametrize(
    "name",
    [
        "_RATING",
        "_PLAYCOUNT",
        "LASTPLAYED",
        "RATING:ANA@EXAMPLE.ORG",
        "FMPS_PLAYCOUNT",
        "REPLAYGAIN_ALBUM_PEAK",
        "R128_TRACK_GAIN",
        "MP3GAIN_UNDO",
        "COMMENT:ITUNNORM",
        "ENCODEDBY",
        "ENCODERSETTINGS",
    ],
)
def test_what_programs_write_by_themselves_is_volatile(name):
    """Played once is no news to a person."""
    assert is_volatile(name)


@pytest.mark.parametrize(
    "name", ["TITLE", "GENRE", "COMMENT", "LYRICS", PICTURES, "MOOD", "MYREPLAYGAIN_X", "BPM"]
)
def test_what_a_person_writes_is_curated(name):
    """Years of work may lie in such a field."""
    assert not is_volatile(name)


def test_an_edit_is_volatile_only_if_all_of_it_is():
    """A tagger that writes ReplayGain on its way also changed the title."""
    volatile, curated = Change("_RATING", (), ("1",)), Change("TITLE", (), ("x",))

    assert is_volatile_edit([volatile])
    assert is_volatile_edit([])
    assert not is_volatile_edit([volatile, curated])


def test_the_digest_of_no_tags_is_that_of_an_empty_object():
    """The form is what a stranger can make again: canonical JSON, SHA-256."""
    empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

    assert f"tags/1:{empty}:{empty}" == str(tag_digests(TagSet()))


def _applied(fields: dict[str, tuple[str, ...]], changes) -> dict[str, tuple[str, ...]]:
    found = dict(fields)
    for change in changes:
        assert found.get(change.field, ()) == change.old
        found[change.field] = change.new
    return {name: values for name, values in found.items() if values}
