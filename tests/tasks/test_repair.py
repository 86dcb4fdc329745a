"""A repair puts the recorded bytes back, from a copy that proves right, and loses nothing."""

from __future__ import annotations

import hashlib
import os
import shutil

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Repaired, WouldRepair
from fonoteca.core.finding import FindingKind
from fonoteca.disk import calls
from fonoteca.errors import UsageError
from fonoteca.tasks import repair
from support import faults
from support.archives import OLD, Home, flip_byte, ran, repair_bare, tree, verify_bare

GOOD = {b"a.jpg": b"a" * 5000, b"deep/b.jpg": os.urandom(300_000), b"empty.txt": b""}
PLACES = ("red", "blue", "green")


@pytest.fixture
def home(tmp_path):
    """Three files at three locations; the middle one was edited once, so that a version is kept."""
    home = Home(tmp_path, PLACES)
    for path, data in GOOD.items():
        home.write(path, data)
    home.write("deep/b.jpg", b"the first one", mtime_ns=OLD - 10**9)
    home.backup()
    home.write("deep/b.jpg", GOOD[b"deep/b.jpg"])
    home.backup()
    return home


def music(home, name="red"):
    """A location's music, as bytes."""
    return {
        path: data for path, (kind, data, _) in tree(home.place(name) / "music").items() if kind == "file"
    }


def version(home, name="red"):
    """The one kept version at a location."""
    (found,) = (home.place(name) / ".fonoteca/versions").glob("*/*")
    return found


def quarantine(home, name="red"):
    """All bytes in a location's quarantine."""
    return sorted(each.read_bytes() for each in (home.place(name) / ".fonoteca/quarantine").glob("*/*"))


def did(ran_, kind=Repaired):
    """What was repaired, or would be: (location, path, source)."""
    return [(each.location, each.path, each.source) for each in ran_.events if isinstance(each, kind)]


def rot_in_library(home, path):
    """Bytes that differ while the stat stands still, as the next look will see it: from below the file system."""
    whole = home.base / "music" / path
    flip_byte(whole)
    found = whole.stat()
    with Archive.open(home.config, Access.WRITE) as archive:
        archive.catalogue.execute(
            "UPDATE entries SET ctime_ns = ?, inode = ? WHERE name = ?",
            (found.st_ctime_ns, found.st_ino, os.fsencode(os.path.basename(path))),
        )
    return whole


def forget_library(home):
    """The library's own files are no source: somebody deleted them."""
    shutil.rmtree(home.base / "music")
    (home.base / "music").mkdir()


def test_the_plan_names_the_source_and_touches_nothing(home):
    """What replaces, shows first."""
    flip_byte(home.place("red") / "music/a.jpg")
    home.scrub("red")
    before = [tree(home.base / name) for name in ("music", *PLACES)]

    planned = home.repair("red")

    (step,) = [each for each in planned.events if isinstance(each, WouldRepair)]
    assert ("red", b"a.jpg", "copy", "damaged") == (step.location, step.path, step.what, step.why)
    assert step.source in ("blue", "green")
    assert step.source_verified_ns is not None
    assert 4 == planned.code
    assert before == [tree(home.base / name) for name in ("music", *PLACES)]


def test_a_damaged_copy_is_put_right_and_the_bad_bytes_are_kept(home):
    """Byte for byte, with the date it had; the finding ends."""
    target = home.place("red") / "music/a.jpg"
    flip_byte(target)
    bad = target.read_bytes()
    home.scrub("red")

    done = home.repair("red", apply=True)

    assert (4, GOOD) == (done.code, music(home))
    assert [bad] == quarantine(home)
    assert OLD == target.stat().st_mtime_ns
    assert [] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")
    assert [] == home.ask("SELECT key FROM copies WHERE state <> 'good' OR level < 4")
    assert (0, 0) == (home.verify("red").code, verify_bare(home.place("red")).code)
    assert ([], 0) == (did(again := home.repair("red", apply=True)), again.code)


def test_missing_and_damaged_copies_and_versions_come_back_without_the_library(home):
    """What `backup` cannot mend: the library's disk is gone."""
    flip_byte(home.place("red") / "music/a.jpg")
    (home.place("red") / "music/deep/b.jpg").unlink()
    kept = version(home)
    flip_byte(kept)
    version(home, "blue").unlink()
    forget_library(home)
    home.scrub("red", "blue")

    done = home.repair(apply=True)

    assert 4 == done.code
    assert GOOD == music(home)
    assert b"the first one" == kept.read_bytes() == version(home, "blue").read_bytes()
    assert 0 == home.verify(*PLACES).code


