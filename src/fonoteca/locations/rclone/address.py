"""What a config or a URL says of an rclone remote, and how rclone's own way of writing one is read.

>>> parts('box,vendor=other:music/copy')
Parts(name='box', settings={'vendor': 'other'}, path='music/copy')
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_SETTING = re.compile(r',([^,=:"]*)(?:=("(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[^,:]*))?')


@dataclass(frozen=True, slots=True)
class Address:
    """A remote with its path, as rclone writes it: `gdrive:music`. `config_file` None: where rclone looks itself."""

    remote: str
    program: str = "rclone"
    config_file: str | None = None
    streams: int | None = None
    """Uploads at once; None: as many as its traits say."""


class Parts(NamedTuple):
    """A remote taken apart. `name` begins with `:` where it names a type; it is empty for a path of this machine."""

    name: str
    settings: dict[str, str]
    """Of a connection string (rclone's documentation, "Connection strings")."""
    path: str


def parts(remote: str) -> Parts:
    """The parts of `remote`, which is taken for a local path where it cannot be a remote."""
    name = re.match(r":?[^:,/]*", remote)
    assert name is not None  # it may match nothing
    settings: dict[str, str] = {}
    end = name.end()
    while found := _SETTING.match(remote, end):
        settings[found[1]] = _plain(found[2]) if found[2] is not None else "true"
        end = found.end()
    if remote[end : end + 1] != ":":
        return Parts("", {}, remote)
    return Parts(name[0], settings, remote[end + 1 :])


def _plain(value: str) -> str:
    if value[:1] not in ("'", '"'):
        return value
    quote = value[0]
    return value[1:-1].replace(quote * 2, quote)
