"""A person with a cloud that only rclone reaches: real rclones, its local backend and a WebDAV server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fonoteca.locations.rclone.address import Address
from support.archives import HOSTILE, flip_byte
from support.rclone import local, newest, oldest, webdav
from support.stories import Person


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """Ana, with some music."""
    person = Person(tmp_path)
    person.puts("Nina Simone/Pastel Blues/cover.jpg", os.urandom(1_300_000))
    person.puts("Nina Simone/Pastel Blues/booklet.pdf", b"%PDF " * 5_000)
    person.puts("empty.txt", b"")
    person.puts(("e\u0301" + "n" * 251).encode(), b"255 bytes, NFD")
    person.puts(("\u00e9" + "n" * 251).encode(), b"NFC")
    for name in HOSTILE:
        person.puts(b"odd/" + name, name)
    (person.music / "nothing in it").mkdir()
    return person


def place(address: Address) -> str:
    """The remote as a PLACE."""
    files = {"config_file": address.config_file, "program": address.program}
    return f"rclone:{address.remote}?{urlencode(files)}"


def differences(one: Path, other: Path) -> bytes:
    """What `diff -r` says."""
    done = subprocess.run(["diff", "-r", one, other], capture_output=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("program", [newest, oldest])
def test_an_empty_machine_restores_from_a_remote_alone(tmp_path: Path, ana: Person, program):
    """Protected to a drive and a remote in one command; the remote alone, its name and its config bring all back."""
    url = place(local(tmp_path / "cloud", program()))
    told = ana.types("protect", ana.music, "--to", ana.home / "red", "--to", url)
    bo = Person(tmp_path, "bo")

    back = bo.types("restore", "--from", url, "--to", bo.home / "back")

    assert told.code == 0, told.out + told.err
    assert back.code == 0, back.out + back.err
    assert differences(ana.music, bo.home / "back") == b""
    for path in ana.music.rglob("*.pdf"):
        there = bo.home / "back" / path.relative_to(ana.music)
        assert there.stat().st_mtime_ns == path.stat().st_mtime_ns
    assert bo.types("verify", url).code == 0


def test_damage_behind_a_servers_back_is_found_and_mended(tmp_path: Path, ana: Person):
    """A disk over there rots in silence: verify reads, repair puts the bytes back from the folder here."""
    with webdav(tmp_path / "served") as server:
        url = place(Address("dav:backup", newest(), server.config(tmp_path)))
        assert ana.types("protect", ana.music, "--to", ana.home / "red", "--to", url).code == 0
        hurt = tmp_path / "served/backup/Music/Nina Simone/Pastel Blues/booklet.pdf"
        flip_byte(hurt, 1000)

        found = ana.types("verify")
        mended = ana.types("repair", "--apply")

        assert found.code == 4, found.out + found.err
        assert "booklet.pdf" in found.out + found.err
        assert mended.code in (0, 4), mended.out + mended.err
        assert hurt.read_bytes() == b"%PDF " * 5_000
        assert ana.types("verify").code == 0


def test_an_edit_keeps_the_old_as_a_version_there(tmp_path: Path, ana: Person):
    """Superseded over there by two renames; the old one comes back from the remote alone."""
    folder = tmp_path / "cloud"
    assert ana.types("protect", ana.music, "--to", place(local(folder))).code == 0
    ana.puts("Nina Simone/Pastel Blues/booklet.pdf", b"a better scan")

    told = ana.types("backup")

    assert told.code == 0, told.out + told.err
    assert (folder / "Music/Nina Simone/Pastel Blues/booklet.pdf").read_bytes() == b"a better scan"
    kept = [path.read_bytes() for path in (folder / ".fonoteca/versions").rglob("*") if path.is_file()]
    assert kept == [b"%PDF " * 5_000]
    assert ana.types("scrub").code == 0


def test_a_new_machine_adopts_what_a_remote_holds(tmp_path: Path, ana: Person):
    """The memory comes back from there, also where the remote bears another name."""
    url = place(local(tmp_path / "cloud"))
    assert ana.types("protect", ana.music, "--to", url).code == 0
    bo = Person(tmp_path, "bo")

    told = bo.types("location", "adopt", url)

    assert told.code == 0, told.out + told.err
    assert 'type = "rclone"' in bo.config.read_text()
    assert 'remote = "here:"' in bo.config.read_text()


def test_the_setup_and_the_test_of_a_place_leave_nothing_behind(tmp_path: Path, ana: Person):
    """`location test`, then `location add drive rclone:…`, as the manual says."""
    url = place(local(tmp_path / "cloud"))

    tried = ana.types("location", "test", url)
    left = list(tmp_path.glob("cloud/*"))
    first = ana.types("location", "add", "drive", url, "--offsite")
    second = ana.types("location", "add", "drive", url)

    assert tried.code == 0, tried.out + tried.err
    assert left == []
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "already" in second.out
    assert "offsite = true" in ana.config.read_text()


def test_a_drive_and_a_remote_are_mended_from_one_another(tmp_path: Path, ana: Person):
    """No config, no catalogue of ours: `repair PLACE --from rclone:…`, and the other way round."""
    red, url = ana.home / "red", place(local(tmp_path / "cloud"))
    assert ana.types("protect", ana.music, "--to", red, "--to", url).code == 0
    bo = Person(tmp_path, "bo")
    name = "Music/Nina Simone/Pastel Blues/booklet.pdf"

    for broken, where, source in ((red / name, red, url), (tmp_path / "cloud" / name, url, red)):
        flip_byte(broken, 1000)
        mended = bo.types("repair", where, "--from", source, "--apply")
        assert mended.code == 4, mended.out + mended.err
        assert broken.read_bytes() == b"%PDF " * 5_000


def test_a_hold_is_sealed_there_and_comes_back_to_a_new_machine(tmp_path: Path, ana: Person):
    """The computer dies while a question waits: the new one asks it again, and the mirror has not followed."""
    for number in range(40):
        ana.puts(f"covers/{number}.jpg", b"cover %d" % number)
    url = place(local(tmp_path / "cloud"))
    assert ana.types("protect", ana.music, "--to", url).code == 0
    for path in ana.music.rglob("*.jpg"):
        path.unlink()
    held = ana.types("backup")
    bo = Person(tmp_path, "bo")

    adopted = bo.types("location", "adopt", url)

    assert held.code == 7, held.out + held.err
    assert adopted.code == 0, adopted.out + adopted.err
    (hers, _), (his, _) = (each.types("hold", "list", "--json").lines for each in (ana, bo))
    assert (hers["id"], hers["kind"], hers["entries"]) == (his["id"], his["kind"], his["entries"])
    assert len(list((tmp_path / "cloud/Music/covers").iterdir())) == 40
