"""Verify finds what is wrong, says how bad it is, and records what is right with level and date."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.copy import Level
from fonoteca.core.finding import FindingKind
from fonoteca.core.report import ExitCode
from fonoteca.errors import CatalogueError, Interrupted, UsageError
from fonoteca.tasks.verify import verify
from support.archives import Home, ran, verify_bare
from support.faults import cut_short
from support.faults import flip_bit as flip_byte

COVER = b"Nina Simone/cover.jpg"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive with two locations, backed up."""
    made = Home(tmp_path, ("red", "blue"))
    made.fill()
    made.backup()
    return made


def test_a_whole_archive_is_verified_with_a_level_for_each_copy(home: Home) -> None:
    """Nothing says "verified" without how, and libraries are read as well as locations."""
    found = home.verify()

    assert ([], []) == (found.found(), found.failed)
    assert ExitCode.DONE == found.code
    assert found.verified.keys() == home.verify("red").verified.keys()
    assert min(found.verified.values()) >= Level.BYTES


def test_a_flipped_byte_is_damage_named_by_its_path_and_both_digests(home: Home) -> None:
    """A person wants to know which track, and what was expected."""
    flip_byte(home.place() / "music" / os.fsdecode(COVER))

    found = home.verify("red")

    (damage,) = found.found()
    assert (FindingKind.DAMAGED, COVER, True) == (damage.kind, damage.path, damage.repairable)
    assert "expected sha256" in damage.detail
    assert "found sha256" in damage.detail
    assert ExitCode.REPAIRABLE == found.code


def test_damage_of_the_only_copy_of_a_vanished_file_is_lost(tmp_path: Path) -> None:
    """Exit 5 is for what nothing known can repair."""
    home = Home(tmp_path)
    gone = home.write("only.jpg", b"only")
    home.write("other.jpg", b"other")
    home.backup()
    gone.unlink()
    home.scan()
    flip_byte(home.place() / "music/only.jpg")

    found = home.verify("red")

    assert [False] == [each.repairable for each in found.found(FindingKind.DAMAGED)]
    assert ExitCode.LOST == found.code


def test_a_cut_file_is_damage_without_being_read(home: Home) -> None:
    """Its size alone says so, at level size too."""
    cut_short(home.place() / "music" / os.fsdecode(COVER), 10)

    found = home.verify("red", level=Level.SIZE)

    (damage,) = found.found()
    assert FindingKind.DAMAGED == damage.kind
    assert "found 10" in damage.detail
    assert ExitCode.REPAIRABLE == found.code


def test_a_missing_file_is_found(home: Home) -> None:
    """What should stand and does not is damage."""
    (home.place() / "music" / os.fsdecode(COVER)).unlink()

    found = home.verify("red", level=Level.EXISTENCE)

    assert [(FindingKind.MISSING, COVER)] == [(each.kind, each.path) for each in found.found()]
    assert ExitCode.REPAIRABLE == found.code


def test_an_extra_file_is_listed_and_no_alarm(home: Home) -> None:
    """A location is a plain folder: people may put things there."""
    (home.place() / "music/mine.txt").write_text("mine")

    found = home.verify("red")

    assert [(FindingKind.EXTRA, b"music/mine.txt")] == [(each.kind, each.path) for each in found.found()]
    assert ExitCode.DONE == found.code


def test_another_date_is_said_and_no_damage(home: Home) -> None:
    """The content is what counts; a player may touch a file."""
    os.utime(home.place() / "music" / os.fsdecode(COVER), (1, 1))

    found = home.verify("red")

    assert ExitCode.DONE == found.code
    assert "another date" in found.said


def test_what_was_damaged_is_not_good_again_by_a_weaker_look(home: Home) -> None:
    """Only reading proves that bytes are right."""
    flip_byte(home.place() / "music" / os.fsdecode(COVER))
    home.verify("red")

    assert ExitCode.REPAIRABLE == home.verify("red", level=Level.SIZE).code


def test_what_was_put_right_by_hand_is_good_again(home: Home) -> None:
    """The catalogue follows the bytes, and the open finding is closed."""
    copy = home.place() / "music" / os.fsdecode(COVER)
    flip_byte(copy)
    home.verify("red")
    flip_byte(copy)

    assert ExitCode.DONE == home.verify("red").code
    assert [] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")
    assert [] == home.ask("SELECT key FROM copies WHERE state <> 'good'")


def test_a_weaker_verify_leaves_the_stronger_level(home: Home) -> None:
    """`--level size` today must not hide that the bytes were read yesterday."""
    home.verify()
    before = home.ask("SELECT key, level, verified_ns FROM copies ORDER BY location, key")

    home.verify("red", "blue", level=Level.SIZE)

    assert before == home.ask("SELECT key, level, verified_ns FROM copies ORDER BY location, key")


def test_a_level_that_cannot_be_reached_is_said(home: Home) -> None:
    """Folders keep no digests of their own: asked for `digest`, the run was less than that."""
    found = home.verify("red", level=Level.DIGEST)

    assert ExitCode.INCOMPLETE == found.code
    assert "at level size, not digest" in found.failed[0].sentence


