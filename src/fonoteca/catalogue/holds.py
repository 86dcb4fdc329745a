"""Holds, and what the guard counts: sticky in here until a person's word ends them.

holds     one stop over one kind of change in one library
incidents which content was read of which entry under a verdict that counts; once, however often it is seen
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH
from fonoteca.core.entry import Content, FileStat
from fonoteca.core.finding import FindingKind
from fonoteca.core.guard import WINDOW_NS, GuardKind, Incident, Trip
from fonoteca.core.manifest.lines import Held, HoldState
from fonoteca.core.times import time_text, time_value


class Hold(NamedTuple):
    """One hold. `entries` of `total` had changed when it began, or later, when they were most."""

    id: str
    library: int
    name: str
    """The library's."""
    kind: GuardKind
    since_ns: int
    entries: int
    total: int
    state: HoldState
    ended_ns: int | None

    @property
    def stands(self) -> bool:
        """True until a person ends it."""
        return self.state is HoldState.OPEN


_HOLD = (
    "SELECT h.id, h.library, l.name, h.kind, h.since_ns, h.entries, h.total, h.state, h.ended_ns "
    "FROM holds h JOIN libraries l ON l.id = h.library "
)


def _hold(row: tuple[str, int, str, str, int, int, int, str, int | None]) -> Hold:
    hold, library, name, kind, since_ns, entries, total, state, ended_ns = row
    return Hold(hold, library, name, GuardKind(kind), since_ns, entries, total, HoldState(state), ended_ns)


def every(connection: sqlite3.Connection, library: int | None = None) -> list[Hold]:
    """All holds that ever were, of one library or of all, oldest first."""
    rows = connection.execute(
        _HOLD + "WHERE h.library = coalesce(?, h.library) ORDER BY h.since_ns, h.id", (library,)
    )
    return [_hold(row) for row in rows]


def standing(connection: sqlite3.Connection, library: int | None = None) -> list[Hold]:
    """Those that stand."""
    return [each for each in every(connection, library) if each.stands]


def by_id(connection: sqlite3.Connection, hold: str) -> Hold | None:
    """The hold of this id."""
    found = connection.execute(_HOLD + "WHERE h.id = ?", (hold,)).fetchone()
    return _hold(found) if found else None


def begin(connection: sqlite3.Connection, hold: str, library: int, trip: Trip, now_ns: int) -> None:
    """A new hold stands."""
    connection.execute(
        "INSERT INTO holds (id, library, kind, since_ns, entries, total, state) VALUES (?, ?, ?, ?, ?, ?, 'open')",
        (hold, library, trip.kind.value, now_ns, trip.entries, trip.of),
    )


def count_again(connection: sqlite3.Connection, hold: Hold) -> tuple[Hold, int]:
    """The hold, and how many entries it stops now. Where these are more than ever, that is recorded: a person's word is
    about all of them. Belongs into a transaction.
    """
    now = stopped_by(connection, hold)
    if now > hold.entries:
        total = max(hold.total, now)
        connection.execute("UPDATE holds SET entries = ?, total = ? WHERE id = ?", (now, total, hold.id))
        hold = hold._replace(entries=now, total=total)
    return hold, now


def end(connection: sqlite3.Connection, hold: str, state: HoldState, now_ns: int) -> None:
    """A person's word ended it."""
    connection.execute(
        "UPDATE holds SET state = ?, ended_ns = ? WHERE id = ? AND state = 'open'",
        (state.value, now_ns, hold),
    )


def ended_ns(connection: sqlite3.Connection, library: int) -> dict[GuardKind, int]:
    """When a person last ended a hold of each kind: what was seen before that does not count any more."""
    rows = connection.execute(
        "SELECT kind, max(ended_ns) FROM holds WHERE library = ? AND ended_ns IS NOT NULL GROUP BY kind",
        (library,),
    )
    return {GuardKind(kind): time_ns for kind, time_ns in rows}


# what the guard counts


def note_incident(
    connection: sqlite3.Connection,
    entry: int,
    kind: GuardKind,
    content: Content,
    stat: FileStat,
    *,
    trusted: bool,
    now_ns: int,
) -> None:
    """An entry was read as `content` under a verdict that counts. Seen again, it counts from when it was first seen."""
    connection.execute(
        "INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (entry, kind, sha256) DO UPDATE "
        "SET last_ns = excluded.last_ns, mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, "
        "inode = excluded.inode, trusted = excluded.trusted",
        (
            entry,
            kind.value,
            content.sha256,
            content.size,
            content.xxh3_128,
            stat.mtime_ns,
            stat.ctime_ns,
            stat.inode,
            int(trusted),
            now_ns,
            now_ns,
        ),
    )


