"""One location looked at as a whole: every name listed, every copy and kept version held against the catalogue.

One pass over the copies in key order. What the listing decides (missing, another size) is not read; the rest is read when
the level asks for it. What was seen is recorded every thousand copies, so that a run that is stopped keeps it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, journal
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import PATH
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core import naming
from fonoteca.core.copy import Level
from fonoteca.core.event import Event, Found, LocationFailed, Phase, Verified, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.core.manifest.lines import MoveStep, OverStep, Step
from fonoteca.core.pattern import is_junk
from fonoteca.core.plan.copies import same_time
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.crew import Crew
from fonoteca.tasks.rereading import Item, Rereader, Trouble, parcels
from fonoteca.tasks.survey import list_all

THREADS = 4
PAGE = 1000
"""Rows that are looked up together; checks that are recorded together."""

RECORD_SECONDS = 2.0

_STATES = {
    FindingKind.MISSING: "missing",
    FindingKind.DAMAGED: "damaged",
    FindingKind.UNREADABLE_COPY: "unreadable",
}


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


@dataclass(slots=True)
class Inspection:
    """One look at one open location. `level` None asks for the best to be had; `alone`: nothing else is known."""

    archive: Archive
    place: OpenLocation
    row: PlaceRow
    level: Level | None
    sha256: bool
    alone: bool
    unfinished: dict[bytes, Step]
    started_ns: int
    weakest: Level = Level.MEDIA
    redated: list[bytes] = field(default_factory=list)
    redated_count: int = 0
    _checks: list[tuple[int, int, int, int]] = field(default_factory=list)
    _recorded: float = field(default_factory=monotonic)

    @property
    def catalogue(self) -> sqlite3.Connection:
        """The archive's catalogue."""
        return self.archive.catalogue

    @property
    def reads(self) -> bool:
        """True when bytes are to be read."""
        return self.level is None or self.level >= Level.BYTES

    def events(self) -> Iterator[Event]:
        """Everything. Raises LocationError, Interrupted; what was seen until then is recorded."""
        files, size = self._totals()
        yield Phase("verify", files, size, self.row.name)
        with transaction(self.catalogue):
            list_all(self.catalogue, self.place, self.row)
        yield from self._extras()
        try:
            for results in self._look(self._copies()):
                for copy, level, trouble in results:
                    yield from self._take(copy, level, trouble)
                self._record_now_and_then()
            for kept_results in self._look(self._versions()):
                for kept, level, trouble in kept_results:
                    yield from self._take_kept(kept, level, trouble)
        finally:
            self._record()
        yield from self._closing()

    def _look(self, items: Iterator[Item]) -> Iterator[list[tuple[Item, Level, Trouble | None]]]:
        rereader = Rereader(self.place, self.sha256)
        crew: Crew[list[Item], list[tuple[Item, Level, Trouble | None]]] = Crew(rereader.look, THREADS)
        rereader.crew = crew
        return crew.run(parcels(items), self.archive.pause_point)

    def _totals(self) -> tuple[int, int]:
        found = self.catalogue.execute(
            "SELECT count(*), coalesce(sum(c.size), 0) FROM copies p JOIN contents c ON c.id = p.content "
            "WHERE p.location = ?",
            (self.row.id,),
        ).fetchone()
        return int(found[0]), int(found[1])

    # what stands there

    def _fold(self, column: str) -> str:
        return f"fold({column})" if naming.rule_named(self.row.identity.naming).folds else column

    def _copies(self) -> Iterator[Copy]:
        after = b""
        while True:
            page = self.catalogue.execute(
                f"SELECT p.entry, p.key, c.size, c.sha256, c.xxh3_128, p.mtime_ns, p.state, {PATH}, y.name, "
                "l.size, l.mtime_ns FROM copies p JOIN contents c ON c.id = p.content "
                "JOIN entries e ON e.id = p.entry JOIN folders f ON f.id = e.folder "
                f"JOIN libraries y ON y.id = f.library LEFT JOIN temp.listed l ON l.key = {self._fold('p.key')} "
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

    def _versions(self) -> Iterator[Kept]:
        """Blobs in key order; several records may name one, so it is read once."""
        after = b""
        while True:
            page = self.catalogue.execute(
                "SELECT group_concat(v.id), v.key, c.size, c.sha256, c.xxh3_128, "
                f"{PATH}, y.name, c.id, l.size FROM versions v JOIN contents c ON c.id = v.content "
                "JOIN entries e ON e.id = v.entry JOIN folders f ON f.id = e.folder "
                f"JOIN libraries y ON y.id = f.library LEFT JOIN temp.listed l ON l.key = {self._fold('v.key')} "
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

    def _extras(self) -> Iterator[Event]:
        """What stands there and nobody recorded: listed, not alarmed about."""
        rows = self.catalogue.execute(
            "SELECT l.actual, l.size FROM temp.listed l WHERE l.key NOT IN "
            f"(SELECT {self._fold('p.key')} FROM copies p WHERE p.location = ?) AND l.key NOT IN "
            f"(SELECT {self._fold('v.key')} FROM versions v WHERE v.location = ?)",
            (self.row.id, self.row.id),
        )
        for key, size in rows:
            if key in self.unfinished or any(map(is_junk, key.removeprefix(VERSIONS).split(b"/"))):
                continue
            yield Found(
                Finding(FindingKind.EXTRA, f"{size:,} bytes that nobody recorded", None, self.row.name, key)
            )

    # what it means

    def _take(self, copy: Copy, level: Level, trouble: Trouble | None) -> Iterator[Event]:
        if trouble is not None and self._is_excused(copy, trouble):
            return
        if trouble is not None:
            yield self._found(copy, trouble)
            return
        self._reached(level)
        self._dated(copy)
        self._checks.append((int(level), self.archive.now(), self.row.id, copy.entry))
        yield Verified(copy.path, copy.size, level, copy.library, self.row.name)

    def _is_excused(self, copy: Copy, trouble: Trouble) -> bool:
        """True for what a cut-off run explains: the next backup completes it, and it was said."""
        step = self.unfinished.get(copy.key)
        if step is None:
            return False
        if trouble.kind is FindingKind.MISSING:
            return isinstance(step, OverStep | MoveStep)
        return trouble.found is not None and trouble.found.sha256 == step.content.sha256

    def _found(self, copy: Copy, trouble: Trouble) -> Found:
        repairable = None if self.alone else copies.is_repairable(self.catalogue, self.row.id, copy.entry)
        finding = self._finding(trouble, copy.library, copy.path, repairable)
        with transaction(self.catalogue):
            copies.set_state(self.catalogue, self.row.id, copy.entry, _STATES[trouble.kind])
            journal.note(self.catalogue, finding, self.archive.now())
        return Found(finding)

    def _finding(self, trouble: Trouble, library: str, path: bytes, repairable: bool | None) -> Finding:
        detail = trouble.detail
        if self.alone:
            detail += "; whether another copy of it exists is not known here"
        return Finding(trouble.kind, detail, library, self.row.name, path, repairable)

    def _take_kept(self, kept: Kept, level: Level, trouble: Trouble | None) -> Iterator[Event]:
        now = self.archive.now()
        if trouble is None:
            self._reached(level)
            with transaction(self.catalogue):
                for number in kept.rows:
                    self._kept_checked(number, level, now)
            yield Verified(kept.path, kept.size, level, kept.library, self.row.name)
            return
        shown = kept.key.decode("ascii", "replace")
        trouble = trouble._replace(detail=f"an earlier version, kept as {shown}: {trouble.detail}")
        repairable = None if self.alone else self._stands_elsewhere(kept)
        finding = self._finding(trouble, kept.library, kept.path, repairable)
        with transaction(self.catalogue):
            for number in kept.rows:
                copies.version_checked(self.catalogue, number, 0, None, _STATES[trouble.kind])
            journal.note(self.catalogue, finding, now)
        yield Found(finding)

    def _kept_checked(self, number: int, level: Level, now: int) -> None:
        # As for copies: a weaker look leaves the best one standing.
        self.catalogue.execute(
            "UPDATE versions SET level = ?1, verified_ns = ?2, state = 'good' WHERE id = ?3 "
            "AND (level <= ?1 OR ?1 >= 4)",
            (int(level), now, number),
        )

    def _stands_elsewhere(self, kept: Kept) -> bool:
        found = self.catalogue.execute(
            "SELECT EXISTS (SELECT 1 FROM copies WHERE content = ?1 AND state = 'good' AND level >= 4) "
            "OR EXISTS (SELECT 1 FROM versions WHERE content = ?1 AND state = 'good' AND level >= 4 "
            "AND location <> ?2) OR EXISTS (SELECT 1 FROM entries WHERE content = ?1 AND state = 'present')",
            (kept.content, self.row.id),
        ).fetchone()
        return bool(found[0])

    def _reached(self, level: Level) -> None:
        if level < self.weakest:
            self.weakest = level

    def _dated(self, copy: Copy) -> None:
        if not same_time(copy.mtime_ns, copy.seen_mtime_ns, self.row.traits.mtime_precision_ns):
            self.redated_count += 1
            if len(self.redated) < 3:
                self.redated.append(copy.key)

    # recording

    def _record_now_and_then(self) -> None:
        if len(self._checks) >= PAGE or monotonic() - self._recorded > RECORD_SECONDS:
            self._record()

    def _record(self) -> None:
        checks, self._checks = self._checks, []
        if checks:
            with transaction(self.catalogue):
                copies.verified(self.catalogue, checks)
        self._recorded = monotonic()

    def _closing(self) -> Iterator[Event]:
        if self.redated_count:
            some = ", ".join(key.decode("utf-8", "backslashreplace") for key in self.redated)
            yield Warned(
                f"{self.redated_count:,} copies at {self.row.name} bear another date than the one they were given, "
                f"for example {some}. That is no damage: it was their content that was checked."
            )
        if self.level is not None and self.weakest < self.level:
            yield LocationFailed(self.row.name, "LevelNotReached", self._why_weaker())
        with transaction(self.catalogue):
            kinds = [
                FindingKind.MISSING,
                FindingKind.MANIFEST_DAMAGED,
                FindingKind.ROLLED_BACK,
                FindingKind.UNFINISHED,
            ]
            if self.reads:
                kinds += [FindingKind.DAMAGED, FindingKind.UNREADABLE_COPY]
            journal.close(
                self.catalogue,
                self.archive.now(),
                kinds=kinds,
                location=self.row.name,
                before_ns=self.started_ns,
            )

    def _why_weaker(self) -> str:
        asked = self.level.word if self.level is not None else ""
        why = (
            "this place keeps no digests of its own"
            if self.level is Level.DIGEST
            else "it cannot be shown there that the bytes came from the device and not from memory"
        )
        return f"{self.row.name} was verified at level {self.weakest.word}, not {asked}: {why}."
