"""A connection that breaks off while staged files get their names: the same call goes on from what stands there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.core.place import Key
from fonoteca.locations.patience import Patience
from fonoteca.locations.sftp.publishing import Publishing
from support.archives import Home
from support.places import content, keys, put, stage, stamp
from support.proxy import Proxy, proxy
from support.sshd import sftp_location, sshd

PLENTY = 10_000_000
SPOTS = 6


@pytest.fixture(params=["links", "two renames"])
def between(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[object, Proxy]]:
    """A server, one that knows neither hard links nor posix-rename among them, and the network before it."""
    more = "" if request.param == "links" else "ForceCommand internal-sftp -P hardlink,posix-rename"
    with sshd(tmp_path / "sshd", more=more) as server, proxy(server.port) as made:
        server.vouch(made.port)
        yield server, made


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long in a test."""
    monkeypatch.setattr(Patience, "pause", lambda self, tried: time.sleep(0.02 * tried))


def test_names_are_given_once_wherever_the_connection_breaks_off(tmp_path: Path, between):
    """New ones, one that replaces and keeps the old, one of ours that only replaces: all whole, at each spot."""
    server, network = between
    location = sftp_location(server, tmp_path / "nas", port=network.port, limit_s=10)
    length = PLENTY
    with location.open(write=True) as place:
        for spot in range(-2, SPOTS):  # two to measure how much passes
            folder = b"music/%d/" % (spot % 10)
            put(place, folder + b"edited", b"old")
            put(place, b".fonoteca/paper%d" % (spot % 10), b"old")
            with place.batch() as batch:
                items = [
                    stage(batch, folder + b"new", b"new"),
                    stage(
                        batch,
                        folder + b"edited",
                        b"newer",
                        over=stamp(place, folder + b"edited"),
                        keep=b".fonoteca/versions/%d" % (spot % 10),
                    ),
                    stage(
                        batch,
                        b".fonoteca/paper%d" % (spot % 10),
                        b"newest",
                        over=stamp(place, b".fonoteca/paper%d" % (spot % 10)),
                    ),
                ]
                batch.flush()
                network.cut_after(length * spot // SPOTS if spot >= 0 else PLENTY)
                outcomes = list(batch.publish(items))
                if spot < 0:
                    length = PLENTY - (network._left or 0)
                network.cut_after(None)

            assert [None] * 3 == [each.error for each in outcomes]
            assert [3, 5, 6] == [each.stat.size for each in outcomes if each.stat]
            assert (b"new", b"newer") == (content(place, folder + b"new"), content(place, folder + b"edited"))
            assert b"old" == content(place, b".fonoteca/versions/%d" % (spot % 10))
            assert b"newest" == content(place, b".fonoteca/paper%d" % (spot % 10))
        assert SPOTS == network.cuts
        assert 2 * (SPOTS + 2) == len(keys(place))
        assert [] == keys(place, b".fonoteca/moving/")


def test_a_run_that_was_cut_off_while_it_replaced_goes_on_and_ends_well(
    tmp_path: Path, between, monkeypatch: pytest.MonkeyPatch
):
    """One hiccup at the worst moment costs neither the night nor the old version."""
    server, network = between
    home = Home(tmp_path / "home", locations=())
    home.add_server(server.url(tmp_path / "volume", port=network.port))
    for number in range(3):
        home.write(f"{number}.jpg", b"old %d" % number)
    assert 0 == home.backup().code
    for number in range(3):
        home.write(f"{number}.jpg", b"edited %d" % number)
    real = Publishing.run

    def run(self, items):
        if network.cuts == 0 and any(Key(b"music/1.jpg") == each.key for each in items):
            network.cut_after(900)
        return real(self, items)

    monkeypatch.setattr(Publishing, "run", run)
    ended = home.backup()

    assert (1, 0) == (network.cuts, ended.code), [each.sentence for each in ended.failed]
    assert 0 == home.verify("nas").code
    assert b"edited 1" == (tmp_path / "volume/music/1.jpg").read_bytes()
    assert [(3,)] == home.ask("SELECT count(*) FROM versions")
