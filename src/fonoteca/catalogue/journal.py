"""Runs and open findings: what happened, and what is still wrong."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from fonoteca import __version__
from fonoteca.catalogue import entries
from fonoteca.catalogue.entries import PATH
from fonoteca.core.event import Summary
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.pattern import split

AGENT = f"fonoteca {__version__}"
AT_A_COPY = (
    FindingKind.MISSING,
    FindingKind.DAMAGED,
    FindingKind.UNREADABLE_COPY,
    FindingKind.CHANGED_AT_LOCATION,
)
"""What is over when a copy was read and is right."""


def run_started(connection: sqlite3.Connection, run: str, task: str, now_ns: int) -> None:
    """A run that changes something begins. One that died has no end."""
    connection.execute(
        "INSERT INTO runs (id, task, start_ns, agent) VALUES (?, ?, ?, ?)", (run, task, now_ns, AGENT)
    )


def run_ended(connection: sqlite3.Connection, run: str, now_ns: int, code: int, summary: Summary) -> None:
    """A run is over."""
    connection.execute(
        "UPDATE runs SET end_ns = ?, exit_code = ?, summary = ? WHERE id = ?",
        (now_ns, code, json.dumps(summary.counts), run),
    )


def last_run(connection: sqlite3.Connection, task: str) -> tuple[int, int | None, int | None] | None:
    """Start, end and exit code of the newest run of a task."""
    found = connection.execute(
        "SELECT start_ns, end_ns, exit_code FROM runs WHERE task = ? ORDER BY start_ns DESC LIMIT 1", (task,)
    ).fetchone()
    return (found[0], found[1], found[2]) if found else None


def note(connection: sqlite3.Connection, finding: Finding, now_ns: int) -> bool:
    """Record a finding, or that it was seen again. True when it is new."""
    where = (finding.kind.value, finding.library, finding.location, finding.path)
    cursor = connection.execute(
        "UPDATE findings SET last_ns = ?, detail = ? WHERE kind IS ? AND library IS ? AND location IS ? AND path IS ? "
        "AND closed_ns IS NULL",
        (now_ns, finding.detail, *where),
    )
    if cursor.rowcount:
        return False
    connection.execute(
        "INSERT INTO findings (kind, library, location, path, severity, detail, first_ns, last_ns) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*where, finding.severity.value, finding.detail, now_ns, now_ns),
    )
    return True


def close(
    connection: sqlite3.Connection,
    now_ns: int,
    *,
    kinds: Iterable[FindingKind],
    library: str | None = None,
    location: str | None = None,
    path: bytes | None = None,
    before_ns: int | None = None,
) -> None:
    """What was wrong is no more: close findings of these kinds at this place, or those not seen since `before_ns`."""
    marks = [kind.value for kind in kinds]
    connection.execute(
        f"UPDATE findings SET closed_ns = ? WHERE closed_ns IS NULL AND kind IN ({','.join('?' * len(marks))}) "
        "AND library IS coalesce(?, library) AND location IS coalesce(?, location) AND path IS coalesce(?, path) "
        "AND last_ns < coalesce(?, last_ns + 1)",
        (now_ns, *marks, library, location, path, before_ns),
    )


def seen_again(
    connection: sqlite3.Connection, now_ns: int, *, kinds: Iterable[FindingKind], library: str, path: bytes
) -> None:
    """What is said of a file holds still, though nobody could look this time."""
    marks = [kind.value for kind in kinds]
    connection.execute(
        f"UPDATE findings SET last_ns = ? WHERE closed_ns IS NULL AND kind IN ({','.join('?' * len(marks))}) "
        "AND library = ? AND location IS NULL AND path = ?",
        (now_ns, *marks, library, path),
    )


def complained_of(
    connection: sqlite3.Connection,
    kinds: Iterable[FindingKind],
    *,
    library: str | None = None,
    location: str | None = None,
) -> set[tuple[str | None, bytes | None]]:
    """Library and path of every open finding of these kinds there."""
    marks = [kind.value for kind in kinds]
    return set(
        connection.execute(
            f"SELECT library, path FROM findings WHERE closed_ns IS NULL AND kind IN ({','.join('?' * len(marks))}) "
            "AND library IS coalesce(?, library) AND location IS coalesce(?, location)",
            (*marks, library, location),
        )
    )


def close_mended(
    connection: sqlite3.Connection, now_ns: int, *, location: tuple[int, str], entry: int
) -> None:
    """Close what was wrong with an entry's copies and versions at a location (its id and name), if all are good now."""
    bad = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE location = :location AND entry = :entry AND state <> 'good')"
        for table in ("copies", "versions")
    )
    connection.execute(
        f"UPDATE findings SET closed_ns = :now WHERE closed_ns IS NULL AND location = :name AND NOT ({bad}) "
        f"AND kind IN ({','.join(repr(kind.value) for kind in AT_A_COPY)}) AND (library, path) IN "
        f"(SELECT l.name, {PATH} FROM entries e JOIN folders f ON f.id = e.folder "
        "JOIN libraries l ON l.id = f.library WHERE e.id = :entry)",
        {"now": now_ns, "location": location[0], "name": location[1], "entry": entry},
    )


