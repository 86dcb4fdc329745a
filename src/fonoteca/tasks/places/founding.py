"""Making a place a location: it gets its marker, and the catalogue a row for it.

A place that has a marker already is some location. One of ours comes back; a stranger or a copy is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from fonoteca.archive import Archive, location_of
from fonoteca.catalogue import places
from fonoteca.catalogue.database import is_empty, transaction
from fonoteca.catalogue.places import PlaceRow
from fonoteca.config import urls
from fonoteca.config.model import FolderConfig, LocationConfig
from fonoteca.core.naming import rule_for
from fonoteca.core.place import Identity, Traits
from fonoteca.errors import Away, Denied, LocationError, UsageError
from fonoteca.locations.base import Site


def marker_at(config: LocationConfig) -> Identity | None:
    """Who the place says it is; None where it has no marker, or where a folder is not there. Raises LocationError."""
    try:
        return location_of(config, None).peek()
    except Away:
        if isinstance(config, FolderConfig):
            return None
        raise  # a server that does not answer is not an empty one


def stranger(config: LocationConfig, marker: Identity, known: Mapping[str, PlaceRow]) -> str | None:
    """Why a place with this marker cannot become the location of `config`, or None when it is one of ours.

    `known`: what the catalogue knows, by marker id.
    """
    row = known.get(marker.id)
    shown = urls.shown(config)
    here = location_of(config, None).where()
    if here != marker.file_system:
        return (
            f"{shown} carries the marker of a location on another file system "
            f"({marker.file_system}): it is a copy of that one, or its disk was cloned. If it is the "
            f"location from now on, run `fonoteca location adopt {urls.typed(config)}`; "
            f"for a new one, choose an empty folder."
        )
    if row is None:
        new = "" if known else "The catalogue is new and knows no location yet. "
        return (
            f"{shown} is a location that this catalogue does not know. {new}"
            f"Run `fonoteca location adopt {urls.typed(config)}`: it believes what that place says it holds."
        )
    if row.identity.nonce != marker.nonce:
        return f"The marker in {shown} was altered: run `fonoteca location adopt {urls.typed(config)}`."
    return None


def first_step(config: LocationConfig) -> str:
    """What brings a location into the catalogue that does not know it: a sentence with the command."""
    if _is_one(config):
        return f"It is a location already: run `fonoteca location adopt {config.name}`, which believes what it says."
    return f"Run `fonoteca location add {config.name}` first."


def expect_memory(archive: Archive) -> None:
    """Raise UsageError where the catalogue is empty and a location is not: the catalogue was lost.

    Looking at a library now would make a new baseline of whatever is there, rot and all (design, decision 11).
    """
    if not is_empty(archive.catalogue):
        return
    for config in archive.config.locations.values():
        if _is_one(config):
            raise UsageError(
                f"The catalogue {archive.config.catalogue} is empty, and {config.name} ({urls.shown(config)}) holds "
                f"copies already: the catalogue was lost. Run `fonoteca location adopt {config.name}` first: "
                f"it brings the memory back, and your music is compared with it. Nothing was done."
            )


def _is_one(config: LocationConfig) -> bool:
    try:
        return marker_at(config) is not None
    except (LocationError, UsageError):
        return False


def found(archive: Archive, config: LocationConfig) -> PlaceRow:
    """Make the place of `config` that location, and record it; one of ours that stands there comes back.

    Raises LocationError, or UsageError where what stands there is somebody else's.
    """
    marker = marker_at(config)
    if marker is None:
        identity, traits = adopted(location_of(config, None))
        return _put(archive, config, identity, traits)
    known = {row.identity.id: row for row in places.every(archive.catalogue)}
    refusal = stranger(config, marker, known)
    if refusal is not None:
        raise UsageError(refusal)
    return _put(archive, config, marker, known[marker.id].traits)


def found_anew(archive: Archive, config: LocationConfig, lost: PlaceRow | None) -> PlaceRow:
    """As `found`, in the place of `lost`, whose copies and versions no longer count.

    The marker comes first: dying between the two leaves a marker, and what is recorded of the lost disk.
    """
    identity, traits = adopted(location_of(config, None))
    with transaction(archive.catalogue):
        if lost is not None:
            places.forget(archive.catalogue, lost.id)
        return _put(archive, config, identity, traits)


def adopted(place: Site) -> tuple[Identity, Traits]:
    """Make a place without a marker a location: its identity and traits from now on. Raises LocationError."""
    traits = place.probe()
    try:
        identity = place.new_identity(rule_for(traits).name)
    except ValueError as error:
        raise Denied(place.name, f"its file system cannot hold the names of music ({error})") from error
    place.adopt(identity, traits)
    return identity, traits


def _put(archive: Archive, config: LocationConfig, identity: Identity, traits: Traits) -> PlaceRow:
    with transaction(archive.catalogue):
        place = urls.shown(config)
        row = places.put(archive.catalogue, config.name, place, identity, traits, archive.now())
        places.seen(archive.catalogue, row.id, archive.now(), place)
        return row


def expect_parts(archive: Archive, *, copying: bool) -> None:
    """A run that has nothing to do by its config would end in an "all done" that says nothing."""
    if not archive.config.libraries:
        raise UsageError("The config names no library yet: run `fonoteca library add NAME PATH`.")
    if copying and not archive.config.locations:
        raise UsageError("The config names no location yet: run `fonoteca location add NAME PLACE`.")
