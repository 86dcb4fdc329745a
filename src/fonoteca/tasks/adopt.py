"""`location adopt PLACE`: a place that is a location already is believed, and what the catalogue lacks
comes back from it.

    for event in location_adopt("/home/ana/.config/fonoteca/config.toml", "/media/red/music-backup"):
        ...

For a lost catalogue, a lost config, a drive that moved to another disk, a second catalogue. An empty
catalogue first takes the newest snapshot of it that lies there, then the manifest lines after it. Nothing
of the library is read here: the next scan reads, and compares with the digests that came back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from fonoteca.archive import Access, Archive, Stop, location_of
from fonoteca.catalogue import libraries, places
from fonoteca.catalogue.database import is_empty, transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.config import edit, urls
from fonoteca.config.load import check_text
from fonoteca.config.model import Config, FolderConfig, LocationConfig, RemoteConfig
from fonoteca.core.entry import LibraryId
from fonoteca.core.event import Event, Found, Phase, Warned
from fonoteca.core.manifest.chain import Ahead, Equal, LibraryCard
from fonoteca.disk.mounts import file_system
from fonoteca.errors import UsageError
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.manifest.agreement import damaged_manifest, read_newer, relation_to
from fonoteca.tasks.manifest.belief import take_over
from fonoteca.tasks.manifest.chains import ChainView, cards, library_ids
from fonoteca.tasks.manifest.snapshots import take_newest
from fonoteca.tasks.places.draft import HEADER, proposed_name
from fonoteca.tasks.places.ground import same_folder, shown, whole_path
from fonoteca.tasks.places.opening import server_in
from fonoteca.tasks.places.rebinding import Bound, bind
from fonoteca.tasks.run import run


def location_adopt(
    config_path: str,
    place: str,
    name: str | None = None,
    *,
    stop: Stop | None = None,
    now: Callable[[], int] = time.time_ns,
) -> Iterator[Event]:
    """Believe the location at the path or of the name `place`. The config is written or added to where it lacks it.

    Raises UsageError when PLACE is no location, ConfigError, LocationError, Locked, CatalogueError,
    Interrupted.
    """
    text = edit.text_or_empty(config_path)
    config = check_text(text or HEADER, config_path)
    meant = _meant(place, config)
    with Archive.open(config, Access.WRITE, stop=stop, now=now) as archive:
        yield from run(archive, "adopt", Adoption(archive, config_path, text, meant, name).events())


def _meant(place: str, config: Config) -> FolderConfig | RemoteConfig:
    """A configured location's name means what the config says of it; any other word is a path or a URL."""
    known = config.locations.get(place)
    if isinstance(known, FolderConfig | RemoteConfig):
        return known
    if urls.is_url(place):
        server = urls.remote_place(place, "")
        standing = config.locations.get(server_in(config, server) or "")
        if isinstance(standing, RemoteConfig) and place == urls.url(server, whole=False):
            return standing  # the config knows more of it: which key, which known_hosts
        return replace(server, name=urls.url(server, whole=False))
    path = whole_path(os.fsencode(place))
    return FolderConfig(name=shown(path), path=path)


def _is_same(one: LocationConfig, other: LocationConfig) -> bool:
    if isinstance(one, FolderConfig) and isinstance(other, FolderConfig):
        return same_folder(one.path, other.path)
    return urls.same_server(one, other)


def _table(config: FolderConfig | RemoteConfig) -> dict[str, Any]:
    return (
        {"path": os.fsdecode(config.path)} if isinstance(config, FolderConfig) else dict(urls.table(config))
    )


