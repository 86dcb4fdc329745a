"""What is bad at a location, and where the recorded content of it stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from fonoteca.catalogue import copies
from fonoteca.catalogue.entries import PATH
from fonoteca.core.copy import Level
from fonoteca.core.plan.repair import Bad, Kind, Source

_NAMED = "JOIN folders f ON f.id = e.folder JOIN libraries y ON y.id = f.library "


def bad_at(connection: sqlite3.Connection, location: int) -> Iterator[Bad]:
    """Copies and versions that were last seen missing, damaged or unreadable. Costs nothing where nothing is bad."""
    for entry, *found in connection.execute(
        f"SELECT p.entry, p.key, c.sha256, c.size, c.xxh3_128, p.mtime_ns, p.state, {PATH}, y.name "
        "FROM copies p INDEXED BY copies_bad JOIN contents c ON c.id = p.content "
        f"JOIN entries e ON e.id = p.entry {_NAMED}WHERE p.location = ? AND p.state <> 'good' ORDER BY p.key",
        (location,),
    ).fetchall():
        yield Bad._make((Kind.COPY, entry, (entry,), *found, None))
    for entry, ids, *found in connection.execute(
        "SELECT v.entry, (SELECT group_concat(w.id) FROM versions w WHERE w.location = v.location AND w.key = v.key), "
        f"v.key, c.sha256, c.size, c.xxh3_128, v.mtime_ns, v.state, {PATH}, y.name "
        "FROM versions v INDEXED BY versions_bad JOIN contents c ON c.id = v.content "
        f"JOIN entries e ON e.id = v.entry {_NAMED}WHERE v.location = ? AND v.state <> 'good' "
        "GROUP BY v.key ORDER BY v.key",
        (location,),
    ).fetchall():
        yield Bad._make((Kind.VERSION, entry, tuple(map(int, ids.split(","))), *found, None))


def sources_of(connection: sqlite3.Connection, sha256: bytes, entry: int) -> list[Source]:
    """Everything that was recorded with this digest and is not known to be bad, of `entry` and of entries like it.

    A library's file has no level.
    """
    asked = {"sha256": sha256, "entry": entry}
    found = [
        Source(Kind(kind), location, number, key, Level(level), verified_ns, library)
        for kind, location, number, key, level, verified_ns, library in connection.execute(
            "SELECT 'copy', p.location, p.entry, p.key, p.level, p.verified_ns, y.name FROM copies p "
            f"JOIN entries e ON e.id = p.entry {_NAMED}{_LIKE.format('p')} UNION ALL "
            "SELECT 'version', v.location, v.id, v.key, v.level, v.verified_ns, y.name FROM versions v "
            f"JOIN entries e ON e.id = v.entry {_NAMED}{_LIKE.format('v')}",
            asked,
        )
    ]
    originals = connection.execute(
        f"SELECT e.id, {PATH}, e.confirmed_ns, y.name FROM entries e {_NAMED}"
        f"WHERE e.content IN ({_CONTENT}) AND e.state = 'present' AND y.path <> x''",
        asked,
    )
    return found + [
        Source(Kind.ORIGINAL, None, number, path, Level.NONE, *rest) for number, path, *rest in originals
    ]


_CONTENT = "SELECT id FROM contents WHERE sha256 = :sha256"
_LIKE = (
    f"WHERE {{0}}.entry IN (SELECT id FROM entries WHERE content IN ({_CONTENT}) UNION SELECT :entry) "
    f"AND {{0}}.content IN ({_CONTENT}) AND {{0}}.state = 'good'"
)


def is_bad(connection: sqlite3.Connection, source: Source) -> None:
    """A source was read and is not what was recorded: nothing about it is verified any more."""
    if source.kind is Kind.COPY and source.location is not None:
        copies.set_state(connection, source.location, source.number, "damaged")
    elif source.kind is Kind.VERSION:
        copies.version_checked(connection, source.number, 0, None, "damaged")


def is_good(connection: sqlite3.Connection, location: int, bad: Bad, level: Level, now_ns: int) -> None:
    """What was bad at a location is what was recorded, verified to `level` now."""
    if bad.kind is Kind.COPY:
        copies.verified(connection, [(int(level), now_ns, location, bad.entry)])
        return
    for number in bad.numbers:
        copies.version_checked(connection, number, int(level), now_ns)
