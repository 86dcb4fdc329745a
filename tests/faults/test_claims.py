"""Claims that must stay true: dates of verification, kept versions, contents behind a key."""

from __future__ import annotations

import hashlib
import os
import shutil

from fonoteca.archive import Access, Archive
from fonoteca.core.finding import FindingKind
from fonoteca.tasks import backup
from fonoteca.tasks.manifest import closing
from support.archives import OLD, Home, flip_byte, ran

SECOND = 1_000_000_000


def backup_at(home: Home, now_ns: int, places: list[str] | None = None):
    """Back up as if it were `now_ns`."""
    with Archive.open(home.config, Access.WRITE, now=lambda: now_ns) as archive:
        return ran(backup.backup(archive, places))


def roll_back(home: Home, image) -> None:
    """Put the place back to what it was when the image was taken."""
    for name in (".fonoteca", "music"):
        shutil.rmtree(home.place() / name)
        shutil.copytree(image / name, home.place() / name, symlinks=True)


def image_of(home: Home, image) -> None:
    """Keep the place as it is now."""
    shutil.copytree(home.place(), image, symlinks=True)


def write_versions(home: Home, name: str, *contents: bytes) -> None:
    """Write and back up one content after the other under one name."""
    for content in contents:
        write_versions.clock += SECOND
        home.write(name, content, mtime_ns=write_versions.clock)
        home.backup()


write_versions.clock = OLD


def test_setting_a_time_is_not_a_verification(tmp_path):
    """A copy that was given another mtime was not read: the date of its last check stands."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    backup_at(home, 2 * OLD)
    before = home.ask("SELECT level, verified_ns FROM copies")
    os.utime(tmp_path / "music/a.jpg", ns=(OLD + 9, OLD + 9))
    backup_at(home, 2 * OLD + 100 * 86_400 * SECOND)

    assert before == home.ask("SELECT level, verified_ns FROM copies")


def test_setting_a_time_does_not_hide_what_was_changed_at_the_location(tmp_path):
    """Strange bytes under a key stay recognisable, so that they never become a version under another's digest."""
    home = Home(tmp_path)
    home.write("a.jpg", b"first")
    home.backup()
    there = home.place() / "music/a.jpg"
    there.write_bytes(b"OTHER")  # edited in the mirror: its mtime moved
    os.utime(tmp_path / "music/a.jpg", ns=(OLD + 9 * SECOND, OLD + 9 * SECOND))
    home.backup()
    home.write("a.jpg", b"second", mtime_ns=OLD + 20 * SECOND)
    home.backup()

    for key, sha256 in home.ask("SELECT v.key, c.sha256 FROM versions v JOIN contents c ON c.id = v.content"):
        blob = (home.place() / os.fsdecode(key)).read_bytes()
        assert sha256.hex() == hashlib.sha256(blob).hexdigest(), f"the version {key!r} holds {blob!r}"


def test_an_mtime_that_moved_while_a_location_was_away_is_set_when_it_is_back(tmp_path):
    """A plain mirror keeps mtimes, also at the drive that lay in a drawer that day."""
    home = Home(tmp_path, ("red", "blue"))
    home.write("a.jpg", b"x")
    home.backup()
    os.utime(tmp_path / "music/a.jpg", ns=(OLD + SECOND, OLD + SECOND))
    backup_at(home, 2 * OLD, ["red"])
    home.backup()
    home.backup()

    assert OLD + SECOND == (home.place("red") / "music/a.jpg").stat().st_mtime_ns
    assert OLD + SECOND == (home.place("blue") / "music/a.jpg").stat().st_mtime_ns


def test_versions_of_before_a_rollback_are_still_recorded_after_it(tmp_path):
    """What the older state of the disk keeps under `versions/`, and its manifest names, stays named."""
    home = Home(tmp_path)
    write_versions(home, "a.jpg", b"one", b"two")
    image_of(home, tmp_path / "image")
    home.write("b.jpg", b"new")
    home.backup()
    roll_back(home, tmp_path / "image")
    home.backup()

    blobs = [path.name for path in home.place().glob(".fonoteca/versions/*/*")]
    assert [hashlib.sha256(b"one").hexdigest() + ".jpg"] == blobs
    assert [(1,)] == home.ask("SELECT count(*) FROM versions")
    told = b"".join(path.read_bytes() for path in home.segments())
    assert b'"superseded"' in told


