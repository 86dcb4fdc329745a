"""PLACE as a URL, and back: a server named on the command line, without any config.

    >>> found = sftp_place("sftp://ana@nas.lan:2222/volume1/music%20backup?key=~/.ssh/nas", "nas")
    >>> found.host, found.port, found.user, found.path
    ('nas.lan', 2222, 'ana', b'/volume1/music backup')
    >>> url(found).partition("?")[0]
    'sftp://ana@nas.lan:2222/volume1/music%20backup'

A path is absolute; `/~/` before it means the login folder. After `?` stand the files that log in: `key`, `known_hosts`,
`password_file`, or the variable that holds a password, `password_env`. A password in a URL would be read by whoever
sees the command, so it is refused and not repeated.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes, unquote_to_bytes, urlencode, urlsplit

from fonoteca.config.buckets import FORM, s3_place, s3_table, s3_url, same_bucket
from fonoteca.config.model import (
    FolderConfig,
    LocationConfig,
    RcloneConfig,
    RemoteConfig,
    S3Config,
    SftpConfig,
)
from fonoteca.config.problems import NotUnderstood
from fonoteca.config.remotes import FORM as REMOTE_FORM
from fonoteca.config.remotes import rclone_place, rclone_table, rclone_url
from fonoteca.config.values import host, server_path
from fonoteca.errors import UsageError

_FORM = "sftp://USER@HOST:PORT/PATH"
_FILES = ("key", "known_hosts", "password_file")
_OPTIONS = (*_FILES, "password_env")
_LOGIN = b"/~/"


def is_url(word: str) -> bool:
    """True for a PLACE that is a URL: `sftp://…`, `s3://…`, `rclone:…`."""
    return "://" in word or word.startswith("rclone:")


def remote_place(word: str, name: str) -> RemoteConfig:
    """The place that the URL `word` means, as a location `name`. Raises UsageError."""
    if word.startswith("rclone:"):
        return rclone_place(word, name)
    return s3_place(word, name) if word.startswith("s3://") else sftp_place(word, name)


def sftp_place(word: str, name: str) -> SftpConfig:
    """The server that the URL `word` means, as a location `name`. Raises UsageError."""
    if not word.startswith("sftp://"):
        raise UsageError(
            f"{_shown(word)}: this version of fonoteca can use folders, {_FORM}, {FORM} and {REMOTE_FORM} only."
        )
    try:
        parts = urlsplit(word)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{_shown(word)} is not understood: give {_FORM}.") from error
    if parts.password is not None:
        raise UsageError(
            f"{_shown(word)}: a password in a URL is seen by others. Leave it out, and give it by "
            f"?password_file=FILE or in the environment as FONOTECA_SFTP_PASSWORD."
        )
    if parts.fragment or port == 0:
        raise UsageError(f"{_shown(word)} is not understood: give {_FORM}; a # in it is written %23.")
    try:
        return SftpConfig(
            name=name,
            host=host(parts.hostname or ""),
            path=server_path(os.fsdecode(_path(parts.path))),
            user=os.fsdecode(unquote_to_bytes(parts.username)) if parts.username else None,
            port=port or 22,
            **_options(word, parts.query),
        )
    except NotUnderstood as error:
        raise UsageError(
            f"{_shown(word)} is not understood: {error.found} should be {error.expected}."
        ) from error


def _path(written: str) -> bytes:
    path = unquote_to_bytes(written)
    return path.removeprefix(_LOGIN) if path.startswith(_LOGIN) else path


def _options(word: str, query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option, value in parse_qsl(query, keep_blank_values=True):
        if option not in _OPTIONS or not value:
            known = ", ".join(f"{each}=…" for each in _OPTIONS)
            raise UsageError(
                f"{_shown(word)}: {option}={value} is not understood; after ? may stand {known}."
            )
        found[option] = os.path.abspath(os.path.expanduser(value)) if option in _FILES else value
    return found


def _shown(word: str) -> str:
    """The URL without what stands between `:` and `@`."""
    head, slashes, rest = word.partition("://")
    user, at, more = rest.partition("@")
    return word if not at or ":" not in user else f"{head}{slashes}{user.partition(':')[0]}:***@{more}"


def url(config: RemoteConfig, *, whole: bool = True) -> str:
    """The PLACE that means this server; not `whole`: for sentences, without the files that log in."""
    if isinstance(config, S3Config):
        return s3_url(config, whole=whole)
    if isinstance(config, RcloneConfig):
        return rclone_url(config, whole=whole)
    user = f"{quote_from_bytes(os.fsencode(config.user), safe='')}@" if config.user else ""
    named = f"[{config.host}]" if ":" in config.host else config.host
    port = f":{config.port}" if config.port != 22 else ""
    path = config.path if config.path.startswith(b"/") else _LOGIN + config.path
    files = {each: getattr(config, each) for each in _OPTIONS if getattr(config, each) is not None}
    query = "?" + urlencode(files, safe="/") if whole and files else ""
    return f"sftp://{user}{named}{port}{quote_from_bytes(path, safe='/~')}{query}"


def shown(config: LocationConfig) -> str:
    """Where a location lies, for a sentence: a path or a URL."""
    if isinstance(config, FolderConfig):
        return config.path.decode("utf-8", "backslashreplace")
    return url(config, whole=False)


def typed(config: LocationConfig) -> str:
    """The PLACE as it is typed into a shell, with the files that log in."""
    return shlex.quote(shown(config) if isinstance(config, FolderConfig) else url(config))


def beneath(config: LocationConfig, name: str) -> LocationConfig:
    """A place `name` within the place of `config`: a folder in its folder, a longer prefix in its bucket."""
    if isinstance(config, FolderConfig | SftpConfig):
        return replace(config, path=config.path.rstrip(b"/") + b"/" + os.fsencode(name))
    if isinstance(config, S3Config):
        return replace(config, prefix=f"{config.prefix}/{name}" if config.prefix else name)
    joint = "" if config.remote.endswith((":", "/")) else "/"
    return replace(config, remote=config.remote + joint + name)


def same_server(one: LocationConfig, other: LocationConfig) -> bool:
    """True when both mean one folder of one account, one prefix of one bucket, or one rclone remote."""
    if isinstance(one, RcloneConfig) and isinstance(other, RcloneConfig):
        return one.remote.rstrip("/") == other.remote.rstrip("/")
    if isinstance(one, S3Config) and isinstance(other, S3Config):
        return same_bucket(one, other)
    if not (isinstance(one, SftpConfig) and isinstance(other, SftpConfig)):
        return False
    return (one.host.lower(), one.port, one.user, one.path) == (
        other.host.lower(),
        other.port,
        other.user,
        other.path,
    )


def table(config: RemoteConfig) -> dict[str, str | int]:
    """What `[location.NAME]` says of it in a config."""
    if isinstance(config, S3Config):
        return s3_table(config)
    if isinstance(config, RcloneConfig):
        return rclone_table(config)
    known: dict[str, str | int | None] = {
        "type": "sftp",
        "host": config.host,
        "port": config.port if config.port != 22 else None,
        "user": config.user,
        "path": os.fsdecode(config.path),
        **{each: getattr(config, each) for each in _OPTIONS},
    }
    return {key: value for key, value in known.items() if value is not None}
