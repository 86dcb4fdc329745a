"""`restore --at`, `restore --version` and `versions`: the past, over a history that the test makes."""

from __future__ import annotations

import os

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.finding import FindingKind
from fonoteca.errors import UsageError
from fonoteca.tasks.restoring.past import AsOf, Version
from fonoteca.tasks.versions import versions
from support.archives import OLD, Home, restore_bare, tree

DAY = 24 * 3600 * 10**9
START = 1_750_000_000 * 10**9


def day(number):
    """Noon of a day of the story."""
    return START + number * DAY


class Story:
    """A library that changes: each step is written, and backed up on its day."""

    def __init__(self, base, locations=("red",)):
        self.home = Home(base, locations)
        self.then = {}

    def on(self, number, **files):
        """Write (None: remove) files on a day, back up, and remember what the library was."""
        for name, data in files.items():
            if data is None:
                os.unlink(self.home.base / "music" / f"{name}.jpg")
            else:
                self.home.write(f"{name}.jpg", data, mtime_ns=OLD + number * 10**9)
        self.home.now = lambda: day(number)
        self.home.backup()
        self.then[number] = tree(self.home.base / "music")


@pytest.fixture
def story(tmp_path):
    """Four days: edits, a file that goes and comes back, a file that comes late, one content that comes back."""
    told = Story(tmp_path)
    told.on(1, a=b"a one", b=b"b one")
    told.on(3, a=b"a two, longer", c=b"c")
    told.on(5, a=b"a one", b=None)
    told.on(7, a=b"a three", b=b"b two")
    return told


@pytest.mark.parametrize("when", [1, 2, 3, 4, 5, 6, 7, 8])
def test_the_library_comes_back_as_it_was_at_any_time(story, tmp_path, when):
    """Gone files are there, later ones are not, each with the date it had."""
    ended = story.home.restore(tmp_path / "out", earlier=AsOf(day(when)))

    assert tree(tmp_path / "out") == story.then[when if when % 2 else when - 1]
    assert ended.code == 0


