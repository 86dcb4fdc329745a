"""Who a standing place is, and writing its marker anew where it is no longer true: on another disk, or as a
copy.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from fonoteca.archive import location_of
from fonoteca.config import urls
from fonoteca.config.model import LocationConfig
from fonoteca.core.naming import rule_for
from fonoteca.core.place import Identity, Traits
from fonoteca.errors import Foreign, LocationError, UsageError
from fonoteca.tasks.places.founding import adopted


@dataclass(frozen=True, slots=True)
class Bound:
    """A place that is a location: its marker (None: lost, but manifests stand), and who the file system is that it
    lies on.
    """

    config: LocationConfig
    marker: Identity | None
    file_system: str

    @classmethod
    def at(cls, config: LocationConfig) -> Bound:
        """Look. Raises UsageError when there is neither marker nor manifest, LocationError."""
        place = location_of(config, None)
        marker = place.peek()
        if marker is None and not place.holds_manifests():
            shown = urls.shown(config)
            raise UsageError(
                f"There is no fonoteca location at {shown}: its folder carries no .fonoteca/location.json. "
                f"For a new one run `fonoteca location add NAME {shown}`."
            )
        return cls(config, marker, place.where())

    @staticmethod
    def is_at(config: LocationConfig, identity: Identity) -> bool:
        """True when just this location stands there now."""
        try:
            found = location_of(config, None).peek()
        except LocationError:
            return False
        return found is not None and (found.id, found.nonce) == (identity.id, identity.nonce)


def bind(bound: Bound, name: str, *, anew: bool) -> tuple[Identity, Traits]:
    """The identity and traits that the place has from now on; its marker is written where that is new.

    `anew`: it is a copy of a location that still stands elsewhere, so it becomes one of its own. On another
    file system it stays who it is under a new nonce: the disk that it was copied from is then not taken for
    it. Raises LocationError.
    """
    place = location_of(replace(bound.config, name=name), None, anywhere=True)
    marker = bound.marker
    if marker is None:
        return adopted(place)
    if not anew and marker.file_system == bound.file_system:
        with place.open(write=False) as opened:
            return opened.identity, opened.traits
    identity = replace(marker, nonce=secrets.token_hex(16), file_system=bound.file_system)
    if anew:
        identity = replace(identity, id=secrets.token_hex(16))
    traits = _with_rule(place.probe(), marker, name)
    place.mark(identity, traits)
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
