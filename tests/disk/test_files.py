"""Small files of our own: read whole, replaced at once and durably."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from fonoteca.disk.files import make_folders, read_whole, replace_whole
from support.faults import fail_at, recorded


def test_replacing_is_flushed_before_and_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut it is the old file or the new one, never an empty one."""
    path = os.fsencode(tmp_path / "location.json")
    with recorded(monkeypatch) as log:
        replace_whole(path, b"one")
        replace_whole(path, b"two")

    assert log.names("write_all", "fsync", "rename") == ["write_all", "fsync", "rename", "fsync"] * 2
    assert read_whole(path) == b"two"


@pytest.mark.parametrize("call", ["write_all", "fsync", "rename"])
def test_a_replacement_that_fails_leaves_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A full disk must not cost the config."""
    path = os.fsencode(tmp_path / "config.toml")
    replace_whole(path, b"old")
    fail_at(monkeypatch, call, errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        replace_whole(path, b"new")

    assert read_whole(path) == b"old"


def test_folders_are_made_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new name is flushed in the folder that holds it."""
    with recorded(monkeypatch) as log:
        make_folders(os.fsencode(tmp_path / "a/b/c"))
        make_folders(os.fsencode(tmp_path / "a/b/c"))

    assert log.names("fsync") == ["fsync"] * 3
    assert (tmp_path / "a/b/c").is_dir()
