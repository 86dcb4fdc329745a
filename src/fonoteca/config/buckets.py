"""PLACE as the URL of a bucket, and back: `s3://BUCKET/PREFIX?endpoint=URL&region=R`.

    >>> found = s3_place("s3://ana-music/archive?endpoint=https://s3.example.org&region=eu-1", "cloud")
    >>> found.bucket, found.prefix, found.endpoint, found.region
    ('ana-music', 'archive', 'https://s3.example.org', 'eu-1')
    >>> s3_url(found)
    's3://ana-music/archive?endpoint=https://s3.example.org&region=eu-1'

After `?` stand the keys that a config has too. Credentials never do: they come from the environment, a `profile`, or a
file that `credentials_file` names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from fonoteca.config import units, values
from fonoteca.config.model import S3Config
from fonoteca.config.problems import NotUnderstood
from fonoteca.core.policy import DAY_S
from fonoteca.errors import UsageError

FORM = "s3://BUCKET/PREFIX?endpoint=URL&region=R"


def _file(value: object) -> str:
    return os.path.abspath(os.path.expanduser(values.text(value)))


_OPTIONS: Mapping[str, Callable[[object], Any]] = {
    "endpoint": values.endpoint,
    "region": values.text,
    "profile": values.text,
    "credentials_file": _file,
    "addressing": values.choice("auto", "path", "virtual"),
    "storage_class": values.text,
    "encryption": values.text,
    "ca_file": _file,
    "retain": units.duration,
}


def s3_place(word: str, name: str) -> S3Config:
    """The bucket that the URL `word` means, as a location `name`. Raises UsageError."""
    shown = _shown(word)
    try:
        parts = urlsplit(word)
    except ValueError as error:
        raise UsageError(f"{shown} is not understood: give {FORM}.") from error
    if "@" in parts.netloc:
        raise UsageError(
            f"{shown}: keys in a URL are seen by others. Leave them out, and give them by "
            f"?credentials_file=FILE or in the environment as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if parts.fragment:
        raise UsageError(f"{shown} is not understood: give {FORM}; a # in it is written %23.")
    try:
        return S3Config(
            name=name,
            bucket=values.bucket(parts.netloc),
            prefix=values.prefix(unquote(parts.path)),
            **_given(shown, parts.query),
        )
    except NotUnderstood as error:
        raise UsageError(f"{shown} is not understood: {error.found} should be {error.expected}.") from error


def _given(shown: str, query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option, value in parse_qsl(query, keep_blank_values=True):
        if option not in _OPTIONS or not value:
            known = ", ".join(f"{each}=…" for each in _OPTIONS)
            raise UsageError(f"{shown}: {option} is not understood; after ? may stand {known}.")
        found["retain_s" if option == "retain" else option] = _OPTIONS[option](value)
    return found


def _shown(word: str) -> str:
    """The URL without what stands before `@`."""
    head, slashes, rest = word.partition("://")
    user, at, more = rest.partition("@")
    return word if not at or "/" in user else f"{head}{slashes}***@{more}"


def s3_url(config: S3Config, *, whole: bool = True) -> str:
    """The PLACE that means this bucket; not `whole`: for sentences, without the files that log in."""
    said = {
        key: str(value)
        for key, value in s3_table(config).items()
        if key in _OPTIONS and (key in ("endpoint", "region") or whole)
    }
    path = f"/{quote(config.prefix)}" if config.prefix else ""
    return f"s3://{config.bucket}{path}" + ("?" + urlencode(said, safe="/:") if said else "")


def s3_table(config: S3Config) -> dict[str, str | int]:
    """What `[location.NAME]` says of it in a config."""
    retain = None
    if config.retain_s is not None:
        whole = config.retain_s % DAY_S == 0
        retain = f"{config.retain_s // DAY_S} days" if whole else f"{config.retain_s} s"
    known: dict[str, str | int | None] = {
        "type": "s3",
        "bucket": config.bucket,
        "prefix": config.prefix or None,
        **{each: getattr(config, each) for each in _OPTIONS if each not in ("retain", "addressing")},
        "addressing": config.addressing if config.addressing != "auto" else None,
        "retain": retain,
    }
    return {key: value for key, value in known.items() if value is not None}


def same_bucket(one: S3Config, other: S3Config) -> bool:
    """True when both mean one prefix of one bucket."""
    return (_server(one), one.bucket, one.prefix) == (_server(other), other.bucket, other.prefix)


def _server(config: S3Config) -> str | None:
    return config.endpoint.rstrip("/").lower() if config.endpoint else None