def test_the_recorded_digest_decides_and_not_the_majority(home):
    """Two locations agree on wrong bytes; the third holds what was recorded."""
    wrong = b"x" * 5000
    for name in ("red", "blue"):
        target = home.place(name) / "music/a.jpg"
        target.write_bytes(wrong)
        os.utime(target, ns=(OLD, OLD))
    forget_library(home)
    home.scrub("red")
    with Archive.open(home.config, Access.WRITE) as archive:  # so that blue is tried before green
        archive.catalogue.execute(
            "UPDATE copies SET verified_ns = 1 WHERE location = (SELECT id FROM locations WHERE name = 'green')"
        )

    done = home.repair(apply=True)

    assert [GOOD] * 3 == [music(home, name) for name in PLACES]
    assert {("red", b"a.jpg"), ("blue", b"a.jpg")} == {each[:2] for each in did(done)}
    assert ([wrong], [wrong], 4) == (quarantine(home, "blue"), quarantine(home), done.code)


def test_a_source_that_is_bad_too_is_said_and_the_next_one_serves(home):
    """A copy is believed while it is read, not before."""
    for name in ("red", "blue"):
        flip_byte(home.place(name) / "music/a.jpg")
    home.scrub("red")

    done = home.repair("red", source="blue", apply=True)
    then = home.repair("red", source="green", apply=True)

    assert ([], 4) == (did(done), done.code)
    assert {(FindingKind.DAMAGED, "blue"), (FindingKind.DAMAGED, "red")} == {
        (each.kind, each.location) for each in done.found()
    }
    assert [("red", b"a.jpg", "green")] == did(then)
    assert GOOD == music(home)


def test_where_nothing_good_is_known_nothing_is_touched(home):
    """Exit 5, and every byte as it was: also bad bytes may be the best there are."""
    for name in PLACES:
        flip_byte(home.place(name) / "music/a.jpg")
    forget_library(home)
    home.scrub(*PLACES)
    before = {name: tree(home.place(name)) for name in PLACES}

    assert [5, 5] == [home.repair(apply=apply).code for apply in (False, True)]
    assert before == {name: tree(home.place(name)) for name in PLACES}


def test_an_old_finding_is_looked_at_again(home):
    """What was put right by hand is recorded as right, and nothing is written."""
    target = home.place("red") / "music/a.jpg"
    flip_byte(target)
    home.scrub("red")
    flip_byte(target)
    before = tree(home.place("red"))

    done = home.repair("red", apply=True)

    assert ([], 0, before) == (did(done), done.code, tree(home.place("red")))
    assert [] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")


def test_a_library_file_is_only_repaired_when_that_is_asked(home):
    """Nobody writes into a person's music unasked."""
    whole = rot_in_library(home, "a.jpg")
    bad = whole.read_bytes()
    whole.chmod(0o640)
    home.scrub(libraries=["music"])
    assert 7 != home.repair(apply=True).code
    assert bad == whole.read_bytes()
    with pytest.raises(UsageError, match="--library"):
        home.repair("music", apply=True)
    planned = home.repair("music", libraries=True)
    assert ([(None, b"a.jpg")], 4) == ([each[:2] for each in did(planned, WouldRepair)], planned.code)
    assert bad == whole.read_bytes()

    done = home.repair("music", libraries=True, apply=True)

    assert ([(None, b"a.jpg")], 4) == ([each[:2] for each in did(done)], done.code)
    assert (GOOD[b"a.jpg"], OLD) == (whole.read_bytes(), whole.stat().st_mtime_ns)
    assert 0o640 == whole.stat().st_mode & 0o7777
    assert [bad] == quarantine(home)
    assert sorted(["a.jpg", "deep", "empty.txt"]) == sorted(os.listdir(home.base / "music"))
    assert [("present",)] == home.ask("SELECT DISTINCT state FROM entries")
    assert 0 == home.backup().code
    told = home.ask("SELECT type, path, location FROM events WHERE type <> 'replication' ORDER BY id")
    assert [("recovery", b"a.jpg", None), ("quarantine", b"a.jpg", None)] == told


def test_a_library_file_that_changes_at_the_last_moment_is_left_alone(home, monkeypatch):
    """A tagger that saves while we write keeps its work."""
    whole = rot_in_library(home, "a.jpg")
    home.scrub(libraries=["music"])
    real = calls.fchmod

    def save_meanwhile(fd, mode):
        whole.write_bytes(b"saved by a tagger")
        return real(fd, mode)

    monkeypatch.setattr(calls, "fchmod", save_meanwhile)

    done = home.repair("music", libraries=True, apply=True)

    assert ([], b"saved by a tagger") == (did(done), whole.read_bytes())
    assert sorted(["a.jpg", "deep", "empty.txt"]) == sorted(os.listdir(home.base / "music"))


