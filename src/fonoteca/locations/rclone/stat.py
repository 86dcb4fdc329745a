"""What the contract says of an object, from what rclone lists.

{"Path": "music/a.flac", "Size": 9, "ModTime": "2026-11-23T00:01:56.9Z", "IsDir": false, "Hashes": {…}, "ID": "…"}
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from fonoteca.core.place import Stamp, Stat

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def object_stat(item: dict[str, Any] | None, *, keeps_times: bool = True) -> Stat | None:
    """None for what is no object: nothing, a folder, a document that has no size before it is exported.

    The stamp moves with whatever the remote says of it: size, time, its own number.
    """
    if item is None or item.get("IsDir") or item.get("Size", -1) < 0:
        return None
    stamp = ":".join([str(item["Size"]), item.get("ModTime", ""), item.get("ID", "")])
    mtime_ns = nanoseconds(item.get("ModTime", "")) if keeps_times else None
    return Stat(int(item["Size"]), mtime_ns, Stamp(stamp))


def nanoseconds(time: str) -> int | None:
    """Ns since 1970 of an RFC 3339 time; None for none.

    >>> nanoseconds("2026-11-23T00:01:56.000000001Z")
    1795392116000000001
    """
    found = _TIME.fullmatch(time)
    if found is None:
        return None
    whole = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    return int(whole.timestamp()) * 1_000_000_000 + int((found[2] or "0").ljust(9, "0"))


def sha256_of(item: dict[str, Any] | None) -> bytes | None:
    """The SHA-256 that the store tells, None where it tells none: other digests are not those that we have recorded."""
    try:
        found = bytes.fromhex(((item or {}).get("Hashes") or {}).get("sha256", ""))
    except ValueError:
        return None
    return found if len(found) == 32 else None
