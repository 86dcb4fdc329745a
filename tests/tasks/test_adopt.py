"""Adopting a location brings back what its manifest and its snapshots remember, and believes no disk
blindly.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from fonoteca.core.finding import FindingKind
from fonoteca.core.report import ExitCode
from fonoteca.errors import UsageError
from fonoteca.tasks import setup
from support.archives import Home, tree
from support.faults import flip_bit

COVER = b"Nina Simone/cover.jpg"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive with two locations, backed up."""
    made = Home(tmp_path, ("red", "blue"))
    made.fill()
    made.backup()
    return made


def _known(home: Home) -> list[tuple[object, ...]]:
    return home.ask(
        "SELECT l.name, p.key, hex(c.sha256), c.size, p.mtime_ns, p.state FROM copies p "
        "JOIN locations l ON l.id = p.location JOIN contents c ON c.id = p.content ORDER BY 1, 2"
    )


def test_a_lost_catalogue_comes_back_from_its_snapshot(home: Home) -> None:
    """With all it knew, of the other location too."""
    before = _known(home)
    home.lose_catalogue()

    found = home.adopt(home.place())

    assert ExitCode.DONE == found.code
    assert "brought back from its snapshot" in found.said
    assert before == _known(home)


def test_looking_at_what_is_left_makes_no_memory_of_it(home: Home) -> None:
    """Whoever lost the catalogue verifies first: rot must not become what a next scan takes for granted."""
    home.lose_catalogue()

    for look in (home.verify, home.scrub):
        with pytest.raises(UsageError, match="the catalogue was lost"):
            look()
    home.verify("music")
    for act in (home.scan, home.backup):
        with pytest.raises(UsageError, match="the catalogue was lost"):
            act()
    assert "brought back from its snapshot" in home.adopt(home.place()).said


def test_without_a_snapshot_the_manifests_say_what_there_is(home: Home) -> None:
    """Each location tells of its own copies."""
    before = _known(home)
    home.lose_catalogue()
    home.lose_snapshots("red")
    home.lose_snapshots("blue")

    home.adopt(home.place("red"))
    home.adopt(home.place("blue"))

    assert before == _known(home)


def test_the_scan_after_it_compares_and_makes_no_new_baseline(home: Home) -> None:
    """Rot that happened meanwhile is seen, though the catalogue that knew the stat is lost."""
    for snapshot in (True, False):
        home.lose_catalogue()
        if not snapshot:
            home.lose_snapshots("red")
        home.adopt(home.place())
        flip_bit(home.base / "music" / os.fsdecode(COVER))
        os.utime(home.base / "music" / os.fsdecode(COVER), ns=(1_400_000_000_123_456_789,) * 2)

        found = home.scan()

        assert [COVER] == [each.path for each in found.found(FindingKind.SUSPECT)], snapshot
        flip_bit(home.base / "music" / os.fsdecode(COVER))
        os.utime(home.base / "music" / os.fsdecode(COVER), ns=(1_400_000_000_123_456_789,) * 2)


def test_after_it_a_backup_copies_nothing_again(home: Home) -> None:
    """Everything that stands is known to stand."""
    home.lose_catalogue()
    home.adopt(home.place("red"))
    home.adopt(home.place("blue"))

    found = home.backup()

    assert ExitCode.DONE == found.code
    assert "copied" not in found.events[-1].summary.counts  # type: ignore[union-attr]
    assert ExitCode.DONE == home.verify().code


def test_newer_lines_than_the_snapshot_are_read_too(home: Home) -> None:
    """A snapshot is put at most daily; what came after it stands in the manifest."""
    home.write("later.jpg", b"later")
    home.backup()
    home.lose_catalogue()

    home.adopt(home.place())

    question = "SELECT p.key FROM copies p JOIN locations l ON l.id = p.location WHERE l.name = 'red'"
    assert (b"music/later.jpg",) in home.ask(question)


