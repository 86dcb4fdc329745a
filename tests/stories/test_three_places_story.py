"""3-2-1 whole: one library in a folder here, on a real sshd and in a real S3 (Ceph RadosGW), by one command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.archives import HOSTILE, flip_byte
from support.rgw import S3Server
from support.sshd import SFTP_ONLY, Sshd, sshd
from support.stories import Person

BOOKLET, COVER = "Nina Simone/Pastel Blues/booklet.pdf", "Nina Simone/Pastel Blues/cover.jpg"


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A NAS that gives an account for files alone."""
    with sshd(tmp_path_factory.mktemp("nas"), more=SFTP_ONLY) as server:
        yield server


@dataclass(frozen=True)
class Places:
    """The three of them, each as a PLACE."""

    red: Path
    nas: str
    cloud: str
    volume: Path
    """The NAS's own disk."""
    bucket: str
    prefix: str
    """What keys in the bucket begin with."""

    @property
    def every(self) -> dict[str, str]:
        """By the name that each gets in the config."""
        return {"red": str(self.red), "volume1": self.nas, self.bucket: self.cloud}


@pytest.fixture
def places(tmp_path: Path, nas: Sshd, radosgw: S3Server) -> Places:
    """Three empty ones."""
    bucket, prefix = radosgw.prefix()
    volume = tmp_path / "volume1"
    cloud = radosgw.place(tmp_path, bucket, f"{prefix}/cloud")
    return Places(tmp_path / "ana/red", nas.url(volume), cloud, volume, bucket, f"{prefix}/cloud/Music/")


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """Ana, with some music and names that programs stumble over."""
    person = Person(tmp_path)
    person.puts(COVER, os.urandom(900_000))
    person.puts(BOOKLET, b"%PDF " * 50_000)
    person.puts("scans.pdf", b"%PDF-" + os.urandom(9 << 20))
    person.puts("empty.txt", b"")
    person.puts(("e\u0301" + "n" * 252).encode(), b"255 bytes, NFD")
    person.puts(("\u00e9" + "n" * 253).encode(), b"255 bytes, NFC")
    for name in HOSTILE:
        person.puts(b"odd/" + name, name)
    (person.music / "nothing in it").mkdir()
    return person


def protected(ana: Person, places: Places) -> dict[str, str]:
    """One run of one command; the level that its report names for each place."""
    to = [word for place in places.every.values() for word in ("--to", place)]
    told = ana.types("protect", ana.music, *to, "--json")
    assert told.code == 0, told.out + told.err
    return {name: found["level"] for name, found in told.lines[-1]["locations"].items()}


def verified(ana: Person) -> dict[str, set[str]]:
    """The levels that reading everything again comes to, by place."""
    told = ana.types("verify", "--json")
    assert told.code == 0, told.out + told.err
    levels: dict[str, set[str]] = {}
    for line in told.lines:
        if line["type"] == "verified" and line.get("location"):
            levels.setdefault(line["location"], set()).add(line["level"])
    return levels


def differences(one: Path, other: Path) -> bytes:
    """What `diff -r` says."""
    done = subprocess.run(["diff", "-r", one, other], capture_output=True, check=False)
    return done.stdout + done.stderr


def times(folder: Path) -> dict[str, int]:
    """The mtime of every file below."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()
    }


def test_each_of_three_places_alone_restores_the_library(tmp_path: Path, ana: Person, places: Places):
    """The point of it all: whichever one is left, an empty machine has every byte, name and time back from it."""
    said = protected(ana, places)

    assert set(said) == set(places.every)
    assert {name: {level} for name, level in said.items()} == verified(ana)
    assert said["volume1"] == said[places.bucket] == "bytes"
    assert said["red"] in ("bytes", "media")
    for name, place in places.every.items():
        bo = Person(tmp_path, f"bo-{name}")
        back = bo.types("restore", "--from", place, "--to", bo.home / "back")
        assert back.code == 0, back.out + back.err
        assert differences(ana.music, bo.home / "back") == b""
        assert times(bo.home / "back") == times(ana.music)


def test_what_rots_on_the_servers_disks_is_found_and_mended(
    tmp_path: Path, ana: Person, places: Places, radosgw: S3Server
):
    """Neither server notices: not the NAS, nor the store, which goes on telling the old size and ETag."""
    protected(ana, places)
    flip_byte(places.volume / "Music" / COVER, 5000)
    (places.volume / "Music/empty.txt").unlink()
    radosgw.on_disk(places.prefix + BOOKLET).flip_byte(tmp_path / "rot", 1000)
    radosgw.on_disk(places.prefix + COVER).lose()

    found = ana.types("verify", "--json")
    mended = ana.types("repair", "--apply")

    damaged = {(line["location"], line["path"]) for line in found.lines if line["type"] == "finding"}
    assert damaged == {
        ("volume1", COVER),
        ("volume1", "empty.txt"),
        (places.bucket, BOOKLET),
        (places.bucket, COVER),
    }
    assert found.code == 4, found.out + found.err
    assert mended.code == 4, mended.out + mended.err
    assert "Damage was found and repaired." in mended.out
    assert "4 files repaired" in mended.out
    assert set(verified(ana)) == set(places.every)
    assert (places.volume / "Music" / COVER).read_bytes() == (ana.music / COVER).read_bytes()


def test_a_server_is_mended_from_the_other_one_alone(
    tmp_path: Path, ana: Person, places: Places, radosgw: S3Server
):
    """The computer is gone, its drive too: two servers that each rotted elsewhere have all bytes between them."""
    protected(ana, places)
    flip_byte(places.volume / "Music" / COVER, 5000)
    radosgw.on_disk(places.prefix + BOOKLET).flip_byte(tmp_path / "rot", 1000)
    bo = Person(tmp_path, "bo")

    for place, source in ((places.nas, places.cloud), (places.cloud, places.nas)):
        mended = bo.types("repair", place, "--from", source, "--apply")
        assert mended.code == 4, mended.out + mended.err
    there = radosgw.client().get_object(Bucket=places.bucket, Key=places.prefix + BOOKLET)["Body"].read()
    assert there == (ana.music / BOOKLET).read_bytes()
    assert (places.volume / "Music" / COVER).read_bytes() == (ana.music / COVER).read_bytes()
