"""Keys at the gate: what may be a key, and which keys may be replaced without keeping what stood there."""

from __future__ import annotations

from fonoteca.core.paths import stays_inside
from fonoteca.core.place import OWN, Key, Stamp
from fonoteca.errors import Conflict

INCOMING = Key(OWN + b"/incoming")
MOVING = Key(OWN + b"/moving")
MARKER = Key(OWN + b"/location.json")
LEASE = Key(OWN + b"/lease.json")

_BARE = frozenset({b"SHA256SUMS", b"VERIFY.txt"})


def checked(place: str, key: bytes) -> bytes:
    """`key` itself when it can be one: relative, nothing empty, no `.` or `..`, no NUL. Raises Conflict.

    A manifest that somebody else wrote may name `../../etc/passwd`; it is stopped here.
    """
    if not stays_inside(key):
        raise Conflict(place, Key(key), "is not a name that an object can have")
    return key


def check_over(place: str, key: Key, over: Stamp | None, keep: Key | None) -> None:
    """Raises Conflict when an object of the user's would be replaced without being kept."""
    checked(place, key)
    if keep is not None:
        checked(place, keep)
    elif over is not None and key not in _BARE and not key.startswith(OWN + b"/"):
        raise Conflict(place, key, "would be replaced and not kept")


def is_listed(key: bytes, prefix: bytes) -> bool:
    """False for what is on its way: staged bytes, the lease, and intermediate names unless they are asked for."""
    if key in (LEASE, INCOMING) or key.startswith(INCOMING + b"/"):
        return False
    return prefix.startswith(MOVING) or not (key == MOVING or key.startswith(MOVING + b"/"))
