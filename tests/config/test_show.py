"""A config for other eyes."""

from __future__ import annotations

import tomllib
from pathlib import Path

from fonoteca.config.show import masked, shown

SECRETS = """
# password = "in a comment"
password = "one"
[location.x]
secret = "two"
api_token = "three"
secret_access_key = "four"
key = "~/.ssh/id_ed25519"
password_file = "~/.nas"
endpoint = "https://ana:five@s3.example.org/x"
remote = ":webdav,url=https://h,pass=six,user=ana:music"
urls = ["mailto://ana:seven@example.org", { token = "eight" }]
place = "s3://b/p?secret_key=nine&region=R"
"""


def test_nothing_that_opens_a_door_is_shown():
    """`config show` is what people paste into a question."""
    words = ["in a comment", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

    assert [] == [word for word in words if f'"{word}' in shown(SECRETS) or f":{word}@" in shown(SECRETS)]
    assert not [option for option in ("pass=six", "secret_key=nine") if option in shown(SECRETS)]


def test_what_is_no_secret_is_shown_as_it_is():
    """The path of a key is not the key."""
    found = masked(SECRETS)["location"]["x"]

    assert "~/.ssh/id_ed25519" == found["key"]
    assert "~/.nas" == found["password_file"]
    assert "https://***@s3.example.org/x" == found["endpoint"]
    assert ":webdav,url=https://h,pass=***,user=ana:music" == found["remote"]
    assert "s3://b/p?secret_key=***&region=R" == found["place"]


def test_a_config_without_secrets_is_shown_whole():
    """Masking must not bend ordinary values."""
    text = (Path(__file__).parents[2] / "config.example.toml").read_text()

    assert tomllib.loads(text) == tomllib.loads(shown(text))
