"""What a restore may bring back, and from where: each entry with its copies, the best first.

    best: the recorded content · seen good when last looked at · the strongest level · near by · verified last

Where no copy is good, the library's own file serves, if it still holds the recorded content.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fonoteca.catalogue import libraries, replay
from fonoteca.catalogue.entries import PATH
from fonoteca.catalogue.libraries import LibraryRow

PAGE = 1000


class Source(NamedTuple):
    """One copy that may serve. `location` is the catalogue's number of it."""

    location: int
    key: bytes
    sha256: bytes
    size: int
    xxh3_128: bytes
    mtime_ns: int


class Wanted(NamedTuple):
    """One entry to bring back. `target` is its path in the folder to fill; `sources` best first."""

    entry: int
    library: str
    path: bytes
    target: bytes
    sha256: bytes
    size: int
    mtime_ns: int
    sources: tuple[Source, ...]


class Note(NamedTuple):
    """A symbolic link, or with `link` None an empty folder."""

    library: str
    path: bytes
    target: bytes
    link: bytes | None

    @property
    def what(self) -> str:
        """As an event says it."""
        return "folder" if self.link is None else "link"


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is to restore. `source` None: from everywhere; `nearness` by location, 0 is nearest."""

    catalogue: sqlite3.Connection
    source: int | None
    nearness: Mapping[int, int]

    def libraries(self) -> list[LibraryRow]:
        """Those of which anything can be restored. With several, each gets a folder of its own."""
        return [row for row in libraries.every(self.catalogue) if self._has(row)]

    def wanted(self, shown: Sequence[LibraryRow], *, copies: bool = True) -> Iterator[Wanted]:
        """Every entry that has a copy; with `copies` False without its sources, for a look ahead."""
        for row in shown:
            prefix = row.name.encode("utf-8", "surrogateescape") + b"/" if len(shown) > 1 else b""
            for page in self._pages(row):
                sources = self._sources(page) if copies else {}
                for entry, path, sha256, size, mtime_ns in page:
                    ranked = self._ranked(sources.get(entry, []), sha256)
                    if ranked and ranked[0].sha256 != sha256:
                        # The newest content has no copy (here): the best that there is comes back.
                        sha256, size, mtime_ns = ranked[0].sha256, ranked[0].size, ranked[0].mtime_ns
                    yield Wanted(entry, row.name, path, prefix + path, sha256, size, mtime_ns, ranked)

    def notes(self, shown: Sequence[LibraryRow]) -> Iterator[Note]:
        """Empty folders and links, as the library has them, or as the one location states them."""
        for row in shown:
            prefix = row.name.encode("utf-8", "surrogateescape") + b"/" if len(shown) > 1 else b""
            if self.source is None:
                found = dict(libraries.notes(self.catalogue, row.id))
            else:
                found = replay.notes_at(self.catalogue, self.source, row.id)
            for path, link in sorted(found.items()):
                yield Note(row.name, path, prefix + path, link)

    def without_copies(self) -> int:
        """Entries of the libraries that no location has a copy of."""
        found = self.catalogue.execute(
            "SELECT count(*) FROM entries e WHERE e.state IN ('present', 'held') "
            "AND NOT EXISTS (SELECT 1 FROM copies p WHERE p.entry = e.id)"
        ).fetchone()
        return int(found[0])

    def _at(self) -> tuple[str, tuple[int, ...]]:
        return ("", ()) if self.source is None else (" AND p.location = ?", (self.source,))

    def _has(self, row: LibraryRow) -> bool:
        clause, values = self._at()
        found = self.catalogue.execute(
            "SELECT EXISTS (SELECT 1 FROM folders f JOIN entries e ON e.folder = f.id "
            f"JOIN copies p ON p.entry = e.id{clause} WHERE f.library = ?)",
            (*values, row.id),
        ).fetchone()
        return bool(found[0]) or any(True for _ in self._bare_notes(row))

    def _bare_notes(self, row: LibraryRow) -> list[bytes]:
        return [] if self.source is None else list(replay.notes_at(self.catalogue, self.source, row.id))[:1]

    def _pages(self, row: LibraryRow) -> Iterator[list[tuple[int, bytes, bytes, int, int]]]:
        clause, values = self._at()
        after = 0
        while True:
            page = self.catalogue.execute(
                f"SELECT e.id, {PATH}, c.sha256, c.size, e.mtime_ns FROM entries e JOIN folders f ON f.id = e.folder "
                "JOIN contents c ON c.id = e.content WHERE f.library = ? AND e.id > ? "
                f"AND EXISTS (SELECT 1 FROM copies p WHERE p.entry = e.id{clause}) ORDER BY e.id LIMIT ?",
                (row.id, after, *values, PAGE),
            ).fetchall()
            if not page:
                return
            after = page[-1][0]
            yield page

    def _sources(
        self, page: list[tuple[int, bytes, bytes, int, int]]
    ) -> dict[int, list[tuple[Source, int, int, int]]]:
        clause, values = self._at()
        rows = self.catalogue.execute(
            "SELECT p.entry, p.location, p.key, c.sha256, c.size, c.xxh3_128, p.mtime_ns, "
            "p.state = 'good', p.level, coalesce(p.verified_ns, 0) FROM copies p JOIN contents c ON c.id = p.content "
            f"WHERE p.entry BETWEEN ? AND ?{clause}",
            (page[0][0], page[-1][0], *values),
        )
        found: dict[int, list[tuple[Source, int, int, int]]] = {}
        for entry, *source, good, level, verified_ns in rows:
            found.setdefault(entry, []).append((Source._make(source), good, level, verified_ns))
        return found

    def _ranked(self, found: list[tuple[Source, int, int, int]], sha256: bytes) -> tuple[Source, ...]:
        def rank(candidate: tuple[Source, int, int, int]) -> tuple[bool, int, int, int, int]:
            source, good, level, verified_ns = candidate
            near = -self.nearness.get(source.location, 9)
            return source.sha256 == sha256, good, level, near, verified_ns

        if len(found) == 1:
            return (found[0][0],)
        return tuple(source for source, *_ in sorted(found, key=rank, reverse=True))
