"""What a restore may bring back of the past: the library as it was at a time, or one earlier content by its ID.

    stock = stock_of(catalogue, None, {}, AsOf(1_777_000_000_000_000_000))
    stock = stock_of(catalogue, None, {}, Version("3f9a2c1e"))

Files that are gone since are among it, files that came later are not. Each comes from a version, or from a copy that
still holds that content.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from fonoteca.catalogue import past
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.past import Keeper, Was
from fonoteca.errors import UsageError
from fonoteca.tasks.restoring.sources import Note, Source, Stock, Wanted

_ID = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True)
class AsOf:
    """Everything as it was then, ns since 1970."""

    time_ns: int


@dataclass(frozen=True, slots=True)
class Version:
    """One content, under every path that has or had it. `id`: the first hex digits of its SHA-256, at least 4."""

    id: str


Earlier: TypeAlias = AsOf | Version


def stock_of(
    catalogue: sqlite3.Connection, source: int | None, nearness: Mapping[int, int], earlier: Earlier | None
) -> Stock:
    """What there is to restore; the present where `earlier` is None. Raises UsageError for an unknown version."""
    match earlier:
        case None:
            return Stock(catalogue, source, nearness)
        case AsOf(time_ns):
            return Past(
                catalogue,
                source,
                nearness,
                were=lambda row: _as_named(catalogue, row, time_ns),
                with_notes=True,
            )
        case Version(text):
            content = _content(catalogue, text)
            return Past(
                catalogue,
                source,
                nearness,
                were=lambda row: past.pages_with(catalogue, row.id, content),
                with_notes=False,
            )


def _as_named(catalogue: sqlite3.Connection, row: LibraryRow, time_ns: int) -> Iterator[list[Was]]:
    """What a library held at a time, under the paths that it had then."""
    names = past.Names(catalogue, row.name, time_ns)
    for page in past.pages_at(catalogue, row.id, time_ns):
        yield [was._replace(path=names.of(was.entry, was.path)) for was in page]


def _content(catalogue: sqlite3.Connection, text: str) -> int:
    prefix = text.lower()
    if _ID.fullmatch(prefix) is None:
        raise UsageError(
            f"{text} is no ID of a version: it is 4 to 64 hex digits, as `fonoteca versions PATH` prints them."
        )
    found = past.contents_like(catalogue, prefix)
    if not found:
        raise UsageError(f"No content is known whose ID is {text}: `fonoteca versions PATH` prints the IDs.")
    if len(found) > 1:
        meant = " or ".join(past.short_id(catalogue, sha256) for _, sha256 in found)
        raise UsageError(f"{text} may mean several contents: give more digits, for example {meant}.")
    return found[0][0]


@dataclass(frozen=True, slots=True)
class Past(Stock):
    """Entries with contents that they had: `were` gives those of a library, a page at a time."""

    were: Callable[[LibraryRow], Iterator[list[Was]]] = field(kw_only=True)
    with_notes: bool = field(kw_only=True)
    """Links and empty folders come too, as they are now: what they were is not recorded."""

    def wanted(self, shown: Sequence[LibraryRow], *, copies: bool = True) -> Iterator[Wanted]:
        """Every entry with the content that it had; with `copies` False without its sources, for a look ahead."""
        for row in shown:
            prefix = row.name.encode("utf-8", "surrogateescape") + b"/" if len(shown) > 1 else b""
            for page in self.were(row):
                kept = self._kept(page) if copies else {}
                for was in page:
                    target, sources = prefix + was.path, kept.get((was.entry, was.content), [])
                    yield _wanted(row.name, target, was, sources)

    def notes(self, shown: Sequence[LibraryRow]) -> Iterator[Note]:
        """As `Stock.notes`, where they are wanted."""
        # zero-argument super() does not survive dataclass slots
        return Stock.notes(self, shown) if self.with_notes else iter(())

    def without_copies(self) -> int:
        """What nothing keeps is said file by file."""
        return 0

    def _has(self, row: LibraryRow) -> bool:
        return next(self.were(row), None) is not None

    def _kept(self, page: list[Was]) -> dict[tuple[int, int], list[Keeper]]:
        """By entry and content, who keeps it, the best first."""
        found: dict[tuple[int, int], list[Keeper]] = {}
        for keeper in past.keepers(self.catalogue, page[0].entry, page[-1].entry):
            if self.source in (None, keeper.location):
                found.setdefault((keeper.entry, keeper.content), []).append(keeper)
        for keepers in found.values():
            keepers.sort(key=self._rank, reverse=True)
        return found

    def _rank(self, keeper: Keeper) -> tuple[int, int, int, int]:
        near = -self.nearness.get(keeper.location, 9)
        return keeper.is_good, keeper.level, near, keeper.verified_ns or 0


def _wanted(library: str, target: bytes, was: Was, kept: Sequence[Keeper]) -> Wanted:
    sources = tuple(
        Source(each.location, each.key, was.sha256, was.size, each.xxh3_128, was.mtime_ns) for each in kept
    )
    return Wanted(was.entry, library, was.path, target, was.sha256, was.size, was.mtime_ns, sources)
