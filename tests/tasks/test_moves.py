"""A file under another path is renamed at the locations: no bytes are sent, and nothing is gone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Copied, Moved, Scanned, WouldCopy, WouldMove
from fonoteca.core.finding import FindingKind
from fonoteca.core.place import Traits
from fonoteca.disk import calls
from fonoteca.library import trust as trusting
from fonoteca.tasks import backup, scan, setup
from fonoteca.tasks.copying import making, reading
from fonoteca.tasks.moving import absence, matching, relocation
from support.archives import OLD, Home, Ran, flip_byte, ran, restore_bare, tree, verify_bare

PLACES = ("red", "blue")
SIZE = 50_000


@pytest.fixture(params=["threads", "processes"])
def lanes(request, monkeypatch):
    """Where lanes work."""
    monkeypatch.setattr(making, "APART_FILES", 0 if request.param == "processes" else 1 << 30)
    return request.param


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Files may be read at once after they were written."""
    monkeypatch.setattr(trusting, "RACY_NS", -(10**10))


def album(home: Home, count: int = 6, folder: str = "Nina") -> None:
    """Files of one size and one mtime, each with bytes of its own, and one beside them."""
    for number in range(count):
        home.write(f"{folder}/{number:02d}.jpg", bytes([number % 251]) * SIZE)
    home.write("beside.jpg", b"beside" * 100)


def music(home: Home) -> Path:
    """The library."""
    return home.base / "music"


def moved(result: Ran, location: str = "red") -> dict[bytes, bytes]:
    """New path to old key."""
    return {e.path: e.was for e in result.events if isinstance(e, Moved) and e.location == location}


def sent(result: Ran) -> list[bytes]:
    """Paths of which bytes were sent."""
    return [e.path for e in result.events if isinstance(e, Copied) and e.how != "time set"]


def assert_mirrored(home: Home, *names: str) -> None:
    """The locations hold what the library holds, say so bare, and keep nothing else."""
    for name in names or ("red",):
        place = home.place(name)
        files = {path: what for path, what in tree(music(home)).items() if what[0] == "file"}
        assert files == {p: w for p, w in tree(place / "music").items() if w[0] == "file"}
        folders = {os.path.dirname(path) for path in files}
        assert all(
            p in {f[: len(p)] for f in folders} for p, w in tree(place / "music").items() if w[0] == "folder"
        )
        assert [] == list(place.glob(".fonoteca/moving/*"))
        assert [] == list(place.glob(".fonoteca/libraries/*/manifest/*.open.jsonl"))
        assert 0 == verify_bare(place).code
    assert 0 == home.verify().code
    assert [] == home.ask("SELECT * FROM misplaced")


def ids(home: Home) -> dict[bytes, object]:
    """Entry numbers by content."""
    return {
        bytes(row[0]): row[1]
        for row in home.ask("SELECT c.sha256, e.id FROM entries e JOIN contents c ON c.id = e.content")
    }


@pytest.fixture
def written(monkeypatch):
    """Blocks of a payload's size that went to a disk."""
    blocks: list[int] = []
    real = calls.write_all

    def write_all(fd, block):
        blocks.append(len(block))
        real(fd, block)

    monkeypatch.setattr(calls, "write_all", write_all)
    return lambda: [size for size in blocks if size >= SIZE]


def test_a_renamed_folder_of_500_files_is_renamed_without_reading_one(tmp_path, monkeypatch, written, lanes):
    """The commonest thing that people do with their music: nothing is sent, nothing read, nothing is gone."""
    home = Home(tmp_path, PLACES)
    for number in range(500):
        home.write(f"Artist/{number % 7}/{number}.jpg", b"%d" % number * 10)
    home.backup()
    before = ids(home)
    (music(home) / "Artist").rename(music(home) / "The Artist")
    monkeypatch.setattr(reading, "digest", None)
    monkeypatch.setattr(matching, "open_source", None)
    result = home.backup()

    assert (0, [], []) == (result.code, sent(result), result.found())
    assert {500} == {len(moved(result, name)) for name in PLACES}
    (scanned,) = (event for event in result.events if isinstance(event, Scanned))
    assert (0, 0, 0, 500) == (scanned.new, scanned.touched, scanned.gone, scanned.moved)
    assert before == ids(home)
    assert [] == home.ask("SELECT * FROM versions")
    monkeypatch.undo()
    assert_mirrored(home, *PLACES)