@dataclass(slots=True)
class Adoption:
    """One adoption."""

    archive: Archive
    config_path: str
    text: str
    meant: FolderConfig | RemoteConfig
    name: str | None

    def events(self) -> Iterator[Event]:
        """Everything. See `location_adopt`."""
        yield Phase("adopt")
        bound = Bound.at(self.meant)
        if bound.marker is not None and is_empty(self.archive.catalogue):
            yield from self._take_snapshot()
        chosen = self._choose(bound)
        known = {each.id for each in places.every(self.archive.catalogue)}
        row = self._bind(bound, chosen)
        location = location_of(replace(self.meant, name=row.name), row.identity)
        with location.open(write=False) as place:
            for library in library_ids(place):
                self.archive.pause_point()
                yield from self._library(place, row, library)
        with transaction(self.archive.catalogue):
            self.archive.catalogue.execute("UPDATE locations SET listed_ns = NULL WHERE id = ?", (row.id,))
        yield from self._other_places(row, known)

    def _take_snapshot(self) -> Iterator[Event]:
        with location_of(self.meant, None, anywhere=True).open(write=False) as place:
            yield from take_newest(self.archive, place, self.meant.name)

    # which location this is

    def _choose(self, bound: Bound) -> tuple[str, bool]:
        """Its name, and whether it is a copy of a location that still stands elsewhere, so gets an id of
        its own.
        """
        every = self.archive.config.locations.values()
        configured = next((each.name for each in every if _is_same(each, self.meant)), None)
        row = places.by_uid(self.archive.catalogue, bound.marker.id) if bound.marker is not None else None
        elsewhere = row is not None and row.name != configured and self._stands_elsewhere(row)
        if configured is not None:
            return configured, elsewhere
        if row is not None and not elsewhere:
            return row.name, False
        taken = [
            *self.archive.config.locations,
            *(each.name for each in places.every(self.archive.catalogue)),
        ]
        if self.name is not None and self.name not in taken:
            return self.name, elsewhere
        return proposed_name(self.meant, taken), elsewhere

    def _stands_elsewhere(self, row: PlaceRow) -> bool:
        config = self.archive.config.locations.get(row.name)
        if not isinstance(config, FolderConfig | RemoteConfig) or _is_same(config, self.meant):
            return False
        return Bound.is_at(config, row.identity)

    def _bind(self, bound: Bound, chosen: tuple[str, bool]) -> PlaceRow:
        """Config, marker and catalogue agree afterwards that this is it."""
        name, is_clone = chosen
        self._into_config(name)
        identity, traits = bind(bound, name, anew=is_clone)
        connection = self.archive.catalogue
        with transaction(connection):
            former = places.by_name(connection, name)
            if former is not None and former.identity.id != identity.id:
                places.forget(
                    connection, former.id
                )  # another disk had this name; this one has it from now on
            place = urls.shown(self.meant)
            return places.put(connection, name, place, identity, traits, self.archive.now())

    def _into_config(self, name: str) -> None:
        text = self.text or HEADER
        known = self.archive.config.locations.get(name)
        if known is not None and _is_same(known, self.meant):
            return
        if known is None:
            text = edit.add_location(text, name, _table(self.meant))
        elif isinstance(known, FolderConfig) and isinstance(self.meant, FolderConfig):
            text = edit.set_location_path(text, name, os.fsdecode(self.meant.path))
        else:
            raise UsageError(
                f"The config says that {name} lies at {urls.shown(known)}, and it is {urls.shown(self.meant)}: "
                f"change [location.{name}] in the config {self.config_path} and run this again."
            )
        self.text = text
        self.archive.config = replace(
            edit.write_config(self.config_path, text), catalogue=self.archive.config.catalogue
        )

    # what it holds

    def _library(self, place: OpenLocation, row: PlaceRow, uid: str) -> Iterator[Event]:
        card = next((each for each in cards(place) if each.id == uid), None)
        with transaction(self.archive.catalogue):
            library = libraries.by_uid(self.archive.catalogue, uid) or self._new_library(uid, card)
            faults = self._believe(place, row, library)
        if faults:
            remedy = "what the rest says was taken, and the next backup writes it anew"
            yield Found(damaged_manifest(faults, library.name, row.name, remedy=remedy, repairable=True))
        count = self.archive.catalogue.execute(
            "SELECT count(*) FROM copies p JOIN entries e ON e.id = p.entry JOIN folders f ON f.id = e.folder "
            "WHERE p.location = ? AND f.library = ?",
            (row.id, library.id),
        ).fetchone()[0]
        yield Warned(
            f"{row.name} holds {count:,} entries of the library {library.name}, as its manifest says."
        )
        if library.name not in self.archive.config.libraries:
            yield Warned(
                f"Where the library {library.name} lies is not known: run `fonoteca library add "
                f"{library.name} PATH`; the next scan compares it with what was recorded."
            )

    def _new_library(self, uid: str, card: LibraryCard | None) -> LibraryRow:
        """A library that the catalogue lacks, under the name of its folder there."""
        connection = self.archive.catalogue
        name = card.folder if card is not None else uid[:8]
        namesake = libraries.by_name(connection, name)
        if namesake is not None and self._is_nowhere(namesake):
            # A fresh catalogue saw this library first and gave it an id; the one that copies bear is the true one.
            connection.execute("UPDATE libraries SET uid = ? WHERE id = ?", (uid, namesake.id))
            return replace(namesake, uid=uid)
        number, free = 2, name
        while libraries.by_name(connection, free) is not None:
            number, free = number + 1, f"{name}-{number}"
        config = self.archive.config.libraries.get(free)
        path, where = b"", ""
        if config is not None and os.path.isdir(config.path):
            path, where = config.path, file_system(config.path).identity
        return libraries.add(connection, uid, free, path, where, self.archive.now())

    def _is_nowhere(self, library: LibraryRow) -> bool:
        found = self.archive.catalogue.execute(
            "SELECT 1 FROM chains WHERE library = ? LIMIT 1", (library.id,)
        )
        return found.fetchone() is None

    def _believe(self, place: OpenLocation, row: PlaceRow, library: LibraryRow) -> list[str]:
        """Bring the catalogue up to the chain's end; gives what cannot be believed of it."""
        view = ChainView.of(place, LibraryId(library.uid))
        chain = places.chain(self.archive.catalogue, row.id, library.id)
        if chain is not None and not chain.damaged:
            relation = relation_to(view, chain)
            if isinstance(relation, Equal) and view.last <= chain.n:
                return []
            if isinstance(relation, Ahead):
                return read_newer(self.archive, view, row, library, relation.first)
        unseen = library.scanned_ns is None
        return take_over(
            self.archive.catalogue,
            view,
            row.id,
            library.id,
            believe_folders=unseen,
            keep=chain is not None,
        )

    def _other_places(self, row: PlaceRow, known: set[int]) -> Iterator[Event]:
        for other in places.every(self.archive.catalogue):
            if other.id in known and other.id != row.id and other.name not in self.archive.config.locations:
                yield Warned(
                    f"The catalogue also remembers the location {other.name} ({other.place}): "
                    f"run `fonoteca location adopt PLACE` for it, or `fonoteca location forget {other.name}`."
                )
