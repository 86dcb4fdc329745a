"""Locks die with their process and name it while it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fonoteca.disk.lock import hold_lock, holder
from fonoteca.errors import Locked

SRC = Path(__file__).parents[2] / "src"


def test_the_second_run_is_told_whose_lock_it_is_and_a_kill_frees_it(tmp_path: Path) -> None:
    """Nobody has to remove a stale lock file."""
    path = str(tmp_path / "catalogue.lock")
    script = (
        "import sys; from fonoteca.disk.lock import hold_lock\n"
        f"with hold_lock({path!r}): print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        for _ in range(2):  # the first refusal must not have taken the pid away
            with pytest.raises(Locked) as caught, hold_lock(path):
                pass
            assert caught.value.pid == child.pid
        assert holder(path) == child.pid
        child.kill()
        child.wait()
        with hold_lock(path):
            assert holder(path) == os.getpid()
    assert holder(path) is None


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    """The next command must not wait for this one."""
    path = str(tmp_path / "lock")
    with pytest.raises(KeyError), hold_lock(path):
        raise KeyError
    with hold_lock(path):
        pass
