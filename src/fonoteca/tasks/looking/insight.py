"""Insight into single contents: what is recorded of one, and a look into a file that was just read.

insights = Insights(archive.now)
row = insights.look(path, stat, go_on)       # from any thread
insights.close()
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fonoteca.catalogue import analyses
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.core.entry import FileStat
from fonoteca.core.insight import Insight
from fonoteca.core.retag import tag_set
from fonoteca.tasks.copying.readings import Changed

if TYPE_CHECKING:
    from fonoteca.audio.worker import Analyst


def known_insight(connection: sqlite3.Connection, content: int) -> Insight | None:
    """What is recorded of the inside of a content, or None when nobody looked yet."""
    row = analyses.get(connection, content)
    return insight_of(row) if row is not None else None


def insight_of(row: AnalysisRow) -> Insight:
    """An analysis, as a verdict asks for it."""
    if row.is_no_audio:
        return Insight(is_audio=False)
    is_read = row.error is None or bool(row.audio)
    return Insight(row.sound, tag_set(row.tags, row.pictures) if is_read else None)


@dataclass(slots=True)
class Insights:
    """Looks into single files in processes that can be killed: one for each thread that asks, started when it does."""

    now: Callable[[], int]
    _mine: threading.local = field(default_factory=threading.local)
    _all: list[Analyst] = field(default_factory=list)

    def close(self) -> None:
        """End the processes; nobody looks any more."""
        while self._all:
            self._all.pop().close()

    def look(self, path: bytes, stat: FileStat, go_on: Callable[[], None]) -> AnalysisRow:
        """See `judging.LookInside`. Raises Changed where the stat at `path` is another one, OSError where no process
        can be started.
        """
        from fonoteca.audio.model import Changed as Other
        from fonoteca.audio.model import Job
        from fonoteca.tasks.looking.analyse import row_for

        outcome = self._analyst(go_on).look(Job(path, stat, 0)).outcome
        if isinstance(outcome, Other):
            raise Changed(stat.size)
        return row_for(outcome, self.now())

    def _analyst(self, go_on: Callable[[], None]) -> Analyst:
        known: Analyst | None = getattr(self._mine, "analyst", None)
        if known is None:
            from fonoteca.audio.worker import Analyst

            known = self._mine.analyst = Analyst(1, pause=go_on)
            self._all.append(known)
        return known
