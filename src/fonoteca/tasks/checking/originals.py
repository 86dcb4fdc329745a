"""The library's own files, read again and held against what was recorded: rot shows where it begins.

A file whose size and mtime stand still while its bytes differ is read once more, judged and held, as a backup does; one
that was written since the last scan is only counted, for the next backup judges it.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from time import monotonic
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.catalogue import entries, journal
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import PATH
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.copy import Level
from fonoteca.core.digest import Hasher
from fonoteca.core.entry import RACY_NS, Content, FileStat, RelPath, is_settled
from fonoteca.core.event import Event, Found, LibraryFailed, Phase, Verified, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.guard import doubts_machine
from fonoteca.core.insight import with_insight
from fonoteca.core.pattern import join
from fonoteca.core.verdict import (
    Facts,
    StatClass,
    Verdict,
    judge,
    stat_class,
    trusts_ctime,
    wants_insight,
)
from fonoteca.disk.reading import open_source, reading_again
from fonoteca.errors import LibraryError
from fonoteca.library.scan import file_stat
from fonoteca.library.trust import Trust
from fonoteca.tasks.checking.expected import PAGE
from fonoteca.tasks.checking.inspection import RECORD_SECONDS, THREADS
from fonoteca.tasks.checking.rereading import PARCEL_BYTES, PARCEL_FILES, Stoppable
from fonoteca.tasks.copying.readings import Changed
from fonoteca.tasks.crew import Cancelled, Crew
from fonoteca.tasks.guarding import holding
from fonoteca.tasks.looking.insight import Insights, insight_of, known_insight
from fonoteca.tasks.looking.judging import after_second, facts_of, read_again


class Sight(Enum):
    """What reading one file showed."""

    SAME = auto()
    DIFFERS = auto()
    WRITTEN = auto()
    """It was written or removed since the last scan, or while it was read."""
    UNREADABLE = auto()


class Original(NamedTuple):
    """One entry as it was recorded."""

    entry: int
    path: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    sha256: bytes
    xxh3_128: bytes
    is_settled: bool = True
    """False where its times were too young when it was read for an equal ctime to prove anything."""
    is_held: bool = False
    """What was wrong with it is known, and waits."""


class Seen(NamedTuple):
    """What became of one entry. `detail` is for a finding."""

    original: Original
    sight: Sight
    level: Level = Level.NONE
    stat: FileStat | None = None
    detail: str = ""
    verdict: Verdict = Verdict.UNCHANGED
    found: bytes = b""
    """The SHA-256 that was read, where it differs."""
    racy_ns: int = RACY_NS
    facts: Facts | None = None
    """What the bytes alone say of a track that somebody touched; `inside` says the rest (`Originals.judged`)."""
    inside: AnalysisRow | None = None


@dataclass(slots=True)
class Originals:
    """One library, read whole. `sha256` compares SHA-256 too."""

    archive: Archive
    config: LibraryConfig
    sha256: bool
    changed: int = 0
    held: int = 0
    """Files that wait for a person's word and were not compared: what is wrong with them was said."""
    _rotten: int = 0
    _trust: Trust = field(init=False)
    _committed: float = field(default_factory=monotonic)
    _crew: Crew[list[Original], list[Seen]] = field(init=False)
    insights: Insights = field(init=False)
    crew: Stoppable = field(init=False)
    """Asked whether to stop: its own crew, or another that `look` works for."""
    pace: Callable[[int], None] | None = None
    """Told of each block's bytes; it may wait."""

    def __post_init__(self) -> None:
        self.crew = self._crew = Crew(self.look, THREADS)
        self._trust = Trust(self.config.path)
        self.insights = Insights(self.archive.now)

    @property
    def catalogue(self) -> sqlite3.Connection:
        """The archive's catalogue."""
        return self.archive.catalogue

    def events(self) -> Iterator[Event]:
        """Everything; a library that is away is said. Raises Interrupted."""
        try:
            row, _ = self.archive.library(self.config)
        except LibraryError as error:
            yield LibraryFailed(self.config.name, type(error).__name__, str(error))
            return
        yield Phase("verify the library", *self._totals(row))
        started = self.archive.now()
        try:
            for results in self._crew.run(self._parcels(row), self.archive.pause_point):
                yield from self.take(row, results)
        finally:
            self.close()
            with suppress(
                sqlite3.ProgrammingError
            ):  # whoever listened went away, and the catalogue is closed
                self.commit()
        with transaction(self.catalogue):
            kinds = [*holding.KINDS.values(), FindingKind.UNREADABLE]
            journal.close(
                self.catalogue, self.archive.now(), kinds=kinds, library=row.name, before_ns=started
            )
        doubt = doubts_machine(row.name, self._rotten)
        if doubt is not None:
            with transaction(self.catalogue):
                journal.note(self.catalogue, doubt, self.archive.now())
            yield Found(doubt)
        if self.held:
            yield Warned(
                f"Held files of {row.name} that were not compared: {self.held:,}. `fonoteca status` and `fonoteca hold "
                f"list` say why, `fonoteca repair {shlex.quote(row.name)} --library` shows what can be put right."
            )
        if self.changed:
            yield Warned(
                f"Files of {row.name} that were written or removed since its last scan, and not compared: "
                f"{self.changed:,}. Run `fonoteca backup`."
            )

    def _totals(self, row: LibraryRow) -> tuple[int, int]:
        found = self.catalogue.execute(
            "SELECT count(*), coalesce(sum(e.size), 0) FROM entries e JOIN folders f ON f.id = e.folder "
            "WHERE f.library = ? AND e.state IN ('present', 'held')",
            (row.id,),
        ).fetchone()
        return int(found[0]), int(found[1])

    def _parcels(self, row: LibraryRow) -> Iterator[list[Original]]:
        parcel: list[Original] = []
        size = 0
        for original in self._recorded(row):
            parcel.append(original)
            size += original.size
            if len(parcel) >= PARCEL_FILES or size >= PARCEL_BYTES:
                yield parcel
                parcel, size = [], 0
        if parcel:
            yield parcel

    def _recorded(self, row: LibraryRow) -> Iterator[Original]:
        after = 0
        while True:
            page = self.catalogue.execute(
                f"SELECT e.id, {PATH}, e.size, e.mtime_ns, e.ctime_ns, e.inode, c.sha256, "
                "c.xxh3_128, e.trusted, e.state = 'held' FROM entries e JOIN folders f ON f.id = e.folder "
                "JOIN contents c ON c.id = e.content "
                "WHERE f.library = ? AND e.state IN ('present', 'held') AND e.id > ? ORDER BY e.id LIMIT ?",
                (row.id, after, PAGE),
            ).fetchall()
            if not page:
                return
            after = page[-1][0]
            yield from map(Original._make, page)

    # in a thread

    def look(self, parcel: list[Original]) -> list[Seen]:
        """Read each and compare it. Raises Cancelled."""
        return [self._one(original) for original in parcel]

    def _one(self, original: Original) -> Seen:
        path = join(self.config.path, original.path)
        try:
            return self._read(original, path)
        except (FileNotFoundError, NotADirectoryError, Changed):
            return Seen(original, Sight.WRITTEN)
        except OSError as error:
            return Seen(original, Sight.UNREADABLE, detail=error.strerror or str(error))

    def _read(self, original: Original, path: bytes) -> Seen:
        with open_source(path) as fd:
            status = os.fstat(fd)
            before, where = file_stat(status), self._trust.of(status.st_dev, original.path)
            recorded = FileStat(original.size, original.mtime_ns, original.ctime_ns, original.inode)
            moved = stat_class(
                recorded, before, ctime_trusted=trusts_ctime(where.type), is_settled=original.is_settled
            )
            if moved is StatClass.WRITTEN:
                return Seen(original, Sight.WRITTEN)
            hasher = Hasher()
            with reading_again(os.dup(fd), media=where.shows_media) as reading:
                for block in reading:
                    hasher.update(block)
                    if self.pace is not None:
                        self.pace(len(block))
                    self._go_on()
                level = reading.level
        if file_stat(os.lstat(path)) != before or hasher.size != before.size:
            return Seen(original, Sight.WRITTEN)
        found = hasher.digests()
        if found.sha256 == original.sha256 and original.xxh3_128 in (b"", found.xxh3_128):
            return Seen(
                original, Sight.SAME, level, before, racy_ns=self._trust.racy_ns(status.st_dev, original.path)
            )
        first = Content(found.sha256, hasher.size, found.xxh3_128)
        facts = self._facts(original, path, status, first, moved)
        verdict = judge(facts)
        if moved is StatClass.TOUCHED and wants_insight(facts):
            inside = self.insights.look(path, before, self._go_on)
            seen = Seen(original, Sight.DIFFERS, level, before, verdict=verdict, found=found.sha256)
            return seen._replace(facts=facts, inside=inside)
        sight = Sight.DIFFERS if not verdict.leads_outward else Sight.SAME
        return Seen(original, sight, level, before, verdict=verdict, found=found.sha256)

    def _facts(
        self, original: Original, path: bytes, status: os.stat_result, first: Content, moved: StatClass
    ) -> Facts:
        """What other bytes say, once they were read again. Raises Changed, OSError."""
        recorded = Content(original.sha256, original.size, original.xxh3_128)
        facts = facts_of(RelPath(original.path), recorded, first, moved)
        return after_second(facts, recorded, first, read_again(path, status, self._go_on))

    def _go_on(self) -> None:
        if self._crew.cancelled:
            raise Cancelled

    # what it means

    def judged(self, seen: Seen) -> Seen:
        """What was seen, with what is recorded of the inside: a true edit is left to the next scan, as written."""
        if seen.facts is None or seen.inside is None:
            return seen
        original = seen.original
        content = entries.content_id(self.catalogue, original.sha256, original.size)
        before = known_insight(self.catalogue, content) if content is not None else None
        verdict = judge(with_insight(seen.facts, before, insight_of(seen.inside)))
        sight = Sight.WRITTEN if verdict.leads_outward else Sight.DIFFERS
        return seen._replace(sight=sight, verdict=verdict, facts=None, inside=None)

    def close(self) -> None:
        """End the processes in which files were looked into."""
        self.insights.close()

    def take(self, row: LibraryRow, results: list[Seen]) -> Iterator[Event]:
        """What reading them showed: recorded with the next `commit`, and said."""
        now = self.archive.now()
        if not self.catalogue.in_transaction:
            self.catalogue.execute("BEGIN IMMEDIATE")
        for seen in map(self.judged, results):
            event = self._one_taken(row, seen, now)
            if event is not None:
                yield event
        if monotonic() - self._committed > RECORD_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Record what was seen."""
        if self.catalogue.in_transaction:
            self.catalogue.execute("COMMIT")
        self._committed = monotonic()

    def _one_taken(self, row: LibraryRow, seen: Seen, now: int) -> Event | None:
        original = seen.original
        if seen.sight is Sight.WRITTEN:
            self.changed += not original.is_held
            self.held += original.is_held
            if original.is_held:
                kinds = holding.KINDS.values()
                journal.seen_again(self.catalogue, now, kinds=kinds, library=row.name, path=original.path)
            return None
        if seen.sight is Sight.SAME and seen.stat is not None:
            trusted = is_settled(seen.stat, now, seen.racy_ns)
            entries.confirm(self.catalogue, original.entry, seen.stat, trusted=trusted, now_ns=now)
            return Verified(original.path, original.size, seen.level, row.name, None)
        if seen.sight is Sight.DIFFERS:
            self._rotten += seen.verdict is Verdict.ROT
            entry, path = original.entry, original.path
            return Found(holding.hold(self.catalogue, row.name, path, entry, seen.verdict, seen.found, now))
        finding = Finding(FindingKind.UNREADABLE, seen.detail, row.name, None, original.path)
        journal.note(self.catalogue, finding, now)
        return Found(finding)
