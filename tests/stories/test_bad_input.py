"""What goes wrong on the way in: said clearly, with the right exit code, and nothing touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fonoteca.disk.lock import hold_lock
from support.archives import tree
from support.disks import disk
from support.stories import SOURCE, Person

SEVEN = """
[library.music]
path = 5
exclude = "Incoming"
[location.red]
pth = "/media/red"
removable = "yes"
[policy]
copies = -1
verify_every = "soon"
[nonsense]
key = 1
"""


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """Someone with two pictures."""
    person = Person(tmp_path)
    person.puts("Nina/cover.jpg", b"cover" * 1000)
    person.puts("Nina/back.jpg", b"back" * 1000)
    return person


@pytest.fixture
def protected(ana: Person) -> Person:
    """The same, protected at one place."""
    assert 0 == ana.types("protect", ana.music, "--to", ana.home / "red").code
    return ana


def test_seven_mistakes_are_said_at_once(ana: Person) -> None:
    """A person mends a config once, not seven times; and nothing is made meanwhile."""
    wrong = ana.home / "wrong.toml"
    wrong.write_text(SEVEN)

    told = ana.types("backup", "--config", wrong, "--json")

    (error,) = told.lines
    assert (2, "ConfigError") == (told.code, error["kind"])
    assert {3, 4, 6, 7, 9, 10, 11} <= {problem["line"] for problem in error["problems"]}
    assert {"Music", "wrong.toml"} == set(os.listdir(ana.home))


def test_a_source_that_is_missing_or_a_file_is_refused(ana: Person) -> None:
    """A slip in a path must not become an empty library."""
    missing = ana.types("protect", ana.home / "Musik", "--to", ana.home / "red")
    file = ana.types("protect", ana.music / "Nina/cover.jpg", "--to", ana.home / "red")

    assert (2, 2) == (missing.code, file.code)
    assert "There is no folder" in missing.err
    assert "is not a folder" in file.err
    assert ["Music"] == os.listdir(ana.home)


def test_an_empty_source_is_said_and_protects_nothing(ana: Person) -> None:
    """A bare "all done" would overstate it."""
    (ana.home / "Empty").mkdir()

    told = ana.types("protect", ana.home / "Empty", "--to", ana.home / "red")

    assert "is empty" in told.err
    assert "Archive: unprotected" in told.out
    assert 6 == ana.types("status").code


def test_a_target_inside_the_source_is_refused(ana: Person) -> None:
    """Copies of copies of copies."""
    told = ana.types("protect", ana.music, "--to", ana.music / "backup")

    assert (2, True) == (told.code, "lies inside library.Music" in told.err)
    assert ["Nina"] == os.listdir(ana.music)


def test_an_unmounted_target_is_refused_before_anything_is_made(ana: Person) -> None:
    """Copies would fill the computer's own disk, under a mount point, unseen."""
    told = ana.types("protect", ana.music, "--to", "/mnt/fonoteca-no-such-drive/music")

    assert (2, True) == (told.code, "--plain-folder" in told.err)
    assert not os.path.exists("/mnt/fonoteca-no-such-drive")


def test_a_second_run_says_who_is_at_work(protected: Person) -> None:
    """Exit 11, with the pid of the first; reading commands do not wait."""
    with hold_lock(f"{protected.catalogue}.lock"):
        second, reader = protected.types("backup"), protected.types("status", "--json")

    assert (11, True) == (second.code, f"process {os.getpid()}" in second.err)
    assert 1 == len(reader.lines)


def test_a_corrupt_catalogue_stops_the_run_and_not_the_restore(protected: Person) -> None:
    """The memory is damaged; the music is not, and must be within reach."""
    protected.catalogue.write_bytes(b"garbage" * 1000)

    stopped = protected.types("backup")
    restored = protected.types("restore", "--from", "red", "--to", protected.home / "out")

    assert (1, True) == (stopped.code, "location adopt" in stopped.err)
    assert 0 == restored.code
    assert tree(protected.music) == tree(protected.home / "out")


