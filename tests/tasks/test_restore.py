"""Restore brings back exactly what was there, proves each file, and loses nothing that stands in its way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import RunEnded
from fonoteca.core.finding import FindingKind
from fonoteca.core.place import Space
from fonoteca.core.report import ExitCode
from fonoteca.errors import Full, Interrupted, UsageError
from fonoteca.tasks.restore import Overwrite, restore
from fonoteca.tasks.restoring import target
from support.archives import Home, restore_bare, tree
from support.faults import flip_bit

COVER = b"Nina Simone/cover.jpg"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive with two locations, backed up."""
    made = Home(tmp_path, ("red", "blue"))
    made.fill()
    made.backup()
    return made


def test_a_bare_location_gives_the_library_back_bit_for_bit(home: Home, tmp_path: Path) -> None:
    """Names, bytes, dates, links and empty folders, on a machine that knows nothing."""
    wanted = tree(home.base / "music")
    home.lose_catalogue()

    found = restore_bare(home.place(), tmp_path / "out")

    assert ExitCode.DONE == found.code
    assert wanted == tree(tmp_path / "out")


def test_an_archive_gives_the_library_back_bit_for_bit(home: Home, tmp_path: Path) -> None:
    """From the best copy of each file."""
    found = home.restore(tmp_path / "out")

    assert ExitCode.DONE == found.code
    assert tree(home.base / "music") == tree(tmp_path / "out")
    assert {"written"} == set(found.restored.values())


def test_several_libraries_get_a_folder_each(tmp_path: Path) -> None:
    """So that two covers of one name do not meet."""
    home = Home(tmp_path, libraries=("music", "radio"))
    home.write("cover.jpg", b"one")
    home.write("cover.jpg", b"two", library="radio")
    home.backup()

    home.restore(tmp_path / "out")
    restore_bare(home.place(), tmp_path / "bare")

    assert {b"music", b"music/cover.jpg", b"radio", b"radio/cover.jpg"} == tree(tmp_path / "out").keys()
    assert tree(tmp_path / "out") == tree(tmp_path / "bare")


def test_a_bad_copy_is_said_and_the_next_best_is_taken(home: Home, tmp_path: Path) -> None:
    """Damage is found as the bytes pass; nothing wrong is ever under a real name."""
    home.verify("red")  # verified last, so it is tried first
    flip_bit(home.place("red") / "music" / os.fsdecode(COVER))

    found = home.restore(tmp_path / "out")

    assert tree(home.base / "music") == tree(tmp_path / "out")
    assert [("red", True)] == [(each.location, each.repairable) for each in found.found(FindingKind.DAMAGED)]
    assert ExitCode.REPAIRABLE == found.code


def test_when_no_copy_is_good_the_library_itself_serves(home: Home, tmp_path: Path) -> None:
    """It is no copy, but better than nothing when its bytes are the recorded ones."""
    for name in ("red", "blue"):
        flip_bit(home.place(name) / "music" / os.fsdecode(COVER))

    found = home.restore(tmp_path / "out")

    assert tree(home.base / "music") == tree(tmp_path / "out")
    assert 2 == len(found.found(FindingKind.DAMAGED))


def test_what_cannot_be_had_is_said_and_the_rest_comes(home: Home, tmp_path: Path) -> None:
    """One lost file does not cost the others."""
    flip_bit(home.place() / "music" / os.fsdecode(COVER))

    found = restore_bare(home.place(), tmp_path / "out")

    assert [COVER] == [each.path for each in found.found(FindingKind.NOT_RESTORED)]
    assert tree(home.base / "music").keys() - {COVER} == tree(tmp_path / "out").keys()
    assert ExitCode.LOST == found.code


def test_what_only_a_location_that_is_away_has_is_incomplete(tmp_path: Path) -> None:
    """Nothing is lost; it is not here."""
    home = Home(tmp_path)
    path = home.write("cover.jpg", b"one")
    home.backup()
    path.unlink()
    home.place().rename(tmp_path / "drawer")

    found = home.restore(tmp_path / "out")

    assert ["red has one" in each.detail for each in found.found(FindingKind.NOT_RESTORED)] == [True]
    assert ExitCode.INCOMPLETE == found.code


