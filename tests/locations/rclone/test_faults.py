"""A cloud that breaks off, hangs, is full or has one bad file: real rclones, a WebDAV server, a proxy between them."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fonoteca.core.place import Key
from fonoteca.errors import Broken, Conflict, Full, LocationError, Lost
from fonoteca.locations.patience import Patience
from fonoteca.locations.rclone.address import Address
from fonoteca.locations.rclone.remote import Remote
from fonoteca.locations.retry import Retrying
from support.disks import disk
from support.places import content, keys, put, stage
from support.proxy import Proxy, proxy
from support.rclone import Webdav, local, newest, oldest, rclone_location, webdav

QUICK = Patience(tries=2, sleep=lambda _: None)
"""rclone tries three times at each of ours, with pauses of its own that grow to two seconds."""

SECOND_NS = 10**9


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Webdav]:
    """A WebDAV server."""
    with webdav(tmp_path / "served") as server:
        yield server


@pytest.fixture
def between(served: Webdav) -> Iterator[Proxy]:
    """The network before it, as the config names it."""
    with proxy(served.port) as made:
        served.seen_at = made.port
        yield made


def address(server: Webdav, folder: Path) -> Address:
    """A folder there."""
    return Address("dav:backup", newest(), server.config(folder))


def files(folder: Path) -> list[str]:
    """What lies below, but for our marker."""
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != ".fonoteca/location.json")


def test_a_new_rclone_listens_where_nobody_else_can_ask_and_an_old_one_on_loopback(tmp_path: Path):
    """A socket in a folder of ours; 1.60 knows none. Either asks for a password, and leaves no folder behind."""
    found, folders = [], []
    for name, program in (("new", newest()), ("old", oldest())):
        location = rclone_location(local(tmp_path / name / "drive", program), known_as="faults")
        with location.open(write=False):
            daemon = location._remote.client._daemon
            assert daemon is not None
            found.append(type(daemon.endpoint.at))
            folders.append(Path(daemon.folder))
            assert folders[-1].stat().st_mode & 0o777 == 0o700

    assert found == [str, int]
    assert [folder.exists() for folder in folders] == [False, False]


@pytest.mark.parametrize("program", [newest, oldest])
def test_files_of_one_second_get_their_time_together(
    tmp_path: Path, program, monkeypatch: pytest.MonkeyPatch
):
    """An album that was copied without its times: one rclone is run for each second, not for each file."""
    asked: list[list[str]] = []
    touch = Remote._touch
    monkeypatch.setattr(
        Remote, "_touch", lambda self, words, name=None: (asked.append(words), touch(self, words, name))[1]
    )
    names = ["a", "sub/b", " blanks ", "{x,y}*[z]", "#hash", "Bj\u00f6rk", "alone"]
    wanted = [
        (Key(f"music/{name}".encode()), (1_600_000_000 + (name == "alone")) * SECOND_NS) for name in names
    ]
    with rclone_location(local(tmp_path / "drive", program()), known_as="faults").open(write=True) as place:
        for key, _ in wanted:
            put(place, key, b"x")
        outcomes = list(place.retime([*wanted, (Key(b"music/none"), 0)]))

    assert [type(outcome.error) for outcome in outcomes] == [type(None)] * len(names) + [Conflict]
    assert [outcome.stat.mtime_ns for outcome in outcomes if outcome.stat] == [when for _, when in wanted]
    assert len(asked) == 2


def test_a_file_that_was_left_out_gets_its_time_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """rclone does not say which of many it could not find or set: whoever has not got it is asked for by name."""
    touch = Remote.touch
    monkeypatch.setattr(
        Remote,
        "touch",
        lambda self, names, when: touch(self, names[:1], when),  # as if it knew the first alone
    )
    wanted = [(Key(b"music/%d" % number), 1_600_000_000 * SECOND_NS) for number in range(3)]
    with rclone_location(local(tmp_path / "drive"), known_as="faults").open(write=True) as place:
        for key, _ in wanted:
            put(place, key, b"x")
        outcomes = list(place.retime(wanted))

    assert [outcome.stat.mtime_ns for outcome in outcomes if outcome.stat] == [when for _, when in wanted]


def test_one_file_that_cannot_be_read_is_about_that_file_alone(
    tmp_path: Path, served: Webdav, between: Proxy
):
    """A bad sector over there: the others are read on, and the place is not given up as lost."""
    location = Retrying(rclone_location(address(served, tmp_path), known_as="dav"), QUICK)
    with location.open(write=True) as place:
        for name in (b"music/good", b"music/bad"):
            put(place, name, name)
        between.cut_at(b"GET /backup/music/bad")

        with pytest.raises(Broken, match="music/bad cannot be read there, while others can"):
            content(place, b"music/bad")
        assert content(place, b"music/good") == b"music/good"


def test_a_line_that_is_cut_again_and_again_ends_in_the_right_bytes_and_leaves_nothing(
    tmp_path: Path, served: Webdav, between: Proxy
):
    """A hotel's network: each object stands whole or not at all, and what is tried again comes through."""
    location = Retrying(rclone_location(address(served, tmp_path), known_as="dav"), QUICK)
    chance = random.Random(5)
    wanted = {b"music/%d" % number: chance.randbytes(300_000) for number in range(5)}
    between.cut_often(6, lambda: chance.randrange(50_000, 400_000))
    for _ in range(20):
        try:
            with location.open(write=True) as place:
                for name in [name for name in wanted if place.stat(Key(name)) is None]:
                    put(place, name, wanted[name])
            break
        except LocationError:
            continue
    between.cut_after(None)

    with location.open(write=True) as place:
        assert {name: content(place, name) for name in keys(place)} == wanted
    assert between.cuts == 6
    assert files(tmp_path / "served/backup") == sorted(name.decode() for name in wanted)


def test_a_server_that_hangs_is_given_up_in_time_and_found_again(
    tmp_path: Path, served: Webdav, between: Proxy
):
    """No call waits for ever; when it answers again, the same opening goes on."""
    location = rclone_location(address(served, tmp_path), limit_s=2, known_as="dav")
    with location.open(write=True) as place:
        put(place, b"music/a", b"x" * 1000)
        between.stall()
        began = time.monotonic()

        with pytest.raises(Lost, match="did not answer in time"):
            place.stat(Key(b"music/a"))
        assert time.monotonic() - began < 15
        between.resume()
        assert content(place, b"music/a") == b"x" * 1000


def test_a_full_disk_over_there_is_said_and_leaves_nothing_staged(tmp_path: Path):
    """Real ENOSPC: what was published stays, what was not is gone, and smaller things are taken again."""
    with disk(tmp_path, megabytes=16) as small:
        location = rclone_location(local(small.mount_point / "drive"), known_as="faults")
        with location.open(write=True) as place:
            put(place, b"music/a", b"x" * 1000)
            with pytest.raises(Full), place.batch() as batch:
                for number in range(4):
                    stage(batch, b"music/large-%d" % number, os.urandom(6 << 20))
                batch.flush()
            assert put(place, b"music/b", b"small").error is None
            assert keys(place) == [b"music/a", b"music/b"]
        assert list((small.mount_point / "drive/.fonoteca/incoming").iterdir()) == []
