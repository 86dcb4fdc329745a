"""rclone's words, and what they are taken to mean."""

from __future__ import annotations

import pytest

from fonoteca.errors import Away, Broken, Conflict, Denied, Full, Lost, Refused
from fonoteca.locations.rclone.account import lies_on
from fonoteca.locations.rclone.address import Address, Parts, parts
from fonoteca.locations.rclone.border import meant
from fonoteca.locations.rclone.client import Failure
from fonoteca.locations.rclone.stat import nanoseconds, object_stat, sha256_of

KEY = b"music/a.flac"
WORDS = [
    ('didn\'t find section in config file ("gdrive")', Away),
    ("unable to decrypt configuration and not allowed to ask for password", Denied),
    ("dial tcp 127.0.0.1:1: connect: connection refused", Lost),
    ("googleapi: Error 403: User Rate Limit Exceeded, userRateLimitExceeded", Lost),
    ("unexpected EOF", Lost),
    ("googleapi: Error 403: The user's Drive storage quota has been exceeded", Full),
    ("write: no space left on device", Full),
    ("preallocate: file too big for remaining disk space", Full),
    ("Unauthorized: 401 Unauthorized", Denied),
    ("couldn't fetch token: invalid_grant", Denied),
    ("tls: failed to verify certificate: x509: certificate signed by unknown authority", Denied),
    ("open /x: permission denied", Refused),
    ("file name too long", Conflict),
    ("mkdir /x: not a directory", Conflict),
    ("can't upload empty files to this remote", Refused),
    ("something nobody has seen", Broken),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_each_failure_has_one_meaning(text: str, expected: type[Exception]):
    """What is transient is asked again, what is about one file is its own, all else ends at once."""
    found = meant("drive", Address("gdrive:music"), Failure(text, 500), KEY, needed=1)

    assert type(found) is expected


def test_what_logs_in_is_not_repeated():
    """An error goes into logs and reports."""
    text = 'Get "https://ana:geheim@nas.lan/x?access_token=abc&y=1": weird'

    found = str(meant("drive", Address("gdrive:music"), Failure(text, 500)))

    assert "geheim" not in found
    assert "abc" not in found


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"type": "webdav", "url": "https://ana:x@NAS.lan:8443/dav"}, "rclone:webdav:nas.lan"),
        ({"type": "sftp", "host": "nas.lan", "user": "ana"}, "rclone:sftp:nas.lan"),
        ({"type": "drive", "token": "secret"}, "rclone:drive"),
        ({"type": "b2", "account": "0042", "key": "secret"}, "rclone:b2:0042"),
    ],
)
def test_whose_disks_a_remote_is_on_tells_no_secret(settings: dict[str, str], expected: str):
    """Copies count apart only where that can be told, and the same account has one name on every machine."""
    assert lies_on(settings) == expected


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("gdrive:music", Parts("gdrive", {}, "music")),
        (
            ':webdav,url="https://nas.lan:8443/a,b":x',
            Parts(":webdav", {"url": "https://nas.lan:8443/a,b"}, "x"),
        ),
        ("box,shared:", Parts("box", {"shared": "true"}, "")),
        ("/media/red", Parts("", {}, "/media/red")),
    ],
)
def test_a_remote_is_taken_apart_as_rclone_does(remote: str, expected: Parts):
    """Connection strings hold quotes and colons."""
    assert parts(remote) == expected


def test_times_are_read_to_the_nanosecond_and_in_every_zone():
    """Go leaves out the zeros at the end."""
    assert nanoseconds("2023-11-14T23:13:20.5+01:00") == 1_700_000_000_500_000_000
    assert nanoseconds("") is None


def test_the_stores_own_sha256_is_told_and_other_digests_are_not():
    """Only what we have recorded can be compared."""
    assert sha256_of({"Hashes": {"md5": "00" * 16, "sha256": "ab" * 32}}) == bytes.fromhex("ab" * 32)
    assert sha256_of({"Hashes": {"md5": "00" * 16}}) is None
    assert sha256_of(None) is None


def test_a_document_without_a_size_is_no_object():
    """Google's own documents have none before they are exported."""
    assert object_stat({"Size": -1, "IsDir": False}) is None
