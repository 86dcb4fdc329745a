"""Whether a bad copy can be put right."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from fonoteca.tasks import setup
from support.archives import Home


@pytest.fixture
def moved(tmp_path: Path) -> Home:
    """A catalogue brought back from a location, a library that moved, and a copy that is not there any more."""
    home = Home(tmp_path)
    home.write("a.jpg", b"a")
    home.write("b.jpg", b"b")
    home.backup()
    home.lose_catalogue()
    home.adopt(home.place())
    (tmp_path / "music").rename(tmp_path / "tunes")
    setup.library_adopt(home.config_path, "music", str(tmp_path / "tunes").encode())
    (home.place() / "music/a.jpg").unlink()
    with sqlite3.connect(home.catalogue) as connection:
        connection.execute("UPDATE locations SET listed_ns = NULL")
    return home


def test_a_copy_whose_original_stands_is_repairable_before_it_was_read_again(moved: Home) -> None:
    """The same run sends it again: to call it lost until then is wrong."""
    ended = moved.backup()

    assert 4 == ended.code
    assert b"a" == (moved.place() / "music/a.jpg").read_bytes()


def test_verify_says_so_too(moved: Home) -> None:
    """It looks at the same thing."""
    assert 4 == moved.verify("red").code


def test_without_the_original_it_is_lost(moved: Home) -> None:
    """What is remembered from a manifest is no file."""
    shutil.rmtree(moved.base / "tunes")
    (moved.base / "tunes").mkdir()
    (moved.base / "tunes/b.jpg").write_bytes(b"b")

    assert 5 == moved.verify("red").code