def test_an_entry_that_is_gone_from_its_library_comes_back(home: Home, tmp_path: Path) -> None:
    """Its copies are untouched, so a restore of a lost disk brings it too."""
    (home.base / "music" / os.fsdecode(COVER)).unlink()
    home.scan()

    home.restore(tmp_path / "out")

    assert COVER in tree(tmp_path / "out")


def test_patterns_choose_and_one_that_matches_nothing_is_said(home: Home, tmp_path: Path) -> None:
    """A typing error must not look like success."""
    found = home.restore(tmp_path / "out", "*.pdf", "Nina Simonr/**")

    assert {b"Nina Simone/Pastel Blues/booklet.pdf"} == found.restored.keys()
    assert ["nothing that could be restored matches the pattern Nina Simonr/**"] == [
        each.detail for each in found.found()
    ]
    assert ExitCode.INCOMPLETE == found.code


def test_one_location_alone_can_be_the_source(home: Home, tmp_path: Path) -> None:
    """`--from blue` reads nothing at red."""
    home.place("red").rename(home.base / "drawer")

    assert ExitCode.DONE == home.restore(tmp_path / "out", source="blue").code


def test_a_dry_run_writes_nothing(home: Home, tmp_path: Path) -> None:
    """It only says what would come."""
    found = home.restore(tmp_path / "out", dry_run=True)

    assert "would be written" == found.restored[COVER]
    assert not (tmp_path / "out").exists()


# what stands there already


def test_running_again_finds_everything_there(home: Home, tmp_path: Path) -> None:
    """A restore that was cut off is simply run again."""
    home.restore(tmp_path / "out")
    (tmp_path / "out" / os.fsdecode(COVER)).unlink()

    found = home.restore(tmp_path / "out")

    assert {COVER: "written"} == {path: how for path, how in found.restored.items() if how != "already there"}
    assert ExitCode.DONE == found.code


def test_a_differing_file_is_kept_and_counted(home: Home, tmp_path: Path) -> None:
    """Nobody's file is lost by a restore."""
    mine = tmp_path / "out" / os.fsdecode(COVER)
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")

    found = home.restore(tmp_path / "out")

    assert "kept" == found.restored[COVER]
    assert b"mine" == mine.read_bytes()
    assert ExitCode.INCOMPLETE == found.code


def test_a_replaced_file_is_kept_aside(home: Home, tmp_path: Path) -> None:
    """`--overwrite differing` puts the right bytes in place and throws nothing away."""
    mine = tmp_path / "out" / os.fsdecode(COVER)
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")

    found = home.restore(tmp_path / "out", overwrite=Overwrite.DIFFERING)

    assert "replaced" == found.restored[COVER]
    (aside,) = (tmp_path / "out/.fonoteca-replaced").glob("*/" + os.fsdecode(COVER))
    assert b"mine" == aside.read_bytes()
    assert tree(home.base / "music")[COVER] == tree(tmp_path / "out")[COVER]
    assert ExitCode.DONE == found.code


