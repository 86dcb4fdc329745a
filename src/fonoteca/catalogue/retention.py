"""What the catalogue knows of each version, as the facts that decide whether it may go.

Findings that merely tell (a file is gone, an extra one stands there) point to nothing; all others keep every version
of the entry that they are about, at every location: it may be what a repair needs. A hold that stands keeps every
version of its library.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from fonoteca.catalogue import holds
from fonoteca.catalogue.entries import PATH
from fonoteca.core.copy import Level
from fonoteca.core.finding import FindingKind
from fonoteca.core.place import Key
from fonoteca.core.plan.prune import History, Version, is_tag_edit, is_trusted
from fonoteca.core.sound import Soundness
from fonoteca.core.verdict import Verdict

_MERELY_TOLD = {
    kind.value for kind in (FindingKind.GONE, FindingKind.EXTRA, FindingKind.SKIPPED, FindingKind.PUT_ASIDE)
}

_VERSIONS = (
    "SELECT v.entry, v.key, v.content, c.size, v.time_ns, v.state = 'good' AND v.level >= :bytes, v.reason, "
    f"{PATH}, l.name, e.state, e.content, p.content, p.state = 'good' AND p.level >= :bytes "
    "FROM versions v JOIN contents c ON c.id = v.content JOIN entries e ON e.id = v.entry "
    "JOIN folders f ON f.id = e.folder JOIN libraries l ON l.id = f.library "
    "LEFT JOIN copies p ON p.location = v.location AND p.entry = v.entry "
    "WHERE v.location = :location ORDER BY v.entry, v.time_ns, v.id"
)
_HISTORY = "SELECT content, time_ns, verdict FROM history WHERE entry = ? ORDER BY time_ns, id"


@dataclass(frozen=True, slots=True)
class _Pointed:
    """What open findings are about."""

    paths: set[tuple[str, bytes]] = field(default_factory=set)
    """Library and path, of a file or of a folder with all below it."""
    wholes: set[tuple[str | None, int | None]] = field(default_factory=set)
    """Library and location without a path; None: every one."""

    def covers(self, library: str, location: int, path: bytes) -> bool:
        """True when one of them is about this entry, or all that this library has at this location."""
        if any((name, place) in self.wholes for name in (library, None) for place in (location, None)):
            return True
        parts = path.split(b"/")
        return any((library, b"/".join(parts[:count])) in self.paths for count in range(1, len(parts) + 1))


def histories(connection: sqlite3.Connection, location: int) -> Iterator[History]:
    """The versions of each entry at a location, with what speaks for keeping them. Memory stays flat."""
    pointed = _pointed(connection)
    rows = connection.execute(_VERSIONS, {"location": location, "bytes": int(Level.BYTES)})
    for entry, found in groupby(rows, key=itemgetter(0)):
        yield _history(connection, location, entry, list(found), pointed)


def _pointed(connection: sqlite3.Connection) -> _Pointed:
    found = _Pointed()
    rows = connection.execute(
        "SELECT x.kind, x.library, l.id, x.location, x.path FROM findings x "
        "LEFT JOIN locations l ON l.name = x.location WHERE x.closed_ns IS NULL"
    )
    for kind, library, location, name, path in rows:
        if kind in _MERELY_TOLD or (name is not None and location is None):
            continue  # a location that nobody knows any more holds nothing of ours
        if path is None:
            found.wholes.add((library, location))
        elif library is not None:
            found.paths.add((library, path))
    found.wholes.update((hold.name, None) for hold in holds.standing(connection))
    return found


def _history(
    connection: sqlite3.Connection, location: int, entry: int, rows: list[tuple[Any, ...]], pointed: _Pointed
) -> History:
    *_, reason, path, library, state, present, copied, is_verified = rows[-1]
    past = connection.execute(_HISTORY, (entry,)).fetchall()
    contents = [*(content for content, _, _ in past), present]
    came = [_first_word(connection, contents[0]), *(verdict for _, _, verdict in past)]
    arrivals = list(zip(contents, came, strict=True))
    trusted = is_trusted(arrivals)
    is_named = state == "held" or pointed.covers(library, location, path)
    after = [*(row[2] for row in rows[1:]), copied]
    versions = []
    for (_, key, content, size, until_ns, is_verified_there, *_), successor in zip(rows, after, strict=True):
        stint = _stint(past, content, until_ns)
        versions.append(
            Version(
                Key(key),
                size,
                until_ns,
                bool(is_verified_there) and (stint is None or trusted[stint]),
                stint is not None and _is_tag_edit(arrivals, stint, successor),
                is_named,
            )
        )
    is_retired = state == "gone" and copied is None and reason == "retired"
    is_proven = bool(is_verified) and copied == present and state != "held" and trusted[-1]
    return History(versions, is_proven or is_retired)


def _first_word(connection: sqlite3.Connection, content: int) -> str:
    """How an entry's first content came: nothing but its own checks tells."""
    found = connection.execute("SELECT soundness FROM analyses WHERE content = ?", (content,)).fetchone()
    is_damaged = found is not None and found[0] == Soundness.DAMAGED.value
    return Verdict.ADDED_DAMAGED.value if is_damaged else Verdict.ADDED.value


