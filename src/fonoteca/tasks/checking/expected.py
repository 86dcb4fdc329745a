"""What should stand at a location and what its listing shows: every copy, every kept version, and what is extra.

Streams in key order, a page at a time: memory stays flat at a million copies. What the listing decides (missing, of
another size) needs no reading; the rest is read when the level asks for it. The listing is the run's table of it
(`listed.list_all`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from fonoteca.catalogue.entries import PATH
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core.copy import Level
from fonoteca.core.finding import FindingKind
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.core.manifest.lines import Step
from fonoteca.core.pattern import is_junk
from fonoteca.tasks.checking.listed import as_listed, table_of
from fonoteca.tasks.checking.rereading import Trouble

PAGE = 1000
"""Rows that are looked up together."""


class Copy(NamedTuple):
    """One copy as it should stand, with what the listing shows under its key, and what that decides."""

    entry: int
    key: bytes
    size: int
    sha256: bytes
    xxh3_128: bytes
    mtime_ns: int
    state: str
    path: bytes
    library: str
    seen_size: int | None
    seen_mtime_ns: int | None
    decided: tuple[Level, Trouble | None] | None = None


class Kept(NamedTuple):
    """One blob under `versions/`; `rows` are the ids of all records that name it."""

    rows: tuple[int, ...]
    key: bytes
    size: int
    sha256: bytes
    xxh3_128: bytes
    path: bytes
    library: str
    content: int
    decided: tuple[Level, Trouble | None] | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the catalogue expects at one location. `level` None asks for reading everything.

    `unfinished`: steps of a cut-off run by key; what they name is read, whatever its size.
    """

    catalogue: sqlite3.Connection
    row: PlaceRow
    level: Level | None
    unfinished: dict[bytes, Step]

    @property
    def reads(self) -> bool:
        """True when bytes are to be read."""
        return self.level is None or self.level >= Level.BYTES

    def totals(self) -> tuple[int, int]:
        """Files and bytes of all copies."""
        found = self.catalogue.execute(
            "SELECT count(*), coalesce(sum(c.size), 0) FROM copies p JOIN contents c ON c.id = p.content "
            "WHERE p.location = ?",
            (self.row.id,),
        ).fetchone()
        return int(found[0]), int(found[1])

    def _fold(self, column: str) -> str:
        return as_listed(self.row, column)

    def _listed(self, column: str) -> str:
        return f"LEFT JOIN {table_of(self.row)} l ON l.key = {as_listed(self.row, column)}"

    def copies(self) -> Iterator[Copy]:
        """Every copy, by key in byte order."""
        after = b""
        while True:
            page = self.catalogue.execute(
                f"SELECT p.entry, p.key, c.size, c.sha256, c.xxh3_128, p.mtime_ns, p.state, {PATH}, y.name, "
                "l.size, l.mtime_ns FROM copies p JOIN contents c ON c.id = p.content "
                "JOIN entries e ON e.id = p.entry JOIN folders f ON f.id = e.folder "
                f"JOIN libraries y ON y.id = f.library {self._listed('p.key')} "
                "WHERE p.location = ? AND p.key > ? ORDER BY p.key LIMIT ?",
                (self.row.id, after, PAGE),
            ).fetchall()
            if not page:
                return
            after = page[-1][1]
            for found in page:
                copy = Copy(*found)
                yield copy._replace(decided=self._decided(copy))

    def _decided(self, copy: Copy) -> tuple[Level, Trouble | None] | None:
        """What the listing says of a copy; None when it has to be read."""
        if copy.seen_size is None:
            return Level.NONE, Trouble(
                FindingKind.MISSING, f"expected sha256 {copy.sha256.hex()}, found nothing"
            )
        if self.level is Level.EXISTENCE:
            return self._weakly(copy, Level.EXISTENCE)
        if copy.seen_size != copy.size and copy.key not in self.unfinished:
            detail = (
                f"expected {copy.size:,} bytes, found {copy.seen_size:,}; expected sha256 {copy.sha256.hex()}"
            )
            return Level.NONE, Trouble(FindingKind.DAMAGED, detail)
        return None if self.reads else self._weakly(copy, Level.SIZE)

    def _weakly(self, copy: Copy, level: Level) -> tuple[Level, Trouble | None]:
        if copy.state == "damaged":
            return level, Trouble(
                FindingKind.DAMAGED, "its bytes were wrong when last read; only reading it proves more"
            )
        if copy.state == "unreadable":
            return level, Trouble(
                FindingKind.UNREADABLE_COPY, "it could not be read; only reading it proves more"
            )
        return level, None

    def versions(self) -> Iterator[Kept]:
        """Blobs in key order; several records may name one, so it is read once."""
        after = b""
        while True:
            page = self.catalogue.execute(
                "SELECT group_concat(v.id), v.key, c.size, c.sha256, c.xxh3_128, "
                f"{PATH}, y.name, c.id, l.size FROM versions v JOIN contents c ON c.id = v.content "
                "JOIN entries e ON e.id = v.entry JOIN folders f ON f.id = e.folder "
                f"JOIN libraries y ON y.id = f.library {self._listed('v.key')} "
                "WHERE v.location = ? AND v.key > ? GROUP BY v.key ORDER BY v.key LIMIT ?",
                (self.row.id, after, PAGE),
            ).fetchall()
            if not page:
                return
            after = page[-1][1]
            for ids, key, size, sha256, xxh3_128, path, library, content, seen in page:
                rows = tuple(map(int, ids.split(",")))
                kept = Kept(rows, key, size, sha256, xxh3_128, path, library, content)
                yield kept._replace(decided=self._decided_kept(kept, seen))

    def _decided_kept(self, kept: Kept, seen: int | None) -> tuple[Level, Trouble | None] | None:
        if seen is None:
            return Level.NONE, Trouble(
                FindingKind.MISSING, f"expected sha256 {kept.sha256.hex()}, found nothing"
            )
        if seen != kept.size and self.level is not Level.EXISTENCE:
            return Level.NONE, Trouble(FindingKind.DAMAGED, f"expected {kept.size:,} bytes, found {seen:,}")
        if self.reads:
            return None
        return (Level.EXISTENCE if self.level is Level.EXISTENCE else Level.SIZE), None

    def extras(self) -> Iterator[tuple[bytes, int]]:
        """Key and size of what stands there and nobody recorded. Junk of systems and players is passed over."""
        rows = self.catalogue.execute(
            f"SELECT l.actual, l.size FROM {table_of(self.row)} l WHERE l.key NOT IN "
            f"(SELECT {self._fold('p.key')} FROM copies p WHERE p.location = ?) AND l.key NOT IN "
            f"(SELECT {self._fold('v.key')} FROM versions v WHERE v.location = ?)",
            (self.row.id, self.row.id),
        )
        for key, size in rows:
            if key not in self.unfinished and not any(map(is_junk, key.removeprefix(VERSIONS).split(b"/"))):
                yield key, size