def test_a_renamed_file_keeps_its_entry_and_its_history(tmp_path, written):
    """What was known of it under its old name is known under the new one."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    home.write("Nina/01.jpg", b"edited" * SIZE, mtime_ns=OLD + 10**9)
    home.backup()
    entry = home.ask("SELECT id FROM entries WHERE name = x'30312e6a7067'")
    sent_before = len(written())
    (music(home) / "Nina/01.jpg").rename(music(home) / "Nina/01 See-Line Woman.jpg")
    result = home.backup()

    assert {b"Nina/01 See-Line Woman.jpg": b"music/Nina/01.jpg"} == moved(result)
    assert (0, [], sent_before) == (result.code, result.found(), len(written()))
    assert entry == home.ask("SELECT id FROM entries WHERE name = CAST('01 See-Line Woman.jpg' AS BLOB)")
    assert entry == home.ask("SELECT entry FROM versions") == home.ask("SELECT entry FROM history")
    assert_mirrored(home)


SHUFFLES = {
    "to another folder": {"Nina/00.jpg": "Else/where/00.jpg"},
    "a swap": {"Nina/00.jpg": "Nina/01.jpg", "Nina/01.jpg": "Nina/00.jpg"},
    "a cycle of three": {
        "Nina/00.jpg": "Nina/01.jpg",
        "Nina/01.jpg": "Nina/02.jpg",
        "Nina/02.jpg": "Nina/00.jpg",
    },
    "a chain": {"Nina/00.jpg": "Nina/01.jpg", "Nina/01.jpg": "Nina/02.jpg", "Nina/02.jpg": "Nina/99.jpg"},
    "other letters": {"Nina/00.jpg": "nina/00.JPG"},
    "a folder's name": {"Nina/00.jpg": "beside.jpg/00.jpg", "beside.jpg": "beside"},
}


def shuffle(home: Home, names: dict[str, str]) -> None:
    """Rename many at once, as if by an exchange."""
    root = music(home)
    for number, old in enumerate(names):
        (root / old).rename(root / f".way-{number}")
    for number, new in enumerate(names.values()):
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / f".way-{number}").rename(root / new)


@pytest.mark.parametrize("case", SHUFFLES)
def test_names_may_change_places_in_any_way(tmp_path, written, case, lanes):
    """Nothing is replaced on the way, no version is made, and no bytes are sent."""
    home = Home(tmp_path, PLACES)
    album(home)
    home.backup()
    before, sent_before = ids(home), len(written())
    shuffle(home, SHUFFLES[case])
    result = home.backup()

    expected = {new.encode(): b"music/" + old.encode() for old, new in SHUFFLES[case].items()}
    assert (expected, expected) == (moved(result, "red"), moved(result, "blue"))
    assert (0, [], [], sent_before) == (result.code, result.found(), sent(result), len(written()))
    assert before == ids(home)
    assert [] == home.ask("SELECT * FROM versions")
    assert_mirrored(home, *PLACES)


def test_other_letters_are_told_where_a_place_folds_them(tmp_path, written):
    """A place that does not keep `a` and `A` apart renames by way of a third name, and gives no second mark."""
    home = Home(tmp_path, ())
    folds = Traits(folds_case=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fonoteca.locations.folder.probe", lambda *_, **__: folds, raising=True)
        setup.location_add(home.config_path, "red", str(home.base / "red"), plain_folder=True)
    album(home)
    home.backup()
    sent_before = len(written())
    shuffle(home, {"Nina/00.jpg": "Nina/OO.jpg", "Nina/01.jpg": "nina/01.jpg", "Nina/02.jpg": "Nina/02.JPG"})
    result = home.backup()

    assert "folds" in home.ask("SELECT naming FROM locations")[0][0]
    assert (0, sent_before) == (result.code, len(written()))
    assert 3 == len(moved(result))
    assert_mirrored(home)


def test_a_file_that_was_moved_and_edited_is_moved_and_then_a_new_version(tmp_path):
    """A tagger that renames after writing: the old bytes are kept as a version of the same entry."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    path = music(home) / "Nina/01.jpg"
    with path.open("r+b") as file:
        file.write(b"new tags")
    path.rename(music(home) / "Nina/renamed.jpg")
    entry = home.ask("SELECT id FROM entries WHERE name = x'30312e6a7067'")
    result = home.backup()

    assert {b"Nina/renamed.jpg": b"music/Nina/01.jpg"} == moved(result)
    assert (0, [], [b"Nina/renamed.jpg"]) == (result.code, result.found(), sent(result))
    assert entry == home.ask("SELECT entry FROM versions")
    assert_mirrored(home)


