"""Rules of `backup`, on real folders and a real catalogue."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Copied, LibraryFailed, Scanned, WouldCopy
from fonoteca.core.finding import FindingKind
from fonoteca.disk import calls
from fonoteca.errors import Locked
from fonoteca.tasks import backup
from fonoteca.tasks.copying import drafts
from fonoteca.tasks.manifest import closing
from support import faults
from support.archives import OLD, Home, ran, tree

LATER = OLD + 5_000_000_000


def music(home: Home, name: str = "red") -> dict:
    """Return all that lies under the library at a place."""
    return tree(home.place(name) / "music")


def files(home: Home, name: str = "red") -> dict:
    """Return the files under the library at a place."""
    return {path: what for path, what in music(home, name).items() if what[0] == "file"}


def library_files(home: Home) -> dict:
    """Return the files of the library itself."""
    return {path: what for path, what in tree(home.base / "music").items() if what[0] == "file"}


def test_every_file_stands_at_every_location_with_its_bytes_and_mtime(tmp_path):
    """The main job."""
    home = Home(tmp_path, ("red", "blue"))
    home.fill()

    ended = home.backup()

    assert 0 == ended.code
    assert library_files(home) == files(home, "red") == files(home, "blue")


def test_a_second_run_reads_and_copies_nothing(tmp_path):
    """A backup that runs every six hours must cost nothing while nothing happens."""
    home = Home(tmp_path)
    home.fill()
    home.backup()
    home.ask("SELECT 1")
    with Archive.open(
        home.config, Access.WRITE
    ) as archive:  # the files are seconds old: racy, and so read again
        archive.catalogue.execute("UPDATE entries SET trusted = 1")

    again = home.backup()

    assert 0 == again.code
    assert [] == [event for event in again.events if isinstance(event, Copied)]
    (scanned,) = (event for event in again.events if isinstance(event, Scanned))
    assert (0, 0, 0, 0) == (scanned.new, scanned.written, scanned.touched, scanned.gone)


def test_a_written_file_becomes_a_new_version_and_the_old_one_is_kept(tmp_path):
    """Never does a new content cost the old one."""
    home = Home(tmp_path)
    home.write("a.jpg", b"old")
    home.backup()
    home.write("a.jpg", b"new", mtime_ns=LATER)

    ended = home.backup()

    kept = home.place() / ".fonoteca/versions"
    digest = hashlib.sha256(b"old").hexdigest()
    assert 0 == ended.code
    assert b"new" == (home.place() / "music/a.jpg").read_bytes()
    assert b"old" == (kept / digest[:2] / f"{digest}.jpg").read_bytes()


def test_other_bytes_under_an_unmoved_stat_are_held_and_go_nowhere(tmp_path):
    """Rot looks like this; so does a program that hides its edits. Neither may reach a copy."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"good")
    home.backup()
    path.write_bytes(b"evil")
    os.utime(path, ns=(OLD, OLD))

    ended = home.backup()

    assert 7 == ended.code
    assert [b"a.jpg"] == [each.path for each in ended.found(FindingKind.SUSPECT)]
    assert b"good" == (home.place() / "music/a.jpg").read_bytes()
    assert 7 == home.backup().code, "a hold must not wear off"


def test_a_held_file_whose_recorded_content_is_back_is_held_no_more(tmp_path):
    """The user put the good file back: there is nothing left to decide."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"good")
    home.backup()
    path.write_bytes(b"evil")
    os.utime(path, ns=(OLD, OLD))
    home.backup()
    path.write_bytes(b"good")
    os.utime(path, ns=(OLD, OLD))

    assert 0 == home.backup().code


def test_what_a_file_that_is_gone_held_is_kept_and_it_is_reported(tmp_path):
    """Deleting is not the archive's business: the mirror follows, and the bytes stay."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"x")
    home.write("b.jpg", b"y")
    home.backup()
    path.unlink()

    ended = home.backup()

    assert 0 == ended.code
    assert [b"a.jpg"] == [each.path for each in ended.found(FindingKind.GONE)]
    assert [b"x"] == [blob.read_bytes() for blob in home.place().glob(".fonoteca/versions/*/*")]
    assert not (home.place() / "music/a.jpg").exists()
    assert [] == home.backup().found(FindingKind.GONE), "said once"


