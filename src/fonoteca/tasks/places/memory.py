"""What the catalogue knows of places and libraries, read without a lock before anything is decided."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from fonoteca.catalogue import database, libraries, places
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.config.model import Config


@dataclass(frozen=True, slots=True)
class Memory:
    """What the catalogue knows already; nothing where there is none yet."""

    libraries: dict[str, LibraryRow] = field(default_factory=dict)
    places: dict[str, PlaceRow] = field(default_factory=dict)

    @property
    def by_marker(self) -> dict[str, PlaceRow]:
        """Locations by their marker's id."""
        return {row.identity.id: row for row in self.places.values()}


def remembered(config: Config) -> Memory:
    """What the catalogue of `config` knows. Raises CatalogueError."""
    if not os.path.exists(config.catalogue):
        return Memory()
    connection = database.open_reader(config.catalogue)
    try:
        with database.translated(config.catalogue):
            return Memory(
                {row.name: row for row in libraries.every(connection)},
                {row.name: row for row in places.every(connection)},
            )
    finally:
        connection.close()
