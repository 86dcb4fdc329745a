"""Locations beyond this machine under a daemon: a server that was away is asked again, and what is found is mended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.daemon.servers import FIRST_PAUSE_S, LONGEST_PAUSE_S
from fonoteca.daemon.work import CatchUp, Scan
from support.archives import Home
from support.keepers import Keeper, keeper
from support.sshd import SFTP_ONLY, Sshd, sshd


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server for files alone."""
    with sshd(tmp_path_factory.mktemp("nas"), more=SFTP_ONLY) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, nas: Sshd) -> Home:
    """A small archive with a drive and a server."""
    made = Home(tmp_path)
    made.add_server(nas.url(tmp_path / "nas"))
    for number in range(3):
        made.write(f"Nina/{number}.jpg", b"nina %d" % number)
    return made


def mirrored(home: Home) -> bool:
    """Whether the server holds exactly what the library holds; it keeps whole seconds."""
    here, there = home.base / "music", home.place("nas") / "music"
    one, other = (
        {path.relative_to(at): path.read_bytes() for path in at.rglob("*.jpg")} for at in (here, there)
    )
    return one == other


def lent(one: Keeper, home: Home) -> int:
    """The exit code of a `verify` for which the daemon lends the archive."""
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(home.verify().code))
    thread.start()
    one.until(lambda: done, advancing=False)
    thread.join()
    return done[0]


def test_a_server_that_was_away_is_caught_up_when_it_answers_again(home: Home, nas: Sshd) -> None:
    """Nothing tells that it is back: it is asked, and no scan is needed."""
    with keeper(home) as one:
        one.rest()
        assert mirrored(home)
        nas.kill()
        home.write("Nina/new.jpg", b"new")
        one.rest()
        assert "nas is away" in one.said
        assert not mirrored(home)

        one.hands.advance(FIRST_PAUSE_S)
        one.rest()
        nas.start()
        one.hands.advance(2 * FIRST_PAUSE_S)
        one.rest()

        assert mirrored(home)
        assert "nas is up to date." in one.said
        assert 1 == one.said.count("nas is away")
        assert (2, 1) == (len(one.did(CatchUp)), len(one.did(Scan)))
        one.hands.advance(2 * LONGEST_PAUSE_S)
        one.rest()
        assert 2 == len(one.did(CatchUp)), "it answered: nobody asks any more"


def test_what_a_persons_own_verify_found_is_put_right_at_once(home: Home) -> None:
    """The daemon lent the archive, and sees when it has it back that a copy is bad."""
    with keeper(home) as one:
        one.rest()
        copy = home.place("nas") / "music/Nina/1.jpg"
        copy.write_bytes(b"NINA 1")

        assert 4 == lent(one, home)
        one.rest()

        assert mirrored(home)
        assert (1, 1) == (len(one.did(CatchUp)), len(one.did(Scan)))
        assert 0 == lent(one, home)
        one.rest()
        assert 1 == len(one.did(CatchUp)), "nothing new was found"
