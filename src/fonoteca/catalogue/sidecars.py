"""What checksum files beside the music say, and how it was found to be: each content is held against them once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH
from fonoteca.core.entry import FileStat
from fonoteca.core.pattern import join, split
from fonoteca.core.sidecar import Claim

_ENDINGS = (
    "x'2e6d6435', x'2e4d4435', x'2e736676', x'2e534656', x'2e666670', x'2e464650', x'2e737435', x'2e535435', "
    "x'73686131', x'53484131', x'61323536', x'41323536', x'53554d53', x'73756d73'"
)
"""As the index says it: .md5 .sfv .ffp .st5 sha1 a256 sums, and in capitals."""


class Unread(NamedTuple):
    """A checksum file that was not read as it is now."""

    entry: int
    content: int
    path: bytes
    stat: FileStat
    sha256: bytes


class Due(NamedTuple):
    """A file of which a checksum file says something that its content was not held against."""

    sidecar: int
    entry: int
    path: bytes
    stat: FileStat
    content: int
    sha256: bytes
    lossless: str | None
    method: str
    digest: str


class Differing(NamedTuple):
    """A file that is not what a checksum file says."""

    path: bytes
    sidecar: bytes
    method: str
    said: str
    found: str


def unread(connection: sqlite3.Connection, library: int) -> list[Unread]:
    """All of a library, present ones."""
    rows = connection.execute(
        f"SELECT e.id, e.content, {PATH}, e.size, e.mtime_ns, e.ctime_ns, e.inode, c.sha256 FROM entries e "
        "JOIN folders f ON f.id = e.folder JOIN contents c ON c.id = e.content "
        f"WHERE e.kind = 'companion' AND substr(e.name, -4) IN ({_ENDINGS}) AND e.state = 'present' "
        "AND f.library = ? AND NOT EXISTS (SELECT 1 FROM sidecars s WHERE s.entry = e.id AND s.content = e.content) "
        "ORDER BY e.id",
        (library,),
    )
    return [
        Unread(entry, content, path, FileStat(*stat), sha256) for entry, content, path, *stat, sha256 in rows
    ]


def put(connection: sqlite3.Connection, sidecar: Unread, said: Iterable[Claim]) -> None:
    """Record what a checksum file says; what it said before goes."""
    connection.execute("DELETE FROM sidecars WHERE entry = ?", (sidecar.entry,))
    connection.execute(
        "INSERT INTO sidecars (entry, content) VALUES (?, ?)", (sidecar.entry, sidecar.content)
    )
    folder = split(sidecar.path)[0]
    connection.executemany(
        "INSERT OR IGNORE INTO claims (sidecar, folder, name, method, digest) VALUES (?, ?, ?, ?, ?)",
        ((sidecar.entry, *split(join(folder, each.path)), each.method, each.digest) for each in said),
    )


_CLAIMS = (
    "FROM sidecars s JOIN entries o ON o.id = s.entry AND o.content = s.content AND o.state = 'present' "
    "JOIN folders h ON h.id = o.folder AND h.library = :library CROSS JOIN claims k ON k.sidecar = s.entry "
    "CROSS JOIN folders f ON f.library = :library AND f.path = k.folder "
    "CROSS JOIN entries e ON e.folder = f.id AND e.name = k.name AND e.state = 'present' "
)


def due(connection: sqlite3.Connection, library: int) -> list[Due]:
    """What was not compared yet, by file."""
    rows = connection.execute(
        f"SELECT k.sidecar, e.id, {PATH}, e.size, e.mtime_ns, e.ctime_ns, e.inode, e.content, c.sha256, a.lossless, "
        f"k.method, k.digest {_CLAIMS} JOIN contents c ON c.id = e.content "
        "LEFT JOIN analyses a ON a.content = e.content WHERE k.content IS NOT e.content ORDER BY e.id",
        {"library": library},
    )
    return [Due(row[0], row[1], row[2], FileStat(*row[3:7]), *row[7:]) for row in rows]


def compared(connection: sqlite3.Connection, one: Due, found: str | None) -> None:
    """A content was held against a claim: `found` is its digest, None where there is nothing to compare."""
    folder, name = split(one.path)
    connection.execute(
        "UPDATE claims SET content = ?, found = ? WHERE sidecar = ? AND folder = ? AND name = ? AND method = ?",
        (one.content, found, one.sidecar, folder, name, one.method),
    )


def differing(connection: sqlite3.Connection, library: int) -> list[Differing]:
    """Present files that are not what a present checksum file says, by file."""
    sidecar = "CASE WHEN h.path = x'' THEN o.name ELSE CAST(h.path || x'2f' || o.name AS BLOB) END"
    rows = connection.execute(
        f"SELECT {PATH}, {sidecar}, k.method, k.digest, k.found {_CLAIMS} "
        "WHERE k.content = e.content AND k.found <> k.digest ORDER BY e.id, o.id",
        {"library": library},
    )
    return [Differing(*row) for row in rows]
