"""A server named on the command line."""

from __future__ import annotations

import shlex

import pytest

from fonoteca.config.model import FolderConfig, S3Config, SftpConfig
from fonoteca.config.urls import same_server, sftp_place, shown, table, typed, url
from fonoteca.errors import UsageError


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("sftp://nas/music", SftpConfig(name="n", host="nas", path=b"/music")),
        (
            "sftp://ana@nas.lan:2222/a%20b",
            SftpConfig(name="n", host="nas.lan", path=b"/a b", port=2222, user="ana"),
        ),
        ("sftp://nas/~/music", SftpConfig(name="n", host="nas", path=b"music")),
        ("sftp://[::1]:22022/m/", SftpConfig(name="n", host="::1", path=b"/m", port=22022)),
        ("sftp://nas/%C3%A9%FF", SftpConfig(name="n", host="nas", path="/é".encode() + b"\xff")),
        (
            "sftp://nas/m?key=/k&known_hosts=/h&password_env=P",
            SftpConfig(name="n", host="nas", path=b"/m", key="/k", known_hosts="/h", password_env="P"),
        ),
    ],
)
def test_a_url_says_where_a_server_is_and_comes_back(word: str, expected: SftpConfig):
    """What is read from it and written again means the same server."""
    assert sftp_place(word, "n") == expected
    assert sftp_place(url(expected), "n") == expected
    assert same_server(expected, sftp_place(url(expected, whole=False), "n"))


@pytest.mark.parametrize(
    "word",
    [
        "s3://bucket/x",
        "rclone:gdrive:music",
        "sftp://nas",
        "sftp:///music",
        "sftp://nas:0/m",
        "sftp://nas:99999/m",
        "sftp://nas/../m",
        "sftp://nas/m?secret=1",
        "sftp://nas/m?key=",
        "sftp://nas/m#1",
        "sftp://[::1/m",
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(word: str):
    """A typing error must not become another place."""
    with pytest.raises(UsageError):
        sftp_place(word, "n")


def test_a_password_in_a_url_is_refused_and_not_repeated():
    """Whoever lists the processes of the machine would read it."""
    with pytest.raises(UsageError) as caught:
        sftp_place("sftp://ana:geheim@nas/m", "n")

    assert "geheim" not in str(caught.value)
    assert "FONOTECA_SFTP_PASSWORD" in str(caught.value)


def test_a_table_says_what_the_url_said():
    """What `location add` writes into the config is read as the same place."""
    config = sftp_place("sftp://ana@nas:2222/m?key=/k", "n")

    assert table(config) == {
        "type": "sftp",
        "host": "nas",
        "port": 2222,
        "user": "ana",
        "path": "/m",
        "key": "/k",
    }
    assert shown(config) == "sftp://ana@nas:2222/m"


@pytest.mark.parametrize(
    ("config", "word"),
    [
        (FolderConfig(name="n", path=b"/media/Ana's drive"), "/media/Ana's drive"),
        (
            SftpConfig(name="n", host="nas", path=b"/m", key="/my keys/k", known_hosts="/h"),
            "sftp://nas/m?key=/my+keys/k&known_hosts=/h",
        ),
        (
            S3Config(name="n", bucket="b", endpoint="http://nas:9000", region="home", credentials_file="/c"),
            "s3://b?endpoint=http://nas:9000&region=home&credentials_file=/c",
        ),
    ],
)
def test_a_place_in_a_command_is_one_word_of_a_shell_with_all_that_it_needs(config, word: str):
    """`&` sends a command into the background, and without its files a server is not reached."""
    assert [word] == shlex.split(typed(config))