def test_a_library_file_whose_bad_bytes_cannot_be_kept_is_left_alone(home):
    """Bad bytes may be half good: they are lost to nobody."""
    whole = rot_in_library(home, "a.jpg")
    bad = whole.read_bytes()
    home.scrub(libraries=["music"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repair.Repairing, "keepers", lambda self: [])

        done = home.repair("music", libraries=True, apply=True)

    assert ([], bad) == (did(done), whole.read_bytes())


def test_a_bare_location_is_repaired_from_another_by_its_own_manifest(home):
    """Neither config nor catalogue is left; two drives and the program are."""
    flip_byte(home.place("red") / "music/a.jpg")
    (home.place("red") / "music/deep/b.jpg").unlink()
    flip_byte(version(home))
    shutil.rmtree(home.base / "music")
    home.lose_catalogue()
    before = tree(home.place("red"))
    planned = repair_bare(home.place("red"), home.place("blue"))
    assert (3, 4, before) == (len(did(planned, WouldRepair)), planned.code, tree(home.place("red")))

    done = repair_bare(home.place("red"), home.place("blue"), apply=True)

    assert (3, 4) == (len(did(done)), done.code)
    assert GOOD == music(home)
    assert 0 == verify_bare(home.place("red")).code


def test_a_bare_location_alone_has_nothing_to_repair_from(home):
    """It says so, and leaves every byte."""
    flip_byte(home.place("red") / "music/a.jpg")
    before = tree(home.place("red"))

    done = repair_bare(home.place("red"), apply=True)

    assert (5, before) == (done.code, tree(home.place("red")))
    with pytest.raises(UsageError, match="itself"):
        repair_bare(home.place("red"), home.place("red"), apply=True)


def test_a_source_that_is_away_is_named(home):
    """A person hears which drive to plug in."""
    flip_byte(home.place("red") / "music/a.jpg")
    for name in ("green", "blue"):
        shutil.move(home.place(name), home.base / f"drawer-{name}")
    forget_library(home)
    home.scrub("red")

    done = home.repair("red", apply=True)

    (finding,) = done.found()
    assert (True, 4) == (finding.repairable, done.code)
    assert "blue, green should have one" in finding.detail


def digests(folder):
    """Every regular file's digest."""
    return {hashlib.sha256(data).hexdigest() for kind, data, _ in tree(folder).values() if kind == "file"}


@pytest.mark.parametrize("library", [False, True])
def test_a_kill_at_any_moment_loses_no_byte_and_the_next_run_completes(tmp_path, library):
    """Whenever the power goes, bad and good bytes stand somewhere, and no half file has a real name."""
    number, finished = 0, False
    while not finished:
        number += 1
        home = Home(tmp_path / str(number), ("red", "blue"))
        home.write("a.jpg", GOOD[b"a.jpg"])
        home.write("b.jpg", b"b" * 2000)
        home.backup()
        if library:
            whole = rot_in_library(home, "a.jpg")
        else:
            whole = home.place("red") / "music/a.jpg"
            flip_byte(whole)
        bad = whole.read_bytes()
        home.scrub()

        finished = not killed_at(home, number, library)

        assert whole.read_bytes() in (bad, GOOD[b"a.jpg"])
        assert hashlib.sha256(bad).hexdigest() in digests(home.base)
        home.repair(libraries=library, apply=True)
        assert GOOD[b"a.jpg"] == whole.read_bytes()
        assert hashlib.sha256(bad).hexdigest() in digests(home.base)
        assert 0 == home.verify().code
        assert ["a.jpg", "b.jpg"] == sorted(os.listdir(home.base / "music"))
    assert number > 5


def killed_at(home, number, library):
    """Repair in a child that dies at its n-th changing call; False when it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            os.environ[faults.KILL_AT] = str(number)
            faults.install_from_environment()
            home.repair(libraries=library, apply=True)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_it_can_be_stopped_between_two_blocks(home):
    """Ctrl-C leaves what was bad as it was, or whole."""
    from fonoteca.errors import Interrupted

    flip_byte(home.place("red") / "music/a.jpg")
    home.scrub("red")

    class Stop:
        requested, signal_number = True, 2

    with Archive.open(home.config, Access.WRITE, stop=Stop()) as archive, pytest.raises(Interrupted):
        ran(repair.repair(archive, ["red"], apply=True))

    assert 4 == home.verify("red").code
