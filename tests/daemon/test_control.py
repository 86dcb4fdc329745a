"""Being controlled: other commands, signals, pauses, a new config; nothing is ever half-made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.cli.daemon import _obey
from fonoteca.cli.stopping import Stop
from fonoteca.daemon.answering import account, answer
from fonoteca.daemon.loop import Daemon
from fonoteca.daemon.saying import Voice
from fonoteca.daemon.work import Regular
from fonoteca.disk.asking import ask, socket_of
from fonoteca.tasks import scrub
from support.archives import Home, tree
from support.keepers import Keeper, keeper
from support.stories import SOURCE

DAY_S = 86400


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A small archive."""
    made = Home(tmp_path)
    for number in range(3):
        made.write(f"Nina/{number}.jpg", b"nina %d" % number)
    return made


def mirrored(home: Home) -> bool:
    """Whether the location holds exactly what the library holds."""
    return tree(home.base / "music") == tree(home.place() / "music")


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrubs that go on until they are asked to end."""

    def events(self: scrub.Scrub, *given: object) -> object:
        while True:
            self.archive.pause_point()
            time.sleep(0.01)
            yield from ()

    monkeypatch.setattr(scrub.Scrub, "events", events)


def scrubbing(one: Keeper) -> bool:
    """Whether a scrub is under way."""
    outcome = one.daemon.worker.outcome
    return outcome is not None and isinstance(outcome.work, Regular)


@pytest.mark.usefixtures("endless")
def test_a_scrub_gives_way_to_new_music_within_a_second(home: Home) -> None:
    """And goes on when that is safe."""
    with keeper(home) as one:
        one.rest()
        one.hands.advance(DAY_S)
        one.until(lambda: scrubbing(one))
        home.write("Nina/new.jpg", b"new")
        one.listen()
        one.hands.advance(11)
        began = time.monotonic()
        one.until(lambda: one.daemon.worker.outcome and not scrubbing(one), advancing=False)
        took = time.monotonic() - began
        one.until(lambda: scrubbing(one))

        assert took < 1.0
        assert mirrored(home)


@pytest.mark.usefixtures("endless")
def test_a_writing_command_gets_the_archive(home: Home) -> None:
    """At the next file; the daemon goes on after it."""
    with keeper(home) as one:
        one.rest()
        one.hands.advance(DAY_S)
        one.until(lambda: scrubbing(one))
        done: list[int] = []
        thread = threading.Thread(target=lambda: done.append(home.scan().code))
        thread.start()
        one.until(lambda: done, advancing=False)
        thread.join()
        one.until(lambda: scrubbing(one), advancing=False)

        assert [0] == done


@pytest.mark.usefixtures("endless")
def test_a_reading_command_waits_for_nothing(home: Home) -> None:
    """While a scrub goes on."""
    with keeper(home) as one:
        one.rest()
        one.hands.advance(DAY_S)
        one.until(lambda: scrubbing(one))

        with Archive.open(home.config, Access.READ) as archive:
            assert (3,) == archive.catalogue.execute("SELECT count(*) FROM entries").fetchone()
        assert scrubbing(one)


HOLDS = """
import sys, time
from fonoteca.archive import Access, Archive
from fonoteca.config.load import load
with Archive.open(load(sys.argv[1]), Access.WRITE):
    print("holds", flush=True)
    time.sleep(600)