def test_a_lost_manifest_does_not_lose_the_versions_that_we_know_of(tmp_path):
    """`.fonoteca/libraries` was deleted: the catalogue knows the versions, the blobs stand."""
    home = Home(tmp_path)
    write_versions(home, "a.jpg", b"one", b"two")
    shutil.rmtree(home.place() / ".fonoteca/libraries")
    home.backup()

    assert [(1,)] == home.ask("SELECT count(*) FROM versions")
    assert b'"superseded"' in b"".join(path.read_bytes() for path in home.segments())


def test_an_older_catalogue_does_not_undo_a_location_that_was_restated_since(tmp_path, monkeypatch):
    """A catalogue from a backup of the home folder, or a second machine's: the location is ahead, not forked."""
    monkeypatch.setattr(closing, "SEGMENT_LIMIT", 3)
    home = Home(tmp_path)
    write_versions(home, "a.jpg", b"one", b"two")
    shutil.copytree(home.catalogue.parent, tmp_path / "yesterday")
    write_versions(home, "a.jpg", *(b"%d" % number for number in range(6)))
    (kept,) = home.ask("SELECT count(*) FROM versions")[0]
    shutil.rmtree(home.catalogue.parent)
    shutil.copytree(tmp_path / "yesterday", home.catalogue.parent)
    ended = home.backup()

    assert [] == ended.found(FindingKind.ROLLED_BACK)
    assert [(kept,)] == home.ask("SELECT count(*) FROM versions")


def test_one_damaged_segment_loses_only_its_own_lines_to_an_older_catalogue(tmp_path):
    """What the other newer segments say still holds (as `location adopt` has it)."""
    home = Home(tmp_path)
    write_versions(home, "a.jpg", b"one")
    shutil.copytree(home.catalogue.parent, tmp_path / "yesterday")
    write_versions(home, "a.jpg", b"two", b"three", b"four")
    shutil.rmtree(home.catalogue.parent)
    shutil.copytree(tmp_path / "yesterday", home.catalogue.parent)
    flip_byte(home.segments()[-2], 40)
    home.backup()

    assert 2 <= home.ask("SELECT count(*) FROM versions")[0][0]


def test_a_lacking_segment_is_noticed_when_newer_lines_are_read(tmp_path):
    """A hole in the newer lines is a damaged manifest, not silence."""
    home = Home(tmp_path)
    write_versions(home, "a.jpg", b"one")
    shutil.copytree(home.catalogue.parent, tmp_path / "yesterday")
    write_versions(home, "a.jpg", b"two", b"three", b"four")
    shutil.rmtree(home.catalogue.parent)
    shutil.copytree(tmp_path / "yesterday", home.catalogue.parent)
    home.segments()[-2].unlink()
    ended = home.backup()

    assert 1 <= len(ended.found(FindingKind.MANIFEST_DAMAGED))


def test_the_sums_of_a_shared_location_keep_the_lines_of_the_other_archives_library(tmp_path):
    """Two archives, a library each, one location: SHA256SUMS speaks of all that stands there."""
    one = Home(tmp_path)
    one.write("a.jpg", b"x")
    one.backup()
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other", (), ("films",))
    other.adopt(one.place())
    other.write("f.jpg", b"film", library="films")
    other.backup()
    assert b"films/f.jpg" in (one.place() / "SHA256SUMS").read_bytes()
    one.write("b.jpg", b"y")
    one.backup()

    assert b"films/f.jpg" in (one.place() / "SHA256SUMS").read_bytes()


def test_a_persons_own_sha256sums_is_not_lost(tmp_path):
    """An existing mirror may hold a SHA256SUMS of its owner's making."""
    home = Home(tmp_path)
    (home.place() / "SHA256SUMS").write_bytes(b"my own sums of ten years\n")
    home.write("a.jpg", b"x")
    home.backup()

    every = [path.read_bytes() for path in home.place().rglob("*") if path.is_file()]
    assert b"my own sums of ten years\n" in every
