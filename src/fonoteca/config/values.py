"""Readers for single values that need no arithmetic: truths, whole numbers, words, addresses.

Each takes whatever TOML holds and raises NotUnderstood. Units have their own module.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from fonoteca.config.problems import NotUnderstood

_HOST = re.compile(r"[A-Za-z0-9._%:\[\]-]+|[^\W_][\w.-]*")
_BUCKET = re.compile(r"[A-Za-z0-9._:-]{1,255}")
_LOGS_IN = re.compile(r"(?i),\w*(pass|token|secret|key)\w*=")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def truth(value: object) -> bool:
    """`true` or `false`, nothing that looks like it."""
    if not isinstance(value, bool):
        raise NotUnderstood(value, "true or false")
    return value


def whole(low: int, high: int) -> Callable[[object], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise NotUnderstood(value, f"a whole number from {low} to {high}")
        return value

    return read


def choice(*words: str) -> Callable[[object], str]:
    """A reader of one of some words."""
    listed = ", ".join(f'"{word}"' for word in words)

    def read(value: object) -> str:
        if value not in words:
            raise NotUnderstood(value, f"one of {listed}")
        return str(value)

    return read


def text(value: object) -> str:
    """Text in quotes that is not empty and has no control characters."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise NotUnderstood(value, "text in quotes")
    return value.strip()


def patterns(value: object) -> tuple[str, ...]:
    """A list of globs that stay inside the library."""
    expected = 'a list of globs inside the library, such as ["Incoming/**"]'
    if not isinstance(value, list):
        raise NotUnderstood(value, expected)
    for pattern in value:
        inside = (
            isinstance(pattern, str)
            and pattern.strip()
            and not pattern.startswith("/")
            and "\0" not in pattern
        )
        if not inside or ".." in pattern.split("/"):
            raise NotUnderstood(pattern, expected)
    return tuple(value)


def host(value: object) -> str:
    """A server's name or address, without user, port or folder."""
    if not isinstance(value, str) or not _HOST.fullmatch(value) or value.startswith("-"):
        raise NotUnderstood(value, 'a server\'s name or address, such as "nas.lan"')
    return value.removeprefix("[").removesuffix("]")


def server_path(value: object) -> bytes:
    """A folder on a server: absolute, or relative to the login folder."""
    expected = (
        'a folder on the server, such as "/volume1/music-backup" (or relative to the login folder, without ~)'
    )
    if not isinstance(value, str) or not value.strip() or value.startswith("~") or "\0" in value:
        raise NotUnderstood(value, expected)
    if ".." in value.split("/"):
        raise NotUnderstood(value, f"{expected}, without ..")
    return (value.rstrip("/") or "/").encode("utf-8", "surrogateescape")


def variable(value: object) -> str:
    """The name of an environment variable."""
    if not isinstance(value, str) or not _ENV.fullmatch(value):
        # What stands there may be the secret itself.
        raise NotUnderstood("***", 'the name of an environment variable, such as "NAS_PASSWORD"')
    return value


def bucket(value: object) -> str:
    """A bucket's name, with its tenant where the server has such."""
    if not isinstance(value, str) or not _BUCKET.fullmatch(value):
        raise NotUnderstood(value, 'a bucket\'s name, such as "ana-music"')
    return value


def prefix(value: object) -> str:
    """A prefix in a bucket; blanks between `/` are refused, `/` at its ends is taken off."""
    if not isinstance(value, str) or not value.isprintable():
        raise NotUnderstood(value, 'a prefix, such as "archive"')
    found = value.strip("/")
    if found and any(part in ("", ".", "..") for part in found.split("/")):
        raise NotUnderstood(value, 'a prefix without empty parts, . or .., such as "archive/music"')
    return found


def endpoint(value: object) -> str:
    """The URL of a server that speaks S3. A user or password in it is refused, and not repeated."""
    expected = 'a URL such as "https://s3.example.org"'
    if not isinstance(value, str):
        raise NotUnderstood(value, expected)
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError as error:
        raise NotUnderstood(value, expected) from error
    if url.username is not None or url.password is not None:
        hidden = value.replace(url.netloc.rpartition("@")[0], "***")
        raise NotUnderstood(
            hidden, f"{expected}, without a user or password: use profile or credentials_file"
        )
    if (
        url.scheme not in ("http", "https")
        or not url.hostname
        or url.query
        or url.fragment
        or url.path.strip("/")
    ):
        raise NotUnderstood(value, expected)
    return value.rstrip("/")


def remote(value: object) -> str:
    """An rclone remote with its path."""
    expected = 'an rclone remote with its path, such as "gdrive:music"'
    if not isinstance(value, str) or ":" not in value or not value.isprintable() or value.startswith("-"):
        raise NotUnderstood(value, expected)
    if _LOGS_IN.search(value):
        raise NotUnderstood("a remote with what logs in", f"{expected}; run `rclone config` to keep it there")
    if ".." in re.split("[:/]", value):
        raise NotUnderstood(value, f"{expected}, without ..")
    return value
