"""Libraries as the catalogue knows them, with their folders, links and the state of their last scan."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LibraryRow:
    """One library. `id` is ours alone; `uid` is what locations know."""

    id: int
    uid: str
    name: str
    path: bytes
    file_system: str
    scanned_ns: int | None
    complete: bool


_COLUMNS = "id, uid, name, path, file_system, scanned_ns, complete"


def _row(found: tuple[int, str, str, bytes, str, int | None, int]) -> LibraryRow:
    return LibraryRow(found[0], found[1], found[2], found[3], found[4], found[5], bool(found[6]))


def by_name(connection: sqlite3.Connection, name: str) -> LibraryRow | None:
    """The library that the config calls `name`."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM libraries WHERE name = ?", (name,)).fetchone()
    return _row(found) if found else None


def by_uid(connection: sqlite3.Connection, uid: str) -> LibraryRow | None:
    """The library that locations know as `uid`."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM libraries WHERE uid = ?", (uid,)).fetchone()
    return _row(found) if found else None


def every(connection: sqlite3.Connection) -> list[LibraryRow]:
    """All libraries, by name."""
    return [_row(found) for found in connection.execute(f"SELECT {_COLUMNS} FROM libraries ORDER BY name")]


def add(
    connection: sqlite3.Connection, uid: str, name: str, path: bytes, file_system: str, now_ns: int
) -> LibraryRow:
    """Record a library that was not known."""
    connection.execute(
        "INSERT INTO libraries (uid, name, path, file_system, added_ns) VALUES (?, ?, ?, ?, ?)",
        (uid, name, path, file_system, now_ns),
    )
    row = by_name(connection, name)
    assert row is not None
    return row


def rename(connection: sqlite3.Connection, library: int, name: str) -> None:
    """The config calls it otherwise now; its identity stays."""
    connection.execute("UPDATE libraries SET name = ? WHERE id = ?", (name, library))


def place(connection: sqlite3.Connection, library: int, path: bytes, file_system: str) -> None:
    """It lies elsewhere now (`library adopt`). Mounts inside it are learnt anew."""
    connection.execute(
        "UPDATE libraries SET path = ?, file_system = ? WHERE id = ?", (path, file_system, library)
    )
    connection.execute("UPDATE folders SET file_system = NULL WHERE library = ?", (library,))


def scanned(connection: sqlite3.Connection, library: int, now_ns: int, complete: bool) -> None:
    """A scan looked at it all."""
    connection.execute(
        "UPDATE libraries SET scanned_ns = ?, complete = ? WHERE id = ?", (now_ns, int(complete), library)
    )


def forget(connection: sqlite3.Connection, library: int) -> None:
    """Drop everything recorded of it. Its files and its copies are not touched."""
    connection.execute("DELETE FROM libraries WHERE id = ?", (library,))


def folder(connection: sqlite3.Connection, library: int, path: bytes) -> tuple[int, str | None, bool] | None:
    """Id, file system (None: the library's own) and emptiness of a folder, or None."""
    found = connection.execute(
        "SELECT id, file_system, is_empty FROM folders WHERE library = ? AND path = ?", (library, path)
    ).fetchone()
    return (found[0], found[1], bool(found[2])) if found else None


def put_folder(
    connection: sqlite3.Connection,
    library: int,
    path: bytes,
    file_system: str | None = None,
    is_empty: bool = False,
) -> int:
    """Record a folder as it is now; gives its id."""
    found = connection.execute(
        "INSERT INTO folders (library, path, file_system, is_empty) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (library, path) DO UPDATE SET file_system = excluded.file_system, is_empty = excluded.is_empty "
        "RETURNING id",
        (library, path, file_system, int(is_empty)),
    ).fetchone()
    return int(found[0])


def folders(connection: sqlite3.Connection, library: int) -> Iterable[tuple[int, bytes, str | None]]:
    """Every recorded folder: id, path, file system."""
    return connection.execute(
        "SELECT id, path, file_system FROM folders WHERE library = ? ORDER BY path", (library,)
    )


def links_in(connection: sqlite3.Connection, folder_id: int) -> dict[bytes, bytes]:
    """The symbolic links of a folder: name to target."""
    return dict(connection.execute("SELECT name, target FROM links WHERE folder = ?", (folder_id,)))


def set_links(connection: sqlite3.Connection, folder_id: int, links: Iterable[tuple[bytes, bytes]]) -> None:
    """Record exactly these links for a folder."""
    connection.execute("DELETE FROM links WHERE folder = ?", (folder_id,))
    connection.executemany(
        "INSERT INTO links (folder, name, target) VALUES (?, ?, ?)", ((folder_id, *link) for link in links)
    )


def notes(connection: sqlite3.Connection, library: int) -> Iterable[tuple[bytes, bytes | None]]:
    """What restore recreates beside files: (path, target) of links, (path, None) of empty folders."""
    return connection.execute(
        "SELECT CASE f.path WHEN x'' THEN l.name ELSE CAST(f.path || x'2f' || l.name AS BLOB) END, l.target "
        "FROM links l JOIN folders f ON f.id = l.folder WHERE f.library = :library "
        "UNION ALL SELECT path, NULL FROM folders WHERE library = :library AND is_empty AND path <> x''",
        {"library": library},
    )
