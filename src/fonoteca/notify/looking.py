"""One look at the archive, for notices, metrics and the dead-man's switch: they say the same because it is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from fonoteca.archive import Archive
from fonoteca.catalogue import journal, notices, retention
from fonoteca.catalogue.notices import Closed
from fonoteca.core.clock import in_doubt_until
from fonoteca.core.judgement import Judgement, Reason, judge
from fonoteca.core.notice import (
    LOOKED,
    PROTECTED,
    RUN_FAILED,
    Memory,
    News,
    Remembered,
    Topic,
    Trouble,
    Turn,
    due,
    is_fully_protected,
    stands_at,
    troubles_of,
)
from fonoteca.core.status import ArchiveStatus
from fonoteca.render.words import files, safe, whereabouts
from fonoteca.tasks.standing import OpenFinding, shows
from fonoteca.tasks.status import status

SAMPLES = 5
"""So many files are named in a notice."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen. `samples`: lines about single files, by the key of the reason that counts them."""

    status: ArchiveStatus
    judgement: Judgement
    remind_s: int
    closed: tuple[Closed, ...] = ()
    samples: Mapping[str, tuple[str, ...]] | None = None
    is_clock_in_doubt: bool = False


def look(archive: Archive, memory: Memory) -> Sight:
    """Look at everything that `status` looks at, and at the damage that ended since the last look."""
    now = status(archive)
    judgement = judge(now)
    findings = [OpenFinding(*found) for found in journal.open_findings(archive.catalogue)]
    last = memory.get(LOOKED)
    return Sight(
        now,
        judgement,
        archive.config.notify.remind_s,
        () if last is None else tuple(notices.damage_closed(archive.catalogue, last.since_ns)),
        {reason.key: tuple(_samples(findings, reason)) for reason in judgement.reasons},
        in_doubt_until(retention.journal_times(archive.catalogue), now.time_ns) is not None,
    )


def _samples(findings: Iterable[OpenFinding], reason: Reason) -> Iterator[str]:
    shown = (each for each in findings if shows(each, reason.concern, reason.library, reason.location))
    for each in islice(shown, SAMPLES):
        yield f"{whereabouts(each.library, each.path, each.location)}: {safe(each.detail)}"


def news_of(
    sight: Sight | None, memory: Memory, now_ns: int, failed: Sequence[Trouble] = ()
) -> tuple[list[News], dict[str, Remembered]]:
    """What is to be told now, and what is remembered from now on. `failed`: runs that an error ended.

    Without a sight nothing is known of the rest: it stays as it is remembered.
    """
    if sight is None:
        runs = {key: each for key, each in memory.items() if key.startswith(RUN_FAILED)}
        news, fresh = due(failed, runs, now_ns)
        return news, {**{key: each for key, each in memory.items() if key not in runs}, **fresh}
    troubles = [
        *troubles_of(sight.judgement, remind_s=sight.remind_s, is_clock_in_doubt=sight.is_clock_in_doubt),
        *failed,
    ]
    news, fresh = due(troubles, memory, now_ns)
    news += _repaired(sight.closed, memory, troubles)
    entries = sum(each.entries for each in sight.status.libraries)
    if PROTECTED not in memory and is_fully_protected(sight.judgement, entries):
        news.append(News(PROTECTED, Topic.PROTECTED, Turn.HAPPENED, _protected(sight.status, entries)))
    fresh[LOOKED] = Remembered("", 0, now_ns)
    return news, fresh


def _repaired(closed: Iterable[Closed], memory: Memory, troubles: Iterable[Trouble]) -> Iterator[News]:
    """Damage that ended without anybody having been told of it: found and put right by one run."""
    standing = [*memory, *(each.key for each in troubles)]
    places: dict[tuple[str | None, str | None], list[Closed]] = {}
    for each in closed:
        places.setdefault((None if each.location else each.library, each.location), []).append(each)
    for (library, location), found in places.items():
        if any(stands_at(key, library, location) for key in standing):
            continue
        where = f"at {location}" if location else f"in {library}"
        head = f"{files(len(found))} {where} had been damaged or missing, and {_are(len(found))} right again."
        named = [f"  {whereabouts(each.library, each.path, each.location)}" for each in found[:SAMPLES]]
        more = [f"  and {len(found) - SAMPLES:,} more"] if len(found) > SAMPLES else []
        yield News(f"repaired {where}", Topic.REPAIRED, Turn.HAPPENED, "\n".join([head, *named, *more]))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _protected(status: ArchiveStatus, entries: int) -> str:
    places = ", ".join(each.name for each in status.locations if each.copies)
    return f"All {files(entries)} have the copies that you asked for, each read back after it was written ({places})."
