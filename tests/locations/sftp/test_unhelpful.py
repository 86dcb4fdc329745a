"""Servers that refuse a thing or two, lie, or answer twice: OpenSSH's own sftp-server refuses requests by name."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.core.finding import FindingKind
from fonoteca.core.manifest.encode import encode
from fonoteca.core.manifest.lines import Seal
from fonoteca.core.place import Key
from fonoteca.errors import Denied, Foreign, Lost
from fonoteca.locations.sftp.batch import SftpBatch
from support.archives import Home, cut_short, restore_bare, tree
from support.places import MTIME, content, put, stage
from support.proxy import proxy
from support.sshd import Sshd, sftp_location, sshd


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    """A server of this test's own."""
    with sshd(tmp_path / "sshd") as made:
        yield made


def refuse(server: Sshd, *requests: str) -> None:
    """From now on these requests get "permission denied"; with none, nothing may be written."""
    options = f"-P {','.join(requests)}" if requests else "-R"
    server.kill()
    server.more = f"ForceCommand internal-sftp {options}"
    server.start()


def protected(tmp_path: Path, server: Sshd) -> Home:
    """An archive with copies on the server."""
    home = Home(tmp_path / "home", locations=())
    home.add_server(server.url(tmp_path / "volume"))
    for name in ("a.bin", "b.bin"):
        home.write(name, os.urandom(100_000))
    assert home.backup().code == 0
    return home


def test_without_permission_to_list_nothing_counts_as_missing(tmp_path: Path, server: Sshd):
    """Somebody changed the account's rights: that says nothing about the copies."""
    home = protected(tmp_path, server)
    refuse(server, "opendir")

    verified = home.verify("nas")

    assert verified.code == 3
    assert verified.found() == []
    assert [each.kind for each in verified.failed] == ["Denied"]
    assert "permission" in verified.failed[0].sentence
    refuse(server, "stat")
    assert home.verify("nas").code == 0


def test_without_permission_to_write_copies_can_still_be_checked_and_restored(tmp_path: Path, server: Sshd):
    """A disk that is only for reading over there is a place to restore from."""
    home = protected(tmp_path, server)
    home.write("c.bin", b"new")
    refuse(server)

    ended = home.backup()

    assert (ended.code, [each.kind for each in ended.failed]) == (3, ["Denied"])
    assert "ermission" in ended.failed[0].sentence
    assert home.verify("nas").code == 0
    assert restore_bare(server.url(tmp_path / "volume"), tmp_path / "back").code == 0


def test_without_permission_to_delete_it_is_said_and_the_next_run_completes_it(tmp_path: Path, server: Sshd):
    """Some NAS accounts may add and not remove: what was copied stands, and nothing pretends to be sealed."""
    home = protected(tmp_path, server)
    refuse(server, "remove", "rmdir")
    home.write("c.bin", b"new")

    ended = home.backup()

    assert (ended.code, [each.kind for each in ended.failed]) == (3, ["Denied"])
    assert "Give this account permission there" in ended.failed[0].sentence
    location = sftp_location(server, tmp_path / "other")
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        (outcome,) = place.delete([Key(b"music/a")])
        assert isinstance(outcome.error, Denied)
        assert content(place, b"music/a") == b"x"
    refuse(server, "stat")
    assert home.backup().code == 0
    assert home.verify("nas").code == 0


@pytest.mark.parametrize("lie", ["cut short", "zeroes"])
def test_a_server_that_keeps_other_bytes_than_it_took_is_found_out(
    tmp_path: Path, server: Sshd, monkeypatch: pytest.MonkeyPatch, lie: str
):
    """It said "written", and its disk says otherwise: reading back is what proves a copy."""
    home = Home(tmp_path / "home", locations=())
    home.add_server(server.url(tmp_path / "volume"))
    home.write("a.bin", os.urandom(100_000))
    real = SftpBatch.flush

    def flush(batch: SftpBatch) -> None:
        real(batch)
        for path in (tmp_path / "volume/.fonoteca/incoming").glob("*/*"):
            if path.stat().st_size == 100_000:
                cut_short(path, 50_000) if lie == "cut short" else path.write_bytes(bytes(100_000))

    monkeypatch.setattr(SftpBatch, "flush", flush)
    ended = home.backup()

    assert [each.path for each in ended.found(FindingKind.DAMAGED)] == [b"a.bin"]
    assert not (tmp_path / "volume/music/a.bin").exists()
    monkeypatch.setattr(SftpBatch, "flush", real)
    assert home.backup().code == 0
    assert home.verify("nas").code == 0


def test_a_location_of_a_newer_version_is_left_alone(tmp_path: Path, server: Sshd):
    """A manifest that this version cannot read is no reason to write over it."""
    location = sftp_location(server, tmp_path / "nas")
    marker = tmp_path / "nas/.fonoteca/location.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"format": 99}))

    with pytest.raises(Foreign, match="newer fonoteca"), location.open(write=True):
        pass
    assert [each.name for each in (tmp_path / "nas/.fonoteca").iterdir()] == ["location.json"]


def test_what_an_old_connection_still_carries_reaches_no_copy(tmp_path: Path, server: Sshd):
    """A router wakes up: the bytes of a try that was given up arrive after its successor was published."""
    with proxy(server.port) as between:
        server.vouch(between.port)
        location = sftp_location(server, tmp_path / "nas", port=between.port, limit_s=1)
        with location.open(write=True) as place:
            with pytest.raises(Lost), place.batch() as batch:
                writing = batch.create(Key(b"music/a"), 4 << 20, MTIME)
                writing.write(b"o" * (1 << 20))
                between.hold_on()
                for _ in range(3):
                    writing.write(b"o" * (1 << 20))
                writing.finish()
                batch.flush()
            with place.batch() as batch:
                staged = stage(batch, b"music/a", b"n" * (4 << 20))
                batch.flush()
                between.resume()
                outcomes = list(batch.publish([staged]))

            assert [each.error for each in outcomes] == [None]
            assert content(place, b"music/a") == b"n" * (4 << 20)
        with location.open(write=True):
            assert list((tmp_path / "nas/.fonoteca/incoming").iterdir()) == []


def newer_segment(folder: Path) -> None:
    """The next segment of the chain there, and HEAD, as a version with another format of manifests would write them."""
    (head_path,) = folder.glob(".fonoteca/libraries/*/HEAD")
    head = json.loads(head_path.read_text())
    facts = {
        "op": "segment",
        "format": 99,
        "n": head["n"] + 1,
        "library": head["library"],
        "prev": head["sha256"],
    }
    line = json.dumps(facts).encode() + b"\n"
    seal = Seal(head["n"] + 1, 1, hashlib.sha256(line).hexdigest())
    (head_path.parent / f"manifest/{head['n'] + 1:08}.jsonl").write_bytes(line + encode(seal))
    head_path.write_text(json.dumps(head | {"n": seal.number, "sha256": seal.digest}) + "\n")


def test_a_manifest_of_a_newer_version_is_said_and_left_alone(tmp_path: Path, server: Sshd):
    """Its marker may be as it was: what this version cannot read is no damage that it may mend."""
    home = protected(tmp_path, server)
    newer_segment(tmp_path / "volume")
    before = tree(tmp_path / "volume")
    home.write("c.bin", b"new")

    ended = home.backup()

    assert before == tree(tmp_path / "volume")
    assert (3, ["Foreign"]) == (ended.code, [each.kind for each in ended.failed])
    assert "newer" in ended.failed[0].sentence
