"""Rules for each family whose structure is sizes and tables: MP4, WAV, AIFF, WavPack, TTA, APE, MPC, DSF, ASF."""

from __future__ import annotations

import random
import tracemalloc
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fonoteca.core.sound import Soundness
from support.crafted import apev2, id3v1, id3v2, text_frame
from support.sounds import CHECKSUMMED, MAKERS, cut_points, flipped, mutated, sample, sound_of

EACH = pytest.mark.parametrize("name", MAKERS)


@EACH
def test_a_whole_file_has_a_digest_and_the_word_its_format_allows(name: str):
    """The word is the strongest that the format's own checksums carry, and no stronger."""
    family, data, _ = sample(name)

    found = sound_of(family, data)

    expected = Soundness.SOUND if name in CHECKSUMMED else Soundness.STRUCTURE
    if name == "old ape":
        expected = Soundness.NO_CHECK
    assert (expected, None) == (found.check.soundness, found.reason), found
    assert found.payload is not None
    assert (32, f"{family}/1" if name != "dsdiff" else "dsdiff/1") == (
        len(found.payload.digest),
        found.payload.name,
    )


@EACH
def test_a_file_that_was_cut_is_never_called_sound(name: str):
    """A download that stopped, a disk that was full: the first scan has no other way to see it."""
    family, data, spans = sample(name)
    whole = sound_of(family, data).payload
    end = max(stop for _, stop in spans)

    for place in cut_points(data):
        found = sound_of(family, data[:place])
        assert found.check.soundness is not Soundness.SOUND or (place >= end and name == "tta"), place
        if place < end:
            assert found.payload != whole, place


@EACH
def test_a_cut_within_the_sound_is_damage_wherever_sizes_tell(name: str):
    """`Structure only` for half a file would be a lie about its structure."""
    family, data, spans = sample(name)
    if name == "old ape":
        return  # nothing in it says how long it is: it claims nothing
    start, end = spans[0]

    for place in range(start + 1, end, max(1, (end - start) // 60)):
        assert sound_of(family, data[:place]).check.soundness is Soundness.DAMAGED, place


@EACH
def test_each_flipped_bit_of_the_sound_changes_the_digest(name: str):
    """A tag edit is told from damage by this alone."""
    family, data, spans = sample(name)
    whole = sound_of(family, data).payload
    choose = random.Random(name)
    places = {choose.randrange(*span) for span in spans for _ in range(100)}
    places |= {place for start, end in spans for place in (start, end - 1)}

    same = [
        place
        for place in sorted(places)
        if sound_of(family, flipped(data, place, place % 8)).payload == whole
    ]

    assert [] == same


@pytest.mark.parametrize("name", sorted(CHECKSUMMED))
def test_each_flipped_bit_of_checksummed_sound_is_damage(name: str):
    """These formats find rot without any baseline."""
    family, data, spans = sample(name)
    choose = random.Random(name)
    places = [choose.randrange(*span) for span in spans for _ in range(150)]

    words = {sound_of(family, flipped(data, place, place % 8)).check.soundness for place in places}

    # A flip in a version field makes a layout that is not known: nothing is claimed of it.
    assert words <= {Soundness.DAMAGED, Soundness.NO_CHECK}
    assert Soundness.DAMAGED in words


@EACH
@pytest.mark.parametrize("around", ["id3v2 in front", "id3v1", "apev2", "all"])
def test_tags_around_the_sound_are_not_sound(name: str, around: str, tmp_path):
    """Taggers put them around anything, whether the format knows them or not."""
    family, data, _ = sample(name)
    if name == "tta" or (family == "mp4" and "id3v2" in around):
        data = data if family == "mp4" else data[: sample(name).sound[0][1]]
    before = id3v2([text_frame("TIT2", "T"), ("APIC", bytes(5000))], padding=300)
    ape = apev2({"Title": "T", "Artist": "A"}, tmp_path)
    tagged = {
        "id3v2 in front": before + data,
        "id3v1": data + id3v1("T"),
        "apev2": data + ape,
        "all": before + before + data + ape + id3v1("T"),
    }[around]

    plain, found = sound_of(family, data), sound_of(family, tagged)

    assert (plain.payload, plain.check.soundness) == (found.payload, found.check.soundness), found


@EACH
def test_any_damage_ends_in_an_outcome_soon(name: str):
    """Every file of a million is read once; not one of them may stop the run."""
    family, data, _ = sample(name)
    whole = sound_of(family, data).payload

    for seed in range(300):
        started = perf_counter()
        found = sound_of(family, mutated(data, seed))
        assert perf_counter() - started < 2, seed
        assert (found.payload is None) == (found.reason is not None), seed
        # What a checksum holds for is the same sound.
        assert found.check.soundness is not Soundness.SOUND or found.payload == whole, seed


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(MAKERS)), rest=st.binary(max_size=400), kept=st.integers(0, 200))
def test_a_header_before_anything_else_ends_in_an_outcome(name: str, rest: bytes, kept: int):
    """The first bytes lead the reader on, and what they lead to is not there."""
    family, data, _ = sample(name)

    found = sound_of(family, data[:kept] + rest)

    # All that fits is a file so short that its checksums are its own.
    assert found.check.soundness is not Soundness.SOUND


@EACH
def test_memory_stays_small_whatever_the_sizes_say(name: str):
    """A size of four gigabytes in a file of some kilobytes must not be believed."""
    family, data, _ = sample(name)
    lies = [data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :] for at in range(0, min(len(data), 900), 3)]
    sound_of(family, data)
    tracemalloc.start()

    for lie in lies:
        sound_of(family, lie)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20
