"""`kill -9` at any moment of a backup: no wrong file under a real name, no name without its file, no untrue claim."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fonoteca.catalogue import copies, database, places
from fonoteca.tasks.copying import making
from support import faults
from support.archives import OLD, Home

ROUNDS = 16
"""Kills in each of the sixteen cases below: 256 in all, half of them at a chosen call, half at a chosen time, and in
half of them lanes work in processes of their own (a chosen call then kills the program or one of these)."""

PR_SET_CHILD_SUBREAPER = 36
FILES = 24
PLACES = ("red", "blue")


@dataclass
class Truth:
    """Every content that each path ever had, by digest."""

    known: dict[bytes, set[str]] = field(default_factory=dict)
    clock: int = OLD

    def write(self, home: Home, name: str, data: bytes) -> None:
        """Write a library file, later than any before it, and remember its bytes."""
        self.clock += 1_000_000_000
        home.write(name, data, mtime_ns=self.clock)
        self.known.setdefault(os.fsencode(name), set()).add(hashlib.sha256(data).hexdigest())


def run_killed_at_call(home: Home, number: int) -> None:
    """A backup in a child that dies at its n-th changing call."""
    others = children()
    child = os.fork()
    if child == 0:
        os.environ[faults.KILL_AT] = str(number)
        faults.install_from_environment()
        _backup_and_leave(home)
    wait_for_all(others)


def children() -> set[int]:
    """Our child processes."""
    me, found = os.getpid(), set()
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1]) == me:
                found.add(int(name))
    return found


def wait_for_all(others: set[int]) -> None:
    """Wait until nobody is left of a run, also of its lanes' processes, which the kernel kills with it."""
    while left := children() - others:
        for each in left:
            os.waitpid(each, 0)


def run_killed_after(home: Home, seconds: float) -> None:
    """A backup in a child that is killed from outside."""
    others = children()
    child = os.fork()
    if child == 0:
        _backup_and_leave(home)
    deadline = time.monotonic() + seconds
    while (
        time.monotonic() < deadline
        and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    ):
        os.sched_yield()
    os.kill(child, signal.SIGKILL)
    wait_for_all(others)


def _backup_and_leave(home: Home) -> None:
    try:
        home.backup()
    finally:
        os._exit(0)


def live_files(place: Path) -> dict[bytes, str]:
    """Path inside the library to SHA-256 of everything that stands under a real name."""
    top = os.fsencode(place / "music")
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, top)] = hashlib.sha256(file.read()).hexdigest()
    return found


def sealed_claims(place: Path) -> dict[bytes, str]:
    """What the sealed manifest says should stand: path to SHA-256."""
    claims: dict[bytes, str] = {}
    for segment in sorted(place.glob(".fonoteca/libraries/*/manifest/*.jsonl")):
        if segment.name.endswith(".open.jsonl"):
            continue
        lines = [json.loads(line) for line in segment.read_bytes().splitlines()]
        assert "seal" == lines[-1]["op"]
        for line in lines:
            if line["op"] == "have":
                claims[os.fsencode(line["key"].partition("/")[2])] = line["sha256"]
    return claims


def kept_claims(place: Path) -> dict[str, str]:
    """What the sealed manifest says is kept: key of the blob to SHA-256."""
    claims = {}
    for segment in sorted(place.glob(".fonoteca/libraries/*/manifest/????????.jsonl")):
        for line in map(json.loads, segment.read_bytes().splitlines()):
            if line["op"] == "superseded":
                claims[line["kept"]] = line["sha256"]
    return claims


def catalogue_claims(home: Home, name: str) -> dict[bytes, str]:
    """What the catalogue says stands there: path to SHA-256."""
    if not Path(home.config.catalogue).exists():
        return {}
    connection = database.open_reader(home.config.catalogue)
    try:
        row = places.by_name(connection, name)
        assert row is not None
        return {
            copy.path: copy.sha256.hex() for copy in copies.at(connection, row.id) if copy.state == "good"
        }
    finally:
        connection.close()


def assert_nothing_untrue(home: Home, truth: Truth) -> None:
    """Hold every name, line and claim at each place against what was ever written."""
    for name in PLACES:
        place = home.place(name)
        standing = live_files(place)
        for path, found in standing.items():
            assert found in truth.known[path], f"{path!r} at {name} holds bytes that it never had"
        for path, claimed in sealed_claims(place).items():
            # A newer content may stand already, its seal not yet written: then it is one that the path has had.
            assert path in standing, f"{path!r} is sealed at {name} and not there"
            assert claimed in truth.known[path]
        for key, claimed in kept_claims(place).items():
            assert claimed == hashlib.sha256((place / key).read_bytes()).hexdigest()
        for path, claimed in catalogue_claims(home, name).items():
            assert path in standing, f"{path!r} is recorded at {name} and not there"
            assert claimed in truth.known[path]


def assert_completed(home: Home) -> None:
    """The next run brings everything to its end and leaves nothing on the way."""
    ended = home.backup()

    assert ended.code in (0, 4)
    for name in PLACES:
        place = home.place(name)
        assert live_files(home.base) == live_files(place)
        assert [] == list(place.glob(".fonoteca/incoming/*"))
        assert [] == list(place.glob(".fonoteca/libraries/*/manifest/*.open.jsonl"))
        assert live_files(place) == catalogue_claims(home, name)
        assert live_files(place) == sealed_claims(place)


@pytest.fixture
def subreaper():
    """Make orphans of what was killed our children, so that their end can be waited for."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lanes", ["threads", "processes"])
@pytest.mark.parametrize("how", ["at a call", "after a time"])
def test_a_kill_leaves_no_lie_and_the_next_run_completes(tmp_path, monkeypatch, subreaper, seed, lanes, how):
    """Power users press the button; laptops fall. What stands, and what is claimed to stand, must be true."""
    dice = random.Random(f"{how} {seed} {lanes}")
    monkeypatch.setattr(making, "APART_FILES", 0 if lanes == "processes" else 1 << 30)
    home, truth = Home(tmp_path, PLACES), Truth()
    for number in range(FILES):
        truth.write(
            home, f"{number % 5}/{number:02d}.jpg", dice.randbytes(dice.choice((0, 10, 4096, 300_000)))
        )
    first = True
    for _ in range(ROUNDS):
        if how == "at a call":
            run_killed_at_call(home, dice.randint(1, 260 if first else 160))
        else:
            run_killed_after(home, dice.uniform(0.0, 0.25))
        assert_nothing_untrue(home, truth)
        first = dice.random() < 0.4
        if first:
            assert_completed(home)
        for number in dice.sample(range(FILES), 6):
            truth.write(
                home, f"{number % 5}/{number:02d}.jpg", dice.randbytes(dice.choice((1, 4096, 300_000)))
            )
    assert_completed(home)
    assert 0 == home.verify("red").code
