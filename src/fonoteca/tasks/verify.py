"""`verify`: is every copy what it should be? Everything, now, at the best level to be had.

    for event in verify(archive, ["red"], level=None, sha256=False):
        ...

Each location is opened for reading only; what was seen is recorded with its level and date. With no PLACE
all locations, then all libraries, then the catalogue's own file are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from fonoteca.archive import Archive, Stop
from fonoteca.catalogue import database
from fonoteca.catalogue import places as known_places
from fonoteca.config.model import LibraryConfig, LocationConfig
from fonoteca.core.copy import Level
from fonoteca.core.event import Event, Found
from fonoteca.core.manifest.lines import Step
from fonoteca.errors import CatalogueCorrupt, LocationError
from fonoteca.tasks.bare import BareArchive, bare_archive
from fonoteca.tasks.checking.inspection import Inspection
from fonoteca.tasks.checking.originals import Originals
from fonoteca.tasks.manifest.seals import check_chains
from fonoteca.tasks.places.founding import expect_memory
from fonoteca.tasks.places.opening import Opened, chosen, failure, open_all
from fonoteca.tasks.run import run


def verify(
    archive: Archive, places: Sequence[str] | None = None, *, level: Level | None = None, sha256: bool = False
) -> Iterator[Event]:
    """Check the named locations and libraries, or all. `level` is what is asked for; None is the best to be
    had.

    Raises UsageError for an unknown PLACE, CatalogueCorrupt, Interrupted when the user stopped it.
    """
    return run(archive, "verify", _verify(archive, places, level, sha256))


def verify_bare(
    place: str, *, level: Level | None = None, sha256: bool = False, stop: Stop | None = None
) -> Iterator[Event]:
    """Check a location that no config knows, against what its own manifest says. Writes nothing there.

    Raises UsageError when PLACE is no location, LocationError, Interrupted.
    """
    with bare_archive(place, stop=stop) as archive:
        yield from run(archive, "verify", _verify(archive, [archive.name], level, sha256))


def _verify(
    archive: Archive, names: Sequence[str] | None, level: Level | None, sha256: bool
) -> Iterator[Event]:
    locations, libraries = meant(archive, names)
    if names is None:
        _expect_whole(archive)
        expect_memory(archive)
    for config in locations:
        yield from _location(archive, config, level, sha256, named=names is not None)
    if level is not None and level < Level.BYTES:
        return  # less than reading says nothing about a library: that is what a scan looks at
    for library in libraries:
        yield from Originals(archive, library, sha256).events()


def meant(
    archive: Archive, names: Sequence[str] | None, libraries: Sequence[str] | None = None
) -> tuple[list[LocationConfig], list[LibraryConfig]]:
    """The locations and libraries that PLACE words mean, and those named as libraries; with neither, all.

    A word that names both means the location. Raises UsageError for an unknown name.
    """
    if names is None and not libraries:
        return archive.location_configs(), archive.library_configs()
    words, own = names or (), list(libraries or ())
    own += [name for name in words if name in archive.config.libraries and not _is_place(archive, name)]
    of_locations = [name for name in words if name not in own or _is_place(archive, name)]
    return chosen(archive, of_locations), archive.library_configs(list(dict.fromkeys(own)))


def _is_place(archive: Archive, name: str) -> bool:
    return name in archive.config.locations


def _expect_whole(archive: Archive) -> None:
    wrong = database.check(archive.catalogue)
    if wrong is not None:
        raise CatalogueCorrupt(archive.config.catalogue, wrong)


def _location(
    archive: Archive, config: LocationConfig, level: Level | None, sha256: bool, *, named: bool
) -> Iterator[Event]:
    with ExitStack() as stack:
        for opened in open_all(archive, [config], stack, write=False, named=named):
            if not isinstance(opened, Opened):
                yield opened
                continue
            try:
                yield from _open_location(archive, opened, level, sha256)
            except LocationError as error:
                yield failure(archive, config, error, named=True)


def _open_location(archive: Archive, opened: Opened, level: Level | None, sha256: bool) -> Iterator[Event]:
    started = archive.now()
    unfinished: dict[bytes, Step] = {}
    alone = isinstance(archive, BareArchive)
    if isinstance(archive, BareArchive):
        yield from archive.notes
        yield from map(Found, archive.findings)
        unfinished.update(archive.unfinished)
    else:
        known_places.seen(archive.catalogue, opened.row.id, started, opened.row.place)
        yield from check_chains(archive, opened.place, opened.row, unfinished)
    yield from Inspection(
        archive, opened.place, opened.row, level, sha256, alone, unfinished, started
    ).events()
