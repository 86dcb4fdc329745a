"""What the contract says of an object, from what a server says of it."""

from __future__ import annotations

import base64
from typing import Any

from fonoteca.core.place import Stamp, Stat

_QUOTES = '"'
"""Some servers give them around an ETag, some do not, and some do both."""


def object_stat(size: int, etag: str, sha256: str | None = None) -> Stat:
    """No mtime: a server keeps the time of the upload alone, and the manifest has ours.

    The stamp moves with the bytes. An ETag is compared, never read: of an object that came in parts, or that the server
    encrypts, it is no MD5.
    """
    digest = base64.b64decode(sha256) if sha256 and "-" not in sha256 else None
    return Stat(size, None, Stamp(f"{size}:{etag.strip(_QUOTES)}"), digest)


def of_reply(reply: dict[str, Any]) -> Stat:
    """Of what HEAD or GET (without a range) says."""
    return object_stat(
        int(reply.get("ContentLength", 0)), str(reply.get("ETag", "")), reply.get("ChecksumSHA256")
    )


def etag_of(stamp: Stamp) -> str:
    """The ETag that a stamp holds, as conditions take it everywhere: Ceph 16 takes none with quotes."""
    return stamp.partition(":")[2]