"""


@pytest.mark.usefixtures("endless")
def test_the_daemon_goes_on_after_a_command_that_was_killed(home: Home) -> None:
    """Whatever became of it."""
    with keeper(home) as one:
        one.rest()
        one.hands.advance(DAY_S)
        one.until(lambda: scrubbing(one))
        command = subprocess.Popen(
            [sys.executable, "-c", HOLDS, home.config_path],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )
        assert command.stdout is not None
        os.set_blocking(command.stdout.fileno(), False)
        one.until(lambda: command.stdout and command.stdout.read(5) == b"holds", advancing=False)
        for _ in range(20):
            one.hands.advance(1)
            one.step()
        assert one.daemon.worker.outcome is None

        command.send_signal(signal.SIGKILL)
        command.wait()
        command.stdout.close()
        one.until(lambda: scrubbing(one), advancing=False)


def test_an_archive_that_is_in_use_is_waited_for(home: Home) -> None:
    """By a command that began before the daemon did: nothing is lost, nothing is tried all the time."""
    with Archive.open(home.config, Access.WRITE), keeper(home) as one:
        for _ in range(30):
            one.hands.advance(0.5)
            one.step()
        one.until(lambda: one.daemon.worker.outcome is None)
        assert "is in use by process" in one.said
        assert not mirrored(home)
    with keeper(home) as one:
        one.rest()

        assert mirrored(home)


def test_a_pause_is_kept_and_ends_by_itself(home: Home) -> None:
    """What is dropped in meanwhile is copied afterwards."""
    with keeper(home) as one:
        one.rest()
        answer(one.daemon, "pause 7200")
        home.write("Nina/new.jpg", b"new")
        for _ in range(100):
            one.hands.advance(60)
            one.step()
        assert not (home.place() / "music/Nina/new.jpg").exists()
        assert 7200 >= account(one.daemon)["paused_s"] > 0

        one.hands.advance(7200)
        one.until(lambda: mirrored(home))


def test_resume_ends_a_pause(home: Home) -> None:
    """At once."""
    with keeper(home) as one:
        answer(one.daemon, "pause 7200")
        one.step()
        answer(one.daemon, "resume")
        one.rest()

        assert mirrored(home)


def test_the_socket_is_for_its_owner_alone(home: Home) -> None:
    """And answers what goes on."""
    with keeper(home) as one:
        path = Path(socket_of(home.config.catalogue))
        answers: list[object] = []
        thread = threading.Thread(
            target=lambda: answers.append(ask(home.config.catalogue, "status", patience=30))
        )
        thread.start()
        one.until(lambda: answers, advancing=False)
        thread.join()

        assert 0o600 == path.stat().st_mode & 0o777
        assert os.getpid() == answers[0]["pid"]  # type: ignore[index]
    assert not path.exists()


def test_garbage_on_the_socket_harms_nobody(home: Home) -> None:
    """Neither bytes that mean nothing nor a caller that hangs up."""
    with keeper(home) as one:
        answers: list[object] = []
        questions = ["", "\x00\xff", "pause", "pause -1", "pause ²", "x" * 5000, "status"]

        def asked() -> None:
            for question in questions:
                answers.append(ask(home.config.catalogue, question, patience=30))

        thread = threading.Thread(target=asked)
        thread.start()
        one.until(lambda: len(answers) == len(questions), advancing=False)
        thread.join()

        assert isinstance(answers[-1], dict)
        assert "pid" in answers[-1]


def test_a_config_with_mistakes_is_refused(home: Home) -> None:
    """All of them are said, and the old one stays."""
    with keeper(home) as one:
        one.rest()
        before = one.daemon.config
        text = Path(home.config_path).read_text()
        Path(home.config_path).write_text(
            text + '\n[background]\nsettle = "soon"\n[policy]\ncopies = "many"\n'
        )
        one.daemon.reload()
        one.step()

        assert before is one.daemon.config
        assert "background.settle" in one.said
        assert "policy.copies" in one.said


def test_a_new_library_is_watched_after_a_reload(home: Home) -> None:
    """Without a restart."""
    with keeper(home) as one:
        one.rest()
        text = Path(home.config_path).read_text()
        (home.base / "vinyl").mkdir()
        Path(home.config_path).write_text(text + f'\n[library.vinyl]\npath = "{home.base}/vinyl"\n')
        one.daemon.reload()
        one.rest()
        home.write("a.jpg", b"a", library="vinyl")
        one.rest()

        assert (home.place() / "vinyl/a.jpg").exists()


def test_a_command_that_changed_the_config_needs_no_signal(home: Home) -> None:
    """`library add` while the daemon runs."""
    from fonoteca.tasks import setup

    (home.base / "vinyl").mkdir()
    with keeper(home) as one:
        one.rest()
        thread = threading.Thread(
            target=setup.library_add, args=(home.config_path, "vinyl", os.fsencode(home.base / "vinyl"))
        )
        thread.start()
        one.until(lambda: not thread.is_alive(), advancing=False)
        one.hands.advance(60)
        one.rest()
        home.write("a.jpg", b"a", library="vinyl")
        one.rest()

        assert (home.place() / "vinyl/a.jpg").exists()


@pytest.mark.usefixtures("endless")
def test_asked_to_stop_it_begins_nothing_new(home: Home) -> None:
    """And ends within a second where nothing is being written."""
    with keeper(home) as one:
        one.rest()
        one.hands.advance(DAY_S)
        one.until(lambda: scrubbing(one))
        home.write("Nina/new.jpg", b"new")
        one.hands.advance(60)
        began = time.monotonic()
        one.daemon.stop()
        one.until(lambda: one.daemon.is_over, advancing=False)

        assert time.monotonic() - began < 1.0
        assert not (home.place() / "music/Nina/new.jpg").exists()


def test_asked_to_stop_before_it_listened_it_stops(home: Home) -> None:
    """A service manager may change its mind while Python is still being loaded."""
    with Stop() as before:
        signal.raise_signal(signal.SIGTERM)
        one = Daemon(home.config_path, home.config, Voice(lambda line: None, time.time_ns))
        _obey(one, before)
        one.run()

    assert one.is_over


def test_work_that_fails_is_tried_again_with_patience(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full for a night fills no log."""
    tried: list[float] = []
    with keeper(home) as one:
        one.rest()

        def failing(*given: object) -> object:
            tried.append(one.daemon.clock.monotonic())
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr("fonoteca.daemon.worker.events", failing)
            home.write("Nina/new.jpg", b"new")
            one.listen()
            for _ in range(24 * 60):
                one.hands.advance(60)
                one.step(patient=False)
                one.until(lambda: one.daemon.worker.outcome is None, advancing=False)
        assert 24 * 12 - 20 <= len(tried) <= 24 * 12 + 10
        assert 1 == one.said.count("No space left on device")
        one.hands.advance(300)
        one.rest()

        assert mirrored(home)
