"""`location test`: what a place promises, found out by trying, and nothing left behind."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fonoteca.core.place import Traits
from fonoteca.core.promise import promises
from fonoteca.errors import Away, Denied, UsageError
from fonoteca.locations.sftp.packets import FSYNC
from fonoteca.locations.sftp.publishing import Publishing
from fonoteca.locations.sftp.wire import Wire
from fonoteca.tasks.places.trial import place_of, trial
from support.archives import Home, tree
from support.faults import fail_at
from support.sshd import SFTP_ONLY, Sshd, free_port, sshd
from support.stories import Person


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A NAS that gives an account for files alone."""
    with sshd(tmp_path_factory.mktemp("nas"), more=SFTP_ONLY) as made:
        yield made


def tried(word: str) -> dict[str, bool | None]:
    """What each promise came to."""
    return {each.name: each.holds for each in trial(place_of(None, word))}


def test_a_good_place_promises_all_that_is_needed_and_is_left_as_it_was(tmp_path: Path, server: Sshd):
    """Folder and server alike: also folders that had to be made on the way are gone."""
    (tmp_path / "music").mkdir()
    (tmp_path / "music/a.flac").write_bytes(b"somebody's")
    before = tree(tmp_path)
    for word in (
        str(tmp_path / "music"),
        str(tmp_path / "not/yet/there"),
        server.url(tmp_path / "music"),
        server.url(tmp_path / "neither/there"),
    ):
        found = [*trial(place_of(None, word))]

        assert [each.name for each in found if each.needed and not each.holds] == []
        assert {each.name: each.holds for each in found}["durable flush"] is True
        assert tree(tmp_path) == before


def test_a_location_in_use_can_be_tried_and_stays_whole(tmp_path: Path, server: Sshd):
    """A person asks what the NAS promises after a year, by its name."""
    home = Home(tmp_path / "home", locations=())
    home.add_server(server.url(tmp_path / "volume"))
    home.fill()
    assert home.backup().code == 0
    before = tree(tmp_path / "volume")

    assert all(each.holds for each in trial(place_of(home.config, "nas")) if each.needed)
    assert tree(tmp_path / "volume") == before
    with pytest.raises(UsageError, match="it has: nas"):
        place_of(home.config, "nasty")


def test_what_a_place_lacks_is_said(tmp_path: Path, server: Sshd, monkeypatch: pytest.MonkeyPatch):
    """A stick without hard links, a server without fsync: copies work there, and promise less."""
    real = Wire._greet
    monkeypatch.setattr(Wire, "_greet", lambda wire: real(wire) - {FSYNC})
    assert tried(server.url(tmp_path / "nas"))["durable flush"] is False
    fail_at(monkeypatch, "link", errno.EPERM, always=True)
    assert tried(str(tmp_path / "stick"))["replacing in one step"] is False


def test_a_place_that_replaces_what_stands_is_found_out(
    tmp_path: Path, server: Sshd, monkeypatch: pytest.MonkeyPatch
):
    """A server whose rename replaces, and a program that does not look: no copy is safe there."""
    monkeypatch.setattr(Publishing, "_free", lambda self, items: items)
    real = Publishing._add

    def add(self: Publishing, items: list) -> None:
        for item in items:
            self.remote.removes([item.key])
        real(self, items)

    monkeypatch.setattr(Publishing, "_add", add)
    home = Home(tmp_path / "home", locations=())

    assert tried(server.url(tmp_path / "nas"))["a file that stands is never replaced"] is False
    with pytest.raises(UsageError, match="a file that stands is never replaced"):
        home.add_server(server.url(tmp_path / "nas"))
    assert home.config.locations == {}


def test_a_place_that_cannot_be_used_is_said_with_the_remedy(tmp_path: Path, server: Sshd):
    """A wrong port, a wrong key: the sentence of the location itself."""
    with pytest.raises(Away, match="cannot be reached"):
        list(trial(place_of(None, server.url(tmp_path, port=free_port()))))
    with pytest.raises(Denied, match="is not known"):
        list(trial(replace(place_of(None, server.url(tmp_path)), known_hosts="/dev/null")))


def test_the_command_prints_a_table_or_json(tmp_path: Path, server: Sshd):
    """A person reads it, a program parses it."""
    ana = Person(tmp_path / "ana")
    url = server.url(tmp_path / "nas").partition("?")[0]
    files = ("--key", server.key, "--known-hosts", server.known_hosts)

    told = ana.types("location", "test", url, *files)
    parsed = ana.types("location", "test", url, *files, "--json")

    assert (told.code, parsed.code) == (0, 0), told.err + parsed.err
    assert "durable flush" in told.out
    rows = {line["name"]: line for line in parsed.lines if line["type"] == "promise"}
    assert (True, True) == (rows["bytes come back"]["needed"], rows["bytes come back"]["holds"])
    assert parsed.lines[-1]["type"] == "summary"
    assert not (tmp_path / "nas").exists()


def test_traits_become_words():
    """FAT and its like: what is folded, reserved, cut."""
    rows = {
        each.name: each
        for each in promises(
            Traits(
                folds_case=True, reserved='<>:"', name_limit_unit="utf16", mtime_precision_ns=2_000_000_000
            )
        )
    }

    assert rows["case kept apart"].holds is False
    assert (rows["any name"].holds, "UTF-16" in rows["any name"].detail) == (False, True)
    assert rows["times"].detail == "kept to 2 seconds"


def test_on_a_terminal_the_place_of_a_new_location_is_asked_for(tmp_path: Path):
    """A person who types only the name is asked where it lies; a program is not."""
    ana = Person(tmp_path, "ana")
    ours, theirs = os.openpty()
    asked = subprocess.Popen(
        [sys.executable, "-m", "fonoteca", "location", "add", "red"],
        env={**os.environ, "HOME": str(ana.home), "XDG_CONFIG_HOME": str(ana.home / ".config")},
        cwd=ana.home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, os.fsencode(tmp_path / "red copies") + b"\n")
    assert asked.wait(60) == 0
    os.close(ours)
    told = ana.types("location", "add", "blue")

    assert (tmp_path / "red copies/.fonoteca/location.json").exists()
    assert told.code == 2
    assert "no location blue" in told.err
