"""Being told: a mail that arrives, a test of it, figures for a monitoring, and a status that goes on."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.archives import flip_byte
from support.servers import Mail, free_port, mail, web
from support.stories import SOURCE, Person

PATIENCE_S = 60.0


@pytest.fixture
def ana(tmp_path: Path) -> Person:
    """A person with one copy of her music."""
    person = Person(tmp_path)
    person.puts("Nina Simone/01.jpg", b"one")
    person.puts("Nina Simone/02.jpg", b"two")
    assert 0 == person.types("protect", person.music, "--to", person.home / "red").code
    return person


def tells(ana: Person, *urls: str, ping: str = "", **more: str) -> Path:
    """She writes addresses into a file and names it. Gives the file."""
    secrets = ana.home / "urls"
    secrets.write_text("\n".join(urls) + "\n")
    secrets.chmod(0o600)
    (ana.home / "ping").write_text(ping + "\n")
    (ana.home / "ping").chmod(0o600)
    with ana.config.open("a") as file:
        file.write(
            f'\n[notify]\nurls_file = "{secrets}"\n' + (f'ping_file = "{ana.home}/ping"\n' if ping else "")
        )
        for name, value in more.items():
            file.write(f'\n[{name}]\nfile = "{value}"\n')
    return secrets


def newest(post: Mail) -> str:
    """What the last mail says."""
    return post.texts[-1]


def test_damage_is_in_the_mail(ana: Person) -> None:
    """What, where, whether anything is lost, what to do, and the exact command, which helps."""
    with mail() as post:
        tells(ana, post.url)
        flip_byte(ana.music / "Nina Simone/01.jpg")
        (ana.home / "red/Music/Nina Simone/01.jpg").write_bytes(b"onE")
        told = ana.types("scrub", "--budget", "1m")

        assert "" == "".join(line for line in told.err.splitlines() if line.startswith("Note"))
        assert 1 == len(post.got)
        assert "Damage found" in post.subjects[0]
        assert "Music/Nina Simone/01.jpg at red: " in newest(post)
        assert "Is anything lost?" in newest(post)
        command = newest(post).split("What to do:  fonoteca ", 1)[1].splitlines()[0]
        assert ana.types(*command.split()).code in (4, 5)

        ana.types("scrub", "--budget", "1m")
        assert 1 == len(post.got)


def test_notify_test_says_who_was_reached(ana: Person) -> None:
    """And why others were not, without a secret."""
    with mail() as post, web() as server:
        tells(
            ana,
            post.url,
            f"json://ana:s3cret@127.0.0.1:{free_port()}/t0ken",
            ping=server.url("http", "uuid-9"),
        )
        told = ana.types("notify", "test")

        assert 3 == told.code
        assert "address 1 (mailto): delivered" in told.out
        assert "address 2 (json): not delivered: " in told.out
        assert "the dead-man's switch: delivered" in told.out
        assert ["/uuid-9"] == server.paths
        assert "A test: notices arrive" in post.subjects[0]
        for secret in ("s3cret", "t0ken", "uuid-9"):
            assert secret not in told.out + told.err
        assert [True, False, True] == [
            each["delivered"]
            for each in ana.types("notify", "test", "--json").lines
            if each["type"] == "delivery"
        ]


def test_notify_test_without_an_address_says_how_to_write_one(ana: Person) -> None:
    """Silence would be taken for success."""
    told = ana.types("notify", "test")

    assert 2 == told.code
    assert "urls_file under [notify]" in told.err


def test_a_file_of_secrets_that_others_can_read_is_said(ana: Person) -> None:
    """With the command that closes it."""
    with web() as server:
        secrets = tells(ana, server.url("json"))
        secrets.chmod(0o644)

        assert f"chmod 600 {secrets}" in ana.types("notify", "test").err


@pytest.mark.parametrize(
    "line",
    ['urls = ["mailto://ana:s3cret@h"]', 'urls_env = "mailto://ana:s3cret@h"', 'urls_file = "ntfy://s3cret"'],
)
def test_an_address_in_the_config_is_refused_and_not_repeated(ana: Person, line: str) -> None:
    """A config is shown to others."""
    with ana.config.open("a") as file:
        file.write(f"\n[notify]\n{line}\n")
    told = ana.types("config", "check")

    assert 2 == told.code
    assert "s3cret" not in told.out + told.err


def test_config_show_names_files_and_no_secrets(ana: Person) -> None:
    """It is pasted into forums."""
    tells(ana, "mailto://ana:s3cret@mail.example.org")
    told = ana.types("config", "show")

    assert "urls_file" in told.out
    assert "s3cret" not in told.out


def test_a_switch_hears_of_a_run_from_cron(ana: Person) -> None:
    """Of success as of failure; a dry run is neither."""
    with web() as server:
        tells(ana, ping=server.url("http", "uuid"))
        ana.types("backup", "--dry-run")
        ana.types("backup")
        (ana.home / "red/Music/Nina Simone/01.jpg").write_bytes(b"xxx")
        ana.types("scrub", "--budget", "1m")

        assert ["/uuid", "/uuid/fail"] == server.paths


def test_figures_are_written_whole(ana: Person) -> None:
    """By a run of its own; the collector never reads half a file."""
    file = ana.home / "fonoteca.prom"
    tells(ana, metrics=str(file))
    ana.types("backup")
    found = {each.name: each for each in text_string_to_metric_families(file.read_text())}

    assert 2 == found["fonoteca_location_copies"].samples[0].value
    assert 0o644 == file.stat().st_mode & 0o777
    assert ["fonoteca.prom"] == [each for each in os.listdir(ana.home) if "fonoteca.prom" in each]


def test_figures_that_cannot_be_written_fail_no_backup(ana: Person) -> None:
    """It is said, with the key that names the place."""
    tells(ana, metrics=str(ana.home / "nowhere/fonoteca.prom"))
    told = ana.types("backup")

    assert 0 == told.code
    assert "metrics.file" in told.err


class Watching:
    """`fonoteca status --watch` in a process of its own."""

    def __init__(self, ana: Person, *words: str, out: int = subprocess.PIPE, **environment: str) -> None:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "FONOTECA_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fonoteca", "status", "--watch", "--every", "1s", *words],
            env={**kept, "HOME": str(ana.home), "COLUMNS": "80", "PYTHONPATH": str(SOURCE), **environment},
            stdout=out,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )

    def ends(self) -> int:
        """Ctrl-C; gives the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE_S)