_TOLD_GONE = (
    "(e.ctime_ns = 0 AND EXISTS (SELECT 1 FROM versions v WHERE v.entry = e.id AND v.reason = 'retired' "
    "AND v.time_ns = e.since_ns))"
)
"""SQL: entry `e` was gone before this catalogue knew it, and a manifest says since when its copy was retired."""


def incidents(connection: sqlite3.Connection, library: int, now_ns: int) -> Iterator[Incident]:
    """All that may count at `now_ns`: what is gone, and what was read."""
    rows = connection.execute(
        "SELECT ?1, e.id, e.since_ns FROM entries e JOIN folders f ON f.id = e.folder "
        f"WHERE f.library = ?2 AND e.state <> 'present' AND e.state = 'gone' AND e.since_ns > ?3 AND NOT {_TOLD_GONE} "
        "UNION ALL SELECT i.kind, i.entry, i.time_ns FROM incidents i JOIN entries e ON e.id = i.entry "
        "JOIN folders f ON f.id = e.folder WHERE f.library = ?2 AND i.time_ns > ?3",
        (GuardKind.REMOVED.value, library, now_ns - WINDOW_NS),
    )
    return (Incident(GuardKind(kind), entry, time_ns) for kind, entry, time_ns in rows)


def size_of(connection: sqlite3.Connection, library: int, now_ns: int) -> int:
    """Entries that the library had at its last accepted state: those that are there, and those that went since."""
    removed_ns = max(now_ns - WINDOW_NS, ended_ns(connection, library).get(GuardKind.REMOVED, 0))
    found = connection.execute(
        "SELECT count(*) FROM entries e JOIN folders f ON f.id = e.folder WHERE f.library = ? "
        f"AND (e.state IN ('present', 'held') OR (e.state = 'gone' AND e.since_ns > ? AND NOT {_TOLD_GONE}))",
        (library, removed_ns),
    ).fetchone()
    return int(found[0])


class Changed(NamedTuple):
    """An entry that a hold keeps as it was recorded, and what its file was when it was last read."""

    entry: int
    content: Content
    stat: FileStat
    trusted: bool


def removed_under(connection: sqlite3.Connection, hold: Hold) -> list[int]:
    """Entries that are gone and that a hold keeps from being retired, in path order."""
    rows = connection.execute(
        "SELECT e.id FROM entries e JOIN folders f ON f.id = e.folder WHERE f.library = ? AND e.state = 'gone' "
        "AND e.since_ns > ? AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.entry = e.id "
        "AND v.reason = 'retired' AND v.time_ns >= e.since_ns) ORDER BY f.path, e.name",
        (hold.library, _counted_from(connection, hold)),
    )
    return [entry for (entry,) in rows]


def changed_under(connection: sqlite3.Connection, hold: Hold) -> list[Changed]:
    """Entries whose files differ, and that a hold keeps as they were recorded, in path order."""
    rows = connection.execute(
        "SELECT i.entry, i.sha256, i.size, i.xxh3_128, i.mtime_ns, i.ctime_ns, i.inode, i.trusted, max(i.last_ns) "
        "FROM incidents i JOIN entries e ON e.id = i.entry JOIN folders f ON f.id = e.folder "
        "WHERE f.library = ? AND i.kind = ? AND i.time_ns > ? AND e.state = 'held' GROUP BY i.entry "
        "ORDER BY f.path, e.name",
        (hold.library, hold.kind.value, _counted_from(connection, hold)),
    )
    return [
        Changed(entry, Content(sha256, size, xxh3), FileStat(size, mtime, ctime, inode), bool(trusted))
        for entry, sha256, size, xxh3, mtime, ctime, inode, trusted, _ in rows
    ]


def file_of(connection: sqlite3.Connection, entry: int) -> Changed | None:
    """What the file of a held entry was when it was last read; None where nothing was noted of it."""
    found = connection.execute(
        "SELECT sha256, size, xxh3_128, mtime_ns, ctime_ns, inode, trusted FROM incidents WHERE entry = ? "
        "ORDER BY last_ns DESC LIMIT 1",
        (entry,),
    ).fetchone()
    if found is None:
        return None
    sha256, size, xxh3, mtime, ctime, inode, trusted = found
    return Changed(entry, Content(sha256, size, xxh3), FileStat(size, mtime, ctime, inode), bool(trusted))


