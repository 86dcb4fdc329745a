"""Room on a file system."""

from __future__ import annotations

from fonoteca.core.place import Space
from fonoteca.disk import calls


def space(path: bytes | int) -> Space:
    """Total and free bytes there, for a user without privileges. Raises OSError."""
    found = calls.statvfs(path)
    return Space(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)
