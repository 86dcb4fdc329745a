"""What may be written in a config: for each table its keys, and for each key the reader of its value.

    >>> read_table({"copies": 3, "ofsite": 1}, POLICY, ("policy",), Base("/etc", {}))[1][0].expected
    'one of: copies, offsite, verify_every, keep_versions, keep_tag_versions (did you mean offsite?)'

Values come back under the names of `model.py`; a key that was not written is absent, so that defaults stand
there alone. (pydantic would do the same for some 200 ms more at each start of the program, as measured.)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fonoteca.config import units, values
from fonoteca.config.paths import Base, expand
from fonoteca.config.problems import Complaint, NotUnderstood, shown, unknown_key
from fonoteca.core.policy import Timing


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table. `read` takes the raw value and raises NotUnderstood."""

    read: Callable[..., Any]
    is_local: bool = False
    """`read` takes a `Base` too, which relative paths start from."""
    field: str | None = None
    """The name in `model.py` where it is not the key."""
    required: str | None = None
    """What is expected when the key is missing; None where it may be."""


Table: TypeAlias = Mapping[str, Key]


def _timing_or_off(value: object) -> Timing | None:
    return None if value == "off" else units.timing(value)


def _folder(value: object, base: Base) -> bytes:
    return os.fsencode(expand(value, base))


def _secret_file(value: object, base: Base) -> str:
    """A file whose content is secret. An address in its place is refused, and not repeated."""
    if isinstance(value, str) and "://" in value:
        raise NotUnderstood("***", "a file that holds the address, since it is a secret")
    return expand(value, base)


_TRUTH = Key(values.truth)
_TEXT = Key(values.text)
_FILE = Key(expand, is_local=True)
_SECRET_FILE = Key(_secret_file, is_local=True)
_RATE = Key(units.rate)

_PLACE: Table = {
    "type": _TEXT,
    "removable": _TRUTH,
    "offsite": _TRUTH,
    "rate": _RATE,
    "streams": Key(values.whole(1, 64)),
}
_FOLDER: Table = {
    "path": Key(_folder, is_local=True, required='a folder, such as path = "/media/red/music-backup"'),
    "plain_folder": _TRUTH,
}
_SFTP: Table = {
    "host": Key(values.host, required='a server, such as host = "nas.lan"'),
    "path": Key(
        values.server_path, required='a folder on the server, such as path = "/volume1/music-backup"'
    ),
    "user": _TEXT,
    "port": Key(values.whole(1, 65535)),
    "key": _FILE,
    "known_hosts": _FILE,
    "password_file": _FILE,
    "password_env": Key(values.variable),
    "server_digests": _TRUTH,
}
_S3: Table = {
    "bucket": Key(values.bucket, required='a bucket, such as bucket = "ana-music"'),
    "prefix": Key(values.prefix),
    "endpoint": Key(values.endpoint),
    "region": _TEXT,
    "profile": _TEXT,
    "credentials_file": _FILE,
    "addressing": Key(values.choice("auto", "path", "virtual")),
    "storage_class": _TEXT,
    "encryption": _TEXT,
    "ca_file": _FILE,
    "retain": Key(units.duration, field="retain_s"),
    "monthly_download": Key(units.size),
}
_RCLONE: Table = {
    "remote": Key(values.remote, required='an rclone remote, such as remote = "gdrive:music"'),
    "program": _TEXT,
    "config_file": _FILE,
}

LOCATIONS: Final[Mapping[str, Table]] = {
    "folder": {**_FOLDER, **_PLACE},
    "sftp": {**_SFTP, **_PLACE},
    "s3": {**_S3, **_PLACE},
    "rclone": {**_RCLONE, **_PLACE},
}
LIBRARY: Final[Table] = {
    "path": Key(_folder, is_local=True, required='a folder of music, such as path = "~/Music"'),
    "exclude": Key(values.patterns),
    "guard": Key(units.guard),
}
POLICY: Final[Table] = {
    "copies": Key(values.whole(0, 99)),
    "offsite": Key(values.whole(0, 99)),
    "verify_every": Key(units.duration, field="verify_every_s"),
    "keep_versions": Key(units.duration, field="keep_versions_s"),
    "keep_tag_versions": Key(units.duration, field="keep_tag_versions_s"),
}
SECTIONS: Final[Mapping[str, Table]] = {
    "archive": {"catalogue": _FILE},
    "policy": POLICY,
    "guard": {"limit": Key(units.guard)},
    "schedule": {
        "scan": Key(units.timing),
        "scrub": Key(units.timing),
        "prune": Key(_timing_or_off),
        "drill": Key(_timing_or_off),
        "report": Key(_timing_or_off),
    },
    "background": {
        "settle": Key(units.duration, field="settle_s"),
        "quiet": Key(units.windows),
        "rate": _RATE,
    },
    "notify": {
        "urls_file": _SECRET_FILE,
        "urls_env": Key(values.variable),
        "ping_file": _SECRET_FILE,
        "ping_env": Key(values.variable),
        "remind": Key(units.duration, field="remind_s"),
    },
    "metrics": {"file": _FILE},
}
TABLES: Final = ("library", "location", *SECTIONS)


def known_keys() -> list[str]:
    """Every key that a config may hold, as dotted patterns: `library.<name>.path`, `policy.copies`, …"""
    found = {f"{section}.{key}" for section, table in SECTIONS.items() for key in table}
    found |= {f"library.<name>.{key}" for key in LIBRARY}
    found |= {f"location.<name>.{key}" for table in LOCATIONS.values() for key in table}
    return sorted(found)


def read_table(
    raw: object, table: Table, path: tuple[str, ...], base: Base
) -> tuple[dict[str, Any], list[Complaint]]:
    """What the table at `path` holds, under the names of `model.py`, and everything wrong with it."""
    if not isinstance(raw, dict):
        return {}, [Complaint(path, shown(raw), f"a table: [{'.'.join(path)}]")]
    found: dict[str, Any] = {}
    complaints = [unknown_key((*path, key), table) for key in raw if key not in table]
    for name, key in table.items():
        if name not in raw:
            if key.required is not None:
                complaints.append(Complaint((*path, name), "nothing", key.required))
            continue
        try:
            found[key.field or name] = key.read(raw[name], base) if key.is_local else key.read(raw[name])
        except NotUnderstood as error:
            complaints.append(Complaint((*path, name), error.found, error.expected))
    return found, complaints
