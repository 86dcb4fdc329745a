"""Two machines of one household, one NAS: each its own music, in one location."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support.rclone import local
from support.rgw import S3Server
from support.sshd import SFTP_ONLY, Sshd, sshd
from support.stories import Person


@dataclass(frozen=True)
class Shared:
    """A place that both reach, and what its SHA256SUMS says of each name."""

    url: str
    sums: Callable[[], dict[str, str]]


@pytest.fixture(params=["bucket", "cloud"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Shared:
    """A bucket (Ceph), and a remote that rclone reaches."""
    if request.param == "cloud":
        address = local(tmp_path / "cloud")
        words = urlencode({"config_file": address.config_file, "program": address.program})
        file = tmp_path / "cloud/SHA256SUMS"
        return Shared(f"rclone:{address.remote}?{words}", lambda: parsed_sums(file.read_bytes()))
    server: S3Server = request.getfixturevalue("radosgw")
    bucket, prefix = server.prefix()

    def sums() -> dict[str, str]:
        return parsed_sums(
            server.client().get_object(Bucket=bucket, Key=f"{prefix}/SHA256SUMS")["Body"].read()
        )

    return Shared(server.place(tmp_path, bucket, prefix), sums)


def parsed_sums(text: bytes) -> dict[str, str]:
    """Digests by name."""
    lines = (line.split("  ", 1) for line in text.decode().splitlines())
    return {name.removeprefix("*"): digest for digest, name in lines}


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A NAS that gives an account for files alone."""
    with sshd(tmp_path_factory.mktemp("nas"), more=SFTP_ONLY) as server:
        yield server


def sums_hold(volume: Path) -> list[str]:
    """The names in SHA256SUMS, after `sha256sum -c` found all of them right."""
    done = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=volume, capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (volume / "SHA256SUMS").read_text().splitlines()
    return [line.split("  ", 1)[-1].removeprefix("*") for line in lines]


def test_two_machines_share_one_location(tmp_path: Path, nas: Sshd):
    """Neither sees the other's music as strange, the sums hold all of it, and each can restore the other's."""
    volume = tmp_path / "volume"
    url = nas.url(volume)
    ana, bo = Person(tmp_path, "ana"), Person(tmp_path, "bo")
    ana.puts("a1.jpg", b"ana 1")
    assert ana.types("protect", ana.music, "--to", url).code == 0

    refused = bo.types("location", "add", "nas", url)
    assert refused.code == 2
    assert "location adopt" in refused.err
    adopted = bo.types("location", "adopt", url)
    assert adopted.code == 0, adopted.out + adopted.err
    (bo.home / "Vinyl").mkdir()
    (bo.home / "Vinyl/b1.jpg").write_bytes(b"bo 1")
    assert bo.types("library", "add", "Vinyl", bo.home / "Vinyl").code == 0
    first = bo.types("backup")
    assert first.code == 0, first.out + first.err
    assert sums_hold(volume) == ["Music/a1.jpg", "Vinyl/b1.jpg"]

    ana.puts("a2.jpg", b"ana 2")
    told = ana.types("backup")
    assert told.code == 0, told.out + told.err
    assert sums_hold(volume) == ["Music/a1.jpg", "Music/a2.jpg", "Vinyl/b1.jpg"]
    (bo.home / "Vinyl/b2.jpg").write_bytes(b"bo 2")
    told = bo.types("backup")
    assert told.code == 0, told.out + told.err
    assert sums_hold(volume) == ["Music/a1.jpg", "Music/a2.jpg", "Vinyl/b1.jpg", "Vinyl/b2.jpg"]

    for person in (ana, bo):
        told = person.types("verify")
        assert told.code == 0, told.out + told.err
        assert "nobody recorded" not in told.out + told.err
    back = tmp_path / "back"
    told = bo.types("restore", "--from", url, "--to", back)
    assert told.code == 0, told.out + told.err
    found = {str(path.relative_to(back)) for path in back.rglob("*") if path.is_file()}
    assert found == {"Music/a1.jpg", "Music/a2.jpg", "Vinyl/b1.jpg", "Vinyl/b2.jpg"}


