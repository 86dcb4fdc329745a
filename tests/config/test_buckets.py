"""A bucket named on the command line."""

from __future__ import annotations

import os

import pytest

from fonoteca.config.buckets import s3_place
from fonoteca.config.load import check_text
from fonoteca.config.model import S3Config
from fonoteca.config.urls import remote_place, same_server, shown, table, url
from fonoteca.errors import ConfigError, UsageError

ENDPOINT = "https://s3.example.org:9000"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("s3://ana-music", S3Config(name="n", bucket="ana-music")),
        ("s3://ana-music/", S3Config(name="n", bucket="ana-music")),
        ("s3://ana-music/a%20b/c", S3Config(name="n", bucket="ana-music", prefix="a b/c")),
        (
            f"s3://ana-music/a?endpoint={ENDPOINT}&region=eu-1",
            S3Config(name="n", bucket="ana-music", prefix="a", endpoint=ENDPOINT, region="eu-1"),
        ),
        (
            "s3://ana-music?profile=p&credentials_file=/c&ca_file=/a&addressing=path&storage_class=IA"
            "&encryption=AES256&retain=365+days",
            S3Config(
                name="n",
                bucket="ana-music",
                profile="p",
                credentials_file="/c",
                ca_file="/a",
                addressing="path",
                storage_class="IA",
                encryption="AES256",
                retain_s=365 * 86_400,
            ),
        ),
    ],
)
def test_a_url_says_which_bucket_is_meant_and_comes_back(word: str, expected: S3Config):
    """What `location add` writes is what `verify PLACE` understands."""
    assert remote_place(word, "n") == expected
    assert s3_place(url(expected), "n") == expected
    assert same_server(expected, s3_place(url(expected, whole=False), "n"))


@pytest.mark.parametrize(
    "word",
    [
        "s3://",
        "s3:///prefix",
        "s3://Ana Music",
        "s3://ana-music/../x",
        "s3://ana-music?secret=1",
        "s3://ana-music?region=",
        "s3://ana-music?endpoint=ftp://x",
        "s3://ana-music?retain=soon",
        "s3://ana-music#1",
    ],
)
def test_a_url_that_is_not_understood_is_said_so(word: str):
    """With what may stand there."""
    with pytest.raises(UsageError, match="understood"):
        s3_place(word, "n")


def test_keys_in_a_url_are_refused_and_not_repeated():
    """Whoever sees the command sees them."""
    with pytest.raises(UsageError, match="credentials_file") as caught:
        remote_place("s3://AKIA:geheim@ana-music/p", "n")

    assert "geheim" not in str(caught.value)


def test_a_sentence_names_the_server_and_not_the_files():
    """Two buckets of one name at two servers are two."""
    config = s3_place(f"s3://ana-music/p?endpoint={ENDPOINT}&credentials_file=c", "n")

    assert shown(config) == f"s3://ana-music/p?endpoint={ENDPOINT}"
    assert table(config) == {
        "type": "s3",
        "bucket": "ana-music",
        "prefix": "p",
        "endpoint": ENDPOINT,
        "credentials_file": os.path.abspath("c"),
    }
    assert not same_server(config, s3_place("s3://ana-music/p", "n"))


def test_everything_that_is_wrong_with_a_bucket_is_said_at_once():
    """One pass over the file, each with its line."""
    text = '[location.x]\ntype = "s3"\nbucket = "A B"\nendpoint = "nas"\nretain = "soon"\nsecret_key = "s"\n'
    with pytest.raises(ConfigError) as caught:
        check_text(text, "/etc/fonoteca.toml")

    assert {problem.path for problem in caught.value.problems} == {
        "location.x.bucket",
        "location.x.endpoint",
        "location.x.retain",
        "location.x.secret_key",
    }
