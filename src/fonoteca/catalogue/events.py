"""The journal: events of the past, oldest first. Most of them are read off what the catalogue keeps anyway.

| event | told by |
|---|---|
| ingestion | when an entry was first seen, or was back after it had gone |
| replication | when each copy was published; of a copy that was replaced since, `events` |
| fixity check | the last one of each copy, version and library file; findings; each run that checked |
| modification, metadata modification | the history |
| deaccession | since when an entry is gone, or was |
| quarantine, and what failed | findings, also closed ones |
| filename change, recovery, deletion, dissemination, tags written back | the table `events` |

So a first backup writes nothing for it.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from fonoteca.catalogue.entries import PATH
from fonoteca.core.copy import Level
from fonoteca.core.journal import OF_FINDING, PUT_ASIDE, Logged

_OF_ENTRY = "FROM entries e JOIN folders f ON f.id = e.folder JOIN libraries l ON l.id = f.library"
_HEAD = f"l.name AS library, NULL AS location, {PATH} AS path, NULL AS was"
_AT = f"l.name, p.name, {PATH}, NULL"
_LEVELS = "CASE {0}.level " + " ".join(f"WHEN {int(each)} THEN '{each.word}'" for each in Level) + " END"

_BY_ENTRY = (
    f"SELECT e.added_ns AS time_ns, 'ingestion' AS type, 'success' AS outcome, {_HEAD}, '' AS detail, "
    f"NULL AS agent, e.id AS entry {_OF_ENTRY} WHERE e.added_ns > 0",
    f"SELECT e.confirmed_ns, 'fixity check', 'success', {_HEAD}, 'the library file', NULL, e.id {_OF_ENTRY} "
    "WHERE e.confirmed_ns > 0",
    f"SELECT e.since_ns, 'deaccession', 'success', {_HEAD}, '', NULL, e.id {_OF_ENTRY} WHERE e.state = 'gone'",
    f"SELECT a.from_ns, 'deaccession', 'success', {_HEAD}, '', NULL, e.id {_OF_ENTRY} "
    "JOIN absences a ON a.entry = e.id WHERE 1",
    f"SELECT a.until_ns, 'ingestion', 'success', {_HEAD}, 'back in the library', NULL, e.id {_OF_ENTRY} "
    "JOIN absences a ON a.entry = e.id WHERE 1",
    f"SELECT h.time_ns, iif(h.verdict LIKE '%tag edit', 'metadata modification', 'modification'), 'success', {_HEAD}, "
    f"h.verdict, NULL, e.id {_OF_ENTRY} JOIN history h ON h.entry = e.id WHERE 1",
    f"SELECT c.published_ns, 'replication', 'success', {_AT}, '', NULL, e.id {_OF_ENTRY} "
    "JOIN copies c ON c.entry = e.id JOIN locations p ON p.id = c.location WHERE c.published_ns > 0",
    f"SELECT c.verified_ns, 'fixity check', 'success', {_AT}, {_LEVELS.format('c')}, NULL, e.id {_OF_ENTRY} "
    "JOIN copies c ON c.entry = e.id JOIN locations p ON p.id = c.location "
    "WHERE c.verified_ns > c.published_ns AND c.level > 0",
    f"SELECT v.verified_ns, 'fixity check', 'success', {_AT}, 'a version, ' || {_LEVELS.format('v')}, NULL, e.id "
    f"{_OF_ENTRY} JOIN versions v ON v.entry = e.id JOIN locations p ON p.id = v.location "
    "WHERE v.verified_ns > v.time_ns AND v.level > 0",
)
"""Each ends in a condition to which others may be added."""


def _words(kinds: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


_FAILED = (
    "CASE kind " + " ".join(f"WHEN '{kind}' THEN '{word}'" for kind, word in OF_FINDING.items()) + " END"
)
_BY_PATH = (
    f"SELECT first_ns, {_FAILED}, 'failure', library, location, path, NULL, kind || ': ' || detail, NULL, NULL "
    f"FROM findings WHERE kind IN ({_words(OF_FINDING)})",
    "SELECT first_ns, 'quarantine', 'success', library, location, path, NULL, detail, NULL, NULL FROM findings "
    f"WHERE kind IN ({_words(PUT_ASIDE)})",
    "SELECT time_ns, type, outcome, library, location, path, was, detail, agent, entry FROM events WHERE 1",
)
_CHECKS = (
    "SELECT start_ns, 'fixity check', iif(exit_code IN (0, 8), 'success', 'failure'), NULL, NULL, NULL, NULL, "
    "task || ': ' || coalesce(json_extract(summary, '$.verified'), 0) || ' files as recorded, ' "
    "|| coalesce(json_extract(summary, '$.findings'), 0) || ' findings', agent, NULL FROM runs "
    "WHERE task IN ('verify', 'scrub') AND end_ns IS NOT NULL",
)
_ORDER = "ORDER BY time_ns, path, location, type"
_CHUNK = 500


def every(connection: sqlite3.Connection, since_ns: int = 0) -> Iterator[Logged]:
    """All events since then, oldest first. Memory stays flat."""
    parts = " UNION ALL ".join((*_BY_ENTRY, *_BY_PATH, *_CHECKS))
    yield from _asked(
        connection, f"SELECT * FROM ({parts}) WHERE time_ns >= :since {_ORDER}", {"since": since_ns}
    )


def of_entry(connection: sqlite3.Connection, entry: int, library: str, path: bytes) -> Iterator[Logged]:
    """All events of one entry, which has this path now."""
    parts = [f"{part} AND e.id = :entry" for part in _BY_ENTRY]
    parts += [f"{part} AND library = :library AND path = :path" for part in _BY_PATH[:2]]
    parts.append(
        f"{_BY_PATH[2]} AND (entry = :entry OR (entry IS NULL AND library = :library AND path = :path))"
    )
    asked = {"entry": entry, "library": library, "path": path}
    yield from _asked(connection, f"SELECT * FROM ({' UNION ALL '.join(parts)}) {_ORDER}", asked)


def _asked(connection: sqlite3.Connection, question: str, asked: dict[str, object]) -> Iterator[Logged]:
    agents = _Agents(connection)
    rows = connection.execute(question, asked)
    while chunk := rows.fetchmany(_CHUNK):
        yield from map(agents.named, map(Logged._make, chunk))


class _Agents:
    """Which program ran when."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        runs = connection.execute("SELECT start_ns, agent FROM runs ORDER BY start_ns").fetchall()
        self._begun = [start_ns for start_ns, _ in runs]
        self._names = [agent for _, agent in runs]

    def named(self, event: Logged) -> Logged:
        """The event with the agent of the last run that had begun; its own where it has one."""
        number = bisect_right(self._begun, event.time_ns)
        return event if event.agent or not number else event._replace(agent=self._names[number - 1])


