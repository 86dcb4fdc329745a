"""What a server's refusal means: SFTP 3 knows four of them, so that for plain "failure" its disk is asked.

OpenSSH says NO_SUCH_FILE for ENOENT, ENOTDIR, ELOOP; PERMISSION_DENIED for EPERM, EACCES; BAD_MESSAGE for EINVAL,
ENAMETOOLONG; FAILURE for all else (sftp-server.c, errno_to_portable): a full disk, a disk that is mounted read-only, a
name that stands.
"""

from __future__ import annotations

from typing import NamedTuple

from fonoteca.core.place import OWN, Space
from fonoteca.errors import Away, Broken, Conflict, Denied, Full, LocationError, Lost, Refused
from fonoteca.locations.sftp import wire
from fonoteca.locations.sftp.wire import Refusal

_GIVE = "Give this account permission there."
_FAT = (4 << 30) - 1
_CROWDED = 16 << 20
"""With less than this free, a write that failed is taken to have failed for want of room."""


class Disk(NamedTuple):
    """What a server says of the disk below."""

    space: Space
    read_only: bool


def meant(
    place: str, refusal: Refusal, key: bytes | None = None, *, needed: int = 0, disk: Disk | None = None
) -> LocationError:
    """The error that says what `refusal` means. `needed`: bytes to be written; `key`: the name in question."""
    if refusal.code in (wire.NO_CONNECTION, wire.CONNECTION_LOST):
        return Lost(place, f"the server says that it lost its own connection ({refusal.text})")
    if refusal.code == wire.NO_SUCH_FILE:
        if key is None:
            return Away(
                place, "a folder of it is no longer there", "Look what happened there, and run this again."
            )
        return Conflict(place, key, "is not there")
    if refusal.code == wire.DENIED:
        return _denied(place, key)
    if refusal.code == wire.BAD_MESSAGE and key is not None:
        return Conflict(place, key, "has a name that this server does not take")
    if refusal.code == wire.UNSUPPORTED:
        return Denied(place, _at("the server does not offer what is needed", key))
    return _failure(place, refusal, key, needed, disk)


def _denied(place: str, key: bytes | None) -> LocationError:
    if key is not None and not key.startswith(OWN + b"/"):
        return Refused(place, key, "permission denied")
    return Denied(place, _at("permission denied", key), _GIVE)


def _failure(
    place: str, refusal: Refusal, key: bytes | None, needed: int, disk: Disk | None
) -> LocationError:
    if disk is not None and disk.read_only:
        return Denied(place, "its disk is mounted read-only over there")
    if disk is not None and needed and disk.space.free < max(needed, _CROWDED):
        return Full(place, needed, disk.space.usable)
    if key is not None and needed > _FAT:
        return Refused(place, key, "the file may be larger than its disk can hold (4 GiB on FAT)")
    return Broken(place, _at(f"the server could not do it ({refusal.text.lower() or 'failure'})", key))


def _at(text: str, key: bytes | None) -> str:
    return text if key is None else f"{text}, at {key.decode('utf-8', 'backslashreplace')}"
