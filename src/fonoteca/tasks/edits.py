"""The history of tags, field by field: `fonoteca tags history`.

It is read off the contents that each entry had, one after the other, and what was found inside each of them; nothing
is stored twice. A content that nobody looked into is said plainly.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.catalogue import analyses, libraries
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.catalogue.successions import Succession, successions
from fonoteca.core.entry import EntryKind
from fonoteca.core.paths import path_fields
from fonoteca.core.pattern import Pattern, matches, pattern
from fonoteca.core.retag import TagSet, differences, tag_set
from fonoteca.tasks import telling
from fonoteca.tasks.telling import Json

NOT_READ = "tags not read"


class Inside(NamedTuple):
    """What is known of a content's tags: `tags`, or `why` there are none."""

    tags: TagSet | None
    why: str


def history(archive: Archive, glob: str | None = None, since_ns: int = 0) -> Iterator[Json]:
    """Every change of one field of a track that `glob` means (None: all) since then, oldest first.

    `old` and `new` are lists of values, None where there was no such field. Where the tags of one of both contents are
    not known, one line with `field` None says so in `detail`. Memory stays flat.
    """
    wanted = pattern(glob) if glob is not None else None
    known = [row for row in libraries.every(archive.catalogue) if row.name in archive.config.libraries]
    streams = [_steps(archive.catalogue, row.name, row.id, wanted, since_ns) for row in known]
    for library, step in merge(*streams, key=lambda each: each[1].time_ns):
        yield from _changes(archive.catalogue, library, step)


def _steps(
    connection: sqlite3.Connection, name: str, library: int, wanted: Pattern | None, since_ns: int
) -> Iterator[tuple[str, Succession]]:
    for step in successions(connection, library, since_ns):
        is_meant = wanted is None or matches(wanted, step.path)
        if is_meant and step.kind == EntryKind.TRACK.value and step.old != step.new:
            yield name, step


def _changes(connection: sqlite3.Connection, library: str, step: Succession) -> Iterator[Json]:
    before, after = inside(connection, step.old), inside(connection, step.new)
    if before.tags is None or after.tags is None:
        reasons = [
            f"{which}: {each.why}"
            for which, each in (("the content before", before), ("the content after", after))
            if each.tags is None
        ]
        yield _line(library, step, None, None, None, None, "; ".join(reasons))
        return
    for change in differences(before.tags, after.tags):
        yield _line(
            library,
            step,
            change.field,
            list(change.old) or None,
            list(change.new) or None,
            change.is_volatile,
            None,
        )


def inside(connection: sqlite3.Connection, content: int) -> Inside:
    """The tags of a content as they were recorded."""
    row = analyses.get(connection, content)
    if row is None:
        return Inside(None, NOT_READ)
    if row.error is not None and not _has_something(row):
        return Inside(None, f"{NOT_READ} ({row.error})")
    return Inside(tag_set(row.tags, row.pictures), "")


def _has_something(row: AnalysisRow) -> bool:
    """True where an error is only about a part."""
    return bool(row.tags or row.pictures or row.raw_json != "{}")


def _line(
    library: str,
    step: Succession,
    field: str | None,
    old: list[str] | None,
    new: list[str] | None,
    is_volatile: bool | None,
    detail: str | None,
) -> Json:
    return {
        "time": telling.when(step.time_ns),
        **path_fields("path", step.path),
        "library": library,
        "field": field,
        "old": old,
        "new": new,
        "volatile": is_volatile,
        "verdict": step.verdict,
        "before": step.old_sha256.hex(),
        "after": step.new_sha256.hex(),
        "detail": detail,
    }
