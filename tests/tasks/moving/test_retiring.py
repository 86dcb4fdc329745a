"""What a person deletes leaves the mirror and is kept as a version: everywhere, once, and without a byte lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Retired, WouldRetire
from fonoteca.core.finding import FindingKind
from fonoteca.tasks import backup
from fonoteca.tasks.manifest import closing
from support.archives import OLD, Home, Ran, flip_byte, ran, restore_bare, tree, verify_bare


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Ten files at two locations."""
    found = Home(tmp_path, ("red", "blue"))
    for number in range(10):
        found.write(f"Nina/{number}.jpg", b"cover %d" % number)
    found.backup()
    return found


def retired(run: Ran) -> set[tuple[str, bytes]]:
    """Location and path of each retirement."""
    return {(event.location, event.path) for event in run.events if isinstance(event, Retired)}


def kept(home: Home, name: str = "red") -> list[bytes]:
    """What lies under `versions/`."""
    return sorted(path.read_bytes() for path in home.place(name).glob(".fonoteca/versions/*/*"))


def live(home: Home, name: str = "red") -> set[bytes]:
    """The plain files there."""
    return {path for path, what in tree(home.place(name) / "music").items() if what[0] == "file"}


def test_a_deleted_file_is_retired_everywhere_without_an_alarm(home: Home) -> None:
    """Deleting one file is an everyday thing; what it was is kept for a year."""
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    ended = home.backup()

    assert 0 == ended.code
    assert {("red", b"Nina/3.jpg"), ("blue", b"Nina/3.jpg")} == retired(ended)
    for name in ("red", "blue"):
        asked = f"SELECT count(*) FROM events WHERE type = 'filename change' AND location = '{name}'"
        assert [(1,)] == home.ask(asked)
        assert b"Nina/3.jpg" not in live(home, name)
        assert [b"cover 3"] == kept(home, name)
        assert [] == home.verify(name).found()
        assert 0 == verify_bare(home.place(name)).code


def test_a_retired_file_is_retired_once(home: Home) -> None:
    """The next run has nothing to do with it."""
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    home.backup()
    again = home.backup()

    assert (0, set()) == (again.code, retired(again))


def test_a_location_that_was_away_retires_later(home: Home, tmp_path: Path) -> None:
    """The drive from the drawer follows when it is plugged in."""
    home.place("blue").rename(tmp_path / "drawer")
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    first = home.backup()
    (tmp_path / "drawer").rename(home.place("blue"))
    second = home.backup()

    assert {("red", b"Nina/3.jpg")} == retired(first)
    assert {("blue", b"Nina/3.jpg")} == retired(second)


def test_equal_bytes_under_two_names_are_kept_once(home: Home) -> None:
    """One blob, two records: the same cover lay in two folders."""
    for folder in ("a", "b"):
        home.write(f"{folder}/cover.jpg", b"the same")
    home.backup()
    for folder in ("a", "b"):
        (home.base / "music" / folder / "cover.jpg").unlink()
        home.backup()
    home.write("c/cover.jpg", b"the same")
    home.write("d/cover.jpg", b"the same")
    home.backup()
    for folder in ("c", "d"):
        (home.base / "music" / folder / "cover.jpg").unlink()
    ended = home.backup()

    assert 0 == ended.code
    assert [b"the same"] == kept(home)
    assert [(8,)] == home.ask("SELECT count(*) FROM versions WHERE reason = 'retired'")
    assert 0 == verify_bare(home.place()).code


def test_a_dry_run_says_what_would_be_retired_and_does_nothing(home: Home) -> None:
    """A look before the leap."""
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    with Archive.open(home.config, Access.WRITE) as archive:
        told = ran(backup.backup(archive, dry_run=True))

    would = [event for event in told.events if isinstance(event, WouldRetire)]
    assert [WouldRetire("music", b"Nina/3.jpg", 7, ("red", "blue"))] == would
    assert b"Nina/3.jpg" in live(home)


def test_a_copy_that_somebody_changed_is_put_aside_and_no_version(home: Home) -> None:
    """Somebody edited the copy: their work is neither thrown away nor called ours."""
    copy = home.place() / "music" / "Nina" / "3.jpg"
    copy.write_bytes(b"their own work")
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    ended = home.backup()

    assert [b"Nina/3.jpg"] == [each.path for each in ended.found(FindingKind.CHANGED_AT_LOCATION)]
    assert [] == kept(home)
    aside = [path.read_bytes() for path in home.place().rglob("quarantine/*/*") if path.is_file()]
    assert [b"their own work"] == aside
    assert 0 == verify_bare(home.place()).code


def test_a_damaged_blob_is_no_excuse_to_delete_the_good_copy(home: Home) -> None:
    """The version that stands already turned: the copy takes its place, and nothing good goes."""
    for name in ("a.jpg", "b.jpg"):
        home.write(name, b"the same" * 100)
    home.backup()
    (home.base / "music" / "a.jpg").unlink()
    home.backup()
    (blob,) = home.place().glob(".fonoteca/versions/*/*")
    flip_byte(blob)
    (home.base / "music" / "b.jpg").unlink()
    home.backup()

    assert [b"the same" * 100] == kept(home)


def test_a_copy_that_is_not_there_is_simply_no_copy_any_more(home: Home) -> None:
    """Nothing can be kept of it, and nothing is claimed."""
    (home.place() / "music" / "Nina" / "3.jpg").unlink()
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    ended = home.backup()

    assert 0 == ended.code
    assert [] == home.verify("red").found()
    assert 0 == verify_bare(home.place()).code
    assert [b"cover 3"] == kept(home, "blue")


def test_a_file_that_comes_back_is_copied_again(home: Home) -> None:
    """From the bin, a week later; its past is still known."""
    path = home.base / "music" / "Nina" / "3.jpg"
    data = path.read_bytes()
    path.unlink()
    home.backup()
    home.write("Nina/3.jpg", data)
    home.backup()
    path.unlink()
    home.write("elsewhere/three.jpg", data, mtime_ns=OLD + 1)
    home.backup()
    home.backup()

    assert live(home) == {path for path, what in tree(home.base / "music").items() if what[0] == "file"}
    assert 0 == home.backup().code
    assert 0 == verify_bare(home.place()).code


def test_what_was_retired_is_known_to_a_new_catalogue(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost catalogue must not make a deleted file look like a missing one, also after everything was restated."""
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    home.backup()
    monkeypatch.setattr(closing, "SEGMENT_LIMIT", 0)
    home.backup()
    home.lose_catalogue()
    for name in ("red", "blue"):
        home.lose_snapshots(name)
        home.adopt(home.place(name))

    assert [(b"3.jpg",)] == home.ask("SELECT name FROM entries WHERE state = 'gone'")
    assert [("retired",)] == home.ask("SELECT DISTINCT reason FROM versions")
    assert 0 == home.backup().code
    restore_bare(home.place(), tmp_path / "back")
    assert not (tmp_path / "back" / "music" / "Nina" / "3.jpg").exists()


def test_a_new_file_takes_the_name_of_a_retired_one(home: Home) -> None:
    """The better scan of the same booklet."""
    (home.base / "music" / "Nina" / "3.jpg").unlink()
    home.backup()
    home.write("Nina/3.jpg", b"a better one", mtime_ns=OLD + 5)
    ended = home.backup()

    assert 0 == ended.code
    assert b"a better one" == (home.place() / "music" / "Nina" / "3.jpg").read_bytes()
    assert [b"cover 3"] == kept(home)
    assert os.stat(home.place() / "music" / "Nina" / "3.jpg").st_mtime_ns == OLD + 5
