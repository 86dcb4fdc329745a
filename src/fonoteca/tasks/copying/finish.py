"""Bringing a draft through: flush, read back, publish, seal. What comes out stands, and is known to."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from fonoteca.core.copy import Level
from fonoteca.core.digest import fast_digest
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import VERSIONS
from fonoteca.core.manifest.lines import AddStep, Have, Line, OverStep, Step, Superseded
from fonoteca.core.manifest.lines import Done as BatchEnd
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import Decision, Target, Work
from fonoteca.errors import Away, Broken, Conflict, Lost, Refused
from fonoteca.locations.base import Outcome, Staged
from fonoteca.tasks.copying.drafts import Draft
from fonoteca.tasks.copying.lanes import Lane
from fonoteca.tasks.copying.messages import BatchDone, Done, Missed
from fonoteca.tasks.copying.predecessor import ABOUT_ONE, content_at, is_ours

MISREAD_LIMIT = 3
"""So many read-backs that differ, and the place itself is not to be trusted with more."""

_STATES = {
    FindingKind.MISSING: "missing",
    FindingKind.DAMAGED: "damaged",
    FindingKind.UNREADABLE_COPY: "unreadable",
}

Item = tuple[Work, Target, Decision, Staged]


@dataclass(slots=True)
class Finishing:
    """One draft on its way."""

    lane: Lane
    draft: Draft
    done: list[Done] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)

    def find(self, kind: FindingKind, work: Work, detail: str) -> None:
        """Note something about one copy."""
        self.findings.append(Finding(kind, detail, self.lane.library, self.lane.name, work.path))

    def refuse(self, kind: FindingKind, work: Work, detail: str) -> None:
        """This file has no copy there after this run, for this reason; the others go on."""
        self.refused.append(work.id)
        self.find(kind, work, detail)

    def spoil(self, kind: FindingKind, work: Work, detail: str) -> None:
        """The copy there is not what was recorded: the next run takes it up. The library's file was just read."""
        assert work.entry is not None
        self.refused.append(work.id)
        self.bad.append((work.entry, _STATES[kind]))
        self.findings.append(
            Finding(kind, detail, self.lane.library, self.lane.name, work.path, repairable=True)
        )


def finish(lane: Lane, draft: Draft) -> BatchDone:
    """Publish what `draft` staged. Raises LocationError when the place fails; nothing unproven has a name then."""
    one = Finishing(lane, draft, findings=draft.findings)
    name = os.urandom(8).hex()
    now = lane.ledger.now()
    if draft.staged:
        intent = lane.ledger.stage_intent(draft.batch, name, [_step(item) for item in draft.staged])
        draft.batch.flush()
        levels = _read_back(one)
        lane.place.check()
        if levels:
            _publish(one, intent, levels)
    _set_times(one)
    _look(one)
    if not one.done:
        if draft.staged:
            lane.ledger.forget_intent()
        return _report(one, 0, "", now)
    with settled_later():
        chain = lane.ledger.seal(_lines(one, name, now))
    return _report(one, chain.n, chain.digest, now)


@contextmanager
def settled_later() -> Iterator[None]:
    """What was cut off in here may have been done or not: it is settled by the intent, and by what stands there, when
    the place is opened next. Trying again now would take the new for something strange.
    """
    try:
        yield
    except Lost as lost:
        raise Away(lost.place, lost.reason, lost.remedy) from lost


def _report(one: Finishing, number: int, digest: str, now: int) -> BatchDone:
    done, findings, refused = tuple(one.done), tuple(one.findings), tuple(one.refused)
    return BatchDone(one.lane.number, done, findings, refused, number, digest, now, tuple(one.bad))


def _step(item: Item) -> Step:
    work, target, decision, staged = item
    if staged.over is None or target.old is None or staged.keep is None:
        return AddStep(staged.key, work.path, decision.content, decision.stat.mtime_ns)
    old = target.old.content
    return OverStep(
        staged.key, work.path, decision.content, decision.stat.mtime_ns, old.sha256, old.size, staged.keep
    )


