"""A person with a bucket: copies to a folder and to a real S3 (Ceph RadosGW), one command each."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.archives import HOSTILE
from support.rgw import S3Server
from support.stories import Person


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """Ana, with some music."""
    person = Person(tmp_path)
    person.puts("Nina Simone/Pastel Blues/cover.jpg", os.urandom(900_000))
    person.puts("Nina Simone/Pastel Blues/booklet.pdf", b"%PDF " * 50_000)
    person.puts("scans.pdf", b"%PDF-" + os.urandom(20 << 20))
    person.puts("empty.txt", b"")
    person.puts(("e\u0301" + "n" * 251).encode(), b"255 bytes, NFD")
    person.puts(("\u00e9" + "n" * 251).encode(), b"NFC")
    for name in HOSTILE:
        person.puts(b"odd/" + name, name)
    (person.music / "nothing in it").mkdir()
    return person


@pytest.fixture
def bucket(radosgw: S3Server) -> str:
    """An empty one."""
    return radosgw.bucket()


@pytest.fixture
def url(radosgw: S3Server, tmp_path: Path, bucket: str) -> str:
    """A prefix in it, as a PLACE."""
    return radosgw.place(tmp_path, bucket, "ana/music")


def differences(one: Path, other: Path) -> bytes:
    """What `diff -r` says."""
    done = subprocess.run(["diff", "-r", one, other], capture_output=True, check=False)
    return done.stdout + done.stderr


def test_an_empty_machine_restores_from_a_bucket_alone(tmp_path: Path, ana: Person, url: str):
    """The house burnt down: no config, no catalogue, only the address and the keys."""
    told = ana.types("protect", ana.music, "--to", ana.home / "red", "--to", url)
    bo = Person(tmp_path, "bo")
    back = bo.types("restore", "--from", url, "--to", bo.home / "back")

    assert told.code == 0, told.out + told.err
    assert "bytes" in told.out
    assert back.code == 0, back.out + back.err
    assert differences(ana.music, bo.home / "back") == b""
    for path in (p for p in ana.music.rglob("*") if p.is_file()):
        there = bo.home / "back" / path.relative_to(ana.music)
        assert there.stat().st_mtime_ns == path.stat().st_mtime_ns
    assert bo.types("verify", url).code == 0
    assert "secretsecret" not in told.out + told.err + ana.config.read_text()
    assert "secretsecret" not in ana.types("config", "show").out


def test_damage_behind_the_servers_back_is_found_and_mended(
    ana: Person, radosgw: S3Server, bucket: str, url: str
):
    """What the store holds changes in silence: verify reads, repair puts the bytes back from the folder here."""
    assert ana.types("protect", ana.music, "--to", ana.home / "red", "--to", url).code == 0
    client, base = radosgw.client(), "ana/music/Music/Nina Simone/Pastel Blues/"
    whole = client.get_object(Bucket=bucket, Key=base + "booklet.pdf")["Body"].read()
    hurt = whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:]
    client.put_object(Bucket=bucket, Key=base + "booklet.pdf", Body=hurt)
    client.delete_object(Bucket=bucket, Key=base + "cover.jpg")

    found = ana.types("verify")
    mended = ana.types("repair", "--apply")

    assert found.code == 4, found.out + found.err
    assert "booklet.pdf" in found.out + found.err
    assert mended.code in (0, 4), mended.out + mended.err
    assert client.get_object(Bucket=bucket, Key=base + "booklet.pdf")["Body"].read() == whole
    assert ana.types("verify").code == 0


def test_the_folder_is_mended_from_the_bucket(ana: Person, url: str):
    """It works the other way round too: a rotten drive here, a good copy over there."""
    assert ana.types("protect", ana.music, "--to", ana.home / "red", "--to", url).code == 0
    file = ana.home / "red/Music/scans.pdf"
    whole = file.read_bytes()
    with file.open("r+b") as opened:
        opened.seek(12 << 20)
        opened.write(b"rot")

    found = ana.types("verify", "red")
    mended = ana.types("repair", "--apply")

    assert found.code == 4, found.out + found.err
    assert mended.code in (0, 4), mended.out + mended.err
    assert file.read_bytes() == whole


def test_a_new_machine_adopts_what_a_bucket_holds(tmp_path: Path, ana: Person, url: str):
    """The memory comes back from there; moves, edits and removals keep what they replace."""
    assert ana.types("protect", ana.music, "--to", url).code == 0
    (ana.music / "odd").rename(ana.music / "even")
    ana.puts("Nina Simone/Pastel Blues/booklet.pdf", b"%PDF another edition")
    (ana.music / "empty.txt").unlink()
    changed = ana.types("backup")
    bo = Person(tmp_path, "bo")
    (bo.home / "Music").rmdir()
    assert bo.types("restore", "--from", url, "--to", bo.home / "Music").code == 0

    told = bo.types("location", "adopt", url)

    assert changed.code == 0, changed.out + changed.err
    assert told.code == 0, told.out + told.err
    assert 'type = "s3"' in bo.config.read_text()
    assert differences(ana.music, bo.home / "Music") == b""
    assert bo.types("library", "add", "Music", bo.home / "Music").code == 0
    assert bo.types("library", "adopt", "Music", bo.home / "Music").code == 0
    again = bo.types("backup", "--json")
    assert again.code == 0, again.out + again.err
    assert [line for line in again.lines if line["type"] == "copied"] == []
    assert bo.types("verify").code == 0


def test_a_bucket_is_added_by_name_once(ana: Person, url: str):
    """`location add NAME URL`, as the manual says."""
    first = ana.types("location", "add", "cloud", url, "--offsite")
    second = ana.types("location", "add", "cloud", url)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "already" in second.out
    assert "offsite = true" in ana.config.read_text()


def test_a_month_has_so_many_downloads_and_no_more(ana: Person, url: str):
    """Reading back costs money over there: a scrub stops at the bound, and says so; the drive here is read on."""
    assert ana.types("protect", ana.music, "--to", ana.home / "red", "--to", url).code == 0
    config = ana.config.read_text()
    ana.config.write_text(config.replace('type = "s3"', 'type = "s3"\nmonthly_download = "1 MB"'))

    first = ana.types("scrub", "--json")
    second = ana.types("scrub", "--json")

    assert (first.code, second.code) == (8, 8), first.out + first.err + second.out + second.err
    there = [line for line in second.lines if line["type"] == "verified" and line.get("location") != "red"]
    here = [line for line in second.lines if line["type"] == "verified" and line.get("location") == "red"]
    assert not [line for line in there if line.get("location")]
    assert here
    assert "monthly_download allows 1,000,000" in second.out + second.err


def test_a_hold_is_known_to_the_bucket_when_the_machine_is_gone(tmp_path: Path, radosgw: S3Server, url: str):
    """It is sealed there: whoever brings the memory back is asked the same question, and nothing was thrown away."""
    ana = Person(tmp_path)
    for number in range(5):
        ana.puts(f"Nina/{number}.jpg", b"cover %d" % number)
    assert ana.types("protect", ana.music, "--to", url).code == 0
    for path in ana.music.rglob("*.jpg"):
        path.unlink()
    held = ana.types("backup")
    ana.catalogue.unlink()
    ana.config.unlink()

    adopted = ana.types("location", "adopt", url)
    holds = [line for line in ana.types("hold", "list", "--json").lines if line["type"] == "hold"]

    assert (held.code, adopted.code) == (7, 0), adopted.out + adopted.err
    assert [(hold["library"], hold["entries"]) for hold in holds] == [("Music", 5)]