def _stint(past: Sequence[tuple[int, int, str]], content: int, until_ns: int) -> int | None:
    """Which content of the entry's past a version is: a location supersedes after the library did."""
    found = [
        number for number, (was, ended_ns, _) in enumerate(past) if was == content and ended_ns <= until_ns
    ]
    return found[-1] if found else None


def _is_tag_edit(arrivals: Sequence[tuple[int, str]], stint: int, successor: int | None) -> bool:
    content, verdict = arrivals[stint + 1]
    return content == successor and is_tag_edit(verdict)


def lacking(connection: sqlite3.Connection, location: int) -> int:
    """Bytes of present entries of which a location has no good copy yet."""
    found = connection.execute(
        "SELECT coalesce(sum(e.size), 0) FROM entries e WHERE e.state = 'present' AND NOT EXISTS "
        "(SELECT 1 FROM copies p WHERE p.location = ? AND p.entry = e.id AND p.content = e.content "
        "AND p.state = 'good')",
        (location,),
    ).fetchone()
    return int(found[0])


def named_by(connection: sqlite3.Connection, location: int, blob: Key) -> list[tuple[int, str, bytes]]:
    """Library's number and name, and path, of every record that names a blob."""
    return connection.execute(
        f"SELECT DISTINCT f.library, l.name, {PATH} FROM versions v JOIN entries e ON e.id = v.entry "
        "JOIN folders f ON f.id = e.folder JOIN libraries l ON l.id = f.library "
        "WHERE v.location = ? AND v.key = ? ORDER BY f.library, f.path, e.name",
        (location, blob),
    ).fetchall()


def forget(connection: sqlite3.Connection, location: int, library: int, blob: Key) -> None:
    """A library's records of a blob are given up."""
    connection.execute(
        "DELETE FROM versions WHERE location = ? AND key = ? AND entry IN "
        "(SELECT e.id FROM entries e JOIN folders f ON f.id = e.folder WHERE f.library = ?)",
        (location, blob, library),
    )


def journal_times(connection: sqlite3.Connection) -> list[int]:
    """When runs began and ended, in their order; before the first run, the newest time that a copy bears."""
    rows = connection.execute("SELECT start_ns, end_ns FROM runs ORDER BY rowid").fetchall()
    times = [time_ns for row in rows for time_ns in row if time_ns is not None]
    if times:
        return times
    newest = connection.execute("SELECT max(published_ns) FROM copies").fetchone()[0]
    return [] if newest is None else [newest]


def judgements(connection: sqlite3.Connection) -> list[int]:
    """When pruning was asked for, and recorded."""
    rows = connection.execute("SELECT start_ns FROM runs WHERE task = 'prune'").fetchall()
    return [start_ns for (start_ns,) in rows]