def test_an_mtime_that_alone_moved_is_set_at_the_location_without_a_version(tmp_path):
    """`touch` is no edit."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"x")
    home.backup()
    os.utime(path, ns=(LATER, LATER))

    ended = home.backup()

    assert 0 == ended.code
    assert LATER == (home.place() / "music/a.jpg").stat().st_mtime_ns
    assert not (home.place() / ".fonoteca/versions").exists()


def test_an_existing_mirror_is_read_and_taken_and_not_sent_again(tmp_path):
    """Twenty years of rsync are worth something."""
    home = Home(tmp_path)
    home.fill()
    shutil.copytree(tmp_path / "music", home.place() / "music", symlinks=True)

    ended = home.backup()

    assert 0 == ended.code
    assert {"taken"} == {event.how for event in ended.events if isinstance(event, Copied)}
    assert 0 == home.verify("red").code


def test_a_differing_file_that_stands_there_is_reported_and_never_replaced(tmp_path):
    """It may be the only good one."""
    home = Home(tmp_path)
    home.write("a.jpg", b"mine")
    (home.place() / "music").mkdir(parents=True, exist_ok=True)
    (home.place() / "music/a.jpg").write_bytes(b"whose?")

    ended = home.backup()

    assert 3 == ended.code
    assert [b"a.jpg"] == [each.path for each in ended.found(FindingKind.DIFFERS)]
    assert b"whose?" == (home.place() / "music/a.jpg").read_bytes()


def test_a_copy_that_vanished_is_sent_again_by_the_next_listing(tmp_path):
    """A location is listed once a day; what is missing is put back."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    (home.place() / "music/a.jpg").unlink()
    with Archive.open(home.config, Access.WRITE) as archive:
        archive.catalogue.execute("UPDATE locations SET listed_ns = NULL")

    ended = home.backup()

    assert 4 == ended.code
    assert [b"a.jpg"] == [each.path for each in ended.found(FindingKind.MISSING)]
    assert b"x" == (home.place() / "music/a.jpg").read_bytes()
    assert 0 == home.backup().code


def test_strange_bytes_under_a_key_go_to_quarantine_before_they_are_superseded(tmp_path):
    """Somebody edited the copy: their work is put aside, not thrown away."""
    home = Home(tmp_path)
    home.write("a.jpg", b"old")
    home.backup()
    (home.place() / "music/a.jpg").write_bytes(b"strange!")
    home.write("a.jpg", b"new", mtime_ns=LATER)

    ended = home.backup()

    (aside,) = (home.place() / ".fonoteca/quarantine").rglob("*.jpg")
    assert 4 == ended.code
    assert b"strange!" == aside.read_bytes()
    assert b"new" == (home.place() / "music/a.jpg").read_bytes()


def test_a_copy_known_to_be_damaged_is_sent_again_and_the_bad_bytes_are_kept(tmp_path):
    """What rots is mended from the library, as soon as it is known."""
    home = Home(tmp_path)
    home.write("a.jpg", b"good bytes")
    home.backup()
    faults.flip_bit(home.place() / "music/a.jpg", 3)
    assert 4 == home.verify("red").code

    ended = home.backup()

    assert 4 == ended.code
    assert b"good bytes" == (home.place() / "music/a.jpg").read_bytes()
    assert 0 == home.verify("red").code
    assert 0 == home.backup().code


def test_a_full_location_fails_alone_and_clearly(tmp_path, monkeypatch):
    """One full disk must not keep the music from the others."""
    home = Home(tmp_path, ("red", "blue"))
    home.write("a.jpg", b"x" * 50_000)
    real = calls.write_all
    inside = os.stat(home.place("red")).st_ino

    def full(fd, block):
        if f"/{home.place('red').name}/" in os.readlink(f"/proc/self/fd/{fd}"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, block)

    assert inside
    home.backup()
    home.write("b.jpg", b"y" * 50_000)
    monkeypatch.setattr(calls, "write_all", full)

    ended = home.backup()

    assert 3 == ended.code
    assert [("red", "Full")] == [(each.location, each.kind) for each in ended.failed]
    assert b"y" * 50_000 == (home.place("blue") / "music/b.jpg").read_bytes()
    monkeypatch.undo()
    assert 0 == home.backup().code