def _read_back(one: Finishing) -> dict[int, Level]:
    """The level that each staged object's reading back reached, by work; what differs is refused."""
    levels: dict[int, Level] = {}
    misread = 0
    with closing(_readings(one)) as readings:
        for (work, _, decision, _), read in zip(one.draft.staged, readings, strict=True):
            if isinstance(read, Refused):
                one.refuse(FindingKind.NOT_COPIED, work, read.reason)
                continue
            found, level = read
            if found == decision.content.xxh3_128:
                levels[work.id] = level
                continue
            if work.id in one.draft.borrowed:  # the version is not what it was: the file's own bytes are sent
                one.lane.results.put(Missed(one.lane.number, (work,)))
                continue
            misread += 1
            one.refuse(
                FindingKind.DAMAGED,
                work,
                f"what was written reads back differently: expected xxh3_128 "
                f"{decision.content.xxh3_128.hex()}, found {found.hex()}; it was not published",
            )
            if misread >= MISREAD_LIMIT:
                raise Broken(
                    one.lane.name, f"{MISREAD_LIMIT} files read back differently from what was written there"
                )
    return levels


ReadBack = tuple[bytes, Level] | Refused
"""The xxh3_128 of what was read and the level that this reached, or why it could not be kept there."""


def _readings(one: Finishing) -> Generator[ReadBack, None, None]:
    """Read each staged object back, in order; some at once where the way there is long."""
    items = [staged for *_, staged in one.draft.staged]
    if one.lane.streams <= 1 or len(items) == 1:
        yield from (_read_one(one, staged) for staged in items)
        return
    with ThreadPoolExecutor(one.lane.streams, f"{one.lane.name} reads back") as crew:
        try:
            yield from crew.map(lambda staged: _read_one(one, staged), items)
        finally:
            crew.shutdown(cancel_futures=True)


def _read_one(one: Finishing, staged: Staged) -> ReadBack:
    try:
        with one.draft.batch.read(staged) as reading:
            return fast_digest(reading), reading.level
    except Refused as error:
        return error


def _publish(one: Finishing, intent: Staged, levels: dict[int, Level]) -> None:
    items = {item[3].key: item for item in one.draft.staged if item[0].id in levels}
    proven = [item[3] for item in items.values()]
    if any(staged.over is not None for staged in proven):
        # An intent that replaces must outlive a power cut before its act: it gets a flush of its own.
        with settled_later():
            for outcome in one.draft.batch.publish([intent]):
                if outcome.error is not None:
                    raise outcome.error
            _take_outcomes(one, items, levels, one.draft.batch.publish(proven))
    else:
        _take_outcomes(one, items, levels, one.draft.batch.publish([intent, *proven]))


def _take_outcomes(
    one: Finishing, items: dict[Key, Item], levels: dict[int, Level], outcomes: Iterable[Outcome]
) -> None:
    for outcome in outcomes:
        item = items.get(outcome.key)
        if item is None:
            if outcome.error is not None:
                raise outcome.error
        elif outcome.error is None:
            _stands(one, item, levels[item[0].id])
        elif isinstance(outcome.error, Conflict):
            one.draft.looks.append(item[:3])
        elif isinstance(outcome.error, Refused):
            one.refuse(FindingKind.NOT_COPIED, item[0], outcome.error.reason)
        else:
            raise outcome.error


def _stands(one: Finishing, item: Item, level: Level) -> None:
    work, target, decision, staged = item
    was_kept = staged.keep is not None and staged.keep.startswith(VERSIONS)
    old, kept = (target.old, staged.keep) if was_kept else (None, None)
    if target.old is not None and not was_kept:
        how = "repaired"  # what stood there, if anything did, was not what we had published
    else:
        how = "replaced" if was_kept else "sent"
    if work.id in one.draft.borrowed:
        how = "reverted"
    one.done.append(Done(work, staged.key, decision, level, how, old, kept))


