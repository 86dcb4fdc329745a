"""Counts of entries and copies, for `status`: kept for 1,024 entries each, dropped with the first change.

Counting 100,000 entries with their copies anew takes a second. So the writer counts the buckets that changed
and keeps them (`refresh`); triggers drop a bucket when an entry, copy or version in it changes. What is kept
is therefore always true, and a reader counts the buckets that nobody has counted yet by itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fonoteca.catalogue.database import transaction
from fonoteca.core.copy import Level
from fonoteca.core.schedule import DAY_NS, Age

_SHIFT = 10


@dataclass(slots=True)
class EntryTally:
    """Entries that are alike: how many, and their bytes."""

    entries: int = 0
    bytes: int = 0


@dataclass(slots=True)
class CopyTally:
    """Copies of one location. All but `bad` and `published_ns` speak of those in good state."""

    copies: int = 0
    bytes: int = 0
    bad: int = 0
    """Copies and versions found missing, damaged or unreadable."""
    level: int = Level.MEDIA
    """The weakest, versions included; means nothing where there is no copy."""
    unread: int = 0
    """Copies and versions whose bytes were never read back."""
    oldest_ns: int | None = None
    newest_ns: int | None = None
    published_ns: int | None = None
    ages: dict[int, Age] = field(default_factory=dict)
    """By day (since 1970, UTC): what was last read then, versions included."""
    versions: int = 0
    """Good records of earlier contents, and the bytes of these."""
    version_bytes: int = 0


Alike = tuple[int, str | None, str, str, frozenset[int]]
"""Library, file system (None: the library's own), state, kind, locations that hold the present content."""


@dataclass(slots=True)
class Tally:
    """The whole catalogue's counts."""

    entries: dict[Alike, EntryTally] = field(default_factory=lambda: defaultdict(EntryTally))
    copies: dict[int, CopyTally] = field(default_factory=lambda: defaultdict(CopyTally))


def count(connection: sqlite3.Connection) -> Tally:
    """All counts as of now. Buckets that are not kept are counted, and not kept: any reader may call this."""
    tally = Tally()
    kept = connection.execute("SELECT document FROM tallies").fetchall()
    for (document,) in kept:
        _merge(tally, json.loads(document))
    questions = _questions(connection)
    for bucket in _uncounted(connection):
        _merge(tally, _counted(connection, questions, bucket))
    return tally


def refresh(connection: sqlite3.Connection) -> int:
    """Count and keep what changed, in one transaction; gives how many buckets that was. For the writer."""
    buckets = list(_uncounted(connection))
    if not buckets:
        return 0
    questions = _questions(connection)
    with transaction(connection):
        connection.executemany(
            "INSERT OR REPLACE INTO tallies (bucket, document) VALUES (?, ?)",
            ((bucket, json.dumps(_counted(connection, questions, bucket))) for bucket in buckets),
        )
    return len(buckets)


def _uncounted(connection: sqlite3.Connection) -> Iterator[int]:
    last = connection.execute("SELECT max(id) FROM entries").fetchone()[0]
    known = {bucket for (bucket,) in connection.execute("SELECT bucket FROM tallies")}
    buckets = range((last >> _SHIFT) + 1 if last is not None else 0)
    return (bucket for bucket in buckets if bucket not in known)


def lacking(
    connection: sqlite3.Connection, library: int, locations: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Ranges of entries (first and last number) in which a present one of `library` may lack a good copy of its
    content and mtime at one of `locations`: where the kept counts say so, and where nobody counted since a change.
    """
    wanted = {str(location) for location in locations}
    complete = {
        bucket
        for bucket, document in connection.execute("SELECT bucket, document FROM tallies")
        if all(
            row[0] != library or row[2] != "present" or wanted.issubset(row[4].split())
            for row in json.loads(document)["entries"]
        )
    }
    last = connection.execute("SELECT max(id) FROM entries").fetchone()[0]
    buckets = range((last >> _SHIFT) + 1 if last is not None else 0)
    first = None
    for bucket in (*buckets, len(buckets)):
        if bucket in buckets and bucket not in complete:
            first = bucket if first is None else first
        elif first is not None:
            yield first << _SHIFT, (bucket << _SHIFT) - 1
            first = None


_SIZE = "(SELECT size FROM contents c WHERE c.id = x.content)"
_BY_DAY = f"x.level >= {int(Level.BYTES)}, x.verified_ns / {DAY_NS}"
"""Rows apart for each day of a last reading, as forecasts need them: a bucket has few."""

_CHECKS = (
    f"min(x.level), sum(x.level < {int(Level.BYTES)}), min(x.verified_ns), max(x.verified_ns), "
    "x.state = 'good' "
)
_COPIES = (
    "SELECT x.location, count(*), sum(CASE x.content WHEN e.content THEN e.size "
    f"ELSE {_SIZE} END), max(x.published_ns), {_CHECKS}"
    # One range of the primary key a location: twice as fast as the index by entry.
    "FROM locations l CROSS JOIN copies x ON x.location = l.id AND x.entry BETWEEN ? AND ? "
    f"JOIN entries e ON e.id = x.entry GROUP BY x.location, x.state = 'good', {_BY_DAY}"
)
_VERSIONS = (
    f"SELECT x.location, count(*), sum({_SIZE}), NULL, {_CHECKS}"
    f"FROM versions x WHERE x.entry BETWEEN ? AND ? GROUP BY x.location, x.state = 'good', {_BY_DAY}"
)


def _entries(locations: list[int]) -> str:
    """SQL: entries of a bucket by library, file system, state, kind, and the locations that hold them: ` 3` for
    location 3, ` 3~` where the copy has another mtime.
    """
    stale = "iif(p{0}.mtime_ns = e.mtime_ns, '', '~')"
    held = " || ".join(f"iif(p{n}.entry IS NULL, '', ' {n}' || {stale.format(n)})" for n in locations) or "''"
    joins = " ".join(
        f"LEFT JOIN copies p{each} ON p{each}.location = {each} AND p{each}.entry = e.id "
        f"AND p{each}.content = e.content AND p{each}.state = 'good'"
        for each in locations
    )
    return (
        f"SELECT f.library, f.file_system, e.state, e.kind, {held}, count(*), sum(e.size) FROM entries e "
        f"JOIN folders f ON f.id = e.folder {joins} WHERE e.id BETWEEN ? AND ? GROUP BY 1, 2, 3, 4, 5"
    )


def _questions(connection: sqlite3.Connection) -> dict[str, str]:
    locations = [number for (number,) in connection.execute("SELECT id FROM locations ORDER BY id")]
    return {"entries": _entries(locations), "copies": _COPIES, "versions": _VERSIONS}


def _counted(connection: sqlite3.Connection, questions: dict[str, str], bucket: int) -> dict[str, Any]:
    """One bucket's counts, as they are kept: the rows that answer the questions."""
    span = (bucket << _SHIFT, ((bucket + 1) << _SHIFT) - 1)
    return {name: connection.execute(sql, span).fetchall() for name, sql in questions.items()}


def _merge(tally: Tally, document: dict[str, Any]) -> None:
    for library, file_system, state, kind, places, number, size in document["entries"]:
        locations = frozenset(int(place.rstrip("~")) for place in places.split())
        alike = tally.entries[library, file_system, state, kind, locations]
        alike.entries += number
        alike.bytes += size
    for location, number, size, published, *checks in document["copies"]:
        place = tally.copies[location]
        place.published_ns = _latest(place.published_ns, published)
        if checks[-1]:
            place.copies += number
            place.bytes += size
        _check(place, number, *checks)
        _age(place, number, size, *checks)
    for location, number, size, _, *checks in document["versions"]:
        place = tally.copies[location]
        if checks[-1]:
            place.versions += number
            place.version_bytes += size
        _check(place, number, *checks)
        _age(place, number, size, *checks)


def _check(
    place: CopyTally, number: int, level: int, unread: int, oldest: int | None, newest: int | None, good: int
) -> None:
    if not good:
        place.bad += number
        return
    place.level = min(place.level, level)
    place.unread += unread
    place.oldest_ns = min((each for each in (place.oldest_ns, oldest) if each is not None), default=None)
    place.newest_ns = _latest(place.newest_ns, newest)


def _age(
    place: CopyTally,
    number: int,
    size: int,
    _: int,
    unread: int,
    oldest: int | None,
    __: int | None,
    good: int,
) -> None:
    if not good or unread or oldest is None:
        return
    day = oldest // DAY_NS
    known = place.ages.get(day, Age(oldest, 0, 0))
    place.ages[day] = Age(min(known.oldest_ns, oldest), known.copies + number, known.bytes + size)


def _latest(one: int | None, other: int | None) -> int | None:
    return max((each for each in (one, other) if each is not None), default=None)


# what is bad: looked up each time, for it is little


@dataclass(frozen=True, slots=True)
class Bad:
    """Bad copies and versions of one location. `of_present`: copies of entries that are present in their library;
    `vanished`: found missing; `lost`: nothing known can repair them.
    """

    of_present: int = 0
    vanished: int = 0
    lost: int = 0


def bad(connection: sqlite3.Connection, location: int) -> Bad:
    """What is bad at a location. Costs nothing where nothing is."""
    where = "INDEXED BY {table}_bad WHERE x.location = ? AND x.state <> 'good'"
    of_present = connection.execute(
        f"SELECT count(*) FROM copies x {where.format(table='copies')} "
        "AND EXISTS (SELECT 1 FROM entries e WHERE e.id = x.entry AND e.state = 'present')",
        (location,),
    ).fetchone()[0]
    vanished = sum(
        int(
            connection.execute(
                f"SELECT count(*) FROM {table} x {where.format(table=table)} AND x.state = 'missing'",
                (location,),
            ).fetchone()[0]
        )
        for table in ("copies", "versions")
    )
    return Bad(int(of_present), vanished, lost(connection, location))


_LOST = (
    "SELECT count(*) FROM {table} x INDEXED BY {table}_bad WHERE x.location = :location AND x.state <> 'good' "
    "AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.content = x.content AND e.state = 'present') "
    "AND NOT EXISTS (SELECT 1 FROM copies p "
    " WHERE p.entry IN (SELECT id FROM entries WHERE content = x.content UNION SELECT x.entry) "
    " AND p.content = x.content AND p.state = 'good' AND p.level >= :level) "
    "AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.entry = x.entry AND v.content = x.content "
    " AND v.state = 'good' AND v.level >= :level)"
)


def lost(connection: sqlite3.Connection, location: int) -> int:
    """Bad copies and versions at a location whose content stands nowhere else at `bytes` or better.

    A library entry counts as standing while its last scan found it as recorded.
    """
    asked = {"location": location, "level": int(Level.BYTES)}
    return sum(
        int(connection.execute(_LOST.format(table=table), asked).fetchone()[0])
        for table in ("copies", "versions")
    )
