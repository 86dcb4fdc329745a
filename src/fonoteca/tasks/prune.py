"""`prune`: versions that were kept long enough are given up, and their room comes free.

    for event in prune(archive, ["red"], apply=True):
        ...

What goes is decided by `core/plan/prune.py`. Without `apply` it is only shown. With it, for each batch of blobs: an
intent that names them, flushed; a sealed segment that gives up every record of them; the catalogue; then the blobs go,
as far as no record of any library there names them; then the intent. Cut off before the seal, nothing was done; cut
off after it, the next run that opens the location deletes the rest. So no record is ever without its blob.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from fonoteca.archive import Archive
from fonoteca.catalogue import events, libraries, places, retention
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.places import PlaceRow
from fonoteca.core.clock import in_doubt_until, judged_before
from fonoteca.core.entry import LibraryId
from fonoteca.core.event import Event, Found, Phase, Sealed, VersionPruned, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.journal import SUCCESS, Logged, Type
from fonoteca.core.manifest.lines import Done, DropStep, Happened, Line, Pruned
from fonoteca.core.place import Key
from fonoteca.core.plan.prune import Dropped, Keeping, plan
from fonoteca.core.times import time_text
from fonoteca.errors import LocationError
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.manifest.belief import believable
from fonoteca.tasks.manifest.blobs import delete_unnamed
from fonoteca.tasks.manifest.chains import ChainView, library_ids
from fonoteca.tasks.manifest.recover import enrol
from fonoteca.tasks.manifest.seal import Ledger, raise_first
from fonoteca.tasks.places.opening import Opened, chosen, failure, open_all
from fonoteca.tasks.run import run

_SECOND_NS = 1_000_000_000
BATCH = 10_000
"""Blobs that are given up together: one intent, one seal."""

BY_AGE = "older than policy.keep_versions"
FOR_ROOM = "older than policy.keep_tag_versions, the same sound stands in its successor, and room is short"


def prune(archive: Archive, places: Sequence[str] | None = None, *, apply: bool = False) -> Iterator[Event]:
    """Give up old versions at all locations, or the named ones; without `apply` only say which.

    Raises UsageError for unknown names, Interrupted.
    """
    return run(archive, "prune", _Job(archive, places is not None, apply).events(places))


def prunable(
    archive: Archive, row: PlaceRow, usable: int | None, needed: int = 0, now_ns: int | None = None
) -> list[Dropped]:
    """What a location may give up now (or at `now_ns`), oldest first, by what the catalogue knows.

    `usable`: bytes free above its reserve; `needed`: bytes that are about to come there. What lacks of them may be
    taken from versions that have the same sound as their successor.
    """
    policy = archive.config.policy
    keeping = Keeping(policy.keep_versions_s * _SECOND_NS, policy.keep_tag_versions_s * _SECOND_NS)
    short = 0 if usable is None else max(0, needed - usable)
    return plan(
        retention.histories(archive.catalogue, row.id),
        keeping,
        archive.now() if now_ns is None else now_ns,
        short,
    )


@dataclass(slots=True)
class _Job:
    """One run of prune."""

    archive: Archive
    named: bool
    apply: bool
    now_ns: int = 0
    """The time by which ages are judged."""

    def events(self, names: Sequence[str] | None) -> Iterator[Event]:
        """The whole of it."""
        self.now_ns = now = self.archive.now()
        doubt = in_doubt_until(retention.journal_times(self.archive.catalogue), now)
        if doubt is not None:
            before = judged_before(retention.judgements(self.archive.catalogue), now)
            if before is None:
                yield _doubtful(doubt)
            if before is None and self.apply:
                return
            self.now_ns = now if before is None else before
        with ExitStack() as stack:
            configs = chosen(self.archive, names)
            for one in open_all(self.archive, configs, stack, write=self.apply, named=self.named):
                if not isinstance(one, Opened):
                    yield one
                    continue
                try:
                    yield from self._location(one)
                except LocationError as error:
                    yield failure(self.archive, one.config, error, named=self.named)

    def _location(self, one: Opened) -> Iterator[Event]:
        known = self._libraries(one)
        if self.apply:
            for library in known:
                yield from enrol(self.archive, one.place, one.row, library)
        space = one.place.space()
        usable = space.usable if space is not None else None
        needed = retention.lacking(self.archive.catalogue, one.row.id)
        dropped = prunable(self.archive, one.row, usable, needed, self.now_ns)
        yield Phase("prune", len(dropped), sum(each.size for each in dropped), one.row.name)
        if self.apply and dropped and (doubtful := _unbelievable(one.place)):
            yield Warned(
                f"Nothing is given up at {one.row.name}: the manifest of the library {doubtful} there cannot be "
                f"believed as a whole, and may name any of its versions. The next backup of its archive mends it."
            )
            return
        for first in range(0, len(dropped), BATCH):
            self.archive.pause_point()
            yield from self._batch(one, {row.id: row for row in known}, dropped[first : first + BATCH])

    def _libraries(self, one: Opened) -> list[LibraryRow]:
        """The libraries that have a manifest of ours there."""
        connection = self.archive.catalogue
        return [
            row
            for row in libraries.every(connection)
            if places.chain(connection, one.row.id, row.id) is not None
        ]

    def _batch(
        self, one: Opened, known: dict[int, LibraryRow], dropped: Sequence[Dropped]
    ) -> Iterator[Event]:
        by_library: dict[int, list[Dropped]] = defaultdict(list)
        how = "pruned" if self.apply else "would be pruned"
        told: list[Event] = []
        for each in dropped:
            records = retention.named_by(self.archive.catalogue, one.row.id, each.blob)
            for library in dict.fromkeys(number for number, _, _ in records):
                by_library[library].append(each)
            _, name, path = records[0]
            told.append(VersionPruned(one.row.name, name, path, each.size, each.until_ns, how, each.is_early))
        if self.apply:
            yield from self._give_up(
                one, [(known[number], each) for number, each in by_library.items()], dropped
            )
        yield from told

    def _give_up(
        self,
        one: Opened,
        by_library: Sequence[tuple[LibraryRow, list[Dropped]]],
        dropped: Sequence[Dropped],
    ) -> Iterator[Event]:
        ledgers = []
        for library, theirs in by_library:
            chain = places.chain(self.archive.catalogue, one.row.id, library.id)
            ledger = Ledger(one.place, LibraryId(library.uid), chain, self.archive.now)
            self._seal(one, ledger, library, theirs)
            ledgers.append(ledger)
            yield Sealed(one.row.name, library.name, ledger.next - 1)
        stay = delete_unnamed(one.place, (each.blob for each in dropped))
        for ledger in ledgers:
            ledger.forget_sealed_intent()
        if stay:
            yield Warned(
                f"{len(stay):,} of these stand on at {one.row.name}: another archive keeps them there too."
            )

    def _seal(self, one: Opened, ledger: Ledger, library: LibraryRow, dropped: Sequence[Dropped]) -> None:
        """A library's records are given up, there and in the catalogue; the intent stays until the blobs are gone."""
        connection, name = self.archive.catalogue, os.urandom(8).hex()
        with one.place.batch() as batch:
            intent = ledger.stage_intent(batch, name, [DropStep(Key(each.blob)) for each in dropped])
            batch.flush()
            raise_first(batch.publish([intent]))
        chain = ledger.seal(_lines(dropped, name, self.archive.now()), keep_intent=True)
        with transaction(connection):
            now = self.archive.now()
            for each in dropped:
                events.add(connection, list(_given_up(connection, one.row, library, each, now)))
                retention.forget(connection, one.row.id, library.id, each.blob)
            places.set_chain(connection, one.row.id, library.id, chain)


