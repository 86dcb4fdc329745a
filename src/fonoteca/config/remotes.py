"""PLACE as an rclone remote, and back: `rclone:gdrive:music`, with the path as rclone itself writes it.

    >>> found = rclone_place("rclone:gdrive:music/copy?config_file=/home/ana/rclone.conf", "drive")
    >>> found.remote, found.config_file
    ('gdrive:music/copy', '/home/ana/rclone.conf')
    >>> rclone_url(found, whole=False)
    'rclone:gdrive:music/copy'

After `?` may stand `config_file` and `program`, which a config has too. What logs in stays
in rclone's own config.
"""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fonoteca.config import values
from fonoteca.config.model import RcloneConfig
from fonoteca.config.problems import NotUnderstood
from fonoteca.errors import UsageError

FORM = "rclone:REMOTE:PATH"
_QUERY = re.compile(r"\?((?:config_file|program)=.*)\Z")


def rclone_place(word: str, name: str) -> RcloneConfig:
    """The remote that `word` means, as a location `name`. Raises UsageError."""
    written = word.removeprefix("rclone:")
    query = _QUERY.search(written)
    try:
        remote = values.remote(written[: query.start()] if query else written)
        return RcloneConfig(name=name, remote=remote, **_options(query[1] if query else ""))
    except NotUnderstood as error:
        raise UsageError(f"rclone:{error.found} is not understood: it should be {error.expected}.") from error


def _options(query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option, value in parse_qsl(query):
        if option == "config_file":
            found[option] = os.path.abspath(os.path.expanduser(value))
        elif option == "program":
            found[option] = value
        else:
            raise NotUnderstood(f"…?{option}=", "config_file=FILE or program=FILE after ?")
    return found


def rclone_url(config: RcloneConfig, *, whole: bool = True) -> str:
    """The PLACE that means this remote; not `whole`: for sentences."""
    said = {key: value for key, value in rclone_table(config).items() if key in ("config_file", "program")}
    return f"rclone:{config.remote}" + ("?" + urlencode(said, safe="/") if whole and said else "")


def rclone_table(config: RcloneConfig) -> dict[str, str | int]:
    """What `[location.NAME]` says of it in a config."""
    known: dict[str, str | int | None] = {
        "type": "rclone",
        "remote": config.remote,
        "program": config.program if config.program != "rclone" else None,
        "config_file": config.config_file,
    }
    return {key: value for key, value in known.items() if value is not None}