def test_sha256_is_compared_when_asked_for(home: Home) -> None:
    """The digest that strangers use: a wrong one is seen even where the fast digest is right."""
    connection = sqlite3.connect(home.catalogue)
    connection.execute("UPDATE contents SET sha256 = zeroblob(32) WHERE size = 5000")
    connection.commit()
    connection.close()

    assert [] == home.verify("red").found()
    assert [COVER] == [each.path for each in home.verify("red", sha256=True).found()]


def test_other_bytes_in_the_library_are_found_and_held(home: Home) -> None:
    """The library is read too; what somebody wrote under the old times waits for a word, and is never copied out."""
    flip_byte(home.base / "music" / os.fsdecode(COVER))

    found = home.verify("music")

    (suspect,) = found.found()
    assert (FindingKind.SUSPECT, COVER) == (suspect.kind, suspect.path)
    assert "good copies at blue, red" in suspect.detail
    assert ExitCode.HELD == found.code
    assert [(b"cover.jpg",)] == home.ask("SELECT name FROM entries WHERE state = 'held'")


def test_a_library_file_written_since_is_only_counted(home: Home) -> None:
    """An edit is the next backup's matter."""
    home.write("Nina Simone/cover.jpg", b"another cover", mtime_ns=1)

    found = home.verify("music")

    assert ExitCode.DONE == found.code
    assert "written or removed since its last scan, and not compared: 1." in found.said


def test_a_version_is_verified_like_a_copy(home: Home) -> None:
    """What was superseded is kept to be used one day."""
    home.write("Nina Simone/cover.jpg", b"another cover", mtime_ns=1)
    home.backup()
    (blob,) = [each for each in home.place().glob(".fonoteca/versions/*/*") if each.is_file()]
    assert ExitCode.DONE == home.verify("red").code
    flip_byte(blob)

    found = home.verify("red")

    (damage,) = found.found()
    assert (FindingKind.DAMAGED, COVER, True) == (damage.kind, damage.path, damage.repairable)
    assert "an earlier version" in damage.detail


def test_a_location_that_fails_fails_alone(home: Home) -> None:
    """The others are verified all the same."""
    home.place("red").rename(home.base / "elsewhere")

    found = home.verify()

    assert ["red"] == [each.location for each in found.failed]
    assert COVER in found.verified
    assert ExitCode.AWAY == found.code


def test_stopping_keeps_what_was_verified(home: Home) -> None:
    """Ctrl-C between two files: what was read until then is recorded."""
    connection = sqlite3.connect(home.catalogue)
    connection.execute("UPDATE copies SET level = 1, verified_ns = NULL")
    connection.commit()
    connection.close()

    class Soon:
        requested = False
        signal_number = 2

    stop = Soon()
    with Archive.open(home.config, Access.WRITE, stop=stop) as archive:
        events = verify(archive, ["red", "blue"])
        with pytest.raises(Interrupted):
            for event in events:
                stop.requested = stop.requested or getattr(event, "location", None) == "blue"

    levels = dict(
        home.ask("SELECT l.name, min(p.level) FROM copies p JOIN locations l ON l.id = p.location GROUP BY 1")
    )
    assert levels["red"] >= Level.BYTES
    assert levels["blue"] == Level.EXISTENCE


def test_an_unknown_place_is_a_usage_error(home: Home) -> None:
    """Nothing is verified by mistake."""
    with pytest.raises(UsageError, match="green"):
        home.verify("green")


def test_a_damaged_catalogue_is_said_before_anything_is_judged_by_it(home: Home) -> None:
    """Copies cannot be held against a memory that is itself wrong."""
    with home.catalogue.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(60_000))

    with pytest.raises(CatalogueError):
        home.verify()


# manifests


def test_an_altered_manifest_is_damage_and_written_anew_by_the_next_backup(home: Home) -> None:
    """The catalogue still knows; the location's own word is restated."""
    flip_byte(home.segments()[0], 200)

    found = home.verify("red")

    assert [True] == [each.repairable for each in found.found(FindingKind.MANIFEST_DAMAGED)]
    assert ExitCode.REPAIRABLE == found.code
    home.backup()
    assert ExitCode.DONE == home.verify("red").code


def test_a_cut_manifest_is_damage(home: Home) -> None:
    """A torn segment has no seal."""
    newest = home.segments()[-1]
    cut_short(newest, newest.stat().st_size - 20)

    assert 1 == len(home.verify("red").found(FindingKind.MANIFEST_DAMAGED))


def test_a_lacking_segment_is_damage(home: Home) -> None:
    """HEAD names one that is not there."""
    home.segments()[-1].unlink()

    assert 1 == len(home.verify("red").found(FindingKind.MANIFEST_DAMAGED))


def test_a_location_that_was_rolled_back_is_found_and_checked_anew(home: Home, tmp_path: Path) -> None:
    """A snapshot or a clone came back: its claims fall, what it lacks is missing, the rest is read again."""
    import shutil

    shutil.copytree(home.place(), tmp_path / "older", symlinks=True)
    home.write("later.jpg", b"later")
    home.backup()
    shutil.rmtree(home.place())
    (tmp_path / "older").rename(home.place())

    found = home.verify("red")

    assert 1 == len(found.found(FindingKind.ROLLED_BACK))
    assert [b"later.jpg"] == [each.path for each in found.found(FindingKind.MISSING)]
    assert COVER in found.verified


