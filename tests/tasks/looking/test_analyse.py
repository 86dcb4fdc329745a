"""Tags are read of what is recorded; what goes wrong there never harms a file's protection."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.audio.model import AudioProperties, NotAudio, Picture, Tagged, Unreadable
from fonoteca.catalogue import analyses
from fonoteca.core.event import Advanced, Found, Phase, Warned
from fonoteca.core.finding import FindingKind
from fonoteca.errors import Interrupted
from fonoteca.tasks.looking import analyse as task
from fonoteca.tasks.songs import make_library
from support.remembered import Remembered


@dataclass
class _Stop:
    requested: bool = False
    signal_number: int = 2


@pytest.fixture
def memory(tmp_path):
    """The demo's songs, recorded as a scan would; and one file that is no song."""
    memory = Remembered(tmp_path)
    songs = tmp_path / "songs"
    for path in make_library(str(songs)):
        memory.add(os.fsencode(path), (songs / path).read_bytes(), on_disk=True)
    memory.add(b"broken.flac", b"fLaC" + bytes(100), on_disk=True)
    memory.connection.close()
    return memory


def run(memory, **options):
    """All events of one pass, and what is known afterwards by path."""
    with Archive.open(memory.config, Access.WRITE, **options) as archive:
        config = archive.config.libraries["music"]
        events = list(task.analyse(archive, config, memory.library, workers=1))
        known = {
            path: analyses.get(archive.catalogue, content)
            for path, content in archive.catalogue.execute("SELECT name, content FROM entries")
        }
    return events, known


def test_every_song_gets_its_tags(memory):
    """Tags are what people search for when they want something back."""
    events, known = run(memory)

    titles = {path: row.tags.get("TITLE") for path, row in known.items()}
    assert titles == {
        b"01 Morning Tone.flac": ["Morning Tone"],
        b"02 Evening Tone.flac": ["Evening Tone"],
        b"01 Uno.wav": ["Uno"],
        b"02 Dos.aiff": ["Dos"],
        b"03 Silencio.mp3": ["Silencio"],
        b"broken.flac": None,
    }
    assert known[b"02 Dos.aiff"].audio["sample_rate"] == 8000
    assert events[0] == Phase("look inside", 6, events[0].bytes)
    assert sum(each.files for each in events if isinstance(each, Advanced)) == 6


def test_a_file_that_cannot_be_read_is_a_finding(memory):
    """It is said once, and the file is protected all the same."""
    events, known = run(memory)

    finding, _ = [each.finding for each in events if isinstance(each, Found)]
    assert (finding.kind, finding.path) == (FindingKind.TAGS_UNREADABLE, b"broken.flac")
    assert known[b"broken.flac"].error == finding.detail


def test_nothing_is_read_twice(memory):
    """Neither what was read nor what could not be read is worth a second look."""
    run(memory)

    events, _ = run(memory)

    assert events == []


def test_a_file_that_changed_since_waits_for_the_next_scan(memory):
    """Tags of other bytes would be recorded under the old ones."""
    (memory.music / "broken.flac").write_bytes(b"other bytes")

    events, known = run(memory)

    assert known[b"broken.flac"] is None
    assert not any(isinstance(each, Found) for each in events)


def test_stopping_leaves_what_was_read(memory):
    """Ctrl-C is heard between two files."""
    with pytest.raises(Interrupted):
        run(memory, stop=_Stop(requested=True))

    events, _ = run(memory)
    assert events[0].files == 6


def test_processes_that_cannot_be_started_do_not_end_a_run(memory, monkeypatch):
    """The backup is what matters; tags can be read tomorrow."""

    class Broken:
        def __init__(self, workers, pause):
            raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(task, "Analyst", Broken)

    events, _ = run(memory)

    assert isinstance(events[-1], Warned)


def test_outcomes_are_kept_with_all_they_say():
    """Nothing that the reader found may get lost on its way."""
    picture = Picture(3, "image/png", 5, "ab", width=4)
    tagged = Tagged({"TITLE": ["x"]}, '{"a":1}', (picture,), AudioProperties("flac"), "cenc", "half of it")

    row = task.row_for(tagged, 7)

    assert (row.time_ns, row.tags, row.raw, row.drm, row.error) == (
        7,
        {"TITLE": ["x"]},
        {"a": 1},
        "cenc",
        "half of it",
    )
    assert row.pictures[0]["width"] == 4
    assert row.audio["container"] == "flac"
    assert row.tool.startswith("mutagen ")


@pytest.mark.parametrize("outcome", [Unreadable("why"), NotAudio()])
def test_a_failure_is_kept_as_a_reason(outcome):
    """Otherwise each run would try it again."""
    assert task.row_for(outcome, 7).error