def test_a_file_that_was_written_over_and_has_another_ending_is_no_edit(tmp_path):
    """What ransomware does: the copy stays under its own name, as a version, and the noise is a new file."""
    home = Home(tmp_path)
    album(home)
    home.write("Nina/rip.log", b"as it was")
    home.backup()
    log = music(home) / "Nina/rip.log"
    with open(log, "r+b") as file:
        file.write(os.urandom(9))
    log.rename(log.with_name("rip.log.locked"))

    result = home.backup()

    assert {} == moved(result)
    assert [b"Nina/rip.log.locked"] == sent(result)
    assert b"as it was" in [path.read_bytes() for path in home.place().glob(".fonoteca/versions/*/*")]
    assert home.ask("SELECT 1 FROM entries WHERE name = CAST('rip.log' AS BLOB) AND state = 'gone'")


def test_a_new_file_with_a_freed_inode_number_is_not_an_old_one_edited(tmp_path, monkeypatch):
    """File systems give a freed number to the next file: only one that was there at our reading can be the entry."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    path = music(home) / "Nina/01.jpg"
    path.rename(music(home) / "Nina/renamed.jpg")
    (music(home) / "Nina/renamed.jpg").write_bytes(b"something else")
    monkeypatch.setattr(calls, "birth_ns", lambda _: 1 << 62)
    result = home.backup()

    assert {} == moved(result)
    assert [b"Nina/01.jpg"] == [finding.path for finding in result.found(FindingKind.GONE)]


def test_a_file_that_came_by_way_of_another_disk_is_known_by_its_bytes(tmp_path, written):
    """`rsync` and a copy to another disk give new inodes: the bytes are read once, and renamed at the location."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    sent_before = len(written())
    shutil.copytree(music(home) / "Nina", music(home) / "Nina Simone")
    shutil.rmtree(music(home) / "Nina")
    result = home.backup()

    assert {b"Nina Simone/%02d.jpg" % n: b"music/Nina/%02d.jpg" % n for n in range(6)} == moved(result)
    assert (0, [], [], sent_before) == (result.code, result.found(), sent(result), len(written()))
    assert_mirrored(home)


def test_a_copy_whose_source_stands_is_a_duplicate_and_is_sent(tmp_path):
    """Row 5 of the verdict table: it was not moved."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    shutil.copy2(music(home) / "Nina/01.jpg", music(home) / "copy.jpg")
    result = home.backup()

    assert ({}, [b"copy.jpg"], []) == (moved(result), sent(result), result.found())
    assert_mirrored(home)


def test_a_duplicate_does_not_take_the_entry_of_one_known_from_a_manifest_alone(tmp_path):
    """Its inode was never seen, so nothing but its own path tells where it is."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    home.lose_snapshots()
    home.lose_catalogue()
    home.adopt(home.place())
    shutil.copyfile(music(home) / "Nina/01.jpg", music(home) / "Another.jpg")
    result = home.backup()

    assert ({}, [b"Another.jpg"], []) == (moved(result), sent(result), result.found())
    assert_mirrored(home)