def test_newer_lines_at_a_location_are_read_first(home: Home, tmp_path: Path) -> None:
    """Another catalogue wrote there since: the newest seal outranks our memory."""
    import shutil

    shutil.copytree(home.catalogue.parent, tmp_path / "older")
    home.write("later.jpg", b"later")
    home.backup()
    shutil.rmtree(home.catalogue.parent)
    (tmp_path / "older").rename(home.catalogue.parent)

    found = home.verify("red")

    assert ExitCode.DONE == found.code
    assert b"later.jpg" in found.verified


# bare


def test_a_bare_location_is_verified_by_its_own_word(home: Home, tmp_path: Path) -> None:
    """Neither config nor catalogue: what its manifest says is what counts."""
    home.lose_catalogue()

    found = verify_bare(home.place())

    assert ExitCode.DONE == found.code
    assert COVER in found.verified


def test_damage_at_a_bare_location_is_five_and_says_what_is_not_known(home: Home) -> None:
    """Another copy may well exist, but nobody here knows."""
    flip_byte(home.place() / "music" / os.fsdecode(COVER))

    found = verify_bare(home.place())

    (damage,) = found.found()
    assert damage.repairable is None
    assert "not known here" in damage.detail
    assert ExitCode.LOST == found.code


def test_a_folder_that_is_no_location_is_said_clearly(tmp_path: Path) -> None:
    """Nothing is guessed about a plain folder."""
    with pytest.raises(UsageError, match="no fonoteca location"):
        verify_bare(tmp_path)


def test_a_bare_location_is_not_written_to(home: Home) -> None:
    """It may be the last copy there is, on a drive mounted read-only."""
    before = sorted((each, each.lstat().st_mtime_ns) for each in home.place().rglob("*"))

    verify_bare(home.place())

    assert before == sorted((each, each.lstat().st_mtime_ns) for each in home.place().rglob("*"))


def test_a_bare_copy_of_a_location_on_another_disk_can_be_verified(home: Home) -> None:
    """In need one reads what there is: a location that was copied to another file system by hand."""
    marker = home.place() / ".fonoteca/location.json"
    marker.write_text(marker.read_text().replace('"file_system": "', '"file_system": "elsewhere '))

    assert ExitCode.DONE == verify_bare(home.place()).code


def test_a_bare_location_with_a_damaged_manifest_is_read_as_far_as_it_can_be(home: Home) -> None:
    """What one segment lost, SHA256SUMS still knows."""
    home.write("later.jpg", b"later")
    home.backup()
    flip_byte(home.segments()[-1], 300)

    found = verify_bare(home.place())

    assert 1 == len(found.found(FindingKind.MANIFEST_DAMAGED))
    assert {b"later.jpg", COVER} <= found.verified.keys()
    assert "SHA256SUMS" in found.said


def test_a_bare_location_without_manifest_is_read_by_its_sums(home: Home) -> None:
    """Everything of ours is gone but the list that anybody can read."""
    import shutil

    shutil.rmtree(home.place() / ".fonoteca/libraries")
    flip_byte(home.place() / "music" / os.fsdecode(COVER))

    found = verify_bare(home.place())

    assert [COVER] == [each.path for each in found.found(FindingKind.DAMAGED)]
    assert b"Nina Simone/Pastel Blues/booklet.pdf" in found.verified


def test_a_cut_off_run_is_unfinished_and_not_damage(home: Home) -> None:
    """A power cut between publishing and sealing leaves an intent: the next backup completes it."""
    segments = home.segments()
    manifest = segments[-1].parent
    from fonoteca.core.digest import digest
    from fonoteca.core.entry import Content, LibraryId, RelPath
    from fonoteca.core.manifest.lines import AddStep, Intent, Segment
    from fonoteca.core.manifest.segment import SegmentWriter
    from fonoteca.core.place import Key

    data = b"half done"
    found = digest(data)
    content = Content(found.sha256, len(data), found.xxh3_128)
    library = LibraryId(manifest.parent.name)
    writer = SegmentWriter(Segment(9, library, "0" * 64, 0, "test", False))
    step = AddStep(Key(b"music/half.jpg"), RelPath(b"half.jpg"), content, 0)
    (manifest / "00000009.open.jsonl").write_bytes(writer.opening + writer.add(Intent("batch", (step,), 0)))
    (home.place() / "music/half.jpg").write_bytes(data)

    for run in (home.verify("red"), verify_bare(home.place())):
        assert [FindingKind.UNFINISHED] == [each.kind for each in run.found()]
        assert ExitCode.INCOMPLETE == run.code


def test_the_task_can_be_run_on_an_archive_that_holds_nothing(tmp_path: Path) -> None:
    """Nothing to verify is nothing wrong."""
    home = Home(tmp_path)
    with Archive.open(home.config, Access.WRITE) as archive:
        assert ExitCode.DONE == ran(verify(archive)).code
