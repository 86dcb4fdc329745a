"""Who is let in, and which server is believed: every refusal says what helps."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fonoteca.errors import Away, Denied
from fonoteca.locations.sftp.address import Address, password
from fonoteca.locations.sftp.location import SftpLocation
from support.places import content, put
from support.sshd import Sshd, free_port, sftp_location, sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server for all tests here."""
    with sshd(tmp_path_factory.mktemp("sshd")) as made:
        yield made


def refusal(address: Address) -> Denied:
    """What is said when somebody looks there."""
    with pytest.raises(Denied) as caught:
        SftpLocation("nas", address, None).peek()
    return caught.value


def test_an_unknown_host_is_refused_with_the_command_that_accepts_it(tmp_path: Path, server: Sshd):
    """The first time is when somebody in between would be believed for ever."""
    known = tmp_path / "home of a new machine/.ssh/known_hosts"
    address = replace(server.at(tmp_path / "nas"), known_hosts=str(known))

    said = str(refusal(address))

    assert "is not known" in said
    command = re.search(r"run `(mkdir .*?)`", said)
    assert command is not None
    subprocess.run(["bash", "-c", command[1]], check=True)
    assert SftpLocation("nas", address, None).peek() is None


def test_a_changed_host_key_is_refused_with_the_command_that_accepts_it(tmp_path: Path):
    """Either the NAS was installed anew, or somebody stands between: a person has to look."""
    with sshd(tmp_path / "sshd") as server:
        address = server.at(tmp_path / "nas")
        assert SftpLocation("nas", address, None).peek() is None
        server.kill()
        server.new_host_key()
        server.start()

        said = str(refusal(address))

        assert "another host key" in said
        command = re.search(r"run `(ssh-keygen -R .*?)`", said)
        assert command is not None
        subprocess.run(["bash", "-c", command[1]], check=True, capture_output=True)
        assert SftpLocation("nas", address, None).peek() is None


def test_a_location_on_a_server_with_another_key_is_away_until_it_is_adopted(tmp_path: Path):
    """A copy of the marker on another server is not the location."""
    with sshd(tmp_path / "sshd") as server:
        location = sftp_location(server, tmp_path / "nas")
        server.kill()
        server.new_host_key()
        server.start()
        server.known_hosts.write_text("")
        server.vouch()

        with pytest.raises(Away, match="location adopt nas"), location.open(write=False):
            pass


def test_a_key_that_is_not_let_in_is_said_with_what_was_tried(tmp_path: Path, server: Sshd):
    """The wrong key is the commonest mistake: the sentence names it, and how to put the right one there."""
    server.new_host_key("other")
    said = str(refusal(replace(server.at(tmp_path), key=str(server.folder / "other"))))

    assert f"does not let {server.at(tmp_path).user} in with {server.folder / 'other'}" in said
    assert "ssh-copy-id" in said


def test_a_key_that_cannot_be_used_is_named(tmp_path: Path, server: Sshd):
    """No key, no key file, a locked key: three sentences, each with its file."""
    garbage = tmp_path / "garbage"
    garbage.write_text("no key")
    locked = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", locked], check=True)

    assert "cannot be read" in str(refusal(replace(server.at(tmp_path), key=str(tmp_path / "none"))))
    assert "is no private key" in str(refusal(replace(server.at(tmp_path), key=str(garbage))))
    assert f"ssh-add {locked}" in str(refusal(replace(server.at(tmp_path), key=str(locked))))


def test_a_locked_key_is_opened_by_the_password_of_the_environment(
    tmp_path: Path, server: Sshd, monkeypatch: pytest.MonkeyPatch
):
    """A password comes from a file or the environment, never from the config."""
    locked = tmp_path / "id"
    shutil.copy(server.key, locked)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", locked], check=True)
    monkeypatch.setenv("FONOTECA_NAS_PASSWORD", "secret")

    assert SftpLocation("nas", replace(server.at(tmp_path / "nas"), key=str(locked)), None).peek() is None


def test_a_password_file_counts_before_the_environment(tmp_path: Path):
    """Its first line is the password; what the config names counts first."""
    file = tmp_path / "password"
    file.write_text("from the file\n\n")
    address = Address("nas.lan", b"/music", password_file=str(file))
    environ = {"FONOTECA_NAS_PASSWORD": "own", "FONOTECA_SFTP_PASSWORD": "any", "MINE": "named"}

    assert password("nas", address, environ) == "from the file"
    assert password("nas", Address("nas.lan", b"/music"), environ) == "own"
    assert password("sftp://nas.lan/music", Address("nas.lan", b"/music"), environ) == "any"
    assert password("nas", Address("nas.lan", b"/music", password_env="MINE"), environ) == "named"
    assert password("nas", Address("nas.lan", b"/music"), {}) is None


def test_a_server_that_is_not_there_is_away(tmp_path: Path, server: Sshd):
    """A NAS that is off is no error of the archive's."""
    for address in (
        replace(server.at(tmp_path), port=free_port()),
        replace(server.at(tmp_path), host="no-such-host.invalid"),
    ):
        with pytest.raises(Away, match="cannot be reached"):
            SftpLocation("nas", address, None).peek()


def test_a_server_without_sftp_is_said_so(tmp_path: Path):
    """A shell account is not enough."""
    with sshd(tmp_path / "sshd", more="ForceCommand /bin/false") as server:
        said = str(refusal(server.at(tmp_path)))

        assert "SFTP" in said


def test_a_place_by_ipv6_is_a_place_like_any(tmp_path: Path):
    """Half of the world's homes have no other address."""
    try:
        free_port("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with sshd(tmp_path / "sshd", address="::1") as server:
        location = sftp_location(server, tmp_path / "nas")
        with location.open(write=True) as place:
            put(place, b"music/a", b"x")

            assert content(place, b"music/a") == b"x"
