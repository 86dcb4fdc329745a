"""What is recorded, an entry at a time, in a form that other programs can rely on."""

from __future__ import annotations

import base64
import json
from hashlib import sha256

import pytest

from fonoteca.catalogue import analyses, entries, libraries
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.core.copy import Level
from fonoteca.core.digest import digest
from fonoteca.core.sound import Payload, SelfCheck, Sound, Soundness
from fonoteca.tasks.listing import entries as listed
from support.remembered import NOW, Remembered

SOUND = Sound(SelfCheck(Soundness.DAMAGED, "frame 2: CRC-16 differs", 77), Payload("flac/1", b"p" * 32))


@pytest.fixture
def memory(tmp_path):
    """A catalogue without entries."""
    return Remembered(tmp_path)


def listing(memory, glob=None):
    """All that `list` gives."""
    with memory.open() as archive:
        return list(listed(archive, glob))


def test_an_entry_says_everything_under_stable_names(memory):
    """These names are a contract: people's scripts read them."""
    memory.add(b"A/01.flac", b"sound", at=("red", "blue"), verified_ns=NOW)
    pictures = [{"type": 3, "mime": "image/png", "size": 5, "sha256": "ab"}]
    audio = {"container": "flac", "codec": "flac", "duration": 1.5, "sample_rate": 44100}
    row = AnalysisRow(NOW, "mutagen", None, {"TITLE": ["One"]}, "{}", pictures, audio, "fairplay", SOUND, 1)
    analyses.put(memory.connection, 1, row)

    (entry,) = listing(memory)

    assert entry == {
        "path": "A/01.flac",
        "library": "music",
        "size": 5,
        "mtime": "2025-06-15T15:06:40Z",
        "digests": {
            "sha256": sha256(b"sound").hexdigest(),
            "xxh3_128": digest(b"sound").xxh3_128.hex(),
        },
        "kind": "track",
        "state": "present",
        "tags": {"TITLE": ["One"]},
        "audio": {
            "container": "flac",
            "codec": "flac",
            "duration": 1.5,
            "sample_rate": 44100,
            "channels": None,
            "bit_rate": None,
            "bits_per_sample": None,
        },
        "payload": "flac/1:" + "70" * 32,
        "self_check": {"word": "damaged", "detail": "frame 2: CRC-16 differs", "at": 77},
        "pictures": pictures,
        "drm": "fairplay",
        "tags_error": None,
        "copies": [
            {"location": "blue", "level": "bytes", "verified": "2025-06-15T15:06:40Z", "state": "good"},
            {"location": "red", "level": "bytes", "verified": "2025-06-15T15:06:40Z", "state": "good"},
        ],
    }


def test_digests_are_what_other_programs_print(memory):
    """`sha256sum` and `xxhsum -H2` must agree with us."""
    memory.add(b"empty.cue", b"")

    (entry,) = listing(memory)

    assert entry["digests"] == {
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "xxh3_128": "99aa06d3014798d86001c324468d497f",
    }


def test_every_name_that_linux_allows_is_listed_exactly(memory):
    """A name that cannot be told cannot be restored."""
    memory.add(b"caf\xe9/\xff.flac")

    (entry,) = listing(memory)

    assert base64.b64decode(entry["path_b64"]) == b"caf\xe9/\xff.flac"
    json.dumps(entry)


def test_entries_come_by_folder_and_name(memory):
    """A listing that jumps about cannot be compared with another."""
    for path in (b"b/2.flac", b"b/1.flac", b"a/3.flac", b"0.flac"):
        memory.add(path)

    assert [entry["path"] for entry in listing(memory)] == ["0.flac", "a/3.flac", "b/1.flac", "b/2.flac"]


def test_a_pattern_chooses(memory):
    """People ask for an artist or a format, not for all."""
    for path in (b"Nina/1.flac", b"Nina/cover.jpg", b"Bach/1.flac"):
        memory.add(path)

    assert [entry["path"] for entry in listing(memory, "Nina/*.flac")] == ["Nina/1.flac"]
    assert [entry["path"] for entry in listing(memory, "*.flac")] == ["Bach/1.flac", "Nina/1.flac"]
    assert listing(memory, "nothing") == []


def test_what_nobody_looked_into_has_no_tags(memory):
    """Unknown is not the same as none, but neither has a title."""
    memory.add(b"cover.jpg")

    (entry,) = listing(memory)

    assert (entry["kind"], entry["tags"], entry["audio"]) == ("companion", {}, None)


def test_tags_that_could_not_be_read_say_why(memory):
    """An empty title might otherwise be taken for the truth."""
    memory.add(b"a.flac")
    analyses.put(memory.connection, 1, AnalysisRow(NOW, "mutagen", "it is no FLAC"))

    assert listing(memory)[0]["tags_error"] == "it is no FLAC"


def test_a_copy_of_earlier_bytes_is_called_older(memory):
    """It is good, but not of what the library holds now."""
    old = memory.add(b"x.flac", b"old")
    entry = memory.add(b"a.flac", b"new")
    memory.copy("red", entry, entries.by_id(memory.connection, old).content, b"music/a.flac")
    memory.add(b"b.flac", at=("red",), level=Level.SIZE)
    memory.damage("red", 3)

    states = {each["path"]: [copy["state"] for copy in each["copies"]] for each in listing(memory)}

    assert states == {"a.flac": ["older"], "b.flac": ["damaged"], "x.flac": []}


def test_what_is_gone_is_listed_as_gone(memory):
    """Its copies are kept, so it is still known."""
    memory.add(b"a.flac", at=("red",))
    entries.set_state(memory.connection, 1, "gone", NOW)

    assert listing(memory)[0]["state"] == "gone"


def test_the_oldest_time_there_is_can_be_told(memory):
    """A damaged mtime must not end a listing."""
    memory.add(b"a.flac")
    memory.connection.execute("UPDATE entries SET mtime_ns = ?", (-(2**63),))

    assert listing(memory)[0]["mtime"] == "1677-09-21T00:12:43.145224192Z"


def test_a_forgotten_library_is_not_listed(memory):
    """What a person took out of the config is not asked for."""
    other = libraries.add(memory.connection, "b" * 32, "old", b"/old", "uuid:x", NOW)
    memory.library = other
    memory.add(b"a.flac")

    assert listing(memory) == []
