"""What is pending, one file after the other, as the work that it is for readers and lanes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from fonoteca.catalogue import copies, entries, pending, places
from fonoteca.catalogue.pending import Pending
from fonoteca.core.entry import Content, FileStat, RelPath
from fonoteca.core.pattern import join
from fonoteca.core.plan.copies import Need, OldCopy, Target, Work, need_of
from fonoteca.tasks.copying.lanes import AnyLane
from fonoteca.tasks.copying.naming import Namer
from fonoteca.tasks.looking.insight import known_insight


@dataclass(slots=True)
class Works:
    """The files of one library. `rows` and `namers` are those of `lanes`, by their numbers."""

    catalogue: sqlite3.Connection
    library: int
    lanes: Sequence[AnyLane]
    rows: list[places.PlaceRow]
    namers: list[Namer]
    _count: int = 0

    def of(self, item: Pending, *, again: bool) -> Work:
        """The file with what each lane needs of it. `again`: in a later round of the same run."""
        path = RelPath(join(item.folder_path, item.name))
        row = entries.by_id(self.catalogue, item.entry) if item.entry is not None else None
        if again and row is None:  # it may have been recorded in the first round
            row = entries.by_path(self.catalogue, self.library, item.folder_path, item.name)
        recorded = row.bytes_recorded if row else None
        known = FileStat(row.size, row.mtime_ns, row.ctime_ns, row.inode) if row else None
        reason = pending.NO_COPY if again and item.reason == pending.NEW and row else item.reason
        targets = self._targets(row, path, reason, again=again)
        self._count += 1
        return Work(
            self._count,
            row.entry if row else None,
            item.folder,
            path,
            reason,
            item.size,
            recorded,
            known,
            targets,
            past_cache=reason == pending.DUE,
            is_settled=bool(row.trusted) if row else True,
            earlier=entries.earlier(self.catalogue, row.entry) if row else frozenset(),
            before=known_insight(self.catalogue, row.content) if row and reason == pending.WRITTEN else None,
        )

    def _targets(
        self, row: entries.EntryRow | None, path: RelPath, reason: str, *, again: bool
    ) -> tuple[Target, ...]:
        alive = [lane for lane in self.lanes if not lane.failed]
        if not alive:
            return ()
        standing = {copy.location: copy for copy in copies.of_entry(self.catalogue, row.entry)} if row else {}
        keeping = _keeping(self.catalogue, row, reason, again=again)
        targets = []
        for lane in alive:
            place = self.rows[lane.number].id
            copy = standing.get(place)
            key, stands = self.namers[lane.number].key(path, copy.key if copy else None)
            old = _old_copy(copy) if copy else None
            need = need_of(old, row.bytes_recorded if row else None, reason, stands=stands)
            targets.append(Target(lane.number, key, need, old, need is Need.BYTES and place in keeping))
        return tuple(targets)


def _keeping(
    catalogue: sqlite3.Connection, row: entries.EntryRow | None, reason: str, *, again: bool
) -> frozenset[int]:
    """Locations that may take what is recorded from their versions. What was to be borrowed and is asked for again was
    not what it should be: then the bytes are sent.
    """
    if row is None or again or reason in (pending.NEW, pending.WRITTEN):
        return frozenset()
    return copies.keeping(catalogue, row.entry, row.content)


def _old_copy(copy: copies.CopyRow) -> OldCopy:
    content = Content(copy.sha256, copy.size, copy.xxh3_128)
    return OldCopy(content, copy.content, copy.mtime_ns, copy.level, copy.verified_ns, copy.state == "good")
