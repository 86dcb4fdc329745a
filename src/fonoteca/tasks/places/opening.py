"""Opening the locations that a task works on: one that fails is said and left out, the others go on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from fonoteca.archive import Archive
from fonoteca.catalogue import places
from fonoteca.catalogue.places import PlaceRow
from fonoteca.config import urls
from fonoteca.config.model import Config, FolderConfig, LocationConfig, RemoteConfig
from fonoteca.core.event import Event, LocationFailed
from fonoteca.errors import Away, FonotecaError, LocationError, Locked, UsageError
from fonoteca.locations.base import Location, OpenLocation
from fonoteca.tasks.places.founding import first_step


@dataclass(slots=True)
class Opened:
    """One open location, with what the catalogue knows of it. `failed` ends its part in this run."""

    config: LocationConfig
    row: PlaceRow
    place: OpenLocation
    failed: bool = False


def chosen(archive: Archive, names: Sequence[str] | None) -> list[LocationConfig]:
    """The configured locations that PLACE words name: by name, or by path. Raises UsageError for an unknown one."""
    if names is None:
        return archive.location_configs()
    return [_chosen(archive, name) for name in names]


def _chosen(archive: Archive, name: str) -> LocationConfig:
    if name in archive.config.locations:
        return archive.config.locations[name]
    if is_path(name):
        wanted = os.path.realpath(os.path.expanduser(os.fsencode(name)))
        for config in archive.config.locations.values():
            if isinstance(config, FolderConfig) and os.path.realpath(config.path) == wanted:
                return config
    if urls.is_url(name):
        known_as = server_in(archive.config, urls.remote_place(name, name))
        if known_as is not None:
            return archive.config.locations[known_as]
    known = ", ".join(archive.config.locations) or "none"
    raise UsageError(f"There is no location {name} in the config; it has: {known}.")


def is_remote(config: LocationConfig) -> bool:
    """True for a place beyond this machine: its speed is the network's, and its connection belongs to this process."""
    return not isinstance(config, FolderConfig)


def server_in(config: Config, place: RemoteConfig) -> str | None:
    """The name of the configured location that lies on this server in this folder."""
    every = config.locations.values()
    return next((each.name for each in every if urls.same_server(each, place)), None)


def is_path(word: str) -> bool:
    """True when a PLACE word means a path: it contains `/`, or begins with `.` or `~`."""
    return "://" not in word and ("/" in word or word.startswith((".", "~")))


def open_all(
    archive: Archive, configs: Sequence[LocationConfig], stack: ExitStack, *, write: bool, named: bool
) -> Iterator[Event | Opened]:
    """Open each; yields `Opened` or the `LocationFailed` that says why not. `stack` closes them."""
    for config in configs:
        try:
            row, location = admitted(archive, config)
            place = stack.enter_context(location.open(write=write))
        except (LocationError, Locked, UsageError) as error:
            yield failure(archive, config, error, named=named)
            continue
        if write:
            places.seen(archive.catalogue, row.id, archive.now(), row.place)
        yield Opened(config, row, place)


def admitted(archive: Archive, config: LocationConfig) -> tuple[PlaceRow, Location]:
    """What the catalogue knows of it, and the place bound to that. Raises Away where it was never set up."""
    row = places.by_name(archive.catalogue, config.name)
    if row is None:
        raise Away(config.name, "it has not been set up yet", first_step(config))
    return row, archive.location(config)


def failure(archive: Archive, config: LocationConfig, error: FonotecaError, *, named: bool) -> LocationFailed:
    """The event that says why a location takes no part.

    A removable one that is away, was not asked for by name and was seen within `notify.remind` is a line, not a code.
    """
    row = places.by_name(archive.catalogue, config.name)
    lately = row is not None and row.seen_ns is not None and archive.now() - row.seen_ns < _remind_ns(archive)
    excused = isinstance(error, Away) and config.removable and not named and lately
    return LocationFailed(config.name, type(error).__name__, str(error), asked=not excused)


def _remind_ns(archive: Archive) -> int:
    return archive.config.notify.remind_s * 1_000_000_000
