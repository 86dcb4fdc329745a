"""Answers that cannot be written, from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.archives import Home


def answered(home: Home, *arguments: str, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run a command whose stdout is on a full disk."""
    with open("/dev/full", "w") as full:
        return subprocess.run(
            [sys.executable, "-m", "fonoteca", "--config", home.config_path, *arguments],
            stdout=full,
            stderr=full if stderr == subprocess.STDOUT else stderr,
            text=True,
            check=False,
        )


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["status"], ["list"], ["list", "--json"], ["backup"], ["verify", "--json"]],
)
def test_a_full_disk_behind_stdout_is_said_and_is_no_success(tmp_path: Path, arguments: list[str]) -> None:
    """`fonoteca verify > log` in a cron job: an empty log and code 0 would be a lie."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    ended = answered(home, *arguments)

    assert 3 == ended.returncode
    assert ["fonoteca: The output could not be written: No space left on device."] == [
        line.partition(" What")[0] for line in ended.stderr.splitlines()
    ]


def test_with_nowhere_left_to_say_it_the_code_still_speaks(tmp_path: Path) -> None:
    """`> log 2>&1` on a full disk."""
    assert 3 == answered(Home(tmp_path), "status", stderr=subprocess.STDOUT).returncode
