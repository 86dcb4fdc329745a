"""Who writes at a remote now, when others may too."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from fonoteca.core.lease import TIME_S
from fonoteca.disk import host
from fonoteca.errors import Away, Locked
from fonoteca.locations import lease
from fonoteca.locations.lease import Sightings
from fonoteca.locations.rclone.location import RcloneLocation
from support.rclone import local, rclone_location

OTHERS = {"owner": "5f", "machine": "another", "host": "laptop", "boot": "x", "pid": 1, "started": "1"}


def leave(folder: Path, name: str, text: dict[str, object], age_s: float = 0) -> None:
    """What somebody else wrote there, so long ago."""
    file = folder / ".fonoteca" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(text))
    os.utime(file, (time.time() - age_s,) * 2)


@pytest.mark.parametrize("name", ["lease.json", "incoming/lease-5f"])
def test_another_machine_that_works_there_or_is_about_to_is_not_disturbed(tmp_path: Path, name: str):
    """Of two who come at one moment, each sees the other's claim."""
    location = rclone_location(local(tmp_path / "drive"), known_as="lease")
    leave(tmp_path / "drive", name, OTHERS)

    with pytest.raises(Locked, match="laptop"), location.open(write=True):
        pass
    with location.open(write=False):
        pass


@pytest.mark.parametrize("name", ["lease.json", "incoming/lease-5f"])
def test_a_lease_that_nobody_wrote_anew_is_taken_over(tmp_path: Path, name: str):
    """A machine that was switched off must not lock a place for ever; the remote's times say nothing."""
    location = rclone_location(local(tmp_path / "drive"), known_as="lease")
    now = [0]
    location.sightings = Sightings(clock=lambda: now[0])
    leave(tmp_path / "drive", name, OTHERS, age_s=10 * 365 * 86_400)
    with pytest.raises(Locked), location.open(write=True):
        pass

    now[0] = (2 * TIME_S + 1) * 10**9
    with location.open(write=True):
        assert [*(tmp_path / "drive/.fonoteca/incoming").glob("*")] == []


def test_a_run_of_this_machine_that_died_holds_nothing(tmp_path: Path):
    """Its process is gone: nobody need wait."""
    location = rclone_location(local(tmp_path / "drive"), known_as="lease")
    leave(tmp_path / "drive", "lease.json", {"owner": "5f", **host.me()._asdict(), "started": "1"})

    with location.open(write=True):
        pass
    assert not (tmp_path / "drive/.fonoteca/lease.json").exists()


def test_who_was_silent_for_long_notices_that_another_took_the_place(tmp_path: Path, monkeypatch):
    """Nothing is published by two."""
    monkeypatch.setattr(lease, "TOUCH_S", 0.0)
    location = rclone_location(local(tmp_path / "drive"), known_as="lease")
    with location.open(write=True) as place:
        leave(tmp_path / "drive", "lease.json", OTHERS)

        with pytest.raises(Away, match="another run took its place"):
            place.check()
    assert json.loads((tmp_path / "drive/.fonoteca/lease.json").read_text()) == OTHERS


def test_a_person_may_release_the_lease_of_a_machine_that_is_gone(tmp_path: Path):
    """Nobody waits a quarter of an hour for a laptop that was stolen; a run that is alive keeps what it has."""
    location = rclone_location(local(tmp_path / "drive"), known_as="lease")
    leave(tmp_path / "drive", "lease.json", OTHERS)

    assert location.release() == "process 1 on laptop"
    assert location.release() is None
    with location.open(write=True), pytest.raises(Locked):
        RcloneLocation("drive", location.address, location.expected).release()