def test_a_duplicate_does_not_take_the_entry_of_a_file_that_got_another_inode(tmp_path):
    """A library that was copied to a new disk, with one more of the same bytes in it."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    for track in sorted((music(home) / "Nina").iterdir()):
        twin = track.with_name("twin")
        shutil.copy2(track, twin)
        twin.rename(track)
    shutil.copyfile(music(home) / "Nina/01.jpg", music(home) / "Another.jpg")
    result = home.backup()

    assert ({}, [b"Another.jpg"], []) == (moved(result), sent(result), result.found())
    assert_mirrored(home)


@pytest.mark.parametrize("like", ["other bytes", "the same bytes"])
def test_a_file_under_a_name_that_was_left_is_a_new_one(tmp_path, like):
    """`mv a b` and then another `a`: the entry went with its file."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    before = ids(home)
    left = music(home) / "Nina/01.jpg"
    left.rename(music(home) / "Nina/1.jpg")
    if like == "other bytes":
        left.write_bytes(b"another" * SIZE)
    else:
        shutil.copy2(music(home) / "Nina/1.jpg", left)
    result = home.backup()

    assert ({b"Nina/1.jpg": b"music/Nina/01.jpg"}, [b"Nina/01.jpg"], []) == (
        moved(result),
        sent(result),
        result.found(),
    )
    entry = home.ask("SELECT id FROM entries WHERE name = CAST('1.jpg' AS BLOB)")
    assert entry[0][0] in before.values()
    assert_mirrored(home)


def test_a_name_that_was_taken_over_is_an_edit_of_its_own_entry(tmp_path):
    """The file that had the name is gone from the library: its bytes are kept as a version, as for any edit."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    (music(home) / "Nina/00.jpg").rename(music(home) / "beside.jpg")
    result = home.backup()

    assert ({}, [b"beside.jpg"]) == (moved(result), sent(result))
    assert [b"Nina/00.jpg"] == [finding.path for finding in result.found(FindingKind.GONE)]
    question = "SELECT v.reason, c.size FROM versions v JOIN contents c ON c.id = v.content ORDER BY 1"
    assert [("retired", 50_000), ("superseded", 600)] == home.ask(question)


def test_a_location_that_was_away_follows_later_also_after_an_edit(tmp_path, written):
    """A drive comes home after the library was tidied up twice."""
    home = Home(tmp_path, PLACES)
    album(home)
    home.backup()
    home.place("blue").rename(tmp_path / "away")
    (music(home) / "Nina").rename(music(home) / "N")
    home.backup()
    home.write("N/01.jpg", b"edited" * SIZE, mtime_ns=OLD + 10**9)
    shuffle(home, {"N/02.jpg": "N/03.jpg", "N/03.jpg": "N/02.jpg"})
    home.backup()
    sent_before = len(written())
    (tmp_path / "away").rename(home.place("blue"))
    result = home.backup()

    assert (0, 6, [b"N/01.jpg"]) == (result.code, len(moved(result, "blue")), sent(result))
    assert len(written()) == sent_before + 1
    assert_mirrored(home, *PLACES)


def test_a_copy_that_was_changed_there_goes_to_quarantine_and_is_sent_under_its_new_name(tmp_path):
    """What somebody wrote into a copy must not become the copy by a rename."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    strange = home.place() / "music/Nina/01.jpg"
    strange.write_bytes(b"strange bytes")
    (music(home) / "Nina").rename(music(home) / "N")
    result = home.backup()

    (finding,) = result.found()
    assert (FindingKind.CHANGED_AT_LOCATION, b"N/01.jpg", 4) == (finding.kind, finding.path, result.code)
    assert [b"strange bytes"] == [each.read_bytes() for each in home.place().glob(".fonoteca/quarantine/*/*")]
    assert [b"N/01.jpg"] == sent(result)
    assert_mirrored(home)


def test_a_copy_whose_time_alone_was_changed_there_is_read_and_moved(tmp_path, written):
    """Ours by its bytes: nothing is sent, and it gets its time back."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    sent_before = len(written())
    os.utime(home.place() / "music/Nina/01.jpg", ns=(OLD, OLD + 10**10))
    (music(home) / "Nina").rename(music(home) / "N")
    result = home.backup()

    assert (0, 6, [], sent_before) == (result.code, len(moved(result)), result.found(), len(written()))
    assert_mirrored(home)


def test_a_copy_that_is_not_there_any_more_is_sent_to_its_new_name(tmp_path):
    """The claim moves with the entry, and the run makes it true."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    (home.place() / "music/Nina/01.jpg").unlink()
    (music(home) / "Nina").rename(music(home) / "N")
    result = home.backup()

    assert (0, 5, [b"N/01.jpg"]) == (result.code, len(moved(result)), sent(result))
    assert_mirrored(home)


