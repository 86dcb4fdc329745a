"""The first five minutes and the worst day, as a person lives them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from support.archives import flip_byte, tree
from support.audio import make_audio
from support.stories import Person


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """Someone with an album, protected at two places."""
    person = Person(tmp_path)
    make_audio("flac", person.music / "Nina" / "01 Tone.flac", tags={"TITLE": "Tone", "TRACKNUMBER": "1"})
    person.puts("Nina/cover.jpg", b"cover" * 1000)
    (person.music / "Nina" / "Scans").mkdir()
    (person.music / "nina").symlink_to("Nina")
    told = person.types("protect", person.music, "--to", person.home / "red", "--to", person.home / "blue")
    assert 0 == told.code, told.err
    return person


def test_copies_are_plain_files_that_other_programs_can_check(ana: Person) -> None:
    """Whoever finds the drive needs no fonoteca: `sha256sum -c` holds and the album can be played."""
    done = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=ana.home / "red", capture_output=True, check=False
    )

    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)
    assert (ana.music / "Nina/cover.jpg").read_bytes() == (ana.home / "red/Music/Nina/cover.jpg").read_bytes()


def test_what_is_known_of_a_track_can_be_asked_for(ana: Person) -> None:
    """Programs that read `list --json` get tags, audio properties and where the copies are."""
    track, _, summary = ana.types("list", "--json").lines

    assert ("Nina/01 Tone.flac", ["Tone"], 44100) == (
        track["path"],
        track["tags"]["TITLE"],
        track["audio"]["sample_rate"],
    )
    assert ["blue", "red"] == [copy["location"] for copy in track["copies"]]
    assert ("summary", 0) == (summary["type"], summary["exit_code"])


def test_a_flipped_byte_is_found_and_named_and_put_right(ana: Person) -> None:
    """The reason to have this program at all."""
    flip_byte(ana.home / "red/Music/Nina/cover.jpg", 7)

    found, healed, again = ana.types("verify"), ana.types("backup"), ana.types("verify")

    assert (4, True) == (found.code, "Music/Nina/cover.jpg at red: expected sha256" in found.out)
    assert (4, 0) == (healed.code, again.code)


def test_a_named_location_that_lost_a_file_can_be_repaired_from_the_other(ana: Person) -> None:
    """Restoring from one place says what it lacks, not that all is lost."""
    (ana.home / "red/Music/Nina/cover.jpg").unlink()

    told = ana.types("restore", "--to", ana.home / "out", "--from", "red")

    assert 4 == told.code
    assert "Nothing known can repair it" not in told.out
    assert "found nothing" in told.out


def test_one_bare_location_gives_everything_back_on_an_empty_machine(ana: Person, tmp_path: Path) -> None:
    """House burnt down, one drive at a friend's: no config, no catalogue."""
    friend = Person(tmp_path, "friend")

    checked = friend.types("verify", ana.home / "blue")
    told = friend.types("restore", "--from", ana.home / "blue", "--to", friend.home / "back")

    assert (0, 0) == (checked.code, told.code)
    assert tree(ana.music) == tree(friend.home / "back")
    assert not friend.config.exists()
    assert not friend.catalogue.exists()


def test_the_memory_comes_back_by_adopting(ana: Person) -> None:
    """Config and catalogue are gone; the copies remember, and nothing is sent twice."""
    shutil.rmtree(ana.home / ".config")
    shutil.rmtree(ana.home / ".local")

    adopted = ana.types("location", "adopt", ana.home / "red")
    added = ana.types("library", "add", "Music", ana.music)
    told = ana.types("backup", "--json")

    assert (0, 0, 0) == (adopted.code, added.code, told.code)
    assert 0 == told.lines[-1]["counts"].get("copied_bytes", 0)


def test_a_third_place_is_added_later(ana: Person) -> None:
    """Running it again adds what is missing and changes nothing that stands."""
    before = ana.config.read_text()

    told = ana.types("protect", ana.music, "--to", ana.home / "green")

    assert 0 == told.code
    assert ana.config.read_text().startswith(before.rstrip())
    assert tree(ana.home / "red/Music") == tree(ana.home / "green/Music")


def test_a_moved_library_is_adopted_and_not_copied_again(ana: Person) -> None:
    """A library on another path is away until it is said that it moved."""
    moved = ana.music.rename(ana.home / "Tunes")

    away = ana.types("backup")
    adopted = ana.types("library", "adopt", "Music", moved)
    told = ana.types("backup", "--json")

    assert (75, 0, 0) == (away.code, adopted.code, told.code)
    assert 0 == told.lines[-1]["counts"].get("copied", 0)


def test_a_dry_run_of_restore_says_which_files_would_come(ana: Person) -> None:
    """Before anything is written, a person wants to see what a pattern means."""
    told = ana.types("restore", "--to", ana.home / "out", "--dry-run", "**/*.jpg")

    assert (0, True) == (told.code, "    Music/Nina/cover.jpg" in told.out)
    assert not (ana.home / "out").exists()
