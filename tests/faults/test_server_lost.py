"""A server that goes in the middle of a transfer, and a network that cuts, stalls and crawls between."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.core.place import Key
from fonoteca.errors import Away, Lost
from fonoteca.locations.patience import Patience
from fonoteca.locations.retry import Retrying
from fonoteca.locations.sftp import link
from fonoteca.locations.sftp.batch import SftpBatch
from support.archives import Home, restore_bare, tree
from support.places import MTIME, content, keys, put
from support.proxy import Proxy, proxy
from support.sshd import Sshd, sftp_location, sshd


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    """A server of this test's own."""
    with sshd(tmp_path / "sshd") as made:
        yield made


@pytest.fixture
def between(server: Sshd) -> Iterator[Proxy]:
    """The network before it."""
    with proxy(server.port) as made:
        server.vouch(made.port)
        yield made


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long in a test."""
    monkeypatch.setattr(Patience, "pause", lambda self, tried: time.sleep(0.02 * tried))


def incoming(folder: Path) -> list[Path]:
    """What is staged there."""
    return list((folder / ".fonoteca/incoming").iterdir())


def test_a_transfer_whose_server_was_killed_is_completed_by_the_next_run(tmp_path: Path, server: Sshd):
    """A NAS reboots in the night: a plain sentence, and nothing half-made stays after the next run."""
    home = Home(tmp_path / "home", locations=())
    volume = tmp_path / "volume"
    home.add_server(server.url(volume))
    for number in range(12):
        home.write(f"{number}.bin", os.urandom(3_000_000))
    started = threading.Event()

    def kill() -> None:
        started.wait(30)
        server.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    real = link.Link.shared

    def shared(self: link.Link, name: str) -> object:
        if name == "staging":
            started.set()
        return real(self, name)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(link.Link, "shared", shared)
        failed = home.backup()
    killer.join()
    server.start()
    done = home.backup()

    assert failed.code == 3
    assert [each.kind in ("Lost", "Away") for each in failed.failed] == [True]
    assert "run this again" in failed.failed[0].sentence
    assert (done.code, incoming(volume)) == (0, [])
    assert home.verify("nas").code == 0
    for path in (home.base / "music").iterdir():
        assert (volume / "music" / path.name).read_bytes() == path.read_bytes()


def test_twenty_cuts_in_one_transfer_end_in_the_right_bytes(tmp_path: Path, server: Sshd, between: Proxy):
    """Every provider has such days: what broke off is sent again, and nothing is left of the tries."""
    home = Home(tmp_path / "home", locations=())
    volume = tmp_path / "volume"
    home.add_server(server.url(volume, port=between.port))
    chance = random.Random(7)
    for number in range(40):
        home.write(f"{number % 7}/{number}.bin", os.urandom(chance.randrange(1, 700_000)))
    between.cut_often(20, lambda: chance.randrange(20_000, 1_000_000))
    runs = 0
    while home.backup().code != 0 and runs < 20:
        runs += 1
    between.cut_after(None)
    last = home.backup()

    assert between.cuts == 20
    assert last.code == 0, last.found()
    assert home.verify("nas").code == 0
    assert incoming(volume) == []
    target = tmp_path / "back"
    assert restore_bare(server.url(volume), target).code == 0
    assert tree(target) == tree(home.base / "music")


def test_a_cut_within_a_run_is_mended_by_the_same_run(tmp_path: Path, server: Sshd, between: Proxy):
    """A lane reads again what it lost with the connection, so that one hiccup costs no night."""
    home = Home(tmp_path / "home", locations=())
    home.add_server(server.url(tmp_path / "volume", port=between.port))
    for number in range(6):
        home.write(f"{number}.bin", os.urandom(1_500_000))
    between.cut_after(4_000_000)

    ended = home.backup()

    assert (between.cuts, ended.code) == (1, 0)
    assert incoming(tmp_path / "volume") == []
    assert home.verify("nas").code == 0


def test_a_server_that_stalls_is_given_up_after_the_limit(tmp_path: Path, server: Sshd, between: Proxy):
    """No call waits for ever: a stalled server is a sentence, not a hang."""
    location = sftp_location(server, tmp_path / "nas", port=between.port, limit_s=1)
    with location.open(write=True) as place:
        put(place, b"music/a", b"x" * 5000)
        between.stall()
        began = time.monotonic()
        with pytest.raises(Lost):
            place.stat(Key(b"music/a"))
        waited = time.monotonic() - began
        between.resume()

        assert waited < 10
        assert content(place, b"music/a") == b"x" * 5000


def test_an_upload_to_a_stalled_server_ends_too(tmp_path: Path, server: Sshd, between: Proxy):
    """Bytes that nobody takes fill every buffer on the way: then the limit counts as well."""
    location = sftp_location(server, tmp_path / "nas", port=between.port, limit_s=1)
    with location.open(write=True) as place, pytest.raises((Lost, Away)), place.batch() as batch:
        writing = batch.create(Key(b"music/a"), 200 << 20, MTIME)
        between.stall()
        for _ in range(200):
            writing.write(bytes(1 << 20))
    between.resume()


def test_a_slow_server_is_waited_for(tmp_path: Path, server: Sshd, between: Proxy):
    """50 KB a second is slow and no fault, as long as answers come."""
    location = sftp_location(server, tmp_path / "nas", port=between.port, limit_s=5)
    data = os.urandom(120_000)
    between.slow(50_000)
    with location.open(write=True) as place:
        put(place, b"music/a", data)

        assert content(place, b"music/a") == data


def test_a_stalled_server_does_not_delay_drives(tmp_path: Path, server: Sshd, between: Proxy, monkeypatch):
    """The copies at home are made at their own speed, whatever the network does."""
    monkeypatch.setattr(link, "LIMIT_S", 2.0)
    monkeypatch.setattr(link, "CONNECT_S", 1.0)
    home = Home(tmp_path / "home")
    home.add_server(server.url(tmp_path / "volume", port=between.port))
    for number in range(20):
        home.write(f"{number}.bin", os.urandom(400_000))
    real = link.Link.shared

    def shared(self: link.Link, name: str) -> object:
        if name == "staging":
            between.stall()
        return real(self, name)

    monkeypatch.setattr(link.Link, "shared", shared)
    ended = home.backup()
    between.resume()
    monkeypatch.setattr(link.Link, "shared", real)

    assert [each.location for each in ended.failed] == ["nas"]
    assert home.ask(
        "SELECT count(*) FROM copies p JOIN locations l ON l.id = p.location WHERE l.name = 'red'"
    ) == [(20,)]
    assert home.backup().code == 0


def test_verbs_are_asked_again_and_a_move_is_not_done_twice(tmp_path: Path, server: Sshd, between: Proxy):
    """After a lost answer nobody knows whether it was done: asking again is safe for every verb."""
    location = Retrying(sftp_location(server, tmp_path / "nas", port=between.port, limit_s=5))
    with location.open(write=True) as place:
        for name in (b"a", b"b", b"c"):
            put(place, b"music/" + name, name * 300_000)
        for room in range(0, 4000, 250):
            between.cut_after(room)
            there, back = (b"music/a", b"music/x") if room % 500 == 0 else (b"music/x", b"music/a")
            outcomes = list(place.move([(Key(there), Key(back))]))
            assert [(each.key, each.error) for each in outcomes] == [(back, None)]
        between.cut_after(400_000)
        assert content(place, b"music/b") == b"b" * 300_000
        between.cut_after(100)
        assert len(keys(place)) == 3
        between.cut_after(300)
        assert [each.error for each in place.delete([Key(b"music/c"), Key(b"music/none")])] == [None, None]
        assert len(keys(place)) == 2


def test_what_is_permanent_fails_at_once(tmp_path: Path, server: Sshd):
    """A key that is refused is refused again a second later: no pause before the sentence."""
    pauses: list[float] = []
    patience = Patience(sleep=pauses.append)
    location = Retrying(sftp_location(server, tmp_path / "nas"), patience)
    server.kill()

    with pytest.raises(Away, match="cannot be reached"), location.open(write=False):
        pass
    assert len(pauses) <= patience.tries
    with pytest.raises(Away, match="cannot be reached"):
        Retrying(type(location.inner)("new", server.at(tmp_path), None), patience).peek()
    assert len(pauses) <= patience.tries


@pytest.mark.parametrize("when", [1, 2, 3, 4])
def test_a_server_that_is_restarted_in_mid_transfer_is_found_again_by_the_same_run(
    tmp_path: Path, server: Sshd, monkeypatch: pytest.MonkeyPatch, when: int
):
    """An update of the NAS takes some seconds: the run waits for it, sends again what was lost, and ends well."""
    monkeypatch.setattr(Patience, "pause", lambda self, tried: time.sleep(1.0 * tried))
    home = Home(tmp_path / "home", locations=())
    home.add_server(server.url(tmp_path / "volume"))
    for number in range(10):
        home.write(f"{number}.bin", os.urandom(2_000_000))
    real = SftpBatch.flush
    restarted: list[int] = []

    def flush(batch: SftpBatch) -> None:
        restarted.append(1)
        if len(restarted) == when:
            server.kill()
            server.start()
        real(batch)

    monkeypatch.setattr(SftpBatch, "flush", flush)
    ended = home.backup()

    assert ended.code == 0, [each.sentence for each in ended.failed]
    assert len(restarted) >= when
    assert incoming(tmp_path / "volume") == []
    assert home.verify("nas").code == 0
