"""`tags history`: what taggers that share no code with us did to real files, field by field."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.tasks.edits import history
from support.archives import Home
from support.audio import SUFFIX, make_audio, make_png
from support.tools import run_tool

DAY = 24 * 3600 * 10**9
START = 1_790_000_000 * 10**9


def by_metaflac(path: Path) -> None:
    """FLAC's own tool."""
    run_tool("metaflac", "--remove-tag=TITLE", "--set-tag=TITLE=Right", str(path))


def by_vorbiscomment(path: Path) -> None:
    """Vorbis's own tool."""
    run_tool("vorbiscomment", "-w", "-t", "TITLE=Right", "-t", "ARTIST=Nina Simone", str(path))


def by_id3v2(path: Path) -> None:
    """id3lib."""
    run_tool("id3v2", "--song", "Right", str(path))


def by_eyed3(path: Path) -> None:
    """eyeD3."""
    run_tool("eyeD3", "--quiet", "--title", "Right", str(path))


def by_atomicparsley(path: Path) -> None:
    """AtomicParsley."""
    run_tool("AtomicParsley", str(path), "--title", "Right", "--overWrite")


def by_kid3(path: Path) -> None:
    """TagLib."""
    run_tool("kid3-cli", "-c", "set title Right", str(path))


WRITERS = [
    ("flac", by_metaflac),
    ("vorbis", by_vorbiscomment),
    ("mp3", by_id3v2),
    ("mp3", by_eyed3),
    ("m4a", by_atomicparsley),
    ("alac", by_atomicparsley),
    ("opus", by_kid3),
    ("wavpack", by_kid3),
    ("wma", by_kid3),
    ("tta", by_kid3),
    ("aiff", by_kid3),
    ("wav", by_kid3),
]


class Told:
    """A home, and its days."""

    def __init__(self, base: Path, locations=("red",)) -> None:
        self.home = Home(base, locations)

    def day(self, number: int) -> None:
        """Back up on a day."""
        self.home.now = lambda: START + number * DAY
        self.home.backup()

    def history(self, glob: str | None = None, since_ns: int = 0) -> list[dict]:
        """What `tags history` says."""
        with Archive.open(self.home.config, Access.READ) as archive:
            return list(history(archive, glob, since_ns))


def fields(changes: list[dict]) -> list[tuple]:
    """Field, old and new."""
    return [(each["field"], each["old"], each["new"]) for each in changes]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Nothing happened yet."""
    return Told(tmp_path)


@pytest.mark.parametrize(
    ("family", "writer"), WRITERS, ids=[f"{family}-{writer.__name__}" for family, writer in WRITERS]
)
def test_an_edit_by_any_tagger_is_told_field_by_field(told: Told, family: str, writer) -> None:
    """Each family, by a program that shares no code with us."""
    path = told.home.base / "music" / f"a{SUFFIX[family]}"
    make_audio(family, path, tags={"TITLE": "Wrnog", "ARTIST": "Nina Simone"})
    told.day(1)
    writer(path)
    told.day(2)

    # id3lib, for one, writes more than it was asked for: that is told too
    (change,) = [each for each in told.history() if each["field"] == "TITLE"]
    assert ("TITLE", ["Wrnog"], ["Right"]) == (change["field"], change["old"], change["new"])
    assert (f"a{SUFFIX[family]}", "music") == (change["path"], change["library"])
    assert change["time"].startswith("2026-09-23")


def test_an_embedded_picture_is_told_by_its_digest(told: Told, tmp_path: Path) -> None:
    """Its bytes are in the versions, not in the list."""
    path = make_audio("flac", told.home.base / "music/a.flac", tags={"TITLE": "A"})
    told.day(1)
    (tmp_path / "cover.png").write_bytes(make_png(3))
    run_tool("metaflac", f"--import-picture-from={tmp_path / 'cover.png'}", str(path))
    told.day(2)

    ((field, old, new),) = fields(told.history())
    assert ("_PICTURES", None, [f"3:{sha256(make_png(3)).hexdigest()}"]) == (field, old, new)


def test_players_edits_are_marked(told: Told) -> None:
    """A rating is no loss of a title."""
    path = make_audio("flac", told.home.base / "music/a.flac", tags={"TITLE": "A"})
    told.day(1)
    run_tool("metaflac", "--set-tag=RATING=80", "--set-tag=GENRE=Jazz", str(path))
    told.day(2)

    assert {"RATING": True, "_RATING": True, "GENRE": False} == {
        each["field"]: each["volatile"] for each in told.history()
    }


@pytest.fixture
def edited(told: Told) -> Told:
    """Two tracks; one is edited on the second and the fourth day, the other on the third."""
    music = told.home.base / "music"
    make_audio("flac", music / "x/a.flac", tags={"TITLE": "One"})
    make_audio("flac", music / "y/b.flac", tags={"TITLE": "B"}, seed=1)
    told.home.write("notes.txt", b"one")
    told.day(1)
    for number, name, title in ((2, "x/a.flac", "Two"), (3, "y/b.flac", "Bee"), (4, "x/a.flac", "Three")):
        run_tool("metaflac", "--remove-all-tags", f"--set-tag=TITLE={title}", str(music / name))
        told.home.write("notes.txt", title.encode())
        told.day(number)
    return told


EXPECTED = [("TITLE", ["One"], ["Two"]), ("TITLE", ["B"], ["Bee"]), ("TITLE", ["Two"], ["Three"])]


def test_changes_come_in_the_order_of_time(edited: Told) -> None:
    """Oldest first, as a log; companions have no tags."""
    assert EXPECTED == fields(edited.history())


def test_a_pattern_and_a_time_narrow_it(edited: Told) -> None:
    """One album, or what was done since yesterday."""
    assert EXPECTED[1:2] == fields(edited.history("y/**"))
    assert EXPECTED[1:] == fields(edited.history(since_ns=START + 3 * DAY))


def test_a_renamed_track_keeps_its_history(edited: Told) -> None:
    """It is the track's, not the name's."""
    os.rename(edited.home.base / "music/x", edited.home.base / "music/z")
    edited.day(5)

    assert EXPECTED[::2] == fields(edited.history("z/**"))


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("snapshots", [False, True])
def test_the_history_outlives_the_catalogue(
    edited: Told, monkeypatch: pytest.MonkeyPatch, *, compacted: bool, snapshots: bool
) -> None:
    """It stands in the manifest, also when one full segment has restated everything."""
    if compacted:
        monkeypatch.setattr("fonoteca.tasks.manifest.closing.SEGMENT_LIMIT", 0)
        edited.day(6)
    before = edited.history()
    edited.home.lose_catalogue()
    if not snapshots:
        edited.home.lose_snapshots()

    edited.home.adopt(edited.home.place())

    assert before == edited.history()


def test_tags_that_nobody_read_are_said(edited: Told) -> None:
    """A gap is no empty set of tags."""
    with Archive.open(edited.home.config, Access.WRITE) as archive:
        archive.catalogue.execute(
            "DELETE FROM analyses WHERE content = (SELECT h.content FROM history h JOIN entries e ON e.id = h.entry "
            "WHERE e.name = CAST('a.flac' AS BLOB) ORDER BY h.id LIMIT 1)"
        )

    first = edited.history("x/**")[0]
    assert (None, None, None) == (first["field"], first["old"], first["new"])
    assert "the content before: tags not read" == first["detail"]


def test_each_line_has_the_same_keys(edited: Told) -> None:
    """A program need not ask what is there."""
    assert {
        ("time", "path", "library", "field", "old", "new", "volatile", "verdict", "before", "after", "detail")
    } == {tuple(each) for each in edited.history()}
