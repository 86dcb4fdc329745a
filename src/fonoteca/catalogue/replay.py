"""Bringing manifest lines into the catalogue: after a location ran ahead, when one is adopted, or read bare.

A manifest knows contents, not inodes: an entry that comes only from it has no ctime, so the next scan reads it and
compares digests instead of taking the file as a new beginning.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from fonoteca.catalogue import analyses, believing, copies, entries, events, holds, libraries, misplaced
from fonoteca.core.entry import Content, RelPath, kind_of
from fonoteca.core.journal import event_of
from fonoteca.core.manifest.lines import (
    Folder,
    Happened,
    Have,
    Held,
    Line,
    Link,
    Moved,
    Pruned,
    Retired,
    Superseded,
    Tags,
)
from fonoteca.core.pattern import split

_UNSTATED = -1
"""In the place of a segment's number: no segment says it (any more)."""

_INSIDE = "SELECT e.id FROM entries e JOIN folders f ON f.id = e.folder WHERE f.library = :library"


@dataclass(slots=True)
class Replay:
    """Applies the lines of one library's chain at one location, in order, within the caller's transaction."""

    connection: sqlite3.Connection
    location: int
    library: int
    believe_folders: bool = False
    """The library's own folders, links and history are taken from the manifest too (nothing better is known)."""

    def apply(self, lines: Iterable[Line], segment: int) -> int:
        """Apply the lines of segment `segment`; gives how many said something."""
        count = 0
        for line in lines:
            count += self._one(line, segment)
        return count

    def restart(self) -> None:
        """What follows restates everything. `settle`, after it, says what becomes of what was not stated again.

        Until then it is kept: a line at level none says what should stand, not that it does, so what is known of a
        copy (that it is missing) must outlive the restating.
        """
        for table in ("copies", "versions"):
            self._execute(
                f"UPDATE {table} SET segment = {_UNSTATED} WHERE location = :location AND entry IN ({_INSIDE})"
            )
        self._execute("DELETE FROM notes WHERE location = :location AND library = :library")
        self._execute(
            "DELETE FROM told_holds WHERE location = :location AND hold IN "
            "(SELECT id FROM holds WHERE library = :library)"
        )
        self._execute(
            "DELETE FROM told WHERE location = :location AND content IN (SELECT e.content FROM entries e "
            "JOIN folders f ON f.id = e.folder WHERE f.library = :library)"
        )

    def settle(self, *, keep: bool) -> bool:
        """Drop what was not stated since `restart`; with `keep` it stays, as something to look for, at level none.

        True when something was kept: the manifest does not say it.
        """
        unstated = f"WHERE location = :location AND segment = {_UNSTATED} AND entry IN ({_INSIDE})"
        if not keep:
            for table in ("copies", "versions"):
                self._execute(f"DELETE FROM {table} {unstated}")
            return False
        kept = self._execute(f"UPDATE copies SET level = 0, verified_ns = NULL, state = 'missing' {unstated}")
        return self._execute(f"UPDATE versions SET level = 0, verified_ns = NULL {unstated}") + kept > 0

    def _execute(self, sql: str) -> int:
        """The count of rows that were changed."""
        return self.connection.execute(sql, {"location": self.location, "library": self.library}).rowcount

    def _one(self, line: Line, segment: int) -> int:
        if isinstance(line, Have):
            self._have(line, segment)
        elif isinstance(line, Superseded | Retired):
            self._kept(line, segment)
        elif isinstance(line, Moved):
            self._moved(line, segment)
        elif isinstance(line, Pruned):
            self._pruned(line)
        elif isinstance(line, Folder | Link):
            self._note(line)
        elif isinstance(line, Tags):
            self._tags(line)
        elif isinstance(line, Happened):
            self._happened(line)
        elif isinstance(line, Held):
            holds.take_line(self.connection, self.location, self.library, line)
        else:
            return 0
        return 1

    def _have(self, line: Have, segment: int) -> None:
        if self.believe_folders:
            believing.back(self.connection, self.library, line)
        entry = self._entry(line.path, line.content, line.mtime_ns, line.time_ns, "present")
        if self.believe_folders:
            believing.age(self.connection, entry, line.time_ns if line.added_ns is None else line.added_ns)
        self.connection.execute(
            "DELETE FROM copies WHERE location = ? AND key = ? AND entry <> ?",
            (self.location, line.key, entry),
        )
        content = entries.put_content(self.connection, line.content)
        copies.record(
            self.connection,
            self.location,
            entry,
            line.key,
            content,
            line.mtime_ns,
            line.level,
            line.time_ns,
            segment,
        )

    def _moved(self, line: Moved, segment: int) -> None:
        """The copy stands under another key; an entry that is known from manifests alone has that path too.

        Where the library was seen, its scan is the truth: then the next backup renames the copy after it.
        """
        copy = copies.by_key(self.connection, self.location, line.old)
        if copy is None:
            return
        entry = self._under(copy.entry, line.path)
        self.connection.execute(
            "DELETE FROM copies WHERE location = ?1 AND (key = ?2 OR entry = ?3) AND entry <> ?4",
            (self.location, line.new, entry, copy.entry),
        )
        if entry != copy.entry:
            misplaced.hand_over(self.connection, self.location, copy.entry, entry)
        misplaced.rekey(self.connection, self.location, [(entry, line.new)], segment)
        misplaced.note(self.connection, self.location, entry)

    def _under(self, entry: int, path: RelPath) -> int:
        """The entry that `path` belongs to: `entry` itself, which gets that path where only manifests know of it."""
        folder, name = split(path)
        other = entries.by_path(self.connection, self.library, folder, name)
        if other is not None:
            return other.entry
        self.connection.execute(
            "UPDATE entries SET folder = ?, name = ?, kind = ? WHERE id = ? AND ctime_ns = 0",
            (self._folder(folder), name, kind_of(name).value, entry),
        )
        return entry

    def _kept(self, line: Superseded | Retired, segment: int) -> None:
        state = "gone" if isinstance(line, Retired) else "present"
        # Whatever its date (of its last check), a version is older than what a `Have` line says: so 0.
        entry = self._entry(line.path, line.content, line.mtime_ns, 0, state)
        content = entries.put_content(self.connection, line.content)
        reason = "retired" if isinstance(line, Retired) else "superseded"
        until_ns = line.time_ns if line.until_ns is None else line.until_ns
        where = believing.Where(self.location, self.library, self.believe_folders)
        believing.past(self.connection, where, line, entry, content, until_ns)
        if not self._kept_again(line, entry, segment):
            copies.add_version(
                self.connection,
                self.location,
                entry,
                content,
                line.kept,
                line.mtime_ns,
                reason,
                until_ns,
                int(line.level),
                line.time_ns if line.level else None,
                segment,
            )
        if isinstance(line, Retired):
            self.connection.execute(
                "DELETE FROM copies WHERE location = ? AND key = ?", (self.location, line.key)
            )

    def _kept_again(self, line: Superseded | Retired, entry: int, segment: int) -> bool:
        """True when the line restates a version that is known; as for copies, level none leaves its state."""
        cursor = self.connection.execute(
            "UPDATE versions SET segment = :segment, mtime_ns = :mtime_ns, level = :level, "
            "verified_ns = CASE :level WHEN 0 THEN NULL ELSE :time_ns END, "
            "state = CASE :level WHEN 0 THEN state ELSE 'good' END "
            "WHERE id = (SELECT min(id) FROM versions WHERE location = :location AND entry = :entry "
            f"AND key = :key AND segment = {_UNSTATED})",
            {
                "segment": segment,
                "mtime_ns": line.mtime_ns,
                "level": int(line.level),
                "time_ns": line.time_ns,
                "location": self.location,
                "entry": entry,
                "key": line.kept,
            },
        )
        return cursor.rowcount > 0

    def _pruned(self, line: Pruned) -> None:
        if line.key is None:
            self.connection.execute(
                f"DELETE FROM versions WHERE location = :location AND key = :kept AND entry IN ({_INSIDE})",
                {"location": self.location, "library": self.library, "kept": line.kept},
            )
            return
        self.connection.execute(
            "DELETE FROM versions WHERE location = ? AND key = ? AND entry IN "
            "(SELECT entry FROM copies WHERE location = ? AND key = ?)",
            (self.location, line.kept, self.location, line.key),
        )

    def _note(self, line: Folder | Link) -> None:
        target = line.target if isinstance(line, Link) else None
        if line.gone:
            forget_note(self.connection, self.location, self.library, line.path)
        else:
            put_note(self.connection, self.location, self.library, line.path, target)
        if self.believe_folders:
            self._believe(line)

    def _believe(self, line: Folder | Link) -> None:
        if isinstance(line, Folder):
            libraries.put_folder(self.connection, self.library, line.path, None, is_empty=not line.gone)
            return
        folder, name = split(line.path)
        number = self._folder(folder)
        self.connection.execute("DELETE FROM links WHERE folder = ? AND name = ?", (number, name))
        if not line.gone:
            self.connection.execute(
                "INSERT INTO links (folder, name, target) VALUES (?, ?, ?)", (number, name, line.target)
            )

    def _happened(self, line: Happened) -> None:
        (name,) = self.connection.execute(
            "SELECT name FROM libraries WHERE id = ?", (self.library,)
        ).fetchone()
        event = event_of(line, name)
        if event is not None:
            events.take(self.connection, event)
            events.told(self.connection, self.location, self.library, events.last(self.connection))

    def _tags(self, line: Tags) -> None:
        found = self.connection.execute(
            "SELECT id FROM contents WHERE sha256 = ? AND size = ?", (line.sha256, line.size)
        ).fetchone()
        if found is None:
            return
        analyses.take_line(self.connection, found[0], line)
        self.connection.execute("INSERT OR IGNORE INTO told VALUES (?, ?)", (self.location, found[0]))

    def _entry(self, path: RelPath, content: Content, mtime_ns: int, time_ns: int, state: str) -> int:
        folder, name = split(path)
        found = entries.by_path(self.connection, self.library, folder, name)
        number = entries.put_content(self.connection, content)
        if found is not None:
            if (
                found.ctime_ns == 0 and state == "present"
            ):  # known from manifests alone: the newest line speaks
                self.connection.execute(
                    "UPDATE entries SET content = ?, size = ?, mtime_ns = ?, read_ns = ? WHERE id = ? AND read_ns <= ?",
                    (number, content.size, mtime_ns, time_ns, found.entry, time_ns),
                )
            return found.entry
        cursor = self.connection.execute(
            "INSERT INTO entries (folder, name, kind, content, size, mtime_ns, ctime_ns, inode, trusted, read_ns,"
            " state, since_ns) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?)",
            (
                self._folder(folder),
                name,
                kind_of(name).value,
                number,
                content.size,
                mtime_ns,
                time_ns,
                state,
                time_ns,
            ),
        )
        return int(cursor.lastrowid or 0)

    def _folder(self, path: bytes) -> int:
        found = libraries.folder(self.connection, self.library, path)
        return found[0] if found else libraries.put_folder(self.connection, self.library, path)


def put_note(
    connection: sqlite3.Connection, location: int, library: int, path: bytes, target: bytes | None
) -> None:
    """A location's manifest states an empty folder (target None) or a link."""
    connection.execute(
        "INSERT OR REPLACE INTO notes (location, library, path, target) VALUES (?, ?, ?, ?)",
        (location, library, path, target),
    )


def forget_note(connection: sqlite3.Connection, location: int, library: int, path: bytes) -> None:
    """It states it no more."""
    connection.execute(
        "DELETE FROM notes WHERE location = ? AND library = ? AND path = ?", (location, library, path)
    )


def notes_at(connection: sqlite3.Connection, location: int, library: int) -> dict[bytes, bytes | None]:
    """Every empty folder (None) and link (target) that a location's manifest states."""
    return dict(
        connection.execute(
            "SELECT path, target FROM notes WHERE location = ? AND library = ?", (location, library)
        )
    )
