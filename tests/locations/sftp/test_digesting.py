"""Digests made over there: level `digest`, without a byte of music on the line."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import xxhash

from fonoteca.core.copy import Level
from fonoteca.core.finding import FindingKind
from fonoteca.core.place import Key, StoreDigest
from fonoteca.locations.sftp.location import SftpLocation
from fonoteca.locations.sftp.reading import SftpReading
from support.archives import HOSTILE, Home, flip_byte
from support.places import put
from support.sshd import SFTP_ONLY, Sshd, sftp_location, sshd
from support.tools import tool


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server whose accounts have a shell."""
    with sshd(tmp_path_factory.mktemp("sshd")) as made:
        yield made


def allowed(home: Home) -> None:
    """The user allows commands over there."""
    config = Path(home.config_path)
    config.write_text(config.read_text().replace('type = "sftp"', 'type = "sftp"\nserver_digests = true'))


def digesting(server: Sshd, path: Path) -> SftpLocation:
    """A folder there, adopted, whose user allows commands."""
    plain = sftp_location(server, path)
    return SftpLocation("nas", plain.address, plain.expected, server_digests=True)


def test_every_name_is_digested_over_there(server: Sshd, tmp_path: Path):
    """Also those with line breaks, quotes, a dash at their beginning, and bytes that are no UTF-8."""
    names = [b"music/" + name for name in (*HOSTILE, b"'$(touch x)'", b'"q"', b"-")]
    with digesting(server, tmp_path / "n a's").open(write=True) as place:
        for name in names:
            put(place, name, b"of " + name)

        found = [place.digest(Key(name)) for name in names]

        assert found == [StoreDigest("sha256", hashlib.sha256(b"of " + name).digest()) for name in names]
        assert place.digest(Key(b"music/none")) is None
        assert place.digest(Key(names[0])) is not None, "what is not there does not end it"


def test_verify_believes_the_server_and_says_so(server: Sshd, tmp_path: Path, monkeypatch):
    """`verify --level digest`: right copies cost no download, damage is found and read before it is called so."""
    home = Home(tmp_path / "home", locations=())
    home.add_server(server.url(tmp_path / "volume"))
    allowed(home)
    for number in range(5):
        home.write(f"{number}.bin", os.urandom(200_000))
    assert home.backup().code == 0
    read: list[bytes] = []
    real = SftpReading.__init__

    def reading(self, remote, name, key, start=0) -> None:
        read.append(name)
        real(self, remote, name, key, start)

    monkeypatch.setattr(SftpReading, "__init__", reading)
    well = home.verify("nas", level=Level.DIGEST)
    read_when_well = [name for name in read if name.startswith(b"music/")]
    flip_byte(tmp_path / "volume/music/3.bin", 1000)
    ill = home.verify("nas", level=Level.DIGEST)

    assert (well.code, set(well.verified.values()), read_when_well) == (0, {Level.DIGEST}, [])
    assert [each.path for each in ill.found(FindingKind.DAMAGED)] == [b"3.bin"]
    assert b"music/3.bin" in read


@pytest.mark.parametrize("tools", [("xxhsum", "sha256sum"), ("xxhsum",), ()])
def test_what_proves_more_is_asked_first(tmp_path: Path, tools: tuple[str, ...]):
    """A small NAS may have but one of them, or none: then its bytes are read, and nobody claims a digest."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "bash", "xargs", *tools):
        (programs / name).symlink_to(tool(name))
    data = b"of " + bytes(100_000)
    wanted = {
        2: StoreDigest("sha256", hashlib.sha256(data).digest()),
        1: StoreDigest("xxh3_128", xxhash.xxh3_128_digest(data)),
        0: None,
    }
    with (
        sshd(tmp_path / "sshd", more=f"SetEnv PATH={programs}") as server,
        digesting(server, tmp_path / "nas").open(write=True) as place,
    ):
        put(place, b"music/a", data)

        assert wanted[len(tools)] == place.digest(Key(b"music/a"))
        assert place.digest(Key(b"music/none")) is None


@pytest.mark.parametrize("more", ["", SFTP_ONLY])
def test_without_leave_or_without_a_shell_the_level_is_not_reached(tmp_path: Path, more: str):
    """Nothing says "digest" that was not one: the report names what was reached, and how to have more."""
    with sshd(tmp_path / "sshd", more=more) as server:
        home = Home(tmp_path / "home", locations=())
        home.add_server(server.url(tmp_path / "volume"))
        if more:
            allowed(home)
        home.write("a.bin", b"x")
        home.backup()

        ended = home.verify("nas", level=Level.DIGEST)

        assert [each.kind for each in ended.failed] == ["LevelNotReached"]
        assert "server_digests" in ended.failed[0].sentence
        assert set(ended.verified.values()) == {Level.SIZE}
        assert home.verify("nas").code == 0
