"""Config, catalogue, libraries and locations, opened together in one with-block.

    with Archive.open(config, Access.WRITE) as archive:
        for event in backup(archive): ...

A writer holds the archive's lock, which dies with the process; readers never wait. What SQLite raises within the block
leaves it as a `CatalogueError` with a remedy.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from fonoteca.catalogue import database, entries, libraries, places, sightings, tallies
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import Config, FolderConfig, LibraryConfig, LocationConfig, S3Config, SftpConfig
from fonoteca.core.pattern import join
from fonoteca.core.place import Identity
from fonoteca.core.policy import Rate
from fonoteca.disk.asking import yielded
from fonoteca.disk.mounts import FileSystem, file_system
from fonoteca.errors import CatalogueUnwritable, Interrupted, LibraryAway, LibraryError, UsageError
from fonoteca.locations.base import Location, Site
from fonoteca.locations.folder import FolderLocation
from fonoteca.locations.lease import Sightings

if TYPE_CHECKING:
    from fonoteca.locations.s3.address import Address as Bucket
    from fonoteca.locations.sftp.address import Address


_LOOKED_FOR = 50
"""So many known files are looked for in the folder that a library is said to lie in."""


class Access(Enum):
    """What a command does with the archive."""

    READ = "read"
    WRITE = "write"


class Stop(Protocol):
    """Asked between steps: has the user had enough?"""

    @property
    def requested(self) -> bool: ...

    @property
    def signal_number(self) -> int: ...


@dataclass(frozen=True, slots=True)
class NeverStop:
    """Nobody asks."""

    requested: bool = False
    signal_number: int = 2


@dataclass(slots=True)
class Archive:
    """What a task works on. `now` gives nanoseconds since 1970; tests hand in their own."""

    config: Config
    catalogue: sqlite3.Connection
    access: Access
    stop: Stop = field(default_factory=NeverStop)
    now: Callable[[], int] = time.time_ns
    hurries: bool = False
    """Whoever restores does not wait for a timetable: no rate counts."""
    sightings: Sightings = field(default_factory=Sightings)
    """Leases of others that were seen, also by earlier runs."""

    @classmethod
    @contextmanager
    def open(
        cls,
        config: Config,
        access: Access,
        *,
        stop: Stop | None = None,
        now: Callable[[], int] = time.time_ns,
        asks: bool = True,
    ) -> Iterator[Archive]:
        """Open for reading (never waits) or for writing (raises `Locked` when another run writes).

        `asks`: a daemon that works on this archive is asked to leave it to us, as soon as its next file is done.
        """
        with ExitStack() as stack:
            if access is Access.WRITE:
                if asks:
                    stack.enter_context(yielded(config.catalogue))
                stack.enter_context(_lock(config.catalogue))
                connection = database.open_writer(config.catalogue)
            else:
                connection = _reader(config.catalogue)
            stack.callback(connection.close)
            stack.enter_context(database.translated(config.catalogue))
            archive = cls(config, connection, access, stop or NeverStop(), now)
            if access is Access.WRITE:
                archive.sightings.recall(sightings.every(connection))
                stack.callback(lambda: sightings.put(connection, archive.sightings.news))
            yield archive
            if access is Access.WRITE:
                tallies.refresh(connection)  # so that the next `status` need not count anew

    def pause_point(self) -> None:
        """Raises Interrupted when the user asked to stop. Called where nothing is half-made."""
        if self.stop.requested:
            raise Interrupted(self.stop.signal_number)

    # libraries

    def library_configs(self, names: list[str] | None = None) -> list[LibraryConfig]:
        """The configured libraries, or the named ones. Raises UsageError for a name that the config lacks."""
        if names is None:
            return list(self.config.libraries.values())
        unknown = [name for name in names if name not in self.config.libraries]
        if unknown:
            known = ", ".join(self.config.libraries) or "none"
            raise UsageError(f"There is no library {unknown[0]} in the config; it has: {known}.")
        return [self.config.libraries[name] for name in names]

    def library(self, config: LibraryConfig) -> tuple[LibraryRow, FileSystem]:
        """The catalogue's row of a configured library, and where it lies. Made when it is first seen.

        Raises LibraryAway when its folder or its file system is not there, LibraryError when it is no folder.
        """
        found = self._look_at(config)
        row = libraries.by_name(self.catalogue, config.name) or self._renamed(config)
        if row is None:
            uid = os.urandom(16).hex()
            return libraries.add(
                self.catalogue, uid, config.name, config.path, found.identity, self.now()
            ), found
        on_its_disk = row.file_system == found.identity and row.scanned_ns is None
        if row.path != config.path and (
            on_its_disk or not row.path
        ):  # b"": a location told of it, nobody where
            if not row.path:
                self._expect_known(row, config)
            libraries.place(self.catalogue, row.id, config.path, found.identity)
        elif (row.path, row.file_system) != (config.path, found.identity):
            raise LibraryAway(config.name, _shown(config.path), _moved(row, config, found))
        return row, found

    def _expect_known(self, row: LibraryRow, config: LibraryConfig) -> None:
        """A library that a location told of is not just any folder that is called so: another machine's would count
        as emptied. Raises LibraryError.
        """
        known = list(islice(entries.every(self.catalogue, row.id), _LOOKED_FOR))
        if not known or any(os.path.lexists(join(config.path, each.path)) for each in known):
            return
        raise LibraryError(
            config.name,
            _shown(config.path),
            f"A location told of a library {config.name}, and none of the files known of it was found in "
            f"{_shown(config.path)}. If this is other music, give it another name in the config; if it is the same, "
            f"run `fonoteca library adopt {config.name} {_shown(config.path)}`. Nothing was done with it.",
        )

    def _look_at(self, config: LibraryConfig) -> FileSystem:
        try:
            mode = os.stat(config.path).st_mode
        except FileNotFoundError:
            raise LibraryAway(
                config.name, _shown(config.path), f"{_shown(config.path)} is not there"
            ) from None
        except OSError as error:
            raise LibraryError(
                config.name, _shown(config.path), f"{_shown(config.path)} cannot be read: {error.strerror}."
            ) from error
        if not os.path.isdir(config.path):
            raise LibraryError(
                config.name, _shown(config.path), f"{_shown(config.path)} is not a folder (mode {mode:o})."
            )
        return file_system(config.path)

    def _renamed(self, config: LibraryConfig) -> LibraryRow | None:
        # A new name in the config for a folder that we know under a name the config no longer has: the id stays.
        for row in libraries.every(self.catalogue):
            if row.path == config.path and row.name not in self.config.libraries:
                libraries.rename(self.catalogue, row.id, config.name)
                return libraries.by_name(self.catalogue, config.name)
        return None

    # locations

    def location_configs(self, names: list[str] | None = None) -> list[LocationConfig]:
        """The configured locations, or the named ones. Raises UsageError for a name that the config lacks."""
        if names is None:
            return list(self.config.locations.values())
        unknown = [name for name in names if name not in self.config.locations]
        if unknown:
            known = ", ".join(self.config.locations) or "none"
            raise UsageError(f"There is no location {unknown[0]} in the config; it has: {known}.")
        return [self.config.locations[name] for name in names]

    def location(self, config: LocationConfig) -> Location:
        """The place that `config` describes, bound to the identity that the catalogue knows."""
        row = places.by_name(self.catalogue, config.name)
        location = location_of(config, row.identity if row else None, sightings=self.sightings)
        if config.rate == Rate() or self.hurries:
            return location
        from fonoteca.locations.limited import Limited

        return Limited(location, config.rate)


def location_of(
    config: LocationConfig,
    expected: Identity | None,
    *,
    anywhere: bool = False,
    sightings: Sightings | None = None,
) -> Site:
    """A place that can be opened; `anywhere` as `FolderLocation` has it, `sightings` as `ServerSite`."""
    if isinstance(config, FolderConfig):
        return FolderLocation(config.name, config.path, expected, anywhere=anywhere)
    if isinstance(config, SftpConfig):
        from fonoteca.locations.retry import Retrying
        from fonoteca.locations.sftp.location import SftpLocation

        address, digests = _address(config), config.server_digests
        return Retrying(
            SftpLocation(
                config.name, address, expected, anywhere=anywhere, server_digests=digests, sightings=sightings
            )
        )
    if isinstance(config, S3Config):
        from fonoteca.locations.retry import Retrying
        from fonoteca.locations.s3.location import S3Location

        return Retrying(
            S3Location(config.name, _bucket(config), expected, anywhere=anywhere, sightings=sightings)
        )
    from fonoteca.locations.rclone.address import Address as Rclone
    from fonoteca.locations.rclone.location import RcloneLocation
    from fonoteca.locations.retry import Retrying

    remote = Rclone(config.remote, config.program, config.config_file, config.streams)
    return Retrying(RcloneLocation(config.name, remote, expected, anywhere=anywhere, sightings=sightings))


def _address(config: SftpConfig) -> Address:
    from fonoteca.locations.sftp.address import Address

    return Address(
        config.host,
        config.path,
        config.port,
        config.user,
        config.key,
        config.known_hosts,
        config.password_file,
        config.password_env,
    )


def _bucket(config: S3Config) -> Bucket:
    from fonoteca.locations.s3.address import Address

    return Address(
        config.bucket,
        config.prefix,
        config.endpoint,
        config.region,
        config.profile,
        config.credentials_file,
        config.addressing,
        config.storage_class,
        config.encryption,
        config.ca_file,
        config.retain_s,
        config.streams,
    )


def _reader(catalogue: str) -> sqlite3.Connection:
    """Before the first run there is nothing to remember, and that is what a reader is told."""
    try:
        return database.open_reader(catalogue)
    except database.CatalogueMissing:
        return database.scratch(":memory:")


@contextmanager
def _lock(catalogue: str) -> Iterator[None]:
    from fonoteca.disk.lock import hold_lock

    with ExitStack() as stack:
        try:
            stack.enter_context(hold_lock(catalogue + ".lock"))
        except OSError as error:
            raise CatalogueUnwritable(catalogue, error.strerror or str(error)) from error
        yield


def _moved(row: LibraryRow, config: LibraryConfig, found: FileSystem) -> str:
    if row.path != config.path:
        return f"it was recorded at {_shown(row.path)}, the config now says {_shown(config.path)}"
    return (
        f"{_shown(config.path)} lies on the file system {found.identity}, it was recorded on {row.file_system}: "
        f"its own is not mounted, or another is in its place"
    )


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
