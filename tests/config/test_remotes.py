"""PLACE as an rclone remote, and back."""

from __future__ import annotations

import pytest

from fonoteca.config.model import RcloneConfig
from fonoteca.config.remotes import rclone_place, rclone_table, rclone_url
from fonoteca.config.urls import beneath, remote_place, same_server
from fonoteca.errors import UsageError


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("rclone:gdrive:music", RcloneConfig(name="n", remote="gdrive:music")),
        ("rclone:gdrive:", RcloneConfig(name="n", remote="gdrive:")),
        ("rclone:my box:what?/a b%20", RcloneConfig(name="n", remote="my box:what?/a b%20")),
        (
            "rclone:dav:m?config_file=/r.conf&program=/opt/rclone",
            RcloneConfig(name="n", remote="dav:m", config_file="/r.conf", program="/opt/rclone"),
        ),
    ],
)
def test_a_remote_is_written_as_rclone_writes_it_and_comes_back(word: str, expected: RcloneConfig):
    """Whoever uses rclone copies the words from there."""
    assert remote_place(word, "n") == expected
    assert rclone_place(rclone_url(expected), "n") == expected
    assert same_server(expected, rclone_place(rclone_url(expected, whole=False), "n"))


@pytest.mark.parametrize(
    "word",
    [
        "rclone:gdrive",
        "rclone:-x:y",
        "rclone:g:a/../b",
        "rclone:g:m?config_file=/r&secret=1",
        "rclone:g:\x1b",
    ],
)
def test_what_cannot_be_meant_is_said(word: str):
    """Before anything is started."""
    with pytest.raises(UsageError):
        rclone_place(word, "n")


def test_what_logs_in_is_refused_and_not_repeated():
    """A connection string with a password would stand in a config and in the shell's history."""
    with pytest.raises(UsageError) as caught:
        rclone_place("rclone::webdav,url=https://nas,pass=hunter2:music", "n")
    assert "hunter2" not in str(caught.value)


def test_a_config_says_only_what_is_not_plain():
    """What is written into a config is what a person would write."""
    assert rclone_table(RcloneConfig(name="n", remote="g:m")) == {"type": "rclone", "remote": "g:m"}


def test_a_place_beneath_a_remote_is_a_folder_there():
    """Where a place is tried out."""
    assert [
        beneath(RcloneConfig(name="n", remote=remote), "x").remote  # type: ignore[union-attr]
        for remote in ("g:", "g:m", "g:m/")
    ] == ["g:x", "g:m/x", "g:m/x"]