def stopped_by(connection: sqlite3.Connection, hold: Hold) -> int:
    """How many entries a hold stops now."""
    if hold.kind is GuardKind.REMOVED:
        return len(removed_under(connection, hold))
    return len(changed_under(connection, hold))


def _counted_from(connection: sqlite3.Connection, hold: Hold) -> int:
    """What was seen later than this is the hold's."""
    earlier = ended_ns(connection, hold.library).get(hold.kind, 0)
    return max(hold.since_ns - WINDOW_NS, earlier if earlier < hold.since_ns else 0)


class Spoilt(NamedTuple):
    """Held entries of one library, by what is wrong with them."""

    damaged: int = 0
    """Rot, or damaged by a write."""
    hopeless: int = 0
    """Those of `damaged` of which no good copy is known."""
    unstable: int = 0


def spoilt(connection: sqlite3.Connection, library: int) -> Spoilt:
    """What is known of held entries beside that they are held."""
    rows = connection.execute(
        f"SELECT x.kind = ?, count(*), sum({_HAS_GOOD}) FROM entries e CROSS JOIN folders f ON f.id = e.folder "
        "CROSS JOIN libraries l ON l.id = f.library CROSS JOIN findings x ON x.closed_ns IS NULL "
        f"AND x.kind IN (?, ?, ?) AND x.library = l.name AND x.location IS NULL AND x.path = {PATH} "
        "WHERE e.state <> 'present' AND e.state = 'held' AND f.library = ? GROUP BY 1",
        (FindingKind.UNSTABLE_READS.value, *_SPOILS, library),
    ).fetchall()
    found = {bool(is_unstable): (count, good) for is_unstable, count, good in rows}
    damaged, good = found.get(False, (0, 0))
    return Spoilt(damaged, damaged - good, found.get(True, (0, 0))[0])


_SPOILS = (FindingKind.ROT.value, FindingKind.DAMAGED_BY_WRITE.value, FindingKind.UNSTABLE_READS.value)
_HAS_GOOD = (
    "EXISTS (SELECT 1 FROM copies p WHERE p.entry = e.id AND p.content = e.content AND p.state = 'good' "
    "AND p.level >= 4) OR EXISTS (SELECT 1 FROM versions v WHERE v.entry = e.id AND v.content = e.content "
    "AND v.state = 'good' AND v.level >= 4)"
)


# what manifests say of them


def untold(connection: sqlite3.Connection, location: int, library: int) -> list[Hold]:
    """Holds that a location's manifest does not state as they are."""
    rows = connection.execute(
        _HOLD + "LEFT JOIN told_holds t ON t.hold = h.id AND t.location = ? "
        "WHERE h.library = ? AND t.state IS NOT h.state ORDER BY h.since_ns, h.id",
        (location, library),
    )
    return [_hold(row) for row in rows]


def told(connection: sqlite3.Connection, location: int, said: list[Hold]) -> None:
    """A location's manifest states these now."""
    connection.executemany(
        "INSERT OR REPLACE INTO told_holds VALUES (?, ?, ?)",
        ((location, each.id, each.state.value) for each in said),
    )


def line_of(hold: Hold) -> Held:
    """A hold as a manifest says it."""
    detail = {"entries": hold.entries, "of": hold.total, "since": time_text(hold.since_ns)}
    return Held(hold.id, hold.kind.value, hold.state, hold.ended_ns or hold.since_ns, detail=detail)


def take_line(connection: sqlite3.Connection, location: int, library: int, line: Held) -> None:
    """What a manifest says of a hold. One that ended stays ended, whatever an older place still says."""
    if line.path is not None or line.kind not in _KINDS:
        return  # of another version: it is kept in the manifest, and stops nothing that we know
    since_ns = _since(line)
    ended_ns = None if line.state is HoldState.OPEN else line.time_ns
    connection.execute(
        "INSERT INTO holds (id, library, kind, since_ns, entries, total, state, ended_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
        "ended_ns = excluded.ended_ns WHERE state = 'open'",
        (
            line.id,
            library,
            line.kind,
            since_ns,
            _number(line.detail.get("entries")),
            _number(line.detail.get("of")),
            line.state.value,
            ended_ns,
        ),
    )
    connection.execute(
        "INSERT OR REPLACE INTO told_holds VALUES (?, ?, ?)", (location, line.id, line.state.value)
    )


_KINDS = {kind.value for kind in GuardKind}


def _since(line: Held) -> int:
    said = line.detail.get("since")
    try:
        return time_value(said) if isinstance(said, str) else line.time_ns
    except ValueError:
        return line.time_ns


def _number(said: object) -> int:
    return said if isinstance(said, int) and 0 <= said < 1 << 62 else 0
