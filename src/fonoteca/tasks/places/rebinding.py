"""Who a standing place is, and writing its marker anew where it is no longer true: on another disk, or as a
copy.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace

from fonoteca.core.naming import rule_for
from fonoteca.core.place import Identity, Traits
from fonoteca.disk.files import replace_whole
from fonoteca.errors import Away, Denied, Foreign, LocationError, UsageError
from fonoteca.locations.border import Border
from fonoteca.locations.folder import FolderLocation
from fonoteca.locations.identity import marker_bytes, new_identity
from fonoteca.tasks.places.ground import shown

_LIBRARIES = b".fonoteca/libraries"
_MARKER = b".fonoteca/location.json"


@dataclass(frozen=True, slots=True)
class Bound:
    """A folder that is a location: its marker (None: lost, but manifests stand), and the file system it
    lies on.
    """

    path: bytes
    marker: Identity | None
    file_system: str

    @classmethod
    def at(cls, path: bytes) -> Bound:
        """Look. Raises UsageError when there is neither marker nor manifest, LocationError."""
        place = FolderLocation(shown(path), path, None)
        marker = place.peek()
        if marker is None and not os.path.isdir(os.path.join(path, _LIBRARIES)):
            raise UsageError(
                f"There is no fonoteca location at {shown(path)}: its folder carries no .fonoteca/location.json. "
                f"For a new one run `fonoteca location add NAME {shown(path)}`."
            )
        return cls(path, marker, place.file_system().identity)

    @staticmethod
    def is_at(path: bytes, identity: Identity) -> bool:
        """True when just this location stands at `path` now."""
        try:
            found = FolderLocation(shown(path), path, None).peek()
        except LocationError:
            return False
        return found is not None and (found.id, found.nonce) == (identity.id, identity.nonce)


def bind(bound: Bound, name: str, *, anew: bool) -> tuple[Identity, Traits]:
    """The identity and traits that the place has from now on; its marker is written where that is new.

    `anew`: it is a copy of a location that still stands elsewhere, so it becomes one of its own. On another
    file system it stays who it is under a new nonce: the disk that it was copied from is then not taken for
    it. Raises LocationError.
    """
    place = FolderLocation(name, bound.path, None, anywhere=True)
    marker = bound.marker
    if marker is None:
        return _founded(place, name)
    if not anew and marker.file_system == bound.file_system:
        with place.open(write=False) as opened:
            return opened.identity, opened.traits
    identity = replace(marker, nonce=secrets.token_hex(16), file_system=bound.file_system)
    if anew:
        identity = replace(identity, id=secrets.token_hex(16))
    with Border(name, _MARKER):
        traits = _with_rule(place.probe(), marker, name)
        replace_whole(os.path.join(bound.path, _MARKER), marker_bytes(identity, traits))
    return identity, traits


def _with_rule(traits: Traits, marker: Identity, name: str) -> Traits:
    """Keys there follow the marker's naming rule; the new disk has to be able to hold such."""
    if marker.naming.startswith("posix") and rule_for(traits).name.startswith("windows"):
        raise Foreign(
            name,
            f"its names follow the rule {marker.naming}, which the file system that it lies on now cannot hold",
            "Copy it to a file system like the one it came from, or add this folder as a new location.",
        )
    return traits


def _founded(place: FolderLocation, name: str) -> tuple[Identity, Traits]:
    """Its marker is lost: it gets another, and its manifests say what it holds."""
    traits = place.probe()
    try:
        identity = new_identity(place.path, naming=rule_for(traits).name)
    except ValueError as error:
        raise Denied(name, f"its file system cannot hold the names of music ({error})") from error
    except OSError as error:
        raise Away(name, f"{shown(place.path)}: {error.strerror}") from error
    place.adopt(identity, traits)
    return identity, traits