def test_a_stranger_under_the_new_name_stays_and_the_copy_keeps_its_old_one(tmp_path):
    """Nothing is ever replaced; the finding says what to do, and the next run completes it."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    (home.place() / "music/N").mkdir()
    (home.place() / "music/N/01.jpg").write_bytes(b"a stranger")
    (music(home) / "Nina").rename(music(home) / "N")
    result = home.backup()

    (finding,) = result.found()
    assert (FindingKind.DIFFERS, b"N/01.jpg", 3) == (finding.kind, finding.path, result.code)
    assert b"a stranger" == (home.place() / "music/N/01.jpg").read_bytes()
    assert (5, [], 0) == (len(moved(result)), sent(result), home.verify("red").code)
    (home.place() / "music/N/01.jpg").unlink()
    assert {b"N/01.jpg": b"music/Nina/01.jpg"} == moved(home.backup())
    assert_mirrored(home)


def test_a_dry_run_says_what_would_move_and_touches_no_location(tmp_path):
    """Who looks first sees that nothing will be sent."""
    home = Home(tmp_path, PLACES)
    album(home)
    home.backup()
    before = tree(home.place())
    (music(home) / "Nina").rename(music(home) / "N")
    with Archive.open(home.config, Access.WRITE) as archive:
        result = ran(backup.backup(archive, dry_run=True))

    would = [event for event in result.events if isinstance(event, WouldMove)]
    assert [(b"N/%02d.jpg" % n, b"music/Nina/%02d.jpg" % n, PLACES) for n in range(6)] == [
        (event.path, event.was, event.locations) for event in would
    ]
    assert [] == [event for event in result.events if isinstance(event, WouldCopy)]
    assert (0, [], before) == (result.code, result.found(), tree(home.place()))
    assert 6 == len(moved(home.backup(), "blue"))
    assert_mirrored(home, *PLACES)


def test_a_lost_catalogue_brings_the_names_back_from_the_manifest(tmp_path, written):
    """Moved lines are read like all others: by adoption, by a bare restore, and by the next run."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    (music(home) / "Nina").rename(music(home) / "N")
    shuffle(home, {"N/00.jpg": "N/01.jpg", "N/01.jpg": "N/00.jpg", "N/02.jpg": "N/07.jpg"})
    home.backup()
    home.lose_snapshots()
    home.lose_catalogue()
    home.adopt(home.place())
    sent_before = len(written())
    result = home.backup()

    assert ([], {}, [], sent_before) == (sent(result), moved(result), result.found(), len(written()))
    restore_bare(home.place(), tmp_path / "back")
    assert tree(music(home)) == tree(tmp_path / "back")
    assert_mirrored(home)


def test_a_run_that_died_after_its_seal_learns_the_names_from_the_location(tmp_path):
    """The seal outranks the catalogue: what it says was moved is not moved again."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    shutil.copytree(home.catalogue.parent, tmp_path / "before")
    (music(home) / "Nina").rename(music(home) / "N")
    home.backup()
    shutil.rmtree(home.catalogue.parent)
    shutil.copytree(tmp_path / "before", home.catalogue.parent)
    result = home.backup()

    assert (0, [], [], {}) == (result.code, sent(result), result.found(), moved(result))
    assert_mirrored(home)


def test_a_move_and_rot_are_told_apart(tmp_path):
    """A copy that rotted under an unmoved stat moves as it is: only a reading can show that, and verify does."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    flip_byte(home.place() / "music/Nina/01.jpg")
    (music(home) / "Nina").rename(music(home) / "N")
    home.backup()

    assert [b"N/01.jpg"] == [finding.path for finding in home.verify("red").found(FindingKind.DAMAGED)]
    home.backup()
    assert_mirrored(home)


