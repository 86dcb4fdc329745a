"""What was read inside contents is kept whole, and told to each manifest once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fonoteca.catalogue import analyses
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.core.sound import VERSION, Payload, SelfCheck, Sound, Soundness
from support.remembered import NOW, Remembered

ROW = AnalysisRow(
    NOW,
    "mutagen 1.48.1",
    None,
    {"TITLE": ["Être\udcff", "二"]},
    '{"id3v2":[{"frames":{"TIT2":["Être"]}}]}',
    [{"type": 3, "mime": "image/png", "size": 5, "sha256": "ab"}],
    {"container": "flac", "codec": "flac", "duration": 12.5, "sample_rate": 44100, "channels": 2},
    "fairplay",
    Sound(
        SelfCheck(Soundness.DAMAGED, "frame 2: CRC-16 differs", 77),
        Payload("flac/1", b"p" * 32),
        None,
        "md5:0a",
    ),
    VERSION,
)


@pytest.fixture
def memory(tmp_path):
    """One track at red, one companion, one track nowhere."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red",))
    memory.add(b"cover.jpg", at=("red",))
    memory.add(b"b.flac")
    return memory


def test_what_goes_in_comes_out(memory):
    """Tags are what people care about: no letter may be lost, lone surrogates included."""
    analyses.put(memory.connection, 1, ROW)

    assert analyses.get(memory.connection, 1) == ROW


@pytest.mark.parametrize(
    ("sound", "unheard"),
    [
        (Sound(SelfCheck(Soundness.NO_CHECK), reason="nobody knows its layout"), None),
        (None, "checking its sound took longer than 10 s"),
        (None, None),
    ],
)
def test_what_is_not_known_of_a_sound_is_kept_as_that(memory, sound, unheard):
    """A reason is worth as much as a digest: it says what protection there is not."""
    row = replace(ROW, sound=sound, unheard=unheard)
    analyses.put(memory.connection, 1, row)

    assert analyses.get(memory.connection, 1) == row


def test_a_content_whose_sound_nobody_looked_at_is_looked_at_again(memory):
    """What an older fonoteca read has tags and no self-check; the next run makes it good."""
    analyses.put(memory.connection, 1, replace(ROW, sound=None, sound_version=None))
    analyses.put(memory.connection, 3, replace(ROW, sound_version=VERSION - 1))

    found = analyses.lacking(memory.connection, memory.library.id)

    assert [each.path for each in found] == [b"a.flac", b"b.flac"]


def test_a_content_counts_once(memory):
    """Two paths of one content are one reading."""
    memory.add(b"again.flac", b"b.flac")
    memory.add(b"more.flac", b"b.flac")

    assert analyses.count_lacking(memory.connection, memory.library.id) == (2, 12)


def test_a_manifest_line_says_all_of_it(memory):
    """A lost catalogue gets its tags back from the locations."""
    analyses.put(memory.connection, 1, ROW)
    line = analyses.line(memory.connection, 1)
    assert line is not None

    analyses.take_line(memory.connection, 3, line)

    assert analyses.get(memory.connection, 3) == ROW


def test_an_older_line_does_not_replace_what_is_known(memory):
    """A location that was away for a year knows less, not more."""
    analyses.put(memory.connection, 1, ROW)
    line = analyses.line(memory.connection, 1)
    assert line is not None

    analyses.take_line(memory.connection, 1, replace(line, time_ns=NOW - 1, tags={}))

    assert analyses.get(memory.connection, 1) == ROW


def test_not_a_number_becomes_a_word(memory):
    """NaN is no JSON: it would stop the sealing of a manifest."""
    analyses.put(memory.connection, 1, replace(ROW, raw_json='{"gain":NaN}'))

    assert analyses.line(memory.connection, 1).raw == {"gain": "NaN"}


def test_only_present_tracks_without_analysis_are_lacking(memory):
    """Covers have no tags, and a second look would find the same."""
    analyses.put(memory.connection, 1, ROW)

    found = analyses.lacking(memory.connection, memory.library.id)

    assert [each.path for each in found] == [b"b.flac"]
    assert analyses.count_lacking(memory.connection, memory.library.id) == (1, 6)


def test_lacking_goes_on_where_it_stopped(memory):
    """A file that cannot be recorded must not be offered for ever."""
    first = analyses.lacking(memory.connection, memory.library.id, chunk=1)

    second = analyses.lacking(memory.connection, memory.library.id, first[-1].entry, chunk=1)

    assert [each.path for each in first + second] == [b"a.flac", b"b.flac"]


def test_each_manifest_is_told_once(memory):
    """A line more at each run would make the manifest grow for nothing."""
    place = memory.places["red"].id
    analyses.put(memory.connection, 1, ROW)
    analyses.put(memory.connection, 3, ROW)

    first = analyses.untold(memory.connection, place, memory.library.id)
    analyses.told(memory.connection, place, first)

    assert first == [1]
    assert analyses.untold(memory.connection, place, memory.library.id) == []
    assert analyses.already_told(memory.connection, place, memory.library.id) == [1]


def test_a_new_analysis_is_told_anew(memory):
    """A better reader's tags are to reach the locations too."""
    place = memory.places["red"].id
    analyses.put(memory.connection, 1, ROW)
    analyses.told(memory.connection, place, [1])

    analyses.put(memory.connection, 1, replace(ROW, time_ns=NOW + 1))

    assert analyses.untold(memory.connection, place, memory.library.id) == [1]