def test_two_machines_share_a_bucket_and_a_cloud(tmp_path: Path, shared: Shared):
    """A chain of one writer for each library, sums of all of it, and each restores what the other put there."""
    ana, bo = Person(tmp_path, "ana"), Person(tmp_path, "bo")
    ana.puts("a1.jpg", b"ana 1")
    (bo.home / "Vinyl").mkdir()
    (bo.home / "Vinyl/b1.jpg").write_bytes(b"bo 1")
    told = [
        ana.types("protect", ana.music, "--to", shared.url),
        bo.types("location", "adopt", shared.url),
        bo.types("library", "add", "Vinyl", bo.home / "Vinyl"),
        bo.types("backup"),
    ]
    ana.puts("a2.jpg", b"ana 2")
    told.append(ana.types("backup"))
    early = bo.types("restore", "--from", shared.url, "--to", tmp_path / "early")
    told += [bo.types("backup"), bo.types("restore", "--from", shared.url, "--to", tmp_path / "back")]

    assert [each.code for each in told] == [0] * len(told), [
        each.out + each.err for each in told if each.code
    ]
    assert early.code == 3
    assert "newer files of it lie there" in early.out + early.err
    everything = {"Music/a1.jpg": b"ana 1", "Music/a2.jpg": b"ana 2", "Vinyl/b1.jpg": b"bo 1"}
    assert shared.sums() == {name: sha256(data).hexdigest() for name, data in everything.items()}
    assert {name: (tmp_path / "back" / name).read_bytes() for name in everything} == everything


def test_a_name_that_another_library_took_first_is_refused_with_a_proposal(tmp_path: Path, nas: Sshd):
    """Two children each have a folder called Music: the second is asked to say which is which."""
    url = nas.url(tmp_path / "volume")
    ana, bo = Person(tmp_path, "ana"), Person(tmp_path, "bo")
    ana.puts("a1.jpg", b"ana 1")
    bo.puts("b1.jpg", b"bo 1")
    assert ana.types("protect", ana.music, "--to", url).code == 0
    assert bo.types("protect", bo.music, "--to", bo.home / "red").code == 0
    adopted = bo.types("location", "adopt", url)
    assert adopted.code == 0, adopted.out + adopted.err

    told = bo.types("backup")

    assert told.code == 3, told.out + told.err
    assert "[library.Music-3]" in told.out + told.err, "Music-2 is what bo calls ana's library"
    assert not (tmp_path / "volume/Music/b1.jpg").exists()
    config = bo.config.read_text()
    bo.config.write_text(config.replace("[library.Music]", "[library.Music-2]"))
    mistaken = bo.types("backup")
    assert mistaken.code == 3, mistaken.out + mistaken.err
    assert "none of the files known of it" in mistaken.out + mistaken.err
    assert sums_hold(tmp_path / "volume") == ["Music/a1.jpg"]
    bo.config.write_text(config.replace("[library.Music]", "[library.Music-3]"))
    renamed = bo.types("backup")
    assert renamed.code == 0, renamed.out + renamed.err
    assert sums_hold(tmp_path / "volume") == ["Music-3/b1.jpg", "Music/a1.jpg"]
    assert ana.types("backup").code == 0
    assert ana.types("verify").code == 0


def test_a_lease_that_was_left_behind_is_released_by_a_command(tmp_path: Path, nas: Sshd):
    """The other laptop was closed in the middle: the message names the command, and the command helps."""
    volume = tmp_path / "volume"
    ana = Person(tmp_path, "ana")
    ana.puts("a1.jpg", b"ana 1")
    assert ana.types("protect", ana.music, "--to", nas.url(volume)).code == 0
    (volume / ".fonoteca/lease.json").write_text(
        '{"owner": "x", "machine": "other", "host": "laptop", "pid": 7}'
    )
    ana.puts("a2.jpg", b"ana 2")

    held = ana.types("backup")
    released = ana.types("location", "release", nas.url(volume))
    again = ana.types("location", "release", "volume")

    assert held.code == 11, held.out + held.err
    assert "fonoteca location release volume" in held.out + held.err
    assert (released.code, again.code) == (0, 0), released.err + again.err
    assert "laptop" in released.out
    assert "nothing to release" in again.out
    assert ana.types("backup").code == 0


def test_a_lease_without_a_sign_of_life_is_taken_over_by_a_later_run(tmp_path: Path, nas: Sshd):
    """Half an hour passes between two commands: the second remembers since when the first saw that lease."""
    volume = tmp_path / "volume"
    ana = Person(tmp_path, "ana")
    ana.puts("a1.jpg", b"ana 1")
    assert ana.types("protect", ana.music, "--to", nas.url(volume)).code == 0
    (volume / ".fonoteca/lease.json").write_text('{"owner": "x", "machine": "other", "host": "laptop"}')
    ana.puts("a2.jpg", b"ana 2")

    held = [ana.types("backup"), ana.types("backup")]
    with sqlite3.connect(ana.catalogue) as catalogue:
        (changed,) = catalogue.execute(
            "UPDATE sightings SET first_ns = first_ns - 1801 * 1000000000 RETURNING 1"
        )
    later = ana.types("backup")

    assert [told.code for told in held] == [11, 11]
    assert "its place is free in 30 minutes" in held[1].out + held[1].err
    assert changed == (1,)
    assert later.code == 0, later.out + later.err
    assert sums_hold(volume) == ["Music/a1.jpg", "Music/a2.jpg"]
