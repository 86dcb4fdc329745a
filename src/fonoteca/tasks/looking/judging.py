"""Judging what was just read of a library's file: a difference under an unmoved stat is read again, past the cache.

What differs once may have turned in memory or in the page cache on its way. So the second reading decides: equal to
what was recorded, nothing is wrong with the file; equal to the first, its bytes are other ones; else the machine is at
fault.

A track whose bytes are other ones because somebody wrote or touched it is looked into before anything is said: its
payload, its own checks and its tags tell an edit from damage.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.catalogue.pending import WRITTEN
from fonoteca.core.digest import Hasher
from fonoteca.core.entry import Content, EntryKind, FileStat, RelPath, is_settled, kind_of
from fonoteca.core.insight import with_insight
from fonoteca.core.pattern import join
from fonoteca.core.plan.copies import Decision, Need, Work
from fonoteca.core.verdict import (
    Facts,
    Origin,
    Readings,
    StatClass,
    judge,
    stat_class,
    wants_insight,
    wants_second_reading,
)
from fonoteca.disk import calls
from fonoteca.disk.reading import read_past_cache
from fonoteca.library.scan import file_stat
from fonoteca.library.trust import Trust
from fonoteca.tasks.copying.readings import Changed
from fonoteca.tasks.looking.insight import insight_of

LookInside: TypeAlias = Callable[[bytes, FileStat, Callable[[], None]], AnalysisRow]
"""What is inside the file at a path while its stat is that one. Raises Changed, and what the callable raises."""


class Judged(NamedTuple):
    """A decision, and what was read inside the file where the verdict asked for it."""

    decision: Decision
    inside: AnalysisRow | None


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the files of one library, below `root`. `go_on` is asked between blocks; it raises to end a reading."""

    root: bytes
    trust: Trust
    go_on: Callable[[], None]
    look_inside: LookInside

    def decide(self, work: Work, status: os.stat_result, first: Content, read_ns: int) -> Judged:
        """What `first`, read of `work` while its stat was `status`, means. Raises Changed, OSError.

        Changed, too, where the bytes that lanes were given are not those of the file: it is read anew for them.
        """
        stat = file_stat(status)
        ctime = self.trust.ctime(status.st_dev, work.path)
        moved = None
        if work.known is not None:
            moved = stat_class(work.known, stat, ctime_trusted=ctime, is_settled=work.is_settled)
        content, facts = self._facts(work, status, first, moved)
        inside: AnalysisRow | None = None
        is_other = judge(facts).is_version or (moved is StatClass.WRITTEN and not facts.is_same)
        if (is_other or wants_insight(facts)) and work.reason != WRITTEN:
            # Planned as expected-unchanged: looked at anew, with lanes prepared and what was inside it before.
            raise Changed(stat.size)
        if wants_insight(facts):
            inside = self.look_inside(join(self.root, work.path), stat, self.go_on)
            facts = with_insight(facts, work.before, insight_of(inside))
        verdict = judge(facts)
        if content != first and any(target.need is Need.BYTES for target in work.targets):
            raise Changed(stat.size)
        racy_ns = self.trust.racy_ns(status.st_dev, work.path)
        return Judged(Decision(content, stat, verdict, is_settled(stat, read_ns, racy_ns), read_ns), inside)

    def _facts(
        self, work: Work, status: os.stat_result, first: Content, moved: StatClass | None
    ) -> tuple[Content, Facts]:
        if work.recorded is None:
            return first, _NEW
        facts = facts_of(work.path, work.recorded, first, moved)._replace(
            is_earlier=(first.sha256, first.size) in work.earlier
        )
        if not wants_second_reading(facts):
            return first, facts
        second = read_again(join(self.root, work.path), status, self.go_on)
        facts = after_second(facts, work.recorded, first, second)
        return (second if facts.is_same else first), facts


_NEW = Facts(origin=Origin.NEW)
"""Made once: a first backup judges each of its files."""


def facts_of(path: RelPath, recorded: Content, found: Content, moved: StatClass | None) -> Facts:
    """What one reading of the file at `path` (in its library) says."""
    return Facts(
        stat=moved,
        is_same=_same(recorded, found),
        is_track=kind_of(path.rpartition(b"/")[2]) is EntryKind.TRACK,
        is_emptied=recorded.size > 0 and found.size == 0,
    )


def after_second(facts: Facts, recorded: Content, first: Content, second: Content) -> Facts:
    """What the second reading adds to the first one's `facts`."""
    readings = Readings.EQUAL if _same(first, second) else Readings.UNEQUAL
    return facts._replace(readings=readings, is_same=_same(recorded, second))


def read_again(path: bytes, before: os.stat_result, go_on: Callable[[], None]) -> Content:
    """The bytes at `path`, past the cache if possible. Raises Changed where its stat is not `before`; OSError."""
    hasher = Hasher()
    for block in read_past_cache(path):
        hasher.update(block)
        go_on()
    same_after(path, before, hasher.size)
    return Content(hasher.digests().sha256, hasher.size, hasher.digests().xxh3_128)


def same_after(path: bytes, before: os.stat_result, size: int) -> None:
    """Raise Changed unless the stat at `path` is still `before`, and `size` bytes were read."""
    after = calls.lstat(path)
    if (
        after.st_mtime_ns != before.st_mtime_ns
        or after.st_ctime_ns != before.st_ctime_ns
        or after.st_ino != before.st_ino
        or not after.st_size == before.st_size == size
    ):
        raise Changed(after.st_size)


def _same(one: Content, other: Content) -> bool:
    return (one.sha256, one.size) == (other.sha256, other.size)
