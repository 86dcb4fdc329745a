"""What stands at a location by name and size, as a temporary table of the catalogue: `table_of(row)`.

key       the published name, folded as the place's naming rule says
actual    the name as the place gives it
size, mtime_ns
"""

from __future__ import annotations

import sqlite3
from typing import Final

from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.places import PlaceRow
from fonoteca.catalogue.temporary import provide_function, provide_table
from fonoteca.core import naming
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.core.place import OWN, Key
from fonoteca.locations.base import OpenLocation

OUR_FILES: Final = frozenset({b"SHA256SUMS", b"VERIFY.txt"})

_COLUMNS = (
    "(key BLOB PRIMARY KEY, actual BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER) WITHOUT ROWID"
)
_TOGETHER = 2000


def table_of(row: PlaceRow) -> str:
    """The table's name in SQL: one for each place, since several may be listed at the same time."""
    return f"temp.listed_{row.id}"


def as_listed(row: PlaceRow, column: str) -> str:
    """SQL for a recorded key as the table has it."""
    return f"fold({column})" if naming.rule_named(row.identity.naming).folds else column


def list_all(connection: sqlite3.Connection, place: OpenLocation, row: PlaceRow) -> None:
    """Write every published name into `table_of(row)`. Others may work with the catalogue while the place is asked."""
    provide_table(connection, f"listed_{row.id}", _COLUMNS)
    rule = naming.rule_named(row.identity.naming)
    if rule.folds:  # every rule that folds does it alike
        provide_function(connection, "fold", 1, lambda key: naming.fold(Key(key), rule))
    rows: list[tuple[bytes, bytes, int, int | None]] = []
    for key, stat in place.list(Key(b"")):
        if key in OUR_FILES or (key.startswith(OWN + b"/") and not key.startswith(VERSIONS)):
            continue
        # A folding place may give a name back in another form than the one it was given.
        rows.append((naming.fold(key, rule), key, stat.size, stat.mtime_ns))
        if len(rows) >= _TOGETHER:
            _add(connection, row, rows)
            rows.clear()
    _add(connection, row, rows)


def _add(
    connection: sqlite3.Connection, row: PlaceRow, rows: list[tuple[bytes, bytes, int, int | None]]
) -> None:
    with transaction(connection):
        connection.executemany(f"INSERT OR IGNORE INTO {table_of(row)} VALUES (?, ?, ?, ?)", rows)