def close_by_state(
    connection: sqlite3.Connection, now_ns: int, *, kind: FindingKind, library: tuple[int, str], state: str
) -> None:
    """Close findings of a kind about entries that are no longer in `state`. `library`: its id and its name."""
    asked = (kind.value, library[1])
    if not connection.execute(
        "SELECT 1 FROM findings WHERE closed_ns IS NULL AND kind = ? AND library = ? LIMIT 1", asked
    ).fetchone():
        return
    connection.execute(
        "UPDATE findings SET closed_ns = ? WHERE closed_ns IS NULL AND kind = ? AND library = ? AND path NOT IN "
        f"(SELECT {PATH} FROM entries e JOIN folders f ON f.id = e.folder WHERE f.library = ? AND e.state = ?)",
        (now_ns, *asked, library[0], state),
    )


def close_read_tags(connection: sqlite3.Connection, now_ns: int, *, library: tuple[int, str]) -> None:
    """Close findings about tags of entries whose content is another now, or that are gone."""
    found = connection.execute(
        "SELECT id, path, detail FROM findings WHERE closed_ns IS NULL AND kind = ? AND library = ?",
        (FindingKind.TAGS_UNREADABLE.value, library[1]),
    ).fetchall()
    for number, path, detail in found:
        folder, name = split(path or b"")
        entry = entries.by_path(connection, library[0], folder, name)
        if entry is not None and entry.state != "gone" and _tag_error(connection, entry.content) == detail:
            continue
        connection.execute("UPDATE findings SET closed_ns = ? WHERE id = ?", (now_ns, number))


def _tag_error(connection: sqlite3.Connection, content: int) -> str | None:
    found = connection.execute("SELECT error FROM analyses WHERE content = ?", (content,)).fetchone()
    return found[0] if found else None


def open_details(
    connection: sqlite3.Connection, kinds: Iterable[FindingKind], library: str
) -> dict[tuple[FindingKind, bytes], str]:
    """What is still said of files of a library, by kind and path."""
    marks = [kind.value for kind in kinds]
    rows = connection.execute(
        f"SELECT kind, path, detail FROM findings WHERE closed_ns IS NULL AND kind IN ({','.join('?' * len(marks))}) "
        "AND library = ? AND location IS NULL AND path IS NOT NULL",
        (*marks, library),
    )
    return {(FindingKind(kind), path): detail for kind, path, detail in rows}


def open_findings(
    connection: sqlite3.Connection,
) -> Iterable[tuple[str, str, str | None, str | None, bytes | None, str, int]]:
    """Kind, severity, library, location, path, detail and first sight of everything that is still wrong."""
    return connection.execute(
        "SELECT kind, severity, library, location, path, detail, first_ns FROM findings WHERE closed_ns IS NULL "
        "ORDER BY first_ns, id"
    )