@pytest.mark.parametrize("when", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("compacted", [False, True])
def test_a_bare_location_tells_its_own_past(story, tmp_path, monkeypatch, when, compacted):
    """Config and catalogue are lost; lines carry times, also when one full segment has restated them."""
    if compacted:
        monkeypatch.setattr("fonoteca.tasks.manifest.closing.SEGMENT_LIMIT", 0)
        story.home.now = lambda: day(20)
        story.home.verify("red")
        story.home.backup()
    ended = restore_bare(story.home.place(), tmp_path / "out", earlier=AsOf(day(when)))

    assert tree(tmp_path / "out") == story.then[when if when % 2 else when - 1]
    assert ended.code == 0


def test_nothing_was_there_before_the_first_day(story, tmp_path):
    """A time before all is no empty success."""
    ended = story.home.restore(tmp_path / "out", earlier=AsOf(day(0)))

    assert (ended.restored, ended.code) == ({}, 3)


def test_a_pattern_narrows_the_past(story, tmp_path):
    """One album as it was, not the whole library."""
    ended = story.home.restore(tmp_path / "out", "c.*", earlier=AsOf(day(4)))

    assert ended.restored == {b"c.jpg": "written"}


def test_a_content_that_nobody_keeps_is_named(story, tmp_path):
    """What cannot come back is said, and the rest comes."""
    with Archive.open(story.home.config, Access.WRITE, now=story.home.now) as archive:
        archive.catalogue.execute("DELETE FROM versions")
    ended = story.home.restore(tmp_path / "out", earlier=AsOf(day(4)))

    assert [each.path for each in ended.found(FindingKind.NOT_RESTORED)] == [b"a.jpg", b"b.jpg"]
    assert (ended.restored[b"c.jpg"], ended.code) == ("written", 3)


def test_a_damaged_version_is_not_restored_and_is_said(story, tmp_path):
    """Each byte is proven as it is written, old ones too."""
    for blob in story.home.place().glob(".fonoteca/versions/*/*"):
        blob.write_bytes(b"X" * blob.stat().st_size)
    ended = story.home.restore(tmp_path / "out", "a.*", earlier=AsOf(day(4)))

    assert [each.kind for each in ended.found()] == [FindingKind.DAMAGED, FindingKind.NOT_RESTORED]
    assert not (tmp_path / "out" / "a.jpg").exists()


def test_a_location_that_lags_behind_serves_the_past_with_its_live_copy(tmp_path):
    """A drive in its drawer holds last month as it was."""
    story = Story(tmp_path, ("red", "blue"))
    story.on(1, a=b"a one")
    os.rename(story.home.place("blue"), tmp_path / "drawer")
    story.on(3, a=b"a two")
    os.rename(tmp_path / "drawer", story.home.place("blue"))
    ended = story.home.restore(tmp_path / "out", source="blue", earlier=AsOf(day(2)))

    assert tree(tmp_path / "out") == story.then[1]
    assert ended.code == 0


def listed(home, path=b"a.jpg"):
    """What `versions` says."""
    with Archive.open(home.config, Access.READ, now=home.now) as archive:
        return list(versions(archive, path))


def test_every_earlier_content_is_listed_newest_first_with_who_keeps_it(story):
    """A person sees what there was, until when, and where it still is."""
    found = listed(story.home)

    assert [each["size"] for each in found] == [5, 13, 5]
    assert [each["until"] for each in found] == [
        "2025-06-22T15:06:40Z",
        "2025-06-20T15:06:40Z",
        "2025-06-18T15:06:40Z",
    ]
    assert all(each["id"] == each["sha256"][:8] for each in found)
    assert {(kept["location"], kept["as"], kept["state"]) for each in found for kept in each["kept"]} == {
        ("red", "version", "good")
    }


def test_a_version_comes_back_by_its_id(story, tmp_path):
    """The ID that was printed is the ID that is typed."""
    number = listed(story.home)[1]["id"]
    ended = story.home.restore(tmp_path / "out", earlier=Version(number))

    assert tree(tmp_path / "out") == {b"a.jpg": ("file", b"a two, longer", OLD + 3 * 10**9)}
    assert ended.code == 0


@pytest.mark.parametrize("text", ["", "xyz", "abc", "0" * 8])
def test_an_id_that_means_nothing_is_refused(story, tmp_path, text):
    """With what to type instead."""
    with pytest.raises(UsageError, match="fonoteca versions PATH"):
        story.home.restore(tmp_path / "out", earlier=Version(text))


def test_versions_survive_the_loss_of_the_catalogue(story):
    """What was when is told by the manifest alone."""
    before = [(each["id"], each["until"]) for each in listed(story.home)]
    story.home.lose_snapshots()
    story.home.lose_catalogue()
    story.home.adopt(story.home.place())

    assert [(each["id"], each["until"]) for each in listed(story.home)] == before


@pytest.fixture
def renamed(tmp_path):
    """Names that change: one twice, two that are exchanged, one only in its case, one that is gone in the end."""
    told = Story(tmp_path)
    told.on(1, a=b"a", b=b"b", c=b"c", d=b"d", e=b"e")
    for number, moves in (
        (3, [("a.jpg", "deep/a.jpg"), ("d.jpg", "D.jpg"), ("e.jpg", "f.jpg")]),
        (5, [("deep/a.jpg", "a2.jpg"), ("b.jpg", "x"), ("c.jpg", "b.jpg"), ("x", "c.jpg")]),
        (7, [("f.jpg", None)]),
    ):
        music = told.home.base / "music"
        for old, new in moves:
            if new is None:
                (music / old).unlink()
                continue
            (music / new).parent.mkdir(exist_ok=True)
            (music / old).rename(music / new)
        if number == 5:
            (music / "deep").rmdir()
        told.on(number)
    told.on(9, a=b"another a")
    return told


@pytest.mark.parametrize("when", [1, 2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("bare", [False, True])
def test_files_have_the_names_that_they_had(renamed, tmp_path, when, bare):
    """The library as it was then: also where it is read from a location alone."""
    home, earlier = renamed.home, AsOf(day(when))
    if bare:
        ended = restore_bare(home.place(), tmp_path / "out", earlier=earlier)
    else:
        ended = home.restore(tmp_path / "out", earlier=earlier)

    assert tree(tmp_path / "out") == renamed.then[when if when % 2 else when - 1]
    assert ended.code == 0


def test_names_are_followed_from_what_was_seen_into_what_a_manifest_tells(renamed, tmp_path):
    """The catalogue was lost in between: older events name no entry, newer ones do."""
    home = renamed.home
    home.lose_catalogue()
    home.lose_snapshots("red")
    home.now = lambda: day(10)
    home.adopt(home.place())
    home.backup()
    home.now = lambda: day(11)
    (home.base / "music/a2.jpg").rename(home.base / "music/a3.jpg")
    home.backup()

    home.restore(tmp_path / "out", earlier=AsOf(day(4)))

    assert tree(tmp_path / "out") == renamed.then[3]


def test_a_pattern_means_the_names_of_then(renamed, tmp_path):
    """Who asks for an album of last year knows it by the name that it had."""
    ended = renamed.home.restore(tmp_path / "out", "deep/**", earlier=AsOf(day(4)))

    assert ended.restored == {b"deep/a.jpg": "written"}
