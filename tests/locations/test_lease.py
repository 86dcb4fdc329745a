"""A lease at a real server, with clocks that are wrong, machines that sleep and answers that are lost."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fonoteca.core.lease import TIME_S
from fonoteca.disk import host
from fonoteca.errors import Away, Locked, Lost
from fonoteca.locations.lease import TOUCH_S, Pinned, Sightings
from fonoteca.locations.sftp.lease import SftpBoard
from fonoteca.locations.sftp.location import SftpLocation
from support.places import put
from support.sshd import SFTP_ONLY, Sshd, sftp_location, sshd

OTHERS = {"owner": "5f", "renewal": "0", "machine": "another", "host": "laptop", "boot": "x", "pid": 1}
TEN_YEARS = timedelta(days=3653)


@pytest.fixture(scope="module")
def nas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server."""
    with sshd(tmp_path_factory.mktemp("nas"), more=SFTP_ONLY) as server:
        yield server


class Clock:
    """Ours. `passes` seconds, sleep included."""

    def __init__(self) -> None:
        self.now_ns = 77 * 10**9

    def passes(self, seconds: float) -> None:
        self.now_ns += int(seconds * 10**9)

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    """One that is moved by hand."""
    return Clock()


@pytest.fixture
def location(nas: Sshd, tmp_path: Path, clock: Clock) -> SftpLocation:
    """An empty place there."""
    made = sftp_location(nas, tmp_path / "volume")
    made.sightings = Sightings(clock=clock)
    return made


@pytest.fixture
def leave(location: SftpLocation) -> Callable[..., None]:
    """What another machine wrote there, by a clock of its own."""
    file = Path(os.fsdecode(location.address.path)) / ".fonoteca/lease.json"

    def left(off: timedelta = timedelta(), **facts: object) -> None:
        when = datetime.now(UTC) + off
        file.write_text(json.dumps({**OTHERS, "expires": when.isoformat(), **facts}))
        os.utime(file, (when.timestamp(),) * 2)

    return left


def is_locked(location: SftpLocation) -> bool:
    """True while somebody else keeps us out."""
    try:
        with location.open(write=True):
            return False
    except Locked:
        return True


@pytest.mark.parametrize("off", [-TEN_YEARS, timedelta(), TEN_YEARS])
def test_a_lease_is_taken_over_when_it_was_seen_unchanged_for_twice_its_time(
    location: SftpLocation, leave: Callable[..., None], clock: Clock, off: timedelta
):
    """Whatever the server's clock and the other machine's say: only ours counts, and it only counts."""
    leave(off)

    found = [is_locked(location)]
    for seconds in (2 * TIME_S, 0.5):
        clock.passes(seconds)
        found.append(is_locked(location))

    assert found == [True, True, False]


def test_a_lease_that_is_written_anew_is_never_taken_over(
    location: SftpLocation, leave: Callable[..., None], clock: Clock
):
    """A first backup runs for days."""
    found = []
    for renewal in range(4):
        leave(renewal=str(renewal))
        found.append(is_locked(location))
        clock.passes(1.5 * TIME_S)
        found.append(is_locked(location))

    assert set(found) == {True}


def test_a_run_says_when_it_may_be_tried_again_where_that_is_remembered(
    location: SftpLocation, leave: Callable[..., None], clock: Clock
):
    """Half an hour is no reason to stop thinking: the command that helps now, and the time at which nobody need ask."""
    location.sightings.recall([])
    leave()
    with pytest.raises(Locked), location.open(write=True):
        pass
    clock.passes(600)

    with pytest.raises(Locked, match=r"run on laptop.*location release nas`.*free in 21 minutes"):
        location.open(write=True).__enter__()


def test_what_an_earlier_run_saw_counts(location: SftpLocation, leave: Callable[..., None], clock: Clock):
    """Each of them is over at once."""
    leave()
    assert is_locked(location)
    clock.passes(2 * TIME_S + 1)
    later = Sightings(clock=clock)
    later.recall(location.sightings.news)

    location.sightings = later

    assert not is_locked(location)


def test_a_machine_that_slept_looks_before_it_goes_on(
    location: SftpLocation, leave: Callable[..., None], clock: Clock
):
    """The lid was closed in the middle of a backup, and another machine took the place: nothing is published by two."""
    with location.open(write=True) as place:
        put(place, b"music/a", b"x")
        leave()
        clock.passes(TOUCH_S)

        with pytest.raises(Away, match=r"another run took its place there \(process 1 on laptop\)"):
            put(place, b"music/b", b"x")
        assert place.stat(b"music/b") is None  # type: ignore[arg-type]


def test_the_clock_that_leases_are_counted_by_does_not_sleep():
    """CLOCK_MONOTONIC stands still while a laptop is closed: who held a lease would go on as if nothing had been."""
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    assert before <= host.since_boot_ns() <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_a_writing_whose_answer_was_lost_is_still_ours(location: SftpLocation, clock: Clock):
    """The new text stands there or the old one: both are ours, and nobody else's run is blamed."""

    class Losing(SftpBoard):
        """Its answers are lost."""

        def renew(self, text: bytes, over: Pinned) -> None:
            super().renew(text, over)
            raise Lost("nas", "cut")

    with location.open(write=True) as place:
        lease = place._lease
        assert lease is not None
        lease._board = Losing(location._remote)
        for _ in range(2):
            clock.passes(TOUCH_S)
            with pytest.raises(Lost):
                lease.hold()
        lease._board = location.board()

        lease.hold()
    assert not is_locked(location)


def test_a_run_whose_lease_a_person_took_away_stops_and_says_so(location: SftpLocation, clock: Clock):
    """`location release` meant another run; this one was alive after all."""
    with location.open(write=True) as place:
        (Path(os.fsdecode(location.address.path)) / ".fonoteca/lease.json").unlink()
        clock.passes(TOUCH_S)

        with pytest.raises(Away, match="location release"):
            place.check()
