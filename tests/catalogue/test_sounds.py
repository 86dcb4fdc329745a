"""Which tracks are damaged inside, and whether something better is kept."""

from __future__ import annotations

import pytest

from fonoteca.catalogue import analyses, copies, entries, sounds
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.core.copy import Level
from fonoteca.core.sound import VERSION, SelfCheck, Sound, Soundness
from support.remembered import NOW, Remembered, content_of

DAMAGE = SelfCheck(Soundness.DAMAGED, "frame 2: CRC-16 differs", 77)


@pytest.fixture
def memory(tmp_path):
    """A damaged track at red, and a companion."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red",))
    memory.add(b"cover.jpg", at=("red",))
    checked(memory, b"a.flac", DAMAGE)
    return memory


def checked(memory, data, check):
    """Let a content's sound have been looked at. Gives the content."""
    content = entries.put_content(memory.connection, content_of(data))
    sound = Sound(check) if check is not None else None
    unheard = None if check is not None else "too long"
    row = AnalysisRow(NOW, "t", sound=sound, sound_version=VERSION, unheard=unheard)
    analyses.put(memory.connection, content, row)
    return content


def earlier(memory, soundness, level=Level.BYTES):
    """Let red keep an earlier content of the track."""
    content = checked(memory, b"earlier", SelfCheck(soundness))
    where = memory.places["red"].id
    copies.add_version(
        memory.connection,
        where,
        1,
        content,
        b".fonoteca/versions/x",
        NOW,
        "superseded",
        NOW,
        int(level),
        NOW,
        1,
    )


def test_a_damaged_track_is_odd(memory):
    """A first scan has no baseline but the file's own checksums."""
    assert [sounds.Odd(b"a.flac", DAMAGE, None, False)] == sounds.odd(memory.connection, memory.library.id)
    assert (1, 0) == sounds.count_damaged(memory.connection, memory.library.id)


def test_a_track_that_could_not_be_checked_is_odd_and_not_damaged(memory):
    """Never more than is known."""
    checked(memory, b"a.flac", None)

    assert [sounds.Odd(b"a.flac", None, "too long", False)] == sounds.odd(
        memory.connection, memory.library.id
    )
    assert (0, 0) == sounds.count_damaged(memory.connection, memory.library.id)


@pytest.mark.parametrize("soundness", [each for each in Soundness if each is not Soundness.DAMAGED])
def test_other_outcomes_are_not_odd(memory, soundness):
    """mp3gain and a format without checksums are no damage."""
    checked(memory, b"a.flac", SelfCheck(soundness))

    assert [] == sounds.odd(memory.connection, memory.library.id)


@pytest.mark.parametrize(
    ("soundness", "mendable"),
    [
        (Soundness.SOUND, True),
        (Soundness.ALTERED, True),
        (Soundness.STRUCTURE, True),
        (Soundness.NO_CHECK, False),
        (Soundness.DAMAGED, False),
    ],
)
def test_an_earlier_content_without_a_fault_makes_it_mendable(memory, soundness, mendable):
    """A version that is damaged too helps nobody."""
    earlier(memory, soundness)

    assert (1, int(mendable)) == sounds.count_damaged(memory.connection, memory.library.id)


def test_an_earlier_content_that_nobody_read_back_does_not_count(memory):
    """A hope is no copy."""
    earlier(memory, Soundness.SOUND, Level.SIZE)

    assert (1, 0) == sounds.count_damaged(memory.connection, memory.library.id)


def test_an_older_copy_that_is_whole_makes_it_mendable(memory):
    """A location that was away still holds what the track was."""
    content = checked(memory, b"earlier", SelfCheck(Soundness.SOUND))
    memory.copy("blue", 1, content, b"music/a.flac")

    assert (1, 1) == sounds.count_damaged(memory.connection, memory.library.id)


def test_a_track_that_is_gone_is_not_odd(memory):
    """What is no longer there needs no word."""
    entries.set_state(memory.connection, 1, "gone", NOW)

    assert [] == sounds.odd(memory.connection, memory.library.id)