def _set_times(one: Finishing) -> None:
    """Give copies of the right content the library file's time, after a look whether they are what we published."""
    items: dict[Key, Done] = {}
    for work, target, decision in one.draft.times:
        done = _still_ours(one, work, target, decision)
        if done is not None:
            items[target.key] = done
    pairs = [(key, done.decision.stat.mtime_ns) for key, done in items.items()]
    for outcome in one.lane.place.retime(pairs) if pairs else ():
        done = items[outcome.key]
        if isinstance(outcome.error, Conflict):
            one.spoil(FindingKind.MISSING, done.work, "its time was to be set, but it is not there")
        elif isinstance(outcome.error, Refused):
            one.refuse(FindingKind.NOT_COPIED, done.work, f"its time cannot be set: {outcome.error.reason}")
        elif outcome.error is not None:
            raise outcome.error
        else:
            one.done.append(done)


def _still_ours(one: Finishing, work: Work, target: Target, decision: Decision) -> Done | None:
    """The copy whose time is to be set. It is read where its size or time is not as published: then it is verified.

    A new time over strange bytes would hide them for ever.
    """
    place, old = one.lane.place, target.old
    assert old is not None  # only what we published gets a time
    expected = old.content.sha256.hex()
    try:
        found = place.stat(target.key)
        if found is None:
            one.spoil(FindingKind.MISSING, work, f"expected sha256 {expected}, found nothing")
            return None
        if is_ours(place, old, found):
            return Done(work, target.key, decision, Level(old.level), "time set", old)
        content, level = content_at(place, target.key)
    except ABOUT_ONE as error:
        place.check()  # one bad sector is no more than one file; a device that is gone ends the location
        one.spoil(FindingKind.UNREADABLE_COPY, work, f"expected sha256 {expected}; it {_reason(error)}")
        return None
    if content == old.content:
        return Done(work, target.key, decision, level, "taken")
    there = content.sha256.hex()
    detail = f"expected sha256 {expected}, found {there}; the next backup puts it aside and sends it again"
    one.spoil(FindingKind.DAMAGED, work, detail)
    return None


def _look(one: Finishing) -> None:
    """Read what stands under a key without being recorded: take it as the copy if it is one, else leave it."""
    for work, target, decision in one.draft.looks:
        try:
            found, level = content_at(one.lane.place, target.key)
            if found == decision.content:
                _date(one, target.key, decision)
        except ABOUT_ONE as error:
            one.refuse(FindingKind.DIFFERS, work, _LEFT.format(f"its name there {_reason(error)}"))
            continue
        if found == decision.content:
            one.done.append(Done(work, target.key, decision, level, "taken"))
            continue
        expected, there = decision.content.sha256.hex(), found.sha256.hex()
        detail = f"expected sha256 {expected}, found {there} ({found.size} bytes) that nobody recorded"
        one.refuse(FindingKind.DIFFERS, work, _LEFT.format(detail))


_LEFT = "{}; it was left as it is: move it away and run backup again"


def _reason(error: Broken | Conflict | Refused) -> str:
    return error.reason if isinstance(error, Conflict) else f"cannot be read: {error.reason}"


def _date(one: Finishing, key: Key, decision: Decision) -> None:
    """Give what was taken its time. Somebody else's file may refuse that: its bytes are the copy all the same."""
    for outcome in one.lane.place.retime([(key, decision.stat.mtime_ns)]):
        if outcome.error is not None and not isinstance(outcome.error, Refused):
            raise outcome.error


def _lines(one: Finishing, name: str, now: int) -> list[Line]:
    lines: list[Line] = []
    for done in one.done:
        content, path = done.decision.content, done.work.path
        if done.old is not None and done.kept is not None:
            old = done.old
            reason = done.decision.verdict.value
            level = Level(old.level)
            lines.append(
                Superseded(
                    done.key,
                    path,
                    old.content,
                    old.mtime_ns,
                    done.kept,
                    reason,
                    level,
                    old.verified_ns or now,
                    until_ns=now,
                )
            )
        mtime_ns = done.decision.stat.mtime_ns
        checked_ns = done.old.verified_ns if done.old is not None and done.is_unread else now
        lines.append(Have(done.key, path, content, mtime_ns, done.level, checked_ns or now))
    lines.append(BatchEnd(name, now))
    return lines
