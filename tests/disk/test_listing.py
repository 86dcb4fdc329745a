"""Absence: only where lstat says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.disk.listing import is_absent


@pytest.mark.parametrize(
    ("path", "absent"),
    [
        (b"folder/file", False),
        (b"folder/nothing", True),
        (b"nowhere/file", True),
        (b"folder/file/below", True),
        (b"folder", True),
        (b"link", True),
        (b"linked/file", True),
        (b"fifo", True),
    ],
)
def test_only_a_regular_file_reached_through_folders_stands(
    tmp_path: Path, path: bytes, absent: bool
) -> None:
    """What took a file's place is not the file: else it would be "not seen" for ever."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("folder/file")
    (tmp_path / "linked").symlink_to("folder")
    os.mkfifo(tmp_path / "fifo")

    assert absent == is_absent(os.fsencode(tmp_path), path)


def test_trouble_is_not_absence(tmp_path: Path) -> None:
    """A name that is too long says nothing of what stands there."""
    assert not is_absent(os.fsencode(tmp_path), b"n" * 300)