def test_a_catalogue_damaged_in_its_middle_is_said(protected: Person) -> None:
    """Its header says nothing about its pages."""
    data = bytearray(protected.catalogue.read_bytes())
    for page in range(2, len(data) // 4096, 2):
        data[page * 4096 : page * 4096 + 4096] = os.urandom(4096)
    protected.catalogue.write_bytes(data)

    told = protected.types("verify")

    assert (1, True) == (told.code, "is damaged" in told.err)


def test_a_catalogue_from_the_future_is_left_alone(protected: Person) -> None:
    """A newer fonoteca wrote it: an old one would not know what it breaks."""
    connection = sqlite3.connect(protected.catalogue)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = protected.catalogue.read_bytes()

    told = protected.types("backup")

    assert (1, True) == (told.code, "Use the newer fonoteca" in told.err)
    assert before == protected.catalogue.read_bytes()


def test_a_lost_catalogue_makes_no_new_baseline(protected: Person) -> None:
    """Rot that happened meanwhile would be recorded as what should be."""
    for each in protected.catalogue.parent.iterdir():
        each.unlink()

    told, scanned = protected.types("backup"), protected.types("scan")

    assert (2, 2) == (told.code, scanned.code)
    assert "fonoteca location adopt red" in told.err
    assert 0 == protected.types("location", "adopt", "red").code
    assert 0 == protected.types("backup").code


def test_a_catalogue_on_a_read_only_disk_can_be_read(ana: Person, tmp_path: Path) -> None:
    """Status and list answer; a run says why it cannot, and copies nothing."""
    with disk(tmp_path, "memory") as small:
        config = ana.home / "config.toml"
        config.write_text(f'[archive]\ncatalogue = "{small.mount_point}"\n')
        assert 0 == ana.types("protect", ana.music, "--to", ana.home / "red", "--config", config).code
        small.remount("ro")

        codes = [ana.types(word, "--config", config).code for word in ("status", "list", "backup")]

        told = ana.types("backup", "--config", config)
        assert [6, 0, 1] == codes
        assert "cannot be written" in told.err


def test_a_config_without_library_or_location_is_no_success(ana: Person) -> None:
    """A nightly job that has nothing to do by mistake must not look like one that did it."""
    assert 0 == ana.types("init").code
    nothing = ana.types("backup", "--quiet")
    assert 0 == ana.types("library", "add", "Music", ana.music).code
    nowhere = ana.types("backup", "--quiet")

    assert (2, 2) == (nothing.code, nowhere.code)
    assert "library add" in nothing.err
    assert "location add" in nowhere.err


def test_before_the_first_run_status_and_list_answer(ana: Person) -> None:
    """There is no catalogue yet, which is no fault of anybody's."""
    ana.types("library", "add", "Music", ana.music)
    ana.types("location", "add", "red", ana.home / "red")
    for each in ana.catalogue.parent.iterdir():
        each.unlink()

    assert 0 == ana.types("list").code
    assert "Music was never looked at" in ana.types("status").out


def test_output_that_cannot_be_written_is_no_traceback(protected: Person) -> None:
    """A full disk under a redirected listing is said in a sentence."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fonoteca", "list", "--json"],
            env={**os.environ, "HOME": str(protected.home), "PYTHONPATH": str(SOURCE)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (3, False) == (done.returncode, b"Traceback" in done.stderr)


def test_a_mirror_that_fills_its_disk_is_taken_in_place(ana: Person, tmp_path: Path) -> None:
    """An existing rsync mirror needs no room for what it holds already."""
    ana.puts("Nina/booklet.pdf", os.urandom(8 << 20))
    with disk(tmp_path, "red") as red:
        mirror = red.mount_point / "music" / "Music"
        shutil.copytree(ana.music, mirror)

        told = ana.types("protect", ana.music, "--to", red.mount_point / "music")

        assert (0, True) == (told.code, "stood there already" in told.out), told.out + told.err