@pytest.mark.parametrize("first", PLACES)
def test_two_manifests_that_tell_of_one_move_tell_of_one_entry(tmp_path, written, first):
    """Each chain begins with the old names: what the other one told must not become a second entry."""
    home = Home(tmp_path, PLACES)
    album(home)
    home.backup()
    (music(home) / "Nina").rename(music(home) / "N")
    home.backup()
    for name in PLACES:
        home.lose_snapshots(name)
    home.lose_catalogue()
    for name in (first, *(name for name in PLACES if name != first)):
        home.adopt(home.place(name))
    sent_before = len(written())
    result = home.backup()

    assert ([], {}, [], sent_before) == (sent(result), moved(result), result.found(), len(written()))
    assert [(7,)] == home.ask("SELECT count(*) FROM entries")
    assert_mirrored(home, *PLACES)


def test_a_manifest_that_is_behind_is_led_on_by_one_that_knows_the_move(tmp_path, written):
    """The drive that was away is adopted first; what the other one tells of the move holds for it too."""
    home = Home(tmp_path, PLACES)
    album(home)
    home.backup()
    home.place("blue").rename(tmp_path / "away")
    (music(home) / "Nina").rename(music(home) / "N")
    home.backup()
    (tmp_path / "away").rename(home.place("blue"))
    for name in PLACES:
        home.lose_snapshots(name)
    home.lose_catalogue()
    home.adopt(home.place("blue"))
    home.adopt(home.place("red"))
    sent_before = len(written())
    result = home.backup()

    assert (6, [], [], sent_before) == (
        len(moved(result, "blue")),
        sent(result),
        result.found(),
        len(written()),
    )
    assert_mirrored(home, *PLACES)


def test_other_letters_in_a_library_that_finds_names_by_either_are_a_move(tmp_path, monkeypatch):
    """On FAT and macOS disks the old name still leads to the file: that is not a file that was overlooked."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    shuffle(home, {"Nina/01.jpg": "Nina/01.JPG"})
    monkeypatch.setattr(absence, "is_absent", lambda root, path: not path.endswith(b"01.jpg"))
    monkeypatch.setattr(os.path, "samefile", lambda one, other: one.lower() == other.lower())
    result = home.backup()

    assert ({b"Nina/01.JPG": b"music/Nina/01.jpg"}, []) == (moved(result), result.found())


def test_bytes_on_a_file_system_without_lasting_inodes_are_read(tmp_path, monkeypatch, written):
    """FAT and many network mounts make inode numbers up: there only the bytes say what moved."""
    home = Home(tmp_path)
    album(home)
    home.backup()
    monkeypatch.setattr(scan, "trusts_ctime", lambda kind: False)
    sent_before = len(written())
    shuffle(home, {"Nina/01.jpg": "Nina/new.jpg", "Nina/02.jpg": "Nina/03.jpg", "Nina/03.jpg": "Nina/02.jpg"})
    os.utime(music(home) / "Nina/02.jpg", ns=(OLD, OLD + 10**9))
    os.utime(music(home) / "Nina/03.jpg", ns=(OLD, OLD + 10**9))
    result = home.backup()

    assert (3, [], [], sent_before) == (len(moved(result)), sent(result), result.found(), len(written()))
    assert_mirrored(home)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False))
def test_any_shuffle_of_names_is_followed_without_sending_a_byte(tmp_path_factory, dice):
    """Whatever people do to their folders, a location becomes what the library is, by renames alone."""
    home = Home(tmp_path_factory.mktemp("shuffle"), PLACES)
    album(home, 9)
    home.backup()
    names = [f"Nina/{number:02d}.jpg" for number in range(9)] + ["beside.jpg"]
    free = [f"{folder}/{number:02d}.jpg" for folder in ("Nina", "nina", "A/B") for number in range(9, 12)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relocation, "TOGETHER", dice.choice((1, 3, 1000)))
        for _ in range(2):
            chosen = dice.sample(names, dice.randint(1, len(names)))
            targets = dice.sample([*chosen, *free], len(chosen))
            shuffle(home, dict(zip(chosen, targets, strict=True)))
            names = [name for name in names if name not in chosen] + targets
            free = [name for name in [*free, *chosen] if name not in names]
            result = home.backup()
            assert (0, [], []) == (result.code, sent(result), result.found())
    assert [] == home.ask("SELECT * FROM versions")
    assert_mirrored(home, *PLACES)
