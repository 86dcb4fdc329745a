"""One file, and all that is known of it, whichever way a person names it."""

from __future__ import annotations

import json
import os

import pytest

from fonoteca.catalogue import analyses, copies, entries, journal
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.core.entry import FileStat
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.errors import UsageError
from fonoteca.tasks.show import show
from support.remembered import NOW, Remembered, content_of


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """A track that is at red and really in the library."""
    monkeypatch.chdir(tmp_path)
    memory = Remembered(tmp_path)
    memory.add(b"Nina/01 Be My Husband.flac", b"sound", at=("red",), on_disk=True)
    return memory


def shown(memory, path):
    """What `show` says of a path."""
    with memory.open() as archive:
        return show(archive, path)


@pytest.mark.parametrize(
    "word",
    [
        b"Nina/01 Be My Husband.flac",
        b"music/Nina/01 Be My Husband.flac",
        b"./music/Nina/../Nina/01 Be My Husband.flac",
        b"./red/music/Nina/01 Be My Husband.flac",
        b"link/Nina/01 Be My Husband.flac",
    ],
)
def test_a_file_is_found_by_every_name_it_has(memory, word):
    """A person pastes what is at hand: a path, a path inside the library, a copy's path."""
    os.symlink(memory.music, memory.folder / "link")

    assert shown(memory, word)["path"] == "Nina/01 Be My Husband.flac"


def test_an_absolute_path_is_found(memory):
    """The file manager gives these."""
    path = os.fsencode(memory.music) + b"/Nina/01 Be My Husband.flac"

    assert shown(memory, path)["file"] == os.fsdecode(path)


def test_everything_is_said(memory):
    """Earlier bytes, kept versions, tags with the raw ones, and what is wrong now."""
    row = AnalysisRow(NOW, "mutagen 1", None, {"TITLE": ["One"]}, '{"vorbis":[["title","One"]]}')
    analyses.put(memory.connection, 1, row)
    fresh = content_of(b"edited")
    new = entries.put_content(memory.connection, fresh)
    stat = FileStat(6, NOW, NOW, 1)
    entries.accept(memory.connection, 1, new, stat, trusted=True, read_ns=NOW, verdict="replaced")
    analyses.put(memory.connection, new, row)
    red = memory.places["red"].id
    copies.add_version(
        memory.connection, red, 1, 1, b".fonoteca/versions/x.flac", NOW, "superseded", NOW, 4, NOW, 1
    )
    finding = Finding(FindingKind.DAMAGED, "bad bytes", "music", "red", b"Nina/01 Be My Husband.flac")
    journal.note(memory.connection, finding, NOW)

    found = shown(memory, b"Nina/01 Be My Husband.flac")

    assert found["tags"] == {"TITLE": ["One"]}
    assert found["raw"] == {"vorbis": [["title", "One"]]}
    assert [(each["location"], each["state"]) for each in found["copies"]] == [("red", "older")]
    assert [each["key"] for each in found["versions"]] == [".fonoteca/versions/x.flac"]
    assert [(each["verdict"], each["size"]) for each in found["history"]] == [("replaced", 5)]
    assert [each["detail"] for each in found["findings"]] == ["bad bytes"]
    json.dumps(found)


def test_an_unknown_file_gets_names_that_are_near(memory):
    """Most of the time it is a typo."""
    with pytest.raises(UsageError, match=r"Did you mean Nina/01 Be My Husband\.flac\?"):
        shown(memory, b"Nina/01 Be My Husbnd.flac")


def test_an_unknown_file_far_from_all_gets_the_way_to_look(memory):
    """A guess that is wide of the mark helps nobody."""
    with pytest.raises(UsageError) as caught:
        shown(memory, b"zzz.ogg")

    assert "Did you mean" not in str(caught.value)
    assert "fonoteca list" in str(caught.value)