def test_a_file_that_grows_while_it_is_read_is_reported_as_changing(tmp_path, monkeypatch):
    """A download in progress is not a track yet."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"x" * 1000)
    home.write("b.jpg", b"y")
    real = calls.read_into

    def growing(fd, buffer, offset):
        count = real(fd, buffer, offset)
        if os.readlink(f"/proc/self/fd/{fd}") == str(path):
            with path.open("ab") as file:
                file.write(b"x")
        return count

    monkeypatch.setattr(calls, "read_into", growing)

    ended = home.backup()

    assert 3 == ended.code
    assert [b"a.jpg"] == [each.path for each in ended.found(FindingKind.CHANGING)]
    assert [b"b.jpg"] == list(files(home))
    monkeypatch.undo()
    assert 0 == home.backup().code
    assert 0 == len(home.ask("SELECT 1 FROM findings WHERE closed_ns IS NULL"))


def test_a_file_that_cannot_be_read_makes_the_run_incomplete_and_not_its_end(tmp_path, monkeypatch):
    """One bad sector must not stop ten thousand good files."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"xxx")
    home.write("b.jpg", b"y")
    real = calls.read_into

    def failing(fd, buffer, offset):
        if os.readlink(f"/proc/self/fd/{fd}") == str(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, buffer, offset)

    monkeypatch.setattr(calls, "read_into", failing)

    ended = home.backup()

    assert 3 == ended.code
    assert [(b"a.jpg", "Input/output error")] == [
        (each.path, each.detail) for each in ended.found(FindingKind.UNREADABLE)
    ]
    assert [b"b.jpg"] == list(files(home))


def test_large_files_are_streamed_and_compared_like_small_ones(tmp_path):
    """The two ways through a reader must mean the same."""
    home = Home(tmp_path, ("red", "blue"))
    path = home.write("big.flac", os.urandom(3_000_001))
    home.backup()
    home.write("big.flac", os.urandom(2_000_000), mtime_ns=LATER)
    home.backup()
    path.write_bytes(os.urandom(2_000_000))
    os.utime(path, ns=(LATER, LATER))

    ended = home.backup()

    assert 7 == ended.code
    assert 2_000_000 == len((home.place("blue") / "music/big.flac").read_bytes())
    assert 0 == home.verify("red").code


def test_a_dry_run_says_what_would_be_sent_and_touches_no_location(tmp_path):
    """People look before they leap."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    before = tree(home.place())
    with Archive.open(home.config, Access.WRITE) as archive:
        ended = ran(backup.backup(archive, dry_run=True))

    assert 0 == ended.code
    assert [(b"a.jpg", "new", ("red",))] == [
        (event.path, event.reason, event.locations) for event in ended.events if isinstance(event, WouldCopy)
    ]
    assert before == tree(home.place())


def test_a_second_writer_is_refused_with_the_pid_of_the_first(tmp_path):
    """Two backups at once would fight over every name."""
    home = Home(tmp_path)
    with (
        Archive.open(home.config, Access.WRITE),
        pytest.raises(Locked) as refused,
        Archive.open(home.config, Access.WRITE),
    ):
        pass

    assert os.getpid() == refused.value.pid


def test_a_library_that_is_away_counts_nothing_as_gone(tmp_path):
    """An unmounted disk is not a decision to delete."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    (tmp_path / "music").rename(tmp_path / "elsewhere")

    ended = home.backup()

    assert 75 == ended.code
    assert ["LibraryAway"] == [event.kind for event in ended.events if isinstance(event, LibraryFailed)]
    assert [("present",)] == home.ask("SELECT state FROM entries")


