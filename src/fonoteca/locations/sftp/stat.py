"""What the contract says of an object, from what a server says of it."""

from __future__ import annotations

from fonoteca.core.place import Stamp, Stat
from fonoteca.locations.sftp.packets import Attributes

SECOND_NS = 1_000_000_000
LATEST_S = (1 << 32) - 1
"""SFTP 3 has 32 bits for a time."""


def object_stat(found: Attributes | None) -> Stat | None:
    """None for what is no object: nothing, a folder, a link, another odd thing.

    The stamp moves with size and time only: a server shows no inode.
    """
    if found is None or not found.is_file or found.size is None:
        return None
    mtime_ns = None if found.mtime is None else found.mtime * SECOND_NS
    return Stat(found.size, mtime_ns, Stamp(f"{found.size}:{found.mtime}"))


def seconds(mtime_ns: int) -> int:
    """The nearest earlier time that can be kept there."""
    return min(max(mtime_ns // SECOND_NS, 0), LATEST_S)