def _lines(dropped: Sequence[Dropped], batch: str, now: int) -> Iterator[Line]:
    for each in dropped:
        yield Pruned(each.blob, None, FOR_ROOM if each.is_early else BY_AGE, now)
    detail = {"versions": len(dropped), "bytes": sum(each.size for each in dropped)}
    yield Happened("deletion", now, detail)
    yield Done(batch, now)


def _given_up(
    connection: sqlite3.Connection, row: PlaceRow, library: LibraryRow, dropped: Dropped, now: int
) -> Iterator[Logged]:
    """What the journal says of a version: of each entry that had it."""
    why = f"a version of {dropped.size} bytes, {FOR_ROOM if dropped.is_early else BY_AGE}"
    for number, name, path in retention.named_by(connection, row.id, dropped.blob):
        if number == library.id:
            yield Logged(now, Type.DELETION, SUCCESS, name, row.name, path, None, why)


def _unbelievable(place: OpenLocation) -> str | None:
    """A library whose manifest there has faults, by its id."""
    return next((each for each in library_ids(place) if believable(ChainView.of(place, each)).faults), None)


def _doubtful(until_ns: int) -> Found:
    detail = (
        "this computer's clock and the journal differ by more than 7 days, so nothing is given up for its age yet; "
        f"if the clock is right, run `fonoteca prune --apply` again after {time_text(until_ns)}"
    )
    return Found(Finding(FindingKind.CLOCK, detail))