def test_a_link_in_the_way_is_never_followed(home: Home, tmp_path: Path) -> None:
    """A folder that is a symbolic link could lead anywhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/Nina Simone").symlink_to(outside)

    found = home.restore(tmp_path / "out", overwrite=Overwrite.DIFFERING)

    assert "kept" == found.restored[COVER]
    assert [] == list(outside.iterdir())
    assert "links are not followed" in found.said
    assert ExitCode.INCOMPLETE == found.code


def test_a_folder_of_a_files_name_is_left_alone(home: Home, tmp_path: Path) -> None:
    """It may hold anything."""
    (tmp_path / "out" / os.fsdecode(COVER)).mkdir(parents=True)

    assert "kept" == home.restore(tmp_path / "out", overwrite=Overwrite.DIFFERING).restored[COVER]


def test_a_restore_into_the_library_itself_puts_back_what_is_lacking(home: Home) -> None:
    """The plain way to repair a library after a slip of the hand."""
    wanted = tree(home.base / "music")
    (home.base / "music" / os.fsdecode(COVER)).unlink()

    assert ExitCode.DONE == home.restore(home.base / "music").code
    assert wanted == tree(home.base / "music")


def test_a_restore_into_a_location_is_refused(home: Home, tmp_path: Path) -> None:
    """Its manifest would not know what was written there."""
    with pytest.raises(UsageError, match="is a location"):
        home.restore(home.place() / "music/below")
    with pytest.raises(UsageError, match="is a location"):
        restore_bare(home.place("blue"), home.place())


def test_nothing_of_ours_stays_in_the_folder(home: Home, tmp_path: Path) -> None:
    """Staging is removed, also what a killed restore left."""
    (tmp_path / "out/.fonoteca-restore-dead/1").mkdir(parents=True)
    (tmp_path / "out/.fonoteca-restore-dead/1/0").write_bytes(b"half")

    home.restore(tmp_path / "out")

    assert [] == [name for name in os.listdir(tmp_path / "out") if name.startswith(".fonoteca")]


def test_too_little_room_is_said_before_anything_is_written(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restore that cannot fit does not begin."""

    monkeypatch.setattr(target, "space", lambda fd: Space(1 << 40, 1000))

    with pytest.raises(Full):
        home.restore(tmp_path / "out")
    assert [] == list((tmp_path / "out").iterdir())


def test_stopping_leaves_whole_files_only(home: Home, tmp_path: Path) -> None:
    """Ctrl-C: what has its name is right, and nothing half stands anywhere."""

    class Now:
        requested = True
        signal_number = 2

    with Archive.open(home.config, Access.READ, stop=Now()) as archive, pytest.raises(Interrupted):
        list(restore(archive, os.fsencode(tmp_path / "out")))

    wanted = tree(home.base / "music")
    assert all(wanted[path] == found for path, found in tree(tmp_path / "out").items() if found[0] == "file")


def test_a_link_target_comes_back_verbatim(home: Home, tmp_path: Path) -> None:
    """Wherever it points, it is a line in the manifest and nothing more."""
    restore_bare(home.place(), tmp_path / "out")

    assert b"../nowhere \xff" == os.readlink(os.fsencode(tmp_path / "out/odd/dangling"))


def test_a_rehearsal_in_a_full_folder_finds_links_and_folders_there(home: Home, tmp_path: Path) -> None:
    """What stands already is not announced as if it were to come."""
    home.restore(tmp_path / "out")

    found = home.restore(tmp_path / "out", dry_run=True)

    assert {"already there"} == set(found.restored.values())


def test_room_is_asked_for_only_what_is_lacking(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restore that was cut off goes on although the whole would not fit again; one that cannot fit says so first."""
    home.restore(tmp_path / "out")
    (tmp_path / "out" / os.fsdecode(COVER)).unlink()
    free = [10_000]
    monkeypatch.setattr(target, "space", lambda fd: Space(1 << 40, free[0]))

    assert "written" == home.restore(tmp_path / "out").restored[COVER]

    (tmp_path / "out" / os.fsdecode(COVER)).unlink()
    free[0] = 100
    with pytest.raises(Full):
        home.restore(tmp_path / "out")


def test_a_copy_that_fails_at_the_named_place_is_repairable_from_another(home: Home, tmp_path: Path) -> None:
    """Restoring from one location must not call lost what another one holds."""
    (home.place() / "music" / os.fsdecode(COVER)).unlink()

    found = home.restore(tmp_path / "out", source="red")

    (missing,) = found.found(FindingKind.MISSING)
    assert (True, ExitCode.REPAIRABLE) == (missing.repairable, found.code)


def test_links_and_empty_folders_are_counted_apart_from_files(home: Home, tmp_path: Path) -> None:
    """Eleven files are eleven files."""
    found = home.restore(tmp_path / "back")
    (ended,) = (event for event in found.events if isinstance(event, RunEnded))

    files = sum(kind == "file" for kind, _, _ in tree(tmp_path / "back").values())
    assert (files, 2, 1) == tuple(
        ended.summary.counts[name] for name in ("written", "links_written", "folders_written")
    )