def test_a_damaged_snapshot_is_said_and_an_older_one_or_the_manifest_serves(home: Home) -> None:
    """One bad file must not cost the memory."""
    before = [row for row in _known(home) if row[0] == "red"]
    home.lose_catalogue()
    (snapshot,) = home.place().glob(".fonoteca/libraries/*/catalogue/*")
    flip_bit(snapshot, snapshot.stat().st_size // 2)

    found = home.adopt(home.place())

    assert "cannot be used" in found.said
    assert before == _known(home)


def test_a_lost_config_is_written_and_the_library_placed_by_adding_it(home: Home) -> None:
    """Only the drive is left: two commands, and the archive stands again."""
    home.lose_catalogue()
    home.lose_snapshots()
    os.unlink(home.config_path)

    found = home.adopt(home.place())

    assert {"red"} == home.config.locations.keys()
    assert "library add music PATH" in found.said
    setup.library_add(home.config_path, "music", os.fsencode(home.base / "music"))
    assert ExitCode.DONE == home.backup().code
    assert 1 == len(home.ask("SELECT uid FROM libraries"))
    assert ExitCode.DONE == home.verify().code


def test_comments_in_the_config_stay(home: Home) -> None:
    """Adopting adds what is missing and touches nothing else."""
    text = "# mine\n" + Path(home.config_path).read_text()
    Path(home.config_path).write_text(text)

    home.adopt(home.place())

    assert text == Path(home.config_path).read_text()


def test_a_library_that_a_fresh_catalogue_saw_first_takes_its_true_id(tmp_path: Path) -> None:
    """Scanned before adopting, it would otherwise be a stranger to its own copies."""
    home = Home(tmp_path)
    home.fill()
    home.backup()
    home.lose_catalogue()
    home.lose_snapshots()
    home.place().rename(home.base / "drawer")
    home.scan()  # nothing says that there was a memory: the only location is away
    (home.base / "drawer").rename(home.place())

    home.adopt(home.place())

    assert ExitCode.DONE == home.backup().code
    assert 1 == len(home.ask("SELECT uid FROM libraries"))
    assert 0 == len(home.ask("SELECT key FROM copies WHERE state <> 'good'"))


def test_a_location_that_moved_is_followed(home: Home) -> None:
    """Another mount point: the config's path is changed, nothing is copied."""
    home.place().rename(home.base / "rojo")

    home.adopt(home.base / "rojo")

    assert os.fsencode(home.base / "rojo") == home.config.locations["red"].path  # type: ignore[union-attr]
    assert ExitCode.DONE == home.verify("red").code


def test_a_location_on_another_disk_is_bound_to_it(home: Home) -> None:
    """The drive was copied to a new one: same location, new nonce, so that the old drive is not taken for
    it.
    """
    marker = home.place() / ".fonoteca/location.json"
    old = json.loads(marker.read_text())
    marker.write_text(json.dumps({**old, "file_system": "uuid:the-old-disk"}))
    assert ExitCode.AWAY == home.verify("red").code

    home.adopt(home.place())

    new = json.loads(marker.read_text())
    assert old["id"] == new["id"]
    assert old["nonce"] != new["nonce"]
    assert old["file_system"] == new["file_system"]
    assert ExitCode.DONE == home.verify("red").code


def test_a_copy_of_a_location_that_still_stands_becomes_one_of_its_own(home: Home) -> None:
    """Two folders with one identity would be counted as one, or taken for each other."""
    shutil.copytree(home.place(), home.base / "green", symlinks=True)

    home.adopt(home.base / "green")

    ids = {
        name: json.loads((home.place(name) / ".fonoteca/location.json").read_text())["id"]
        for name in ("red", "green")
    }
    assert ids["red"] != ids["green"]
    assert {"red", "blue", "green"} == home.config.locations.keys()
    assert ExitCode.DONE == home.verify().code


def test_another_disk_in_a_locations_place_takes_its_name(home: Home) -> None:
    """The user says: this one is red from now on. What the former held no longer counts."""
    home.place("red").rename(home.base / "drawer")
    home.place("blue").rename(home.base / "red")

    home.adopt(home.base / "red")

    assert ExitCode.DONE == home.verify("red").code


def test_a_lost_marker_is_made_anew_when_manifests_stand(home: Home) -> None:
    """The remedy that the error for a damaged marker names."""
    (home.place() / ".fonoteca/location.json").unlink()

    home.adopt(home.place())

    assert ExitCode.DONE == home.verify("red").code
    assert ExitCode.DONE == home.backup().code


def test_a_damaged_manifest_is_believed_as_far_as_it_goes(home: Home) -> None:
    """It is said, and the next backup restates it."""
    home.write("later.jpg", b"later")
    home.backup()
    home.lose_catalogue()
    home.lose_snapshots()
    flip_bit(home.segments()[-1], 300)

    found = home.adopt(home.place("red"))

    assert 1 == len(found.found(FindingKind.MANIFEST_DAMAGED))
    home.backup()
    assert ExitCode.DONE == home.verify("red").code


def test_a_folder_that_is_no_location_is_refused(home: Home) -> None:
    """Nothing is adopted by mistake; the new-location command is named."""
    with pytest.raises(UsageError, match="location add"):
        home.adopt(home.base / "music")


def test_links_and_empty_folders_come_back_too(home: Home, tmp_path: Path) -> None:
    """A restore after an adoption is as good as before."""
    wanted = tree(home.base / "music")
    home.lose_catalogue()
    home.lose_snapshots()
    shutil.rmtree(home.base / "music")
    home.adopt(home.place())

    home.restore(tmp_path / "out")

    assert wanted == tree(tmp_path / "out")


def test_an_earlier_version_does_not_become_the_entrys_content(home: Home) -> None:
    """A version that was verified after its successor is older all the same."""
    home.write("Nina Simone/cover.jpg", b"another cover", mtime_ns=1)
    home.backup()
    home.verify("red")
    flip_bit(home.segments()[0], 200)
    home.verify("red")
    home.backup()  # restates everything, versions with the date of their last check
    home.lose_catalogue()
    home.lose_snapshots()

    home.adopt(home.place())

    assert [(len(b"another cover"),)] == home.ask(
        "SELECT size FROM entries WHERE name = CAST('cover.jpg' AS BLOB)"
    )
