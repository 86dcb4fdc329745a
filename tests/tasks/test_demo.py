"""The demo is the first thing that a careful stranger runs: all of it has to work as shown."""

from __future__ import annotations

import os
import shutil
import subprocess

import mutagen
import pytest

from fonoteca.tasks.demo import demo
from fonoteca.tasks.songs import make_library


def test_the_demo_plays_to_its_end(tmp_path):
    """Protect, damage, find, repair, restore: each command ends as it says."""
    said: list[str] = []

    code = demo(said.append, str(tmp_path / "demo"))

    text = "\n".join(said)
    assert code == 0, text
    commands = [line.split()[4] for line in said if line.startswith("  $ fonoteca")]
    assert commands == ["protect", "show", "verify", "backup", "restore"]
    assert "bit for bit" in text
    assert f"rm -r {tmp_path / 'demo'}" in text


def test_a_demo_that_goes_wrong_says_so(tmp_path, monkeypatch):
    """A demo that lies is worse than none."""
    monkeypatch.setattr("fonoteca.tasks.demo.sys.executable", "/nonexistent/python")
    said: list[str] = []

    code = demo(said.append, str(tmp_path / "demo"))

    assert code == 1
    assert said[-1].startswith("The demo went wrong")


def test_the_songs_are_real(tmp_path):
    """Each is what its name says, with tags and a length."""
    found = {path: mutagen.File(tmp_path / "m" / path) for path in make_library(str(tmp_path / "m"))}

    assert len(found) == 5
    for path, file in found.items():
        assert file is not None, path
        assert file.tags, path
        assert 1.9 < file.info.length < 2.1, path


@pytest.mark.skipif(shutil.which("flac") is None, reason="flac is not installed")
def test_the_flac_songs_decode(tmp_path):
    """FLAC checks every frame and the whole sound: our own bytes must pass it."""
    songs = [os.path.join(tmp_path, "m", path) for path in make_library(str(tmp_path / "m"))]

    ended = subprocess.run(["flac", "-st", *(each for each in songs if each.endswith(".flac"))], check=False)

    assert ended.returncode == 0