def test_watched_by_a_program_it_is_a_line_each_time(ana: Person) -> None:
    """Each is whole, and comes at once."""
    one = Watching(ana, "--json")
    assert one.process.stdout is not None
    lines = [json.loads(one.process.stdout.readline()) for _ in range(2)]
    code = one.ends()

    assert ["status", "status"] == [each["type"] for each in lines]
    assert lines[0]["exit_code"] == code
    assert b"" == one.process.stderr.read()  # type: ignore[union-attr]


def test_watched_through_a_pipe_it_is_a_line_a_change(ana: Person) -> None:
    """A log of pictures is nothing that anybody reads."""
    one = Watching(ana)
    assert one.process.stdout is not None
    first = one.process.stdout.readline().decode()
    ana.puts("Nina Simone/03.jpg", b"three")
    ana.types("scan")
    second = one.process.stdout.readline().decode()
    one.ends()

    assert "Z incomplete (2 entries of Music have fewer than 1 copy" in first
    assert "no daemon" in first
    assert "3 entries of Music" in second


def test_watched_on_a_terminal_it_is_a_picture_that_goes_away(ana: Person) -> None:
    """It fits into 80 columns, and Ctrl-C gives the terminal back."""
    ours, theirs = pty.openpty()
    one = Watching(ana, out=theirs, TERM="xterm")
    os.close(theirs)
    said = b""
    deadline = time.monotonic() + PATIENCE_S
    while said.count(b"Archive: ") < 2 and time.monotonic() < deadline:
        if select.select([ours], [], [], 1.0)[0]:
            said += os.read(ours, 65536)
    code = one.ends()
    while select.select([ours], [], [], 1.0)[0]:
        try:
            said += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)

    assert b"\x1b[?1049h" in said
    assert said.rstrip().endswith(b"\x1b[?25h") or b"\x1b[?1049l" in said[-40:]
    assert 6 == code
    drawn = re.split(r"\x1b\[H|\n", said.decode().replace("\r", ""))
    assert not [line for line in drawn if len(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)) > 80]
