"""A person with a NAS: copies to a folder and to a real sshd, one command each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.archives import HOSTILE, flip_byte
from support.sshd import SFTP_ONLY, Sshd, sshd
from support.stories import Person


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A NAS that gives an account for files alone."""
    with sshd(tmp_path_factory.mktemp("nas"), more=SFTP_ONLY) as server:
        yield server


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """Ana, with some music."""
    person = Person(tmp_path)
    person.puts("Nina Simone/Pastel Blues/cover.jpg", os.urandom(900_000))
    person.puts("Nina Simone/Pastel Blues/booklet.pdf", b"%PDF " * 50_000)
    person.puts("empty.txt", b"")
    person.puts(("e\u0301" + "n" * 251).encode(), b"255 bytes, NFD")
    person.puts(("\u00e9" + "n" * 251).encode(), b"NFC")
    for name in HOSTILE:
        person.puts(b"odd/" + name, name)
    (person.music / "nothing in it").mkdir()
    return person


def differences(one: Path, other: Path) -> bytes:
    """What `diff -r` says."""
    done = subprocess.run(["diff", "-r", one, other], capture_output=True, check=False)
    return done.stdout + done.stderr


def copied(folder: Path) -> dict[str, bytes]:
    """Every file below, with its bytes: a location keeps empty folders in its manifest alone."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_command_protects_to_a_drive_and_to_a_server(tmp_path: Path, ana: Person, nas: Sshd):
    """The story of 3-2-1: a folder here, a server there, each verified and each enough alone."""
    url = nas.url(tmp_path / "volume1" / "music")

    told = ana.types("protect", ana.music, "--to", ana.home / "red", "--to", url)

    assert told.code == 0, told.out + told.err
    assert "bytes" in told.out
    for place in (str(ana.home / "red"), url):
        target = tmp_path / f"restored-{len(place)}"
        assert (
            Person(tmp_path, f"bo-{len(place)}").types("restore", "--from", place, "--to", target).code == 0
        )
        assert differences(ana.music, target) == b""
    assert copied(tmp_path / "volume1" / "music" / "Music") == copied(ana.music)


def test_an_empty_machine_restores_from_a_server_alone(tmp_path: Path, ana: Person, nas: Sshd):
    """The house burnt down: no config, no catalogue, only the address and the key."""
    url = nas.url(tmp_path / "music")
    assert ana.types("protect", ana.music, "--to", url).code == 0
    bo = Person(tmp_path, "bo")

    told = bo.types("restore", "--from", url, "--to", bo.home / "back")

    assert told.code == 0, told.out + told.err
    assert differences(ana.music, bo.home / "back") == b""
    for path in ana.music.rglob("*.pdf"):
        there = bo.home / "back" / path.relative_to(ana.music)
        assert there.stat().st_mtime_ns == path.stat().st_mtime_ns
    assert bo.types("verify", url).code == 0


def test_damage_behind_the_servers_back_is_found_and_mended(tmp_path: Path, ana: Person, nas: Sshd):
    """A disk over there rots in silence: verify reads, repair puts the bytes back from the folder here."""
    volume = tmp_path / "volume"
    assert ana.types("protect", ana.music, "--to", ana.home / "red", "--to", nas.url(volume)).code == 0
    hurt = volume / "Music/Nina Simone/Pastel Blues/booklet.pdf"
    flip_byte(hurt, 1000)
    (volume / "Music/Nina Simone/Pastel Blues/cover.jpg").unlink()

    found = ana.types("verify")
    mended = ana.types("repair", "--apply")

    assert found.code == 4, found.out + found.err
    assert "booklet.pdf" in found.out + found.err
    assert mended.code in (0, 4), mended.out + mended.err
    assert copied(volume / "Music") == copied(ana.music)
    assert ana.types("verify").code == 0


def test_a_new_machine_adopts_what_a_server_holds(tmp_path: Path, ana: Person, nas: Sshd):
    """The memory comes back from there: what is known of each file, and what was a version."""
    url = nas.url(tmp_path / "music")
    assert ana.types("protect", ana.music, "--to", url).code == 0
    bo = Person(tmp_path, "bo")
    (bo.home / "Music").rmdir()
    assert bo.types("restore", "--from", url, "--to", bo.home / "Music").code == 0

    told = bo.types("location", "adopt", url)

    assert told.code == 0, told.out + told.err
    assert 'type = "sftp"' in bo.config.read_text()
    assert bo.types("library", "add", "Music", bo.home / "Music").code == 0
    assert bo.types("library", "adopt", "Music", bo.home / "Music").code == 0
    again = bo.types("backup", "--json")
    assert again.code == 0, again.out + again.err
    assert [line for line in again.lines if line["type"] == "copied"] == []


def test_the_setup_takes_files_by_option_and_is_not_asked_twice(tmp_path: Path, ana: Person, nas: Sshd):
    """`location add NAME URL --key FILE --known-hosts FILE`, as the manual says."""
    url = nas.url(tmp_path / "music").partition("?")[0]
    files = ("--key", nas.key, "--known-hosts", nas.known_hosts)

    first = ana.types("location", "add", "nas", url, *files, "--offsite")
    second = ana.types("location", "add", "nas", url, *files)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "already" in second.out
    assert "offsite = true" in ana.config.read_text()


def test_urls_serve_wherever_a_place_is_asked_for(tmp_path: Path, ana: Person, nas: Sshd):
    """No config, no catalogue: what rots on a drive is mended from a server, and the other way round, by URL alone."""
    red, url = ana.home / "red", nas.url(tmp_path / "volume")
    assert ana.types("protect", ana.music, "--to", red, "--to", url).code == 0
    bo = Person(tmp_path, "bo")
    name = "Music/Nina Simone/Pastel Blues/booklet.pdf"
    for broken, place, source in ((red / name, red, url), (tmp_path / "volume" / name, url, red)):
        flip_byte(broken, 1000)
        assert bo.types("verify", place).code == 5
        mended = bo.types("repair", place, "--from", source, "--apply")
        assert mended.code in (0, 4), mended.out + mended.err
        assert broken.read_bytes() == (ana.music / name.removeprefix("Music/")).read_bytes()
        assert bo.types("verify", place).code == 0
