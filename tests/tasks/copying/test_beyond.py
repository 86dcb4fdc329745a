"""Several places beyond this machine, each served from a reading of its own."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from fonoteca.core.event import Advanced, Copied, Event, Phase
from fonoteca.tasks.copying.lanes import Lane
from fonoteca.tasks.copying.turns import TURN, side_by_side
from support.archives import Home
from support.proxy import proxy
from support.sshd import sshd


def job(*events: Event, ended: list[str] | None = None) -> Generator[Event, None, None]:
    """A job that says these."""
    try:
        yield from events
    finally:
        if ended is not None:
            ended.append("ended")


def test_a_job_that_waits_lets_the_others_go_on():
    """The one that says nothing but `TURN` keeps nobody, and `TURN` is said to nobody."""
    one, two, three = (Phase(name) for name in ("one", "two", "three"))

    said = list(side_by_side([job(TURN, TURN, one), job(two, TURN, three)]))

    assert [two, three, one] == said
    assert Advanced(0, 0) == TURN, "it is known by being that object, not by its value"


def test_what_one_job_raises_ends_the_others():
    """A bug, or a person's Ctrl-C: nobody goes on in the dark."""
    ended: list[str] = []

    def fails() -> Generator[Event, None, None]:
        yield TURN
        raise KeyError("bug")

    with pytest.raises(KeyError):
        list(side_by_side([job(TURN, TURN, TURN, ended=ended), fails()]))

    assert ["ended"] == ended


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
        real = Lane.start

        def start(lane: Lane) -> None:
            if lane.name == "hangs":
                between.stall()
            real(lane)

        monkeypatch.setattr(Lane, "start", start)
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
