"""What the insides of two contents add to the facts of a verdict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.insight import NOTHING, Insight, with_insight
from fonoteca.core.retag import TagSet
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness
from fonoteca.core.verdict import Facts, Sameness, StatClass, Verdict, judge

ONE, OTHER = Payload("flac/1", b"1" * 32), Payload("flac/1", b"2" * 32)
PLAIN, RETAGGED = TagSet({"TITLE": ("a",)}), TagSet({"TITLE": ("b",)})
PLAYED = TagSet({"TITLE": ("a",), "_PLAYCOUNT": ("3",)})


def sound(
    soundness: Soundness = Soundness.SOUND, payload: Payload | None = ONE, md5: str | None = None
) -> Sound:
    """A sound whose check came to this."""
    return Sound(SelfCheck(soundness), payload, None if payload else "not known", md5)


WHOLE = Insight(sound(), PLAIN)

CASES = [
    ("a field changed", Insight(sound(), RETAGGED), Verdict.TAG_EDIT),
    ("a player counted", Insight(sound(), PLAYED), Verdict.VOLATILE_EDIT),
    ("padding alone", Insight(sound(), PLAIN), Verdict.VOLATILE_EDIT),
    ("another whole recording", Insight(sound(payload=OTHER), PLAIN), Verdict.REPLACED),
    ("its frames broke", Insight(sound(Soundness.DAMAGED, OTHER), PLAIN), Verdict.DAMAGED),
    ("its frames broke and its tags too", Insight(sound(Soundness.DAMAGED, None), None), Verdict.DAMAGED),
    ("noise under a name of its family", Insight(sound(Soundness.NO_CHECK, None), None), Verdict.DAMAGED),
    ("noise with an empty tag", Insight(sound(Soundness.NO_CHECK, None), TagSet()), Verdict.DAMAGED),
    ("a layout nobody knows, with tags", Insight(sound(Soundness.NO_CHECK, None), PLAIN), Verdict.UNPROVEN),
    ("no audio any more", Insight(is_audio=False), Verdict.DAMAGED),
    ("nobody could look", NOTHING, Verdict.UNPROVEN),
    ("whole frames without a checksum", Insight(sound(Soundness.STRUCTURE, OTHER), PLAIN), Verdict.UNPROVEN),
    ("tags that do not parse", Insight(sound(), None), Verdict.SUSPECT),
]


@pytest.mark.parametrize(("now", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_written_track_is_judged_by_its_inside(now, expected):
    """A row of the verdict table each."""
    assert expected == judge(with_insight(Facts(stat=StatClass.WRITTEN), WHOLE, now))


def test_equal_decoded_sound_is_a_recompression():
    """FLAC again with another setting: the frames are others, the declared digest is not."""
    before = Insight(sound(md5="md5:1"), PLAIN)
    now = Insight(sound(payload=OTHER, md5="md5:1"), PLAIN)

    assert Verdict.RECOMPRESSED == judge(with_insight(Facts(stat=StatClass.WRITTEN), before, now))


def test_undeclared_digests_are_not_equal():
    """Two encoders that left it out agree on nothing."""
    assert not with_insight(Facts(), WHOLE, Insight(sound(payload=OTHER))).is_lossless_same


def test_what_was_never_whole_cannot_stop_being_so():
    """A broken file that came that way is not damaged by the next write."""
    broken = Insight(sound(Soundness.DAMAGED, None), None)

    assert Verdict.UNPROVEN == judge(with_insight(Facts(stat=StatClass.WRITTEN), broken, broken))


def test_without_a_recorded_inside_nothing_is_proven_the_same():
    """What is not known proves nothing: a whole recording is at most a replacement."""
    facts = with_insight(Facts(stat=StatClass.WRITTEN), None, WHOLE)

    assert (Sameness.UNKNOWN, None) == (facts.payload, facts.before)
    assert Verdict.REPLACED == judge(facts)


insights = st.builds(
    Insight,
    st.none()
    | st.builds(
        sound,
        st.sampled_from(Soundness),
        st.sampled_from([None, ONE, OTHER]),
        st.sampled_from([None, "md5:1"]),
    ),
    st.sampled_from([None, PLAIN, RETAGGED, PLAYED]),
    st.booleans(),
)


@given(insights, insights, st.sampled_from(StatClass))
def test_a_sound_that_stopped_being_whole_never_leaves_as_an_edit(before, now, stat):
    """Whatever else is known: damage is no tag edit, no replacement and no recompression."""
    verdict = judge(with_insight(Facts(stat=stat), before, now))

    if now.check is Soundness.DAMAGED and before.check in (Soundness.SOUND, Soundness.STRUCTURE):
        assert verdict.is_held


@given(insights, insights)
def test_nothing_is_a_tag_edit_unless_the_sound_is_known_to_be_the_same(before, now):
    """Two digests of one definition, equal: nothing less."""
    verdict = judge(with_insight(Facts(stat=StatClass.WRITTEN), before, now))

    if verdict in (Verdict.TAG_EDIT, Verdict.VOLATILE_EDIT):
        assert before.payload is not None
        assert before.payload == now.payload