def test_a_location_that_was_rolled_back_loses_its_claims_and_is_checked_again(tmp_path):
    """A disk restored from an image remembers less than we do: believe the disk's bytes, not our memory of it."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    home.write("b.jpg", b"y")
    home.backup()
    marker = (home.place() / ".fonoteca/location.json").read_bytes()
    for name in (".fonoteca", "music"):
        shutil.rmtree(home.place() / name)
        shutil.copytree(tmp_path / "image" / name, home.place() / name)
    (home.place() / ".fonoteca/location.json").write_bytes(marker)

    ended = home.backup()

    assert 1 == len(ended.found(FindingKind.ROLLED_BACK))
    assert library_files(home) == files(home)
    assert 0 == home.verify("red").code
    assert 0 == home.backup().code


def test_a_catalogue_older_than_its_location_reads_the_newer_lines_first(tmp_path):
    """A catalogue restored from yesterday must not send today's music again."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    shutil.copytree(home.catalogue.parent, tmp_path / "yesterday")
    home.write("b.jpg", b"y")
    home.backup()
    shutil.rmtree(home.catalogue.parent)
    shutil.copytree(tmp_path / "yesterday", home.catalogue.parent)

    ended = home.backup()

    assert 0 == ended.code
    assert [] == [event for event in ended.events if isinstance(event, Copied) and event.how != "time set"]
    assert 0 == home.verify("red").code


def test_after_many_segments_one_full_one_takes_their_place(tmp_path, monkeypatch):
    """A manifest must not grow without end."""
    monkeypatch.setattr(closing, "SEGMENT_LIMIT", 3)
    home = Home(tmp_path)
    for number in range(8):
        home.write(f"{number}.jpg", b"%d" % number)
        home.write("same.jpg", b"%d" % number, mtime_ns=OLD + number * 1_000_000_000)
        assert 0 == home.backup().code

    assert len(home.segments()) <= 6
    assert 0 == home.verify("red").code
    home.lose_catalogue()
    home.lose_snapshots()
    assert 0 == home.adopt(home.place()).code
    assert [(9,)] == home.ask("SELECT count(*) FROM copies")
    assert [(7,)] == home.ask("SELECT count(*) FROM versions")


def test_two_snapshots_of_the_catalogue_are_kept_at_a_location(tmp_path):
    """Our memory outlives our disk, and does not fill theirs."""
    home = Home(tmp_path)
    for number in range(4):
        home.write(f"{number}.jpg", b"x")
        with Archive.open(
            home.config, Access.WRITE, now=lambda day=number: OLD * 2 + day * 2 * 86_400 * 10**9
        ) as archive:
            ran(backup.backup(archive))

    assert 2 == len(list(home.place().glob(".fonoteca/libraries/*/catalogue/*.sqlite.gz")))


def test_a_lane_that_stalls_leaves_the_shared_reading_and_catches_up(tmp_path, monkeypatch):
    """A slow stick must not hold up the fast disk, and must still get everything."""
    from fonoteca.tasks.copying import reading

    monkeypatch.setattr(reading, "LAG_SECONDS", 0.5)
    monkeypatch.setattr(drafts, "DRAFT_BYTES", 4 << 20)
    home = Home(tmp_path, ("red", "blue"))
    for number in range(12):
        home.write(f"{number:02d}.pdf", os.urandom(6 << 20))
    real = calls.write_all
    gate = __import__("threading").Event()
    stuck = [True]

    def slow(fd, block):
        if stuck[0] and len(block) > 100_000 and "/red/" in os.readlink(f"/proc/self/fd/{fd}"):
            gate.wait(4.0)
            stuck[0] = False
        return real(fd, block)

    monkeypatch.setattr(calls, "write_all", slow)

    ended = home.backup()

    assert 0 == ended.code
    assert library_files(home) == files(home, "red") == files(home, "blue")


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_time_beyond_the_year_2262_ends_nothing(tmp_path, size):
    """A camera or a clock gone wild: the file is copied like any other, and is as recorded ever after."""
    home = Home(tmp_path)
    path = home.write("a.jpg", os.urandom(size))
    subprocess.run(["touch", "-d", "2400-01-01", path], check=True)

    assert [0, 0] == [home.backup().code, home.backup().code]
    assert path.read_bytes() == (home.place() / "music/a.jpg").read_bytes()
    assert 0 == home.verify().code
    assert 1 == len(home.ask("SELECT 1 FROM copies"))
    assert 0 == len(home.ask("SELECT 1 FROM versions"))