def add(connection: sqlite3.Connection, events: Iterable[Logged]) -> None:
    """Events that nothing else tells. Belongs into the transaction that records what happened."""
    connection.executemany(
        "INSERT INTO events (time_ns, type, outcome, library, location, path, was, detail, agent, entry) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        events,
    )


# what manifests say

_UNTOLD = (
    "SELECT id, time_ns, type, outcome, library, location, path, was, detail, agent, entry FROM events "
    "WHERE library = :library AND id > :after AND id <= :last "
    # that a copy followed its entry to another name is said by `moved` lines, at each location its own
    "AND NOT (type = 'filename change' AND location IS NOT NULL) ORDER BY id"
)


def last(connection: sqlite3.Connection) -> int:
    """The number of the newest stored event; 0 where there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def told_until(connection: sqlite3.Connection, location: int, library: int) -> int:
    """Up to which stored event a location's manifest states them."""
    found = connection.execute(
        "SELECT event FROM journaled WHERE location = ? AND library = ?", (location, library)
    ).fetchone()
    return int(found[0]) if found else 0


def stored(connection: sqlite3.Connection, library: str, after: int, until: int) -> Iterator[Logged]:
    """Stored events of a library, after one and up to another, that a manifest is to state."""
    agents = _Agents(connection)
    for _, *values in connection.execute(_UNTOLD, {"library": library, "after": after, "last": until}):
        yield agents.named(Logged._make(values))


def told(connection: sqlite3.Connection, location: int, library: int, until: int) -> None:
    """A location's manifest states them up to this one."""
    connection.execute("INSERT OR REPLACE INTO journaled VALUES (?, ?, ?)", (location, library, until))


def take(connection: sqlite3.Connection, event: Logged) -> None:
    """Record what a manifest states, unless it is known."""
    connection.execute(
        "INSERT INTO events (time_ns, type, outcome, library, location, path, was, detail, agent) "
        "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE NOT EXISTS (SELECT 1 FROM events WHERE time_ns = ?1 "
        "AND type = ?2 AND library IS ?4 AND location IS ?5 AND path IS ?6)",
        event[:9],
    )
