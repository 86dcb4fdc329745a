"""Several places beyond this machine, each served from a reading of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import pytest

from fonoteca.core.event import Advanced, Copied, Event, Phase
from fonoteca.tasks.copying import beyond, bringing
from fonoteca.tasks.copying.bringing import Bringing, Present
from fonoteca.tasks.copying.lanes import Lane
from fonoteca.tasks.copying.turns import TURN, Baton, side_by_side
from support.archives import Home
from support.proxy import proxy
from support.sshd import sshd


def job(events: Iterable[Event], ended: list[str]) -> Generator[Event, None, None]:
    """A job that says these, and when it ended."""
    try:
        yield from events
    finally:
        ended.append("ended")


def test_a_job_that_waits_lets_the_others_go_on():
    """One says nothing but `TURN`, one waits for a server: they keep nobody, and `TURN` is said to nobody."""
    one, two, three, four = (Phase(name) for name in ("one", "two", "three", "four"))
    baton, answered = Baton(), threading.Event()

    def turning() -> Generator[Event, None, None]:
        while not answered.is_set():
            yield TURN
        yield one

    def waiting() -> Generator[Event, None, None]:
        with baton.ceded():
            answered.wait(20)
        yield two

    def working() -> Generator[Event, None, None]:
        yield three
        yield TURN
        yield four
        answered.set()

    said = list(side_by_side([turning(), waiting(), working()], baton))

    assert [three, four] == said[:2]
    assert {"one", "two"} == {each.name for each in said[2:] if isinstance(each, Phase)}
    assert Advanced(0, 0) == TURN, "it is known by being that object, not by its value"


def test_only_one_works_at_a_time_and_not_within_a_transaction():
    """What they share has no locks: it is given away only where its holder says so."""
    is_open = [True]
    baton = Baton(lambda: is_open[0])
    at_once: list[int] = []
    most = [0]

    def working() -> Generator[Event, None, None]:
        for _ in range(50):
            at_once.append(1)
            most[0] = max(most[0], len(at_once))
            at_once.pop()
            with baton.ceded():
                pass
            yield Phase("worked")

    def keeping() -> Generator[Event, None, None]:
        for _ in range(20):
            is_open[0] = False
            at_once.append(1)
            with baton.ceded():
                most[0] = max(most[0], len(at_once))
            at_once.pop()
            is_open[0] = True
            yield TURN

    assert 100 == len(list(side_by_side([working(), keeping(), working()], baton)))
    assert 1 == most[0]


def test_what_one_job_raises_ends_the_others():
    """A bug, or a person's Ctrl-C: nobody goes on in the dark."""
    ended: list[str] = []

    def fails() -> Generator[Event, None, None]:
        yield TURN
        raise KeyError("bug")

    def goes_on() -> Generator[Event, None, None]:
        while True:
            yield TURN

    with pytest.raises(KeyError):
        list(side_by_side([job(goes_on(), ended=ended), fails(), job([Phase("said")], ended=ended)], Baton()))

    assert ["ended", "ended"] == ended


@pytest.mark.parametrize(
    ("owner", "step"),
    [(Bringing, "enrol"), (Bringing, "_seal"), (bringing, "survey"), (bringing, "relocate")],
    ids=["agreement", "sealing", "listing", "renaming"],
)
def test_a_server_that_stalls_outside_of_its_lane_delays_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str
):
    """While it is asked what it holds, renames what was moved, or its manifest is closed: the other one is through."""
    with sshd(tmp_path / "sshd") as server, proxy(server.port) as between:
        server.vouch(between.port)
        home = Home(tmp_path / "home", locations=())
        home.add_server(server.url(tmp_path / "hangs", port=between.port), "hangs")
        home.add_server(server.url(tmp_path / "well"), "well")
        written = home.write("a.bin", os.urandom(300_000))
        if step == "relocate":
            assert 0 == home.backup().code
            written.rename(written.with_name("b.bin"))
        real, stalled = getattr(owner, step), threading.Event()

        def stalling(first: object, *words) -> Iterator[Event]:
            names = (
                [one.config.name for one in first.opened] if isinstance(first, Bringing) else [words[1].name]
            )
            if names == ["hangs"]:
                between.stall()
                stalled.set()
            while names == ["well"] and not stalled.is_set():
                yield TURN
            yield from real(first, *words)

        monkeypatch.setattr(owner, step, stalling)
        closed: list[str] = []
        real_close = beyond._Opening.close

        def close(self: beyond._Opening) -> None:
            real_close(self)
            closed.append(self.name)
            stalled.wait(30)
            between.resume()

        monkeypatch.setattr(beyond._Opening, "close", close)
        ended = home.backup()

        assert ["well opens", "hangs opens"] == closed
        assert (0, []) == (ended.code, ended.failed)
        assert {0} == {home.verify(name).code for name in ("hangs", "well")}


def test_a_stalled_server_delays_neither_drives_nor_other_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """One NAS hangs: the drive and the other NAS have all copies, summed up, while it is still waited for."""
    with sshd(tmp_path / "sshd") as server, proxy(server.port) as between:
        server.vouch(between.port)
        home = Home(tmp_path / "home")
        home.add_server(server.url(tmp_path / "hangs", port=between.port), "hangs")
        home.add_server(server.url(tmp_path / "well"), "well")
        for number in range(20):
            home.write(f"{number}.bin", os.urandom(300_000))
        real, real_enrol, stalled = Lane.start, Bringing.enrol, threading.Event()

        def start(lane: Lane) -> None:
            if lane.name == "hangs":
                between.stall()
                stalled.set()
            real(lane)

        def enrol(self: Bringing, present: Present) -> Iterator[Event]:
            while [each.config.name for each in self.opened] == ["well"] and not stalled.is_set():
                yield TURN
            yield from real_enrol(self, present)

        monkeypatch.setattr(Lane, "start", start)
        monkeypatch.setattr(Bringing, "enrol", enrol)
        before: list[str] = []
        for event in home.backup_events():
            if isinstance(event, Copied):
                before.append(event.location)
            if isinstance(event, Phase) and (event.name, event.location) == ("seal", "well"):
                assert ("red", 20) == ("red", before.count("red"))
                assert ("well", 20) == ("well", before.count("well"))
                assert ("hangs", 0) == ("hangs", before.count("hangs"))
                assert (home.place("red") / "SHA256SUMS").exists()
                between.resume()

        assert 20 == before.count("hangs")
        for name in ("red", "well", "hangs"):
            assert 0 == home.verify(name).code
