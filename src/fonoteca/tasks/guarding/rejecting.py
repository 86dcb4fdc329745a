"""`hold reject`: the library as it was recorded, from good copies. Without `apply` only the plan is said.

    for event in reject(archive, "removed-7k2m", apply=True):
        ...

What was removed comes back into the library, beside whatever stands there now; what was overwritten is replaced, and
its bad bytes are kept in a location's quarantine. A file that was written since it was judged is left alone. The hold
ends when everything is put back; else it stands, and says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fonoteca.archive import Archive
from fonoteca.catalogue import entries, holds
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.holds import Hold
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.event import Event, Found, LibraryFailed, Phase, Restored, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.guard import GuardKind
from fonoteca.core.manifest.lines import HoldState
from fonoteca.core.pattern import join
from fonoteca.core.verdict import Verdict
from fonoteca.errors import LibraryError, UsageError
from fonoteca.library.scan import file_stat
from fonoteca.tasks.guarding.guard import held_finding
from fonoteca.tasks.hold import finish, named
from fonoteca.tasks.mending.reinstating import Reinstating
from fonoteca.tasks.places.opening import Opened, open_all
from fonoteca.tasks.repair import Repairing
from fonoteca.tasks.restoring.filling import Filler, Overwrite, Shelves
from fonoteca.tasks.restoring.rehearsal import rehearse
from fonoteca.tasks.restoring.sources import Stock, Wanted
from fonoteca.tasks.restoring.target import open_target
from fonoteca.tasks.run import run

PARCEL = 256
"""So many files are put back together."""

_VERDICTS = {
    GuardKind.EMPTIED: Verdict.DAMAGED,
    GuardKind.DAMAGED: Verdict.DAMAGED,
    GuardKind.SUSPECT: Verdict.SUSPECT,
    GuardKind.UNPROVEN: Verdict.UNPROVEN,
}
"""What is said of a file that a hold of this kind stops."""


def reject(archive: Archive, word: str, *, apply: bool = False) -> Iterator[Event]:
    """Put back what the hold of this id stops. Raises UsageError for an unknown one, LocationError, Interrupted."""
    hold = named(archive, word)
    config = archive.config.libraries.get(hold.name)
    if config is None:
        raise UsageError(f"The library {hold.name} is not in the config, so nothing can be put back into it.")
    return run(archive, "hold reject", Rejection(archive, hold, config, apply).events())


@dataclass(slots=True)
class Rejection:
    """One hold that is rejected."""

    archive: Archive
    hold: Hold
    config: LibraryConfig
    apply: bool
    opened: dict[int, Opened] = field(default_factory=dict)

    def events(self) -> Iterator[Event]:
        """Everything. See `reject`."""
        try:
            row = self.archive.library(self.config)[0]
        except LibraryError as error:
            yield LibraryFailed(self.config.name, type(error).__name__, str(error))
            return
        is_removed = self.hold.kind is GuardKind.REMOVED
        with ExitStack() as stack:
            # Bad bytes are kept at a location, so one of them is written.
            configs = self.archive.location_configs()
            write = self.apply and not is_removed
            for each in open_all(self.archive, configs, stack, write=write, named=False):
                if isinstance(each, Opened):
                    self.opened[each.row.id] = each
                else:
                    yield each
            yield from self._removed(row) if is_removed else self._changed(row)
        if self.apply:
            yield from self._end()

    # removed

    def _removed(self, row: LibraryRow) -> Iterator[Event]:
        wanted = list(self._wanted(row))
        yield Phase("restore", len(wanted), sum(each.size for each in wanted))
        if not self.apply:
            yield from rehearse(self.archive, self.config.path, iter(wanted), iter(()), Overwrite.NEVER, None)
            return
        moment = datetime.fromtimestamp(self.archive.now() / 1e9, UTC).strftime("%Y-%m-%dT%H%M%SZ")
        shelves = Shelves({each.row.id: (each.row.name, each.place) for each in self.opened.values()}, {}, {})
        with open_target(self.config.path, now_text=moment) as target:
            filler = Filler(target, shelves, Overwrite.NEVER)
            for first in range(0, len(wanted), PARCEL):
                self.archive.pause_point()
                yield from self._brought(filler, wanted[first : first + PARCEL])

    def _wanted(self, row: LibraryRow) -> Iterator[Wanted]:
        """What is gone, with its copies; an entry of which there is no copy is told at the end."""
        gone = set(holds.removed_under(self.archive.catalogue, self.hold))
        nearness = {each.row.id: int(each.config.offsite) for each in self.opened.values()}
        stock = Stock(self.archive.catalogue, None, nearness)
        return (each for each in stock.wanted([row]) if each.entry in gone)

    def _brought(self, filler: Filler, parcel: list[Wanted]) -> Iterator[Event]:
        back: list[Wanted] = []
        for brought in filler.bring(parcel):
            wanted = brought.wanted
            for location, trouble in brought.troubles:
                yield Found(
                    Finding(
                        trouble.kind,
                        trouble.detail,
                        self.hold.name,
                        location,
                        wanted.path,
                        brought.how is not None,
                    )
                )
            if brought.how is None:
                detail = Finding(FindingKind.NOT_RESTORED, brought.why, self.hold.name, None, wanted.path)
                yield Found(detail)
                continue
            if brought.how == "kept":
                shown = wanted.path.decode("utf-8", "backslashreplace")
                yield Warned(f"{self.hold.name}/{shown} was not put back: {brought.why}.")
            else:
                back.append(wanted)
            yield Restored(self.hold.name, wanted.path, wanted.size, brought.how, brought.source)
        self._stands_again(back)

    def _stands_again(self, back: Iterable[Wanted]) -> None:
        """Their stat is not trusted yet: the next scan reads them, and compares them with what was recorded."""
        now = self.archive.now()
        with transaction(self.archive.catalogue):
            for each in back:
                stat = file_stat(os.lstat(join(self.config.path, each.path)))
                entries.confirm(
                    self.archive.catalogue, each.entry, stat, trusted=False, now_ns=now, reread=False
                )

    # overwritten

    def _changed(self, row: LibraryRow) -> Iterator[Event]:
        job = Repairing(self.archive, None, self.apply, named=False)
        job.opened.update(self.opened)
        reinstating = Reinstating(job, self.config, job.origins.supply())
        for each in holds.changed_under(self.archive.catalogue, self.hold):
            self.archive.pause_point()
            entry = entries.by_id(self.archive.catalogue, each.entry)
            if entry is None:
                continue
            seen = reinstating.as_judged(entry, each, _VERDICTS[self.hold.kind])
            if seen is None:
                shown = entry.path.decode("utf-8", "backslashreplace")
                yield Warned(f"{row.name}/{shown} was written or removed since: run `fonoteca backup`.")
            else:
                yield from reinstating.one(row, entry, seen)

    # the end

    def _end(self) -> Iterator[Event]:
        """The hold is over where nothing is left that it stops."""
        left = holds.stopped_by(self.archive.catalogue, self.hold)
        if left:
            finding = held_finding(self.hold, left)
            word = "entry" if left == 1 else "entries"
            detail = f"{left:,} {word} could not be put back, so it stands: {finding.detail}"
            yield Found(Finding(FindingKind.HELD, detail, self.hold.name))
            return
        with transaction(self.archive.catalogue):
            finish(self.archive, self.hold, HoldState.REJECTED, self.archive.now())
        yield Warned(f"The hold {self.hold.id} has ended; the next backup looks at what was put back.")
