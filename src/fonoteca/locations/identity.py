"""Who a place is: its marker `.fonoteca/location.json`, read, judged and written.

    {"type": "fonoteca location", "format": 1, "id": "6f1c…", "nonce": "9a…", "naming": "posix/1",
     "file_system": "uuid:2b7e…", "adopted": "2026-11-22T14:00:00+00:00", "writer": "fonoteca 0.1.0",
     "traits": {…}}

A wrong, absent or copied marker means *away*: nothing there is read as missing, nothing is written.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from fonoteca import __version__
from fonoteca.core.place import Identity, Traits
from fonoteca.disk.mounts import file_system
from fonoteca.errors import Away, Foreign

FORMAT = 1
_TYPE = "fonoteca location"


@dataclass(frozen=True, slots=True)
class Marker:
    """What `location.json` says."""

    identity: Identity
    traits: Traits
    adopted: str
    """RFC 3339."""
    writer: str


def new_identity(path: bytes, *, naming: str = "posix/1") -> Identity:
    """A fresh identity for the folder `path`, or for the nearest one above it that is there. Raises
    OSError."""
    while not os.path.lexists(path):
        path = os.path.dirname(path) or b"/"
    return Identity(secrets.token_hex(16), secrets.token_hex(16), file_system(path).identity, FORMAT, naming)


def marker_bytes(identity: Identity, traits: Traits) -> bytes:
    """The text of a marker made now."""
    value = {
        "type": _TYPE,
        "format": identity.format,
        "id": identity.id,
        "nonce": identity.nonce,
        "naming": identity.naming,
        "file_system": identity.file_system,
        "adopted": datetime.now(UTC).isoformat(timespec="seconds"),
        "writer": f"fonoteca {__version__}",
        "traits": asdict(traits),
    }
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"


def parse_marker(place: str, data: bytes) -> Marker:
    """The marker in `data`. Raises Foreign when it is damaged, something else, or of a newer format."""
    value = _object(place, data)
    if value.get("type") != _TYPE:
        raise Foreign(place, "its .fonoteca/location.json is not fonoteca's", _MOVE_AWAY)
    if not isinstance(value.get("format"), int) or value["format"] > FORMAT:
        raise Foreign(
            place,
            f"it has format {value.get('format')}, this fonoteca knows formats up to {FORMAT}",
            "Use the newer fonoteca that wrote it.",
        )
    try:
        return Marker(
            _identity(value), _traits(value["traits"]), _text(value, "adopted"), _text(value, "writer")
        )
    except (KeyError, TypeError) as error:
        raise Foreign(place, f"its .fonoteca/location.json is damaged ({error})", _MOVE_AWAY) from error


_MOVE_AWAY = (
    "Move that file away and run `fonoteca location adopt PLACE`: its manifests bring back what it holds."
)


def _object(place: str, data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise Foreign(place, "its .fonoteca/location.json is damaged (not JSON)", _MOVE_AWAY) from error
    return value if isinstance(value, dict) else {}


def _identity(value: dict[str, Any]) -> Identity:
    return Identity(
        _text(value, "id"),
        _text(value, "nonce"),
        _text(value, "file_system"),
        value["format"],
        _text(value, "naming"),
    )


def _text(value: dict[str, Any], name: str) -> str:
    found = value[name]
    if not isinstance(found, str):
        raise TypeError(f"{name} is not text")
    return found


def _traits(value: dict[str, Any]) -> Traits:
    """Traits that this version knows; a later one may have written more, and older markers lack some."""
    known = {each.name for each in fields(Traits)}
    return Traits(**{name: found for name, found in value.items() if name in known})


def judge(place: str, found: Identity, file_system: str, expected: Identity | None) -> None:
    """Raises Away unless `found`, read on `file_system` now, is `expected` (None: any marker that is where it
    was made)."""
    if expected is not None and (found.id, found.nonce) != (expected.id, expected.nonce):
        raise Away(place, "another location is in its place", _other(place))
    if found.file_system != file_system:
        raise Away(
            place,
            f"its marker was written on the file system {found.file_system} and lies on {file_system} now, "
            f"so this is a copy of it or the disk was replaced",
            f"If this is now the place, run `fonoteca location adopt {place}`.",
        )


def absent(place: str, path: str) -> Away:
    """The error for a folder that carries no marker."""
    return Away(
        place,
        f"{path} carries no fonoteca marker: it is not mounted, or another drive is in its place",
        f"Mount it and run this again; if its disk is lost and this is the new one, "
        f"run `fonoteca location replace {place}`.",
    )


def _other(place: str) -> str:
    return (
        f"Mount {place} and run this again; if this one shall be it from now on, "
        f"run `fonoteca location adopt {place}`."
    )
