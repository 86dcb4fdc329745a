"""Locations as the catalogue knows them, and how far it has followed each manifest chain there."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass

from fonoteca.core.copy import Level
from fonoteca.core.place import Identity, Traits


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One location. `id` is ours alone, `identity.id` is in its marker."""

    id: int
    name: str
    place: str
    identity: Identity
    traits: Traits
    seen_ns: int | None
    listed_ns: int | None
    snapshot_ns: int | None
    sums_stale: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """The last seal that we know of one library's manifest at one location."""

    n: int
    digest: str
    first: int
    """The segment that restates all that came before it; 1 where none does."""
    damaged: bool = False
    """A segment there can't be believed: the next seal restates everything."""


_COLUMNS = (
    "id, uid, nonce, name, place, file_system, naming, traits, seen_ns, listed_ns, snapshot_ns, sums_stale"
)


def _row(
    found: tuple[int, str, str, str, str, str, str, str, int | None, int | None, int | None, int],
) -> PlaceRow:
    identity = Identity(found[1], found[2], found[5], naming=found[6])
    traits = Traits(**json.loads(found[7]))
    return PlaceRow(
        found[0], found[3], found[4], identity, traits, found[8], found[9], found[10], bool(found[11])
    )


def by_name(connection: sqlite3.Connection, name: str) -> PlaceRow | None:
    """The location that the config calls `name`."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM locations WHERE name = ?", (name,)).fetchone()
    return _row(found) if found else None


def by_uid(connection: sqlite3.Connection, uid: str) -> PlaceRow | None:
    """The location whose marker says `uid`."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM locations WHERE uid = ?", (uid,)).fetchone()
    return _row(found) if found else None


def every(connection: sqlite3.Connection) -> list[PlaceRow]:
    """All locations, by name."""
    return [_row(found) for found in connection.execute(f"SELECT {_COLUMNS} FROM locations ORDER BY name")]


def put(
    connection: sqlite3.Connection, name: str, place: str, identity: Identity, traits: Traits, now_ns: int
) -> PlaceRow:
    """Record a location, or what is new of one whose marker id is known."""
    connection.execute(
        "INSERT INTO locations (uid, nonce, name, place, file_system, naming, traits, added_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uid) DO UPDATE SET nonce = excluded.nonce, name = excluded.name, "
        "place = excluded.place, file_system = excluded.file_system, naming = excluded.naming, "
        "traits = excluded.traits",
        (
            identity.id,
            identity.nonce,
            name,
            place,
            identity.file_system,
            identity.naming,
            json.dumps(asdict(traits)),
            now_ns,
        ),
    )
    row = by_uid(connection, identity.id)
    assert row is not None
    return row


def forget(connection: sqlite3.Connection, location: int) -> None:
    """Drop everything recorded of it. What stands there is not touched."""
    connection.execute("DELETE FROM locations WHERE id = ?", (location,))


def seen(connection: sqlite3.Connection, location: int, now_ns: int, place: str) -> None:
    """It was opened, at this place."""
    connection.execute("UPDATE locations SET seen_ns = ?, place = ? WHERE id = ?", (now_ns, place, location))


def listed(connection: sqlite3.Connection, location: int, now_ns: int) -> None:
    """All names there were listed."""
    connection.execute("UPDATE locations SET listed_ns = ? WHERE id = ?", (now_ns, location))


def unlisted(connection: sqlite3.Connection, location: int) -> None:
    """What stands there is not what we remember: list it anew, and lay a catalogue snapshot and sums there again."""
    connection.execute(
        "UPDATE locations SET listed_ns = NULL, snapshot_ns = NULL, sums_stale = 1 WHERE id = ?", (location,)
    )


def snapshot_put(connection: sqlite3.Connection, location: int, now_ns: int) -> None:
    """A catalogue snapshot lies there since now."""
    connection.execute("UPDATE locations SET snapshot_ns = ? WHERE id = ?", (now_ns, location))


def unread_bytes(connection: sqlite3.Connection, location: int, before_ns: int) -> int:
    """Bytes of copies and versions there that were not read back since `before_ns`."""
    found = connection.execute(
        "SELECT coalesce(sum(c.size), 0) FROM (SELECT content, level, verified_ns FROM copies WHERE location = ?1 "
        "UNION ALL SELECT content, level, verified_ns FROM versions WHERE location = ?1) p "
        "JOIN contents c ON c.id = p.content WHERE p.level < ?2 OR p.verified_ns IS NULL OR p.verified_ns < ?3",
        (location, int(Level.BYTES), before_ns),
    ).fetchone()
    return int(found[0])


def set_sums_stale(connection: sqlite3.Connection, location: int, stale: bool) -> None:
    """Whether SHA256SUMS lags behind the copies."""
    connection.execute("UPDATE locations SET sums_stale = ? WHERE id = ?", (int(stale), location))


def chain(connection: sqlite3.Connection, location: int, library: int) -> Chain | None:
    """The last seal that we know, or None."""
    found = connection.execute(
        "SELECT n, digest, first, damaged FROM chains WHERE location = ? AND library = ?", (location, library)
    ).fetchone()
    return Chain(found[0], found[1], found[2], bool(found[3])) if found else None


def set_chain(connection: sqlite3.Connection, location: int, library: int, seal: Chain) -> None:
    """Follow a chain up to this seal."""
    connection.execute(
        "INSERT INTO chains (location, library, n, digest, first, damaged) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (location, library) DO UPDATE SET n = excluded.n, digest = excluded.digest, "
        "first = excluded.first, damaged = excluded.damaged",
        (location, library, seal.n, seal.digest, seal.first, int(seal.damaged)),
    )


def restate_soon(connection: sqlite3.Connection, location: int, library: int) -> None:
    """The manifest there says more than is so: the end of the run restates everything."""
    connection.execute(
        "UPDATE chains SET damaged = 1 WHERE location = ? AND library = ?", (location, library)
    )
