"""Bringing a lost catalogue back from the snapshot of it that lies at a location.

Its memory of stats is not believed: the disk may be another one, so the next scan reads every file and
compares.
"""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

from fonoteca.archive import Archive
from fonoteca.catalogue import database
from fonoteca.core.event import Event, Warned
from fonoteca.core.manifest.layout import LIBRARIES
from fonoteca.core.place import Key
from fonoteca.errors import CatalogueError, CatalogueNewer, LocationError
from fonoteca.locations.base import OpenLocation

_SNAPSHOT = re.compile(rb".*/catalogue/([0-9]+)\.sqlite\.gz")


def take_newest(archive: Archive, place: OpenLocation, name: str) -> Iterator[Event]:
    """Make the newest whole snapshot there the catalogue. Without any, nothing happens. Raises
    CatalogueNewer.
    """
    for second, key in sorted(_listed(place), reverse=True):
        moment = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M UTC")
        try:
            _take(archive, place, key)
        except CatalogueNewer:
            raise
        except (LocationError, CatalogueError, OSError, EOFError, zlib.error, sqlite3.Error) as error:
            yield Warned(f"The catalogue's snapshot of {moment} at {name} cannot be used: {error}")
            continue
        yield Warned(f"The catalogue was brought back from its snapshot of {moment} at {name}.")
        return


def _listed(place: OpenLocation) -> Iterator[tuple[int, Key]]:
    for key, _ in place.list(LIBRARIES):
        match = _SNAPSHOT.fullmatch(key)
        if match is not None:
            yield int(match[1]), key


def _take(archive: Archive, place: OpenLocation, key: Key) -> None:
    folder = os.path.dirname(archive.config.catalogue)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".snapshot-") as scratch:
        packed, plain = os.path.join(scratch, "catalogue.gz"), os.path.join(scratch, "catalogue.sqlite")
        with place.read(key) as reading, open(packed, "wb") as target:
            for block in reading:
                target.write(block)
        with gzip.open(packed, "rb") as source, open(plain, "wb") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
        _replace(archive.catalogue, plain)


def _replace(catalogue: sqlite3.Connection, plain: str) -> None:
    """Check the file, bring it to the newest schema, and make its content the catalogue's, all at once."""
    found = database.open_writer(plain)
    try:
        wrong = database.check(found)
        if wrong is not None or database.is_empty(found):
            raise sqlite3.DatabaseError(wrong or "it holds nothing")
        found.execute("UPDATE entries SET ctime_ns = 0, trusted = 0")
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found.backup(catalogue)
    finally:
        found.close()
    catalogue.execute("PRAGMA foreign_keys = ON")
