"""A daemon as a person has it: a process of its own, with other commands beside it."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.archives import tree
from support.stories import SOURCE, Person

PATIENCE_S = 90.0


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """A person whose config knows her music and one place, and whose files settle fast."""
    person = Person(tmp_path)
    person.puts("Nina Simone/01.jpg", b"one")
    assert 0 == person.types("protect", person.music, "--to", person.home / "red").code
    with person.config.open("a") as file:
        file.write('\n[background]\nsettle = "1s"\n')
    return person


@contextmanager
def daemon(ana: Person, *words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Her daemon, from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "FONOTECA_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "fonoteca", "daemon", *words],
        env={**kept, "HOME": str(ana.home), "PYTHONPATH": str(SOURCE), **environment},
        stdout=(ana.home / "said").open("ab"),
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def said(ana: Person) -> str:
    """What the daemon said so far."""
    return (ana.home / "said").read_text()


def until(condition: Callable[[], object]) -> None:
    """Wait for something that becomes so in another process."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a real process in real time: there is no clock of ours to turn


def mirrored(ana: Person) -> bool:
    """Whether her location holds exactly what her library holds."""
    return tree(ana.music) == tree(ana.home / "red" / "Music")


def began(ana: Person, scans: int = 1) -> Callable[[], bool]:
    """Whether the daemon has looked at everything."""
    return lambda: said(ana).count("Scan: ") >= scans


def test_an_album_is_dropped_in(ana: Person) -> None:
    """It is at its location, and `status` says how it is watched."""
    with daemon(ana) as process:
        until(began(ana))
        ana.puts("Bill Evans/Waltz/01.jpg", b"waltz")
        until(lambda: mirrored(ana))
        until(lambda: "at rest" in ana.types("status").out)
        told = ana.types("status")

        assert f"Daemon: at rest (process {process.pid})" in told.out
        assert "watch: Music: events, 4 folders" in told.out
        assert "next: " in told.out
        assert process.pid == ana.types("status", "--json").lines[0]["service"]["pid"]


def test_a_second_daemon_is_refused(ana: Person) -> None:
    """With the process of the first."""
    with daemon(ana) as process:
        until(began(ana))
        told = ana.types("daemon")

        assert 11 == told.code
        assert f"process {process.pid}" in told.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_stops(ana: Person, number: signal.Signals) -> None:
    """With exit code 0, and without a word of it in `status` afterwards."""
    with daemon(ana) as process:
        until(began(ana))
        process.send_signal(number)

        assert 0 == process.wait(timeout=10)
        assert "Daemon" not in ana.types("status").out


def test_a_daemon_that_died_is_shown_as_dead(ana: Person) -> None:
    """Nobody takes its silence for peace."""
    with daemon(ana) as process:
        until(began(ana))
        process.kill()
        process.wait()
        told = ana.types("status")

        assert f"Daemon: dead. Process {process.pid}" in told.out
        assert ana.types("status", "--json").lines[0]["service"]["died"]


def test_killed_again_and_again_it_loses_nothing(ana: Person) -> None:
    """Whenever it dies, the next one begins where things stand."""
    chance = random.Random(4)
    for number in range(6):
        with daemon(ana) as process:
            for track in range(20):
                ana.puts(f"album {number}/{track}.jpg", os.urandom(chance.randrange(1, 60_000)))
            time.sleep(chance.uniform(0.5, 3.0))  # a moment that nobody chose
            process.kill()
            process.wait()
    with daemon(ana):
        until(lambda: mirrored(ana))
        until(lambda: ana.types("verify").code == 0)  # it completes what was cut off before it rests

    assert 0 == ana.types("verify").code


def test_commands_beside_it(ana: Person) -> None:
    """They find the archive free, and the daemon goes on."""
    with daemon(ana) as process:
        until(began(ana))
        codes = [ana.types(*words).code for words in (["scan"], ["verify"], ["backup"], ["list"])]
        ana.puts("after.jpg", b"after")
        until(lambda: mirrored(ana))

        assert [0, 0, 0, 0] == codes
        assert process.poll() is None


def test_pause_and_resume(ana: Person) -> None:
    """From the command line."""
    with daemon(ana):
        until(began(ana))
        assert 0 == ana.types("pause", "2h").code
        until(lambda: "Daemon: paused for another" in ana.types("status").out)
        ana.puts("later.jpg", b"later")
        assert 0 == ana.types("resume").code
        until(lambda: mirrored(ana))


def test_pause_without_a_daemon_says_so(ana: Person) -> None:
    """Else one would wait for a silence that was there already."""
    told = ana.types("pause", "2h")

    assert 2 == told.code
    assert "fonoteca daemon" in told.err


def test_a_hangup_reads_the_config_anew(ana: Person) -> None:
    """A good one is taken, a bad one is refused with its problems."""
    with daemon(ana) as process:
        until(began(ana))
        text = ana.config.read_text()
        ana.config.write_text(text + '\n[guard]\nlimit = "some"\n')
        process.send_signal(signal.SIGHUP)
        until(lambda: "The config is refused, the old one stays" in said(ana))
        assert "guard.limit" in said(ana)

        (ana.home / "vinyl").mkdir()
        (ana.home / "vinyl/a.jpg").write_bytes(b"a")
        ana.config.write_text(text + f'\n[library.vinyl]\npath = "{ana.home}/vinyl"\n')
        process.send_signal(signal.SIGHUP)
        until(lambda: (ana.home / "red/vinyl/a.jpg").exists())


def test_it_speaks_with_its_service_manager(ana: Person) -> None:
    """Ready, what it does, still alive, stopping."""
    path = ana.home / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE_S)
        with daemon(ana, NOTIFY_SOCKET=str(path), WATCHDOG_USEC="2000000") as process:
            heard = []
            while not {"READY=1", "STATUS=watching", "WATCHDOG=1"} <= set(heard):
                heard.append(manager.recv(4096).decode())
            process.terminate()
            while heard[-1] != "STOPPING=1":
                heard.append(manager.recv(4096).decode())

            assert "STATUS=scan" in heard


def test_its_words_as_json(ana: Person) -> None:
    """A line an event, for programs."""
    with daemon(ana, "--json") as process:
        until(lambda: '"type": "said"' in said(ana))
        process.terminate()

        assert 0 == process.wait(timeout=10)


def test_in_the_journal_each_line_bears_its_priority(ana: Person) -> None:
    """Where stdout is the journal's own stream; a variable that was inherited from elsewhere says nothing."""
    (ana.home / "said").touch()
    journal = (ana.home / "said").stat()
    with daemon(ana, JOURNAL_STREAM=f"{journal.st_dev}:{journal.st_ino}"):
        until(began(ana))
    with_priority = said(ana)
    (ana.home / "said").write_text("")
    with daemon(ana, JOURNAL_STREAM="1:2"):
        until(began(ana))

    assert all(line.startswith(("<6>", "<5>")) for line in with_priority.splitlines())
    assert "<" not in said(ana)


def test_a_log_level_says_how_much(ana: Person) -> None:
    """`debug` each thing that is done, `warning` nothing on a good day."""
    ana.puts("Nina Simone/02.jpg", b"two")
    with daemon(ana, "--log-level", "debug"):
        until(lambda: "copied location=red library=Music path=Nina Simone/02.jpg" in said(ana))
    (ana.home / "said").write_text("")
    with daemon(ana, "--log-level", "warning") as process:
        until(lambda: "at rest" in ana.types("status").out)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)

    assert "" == said(ana)
