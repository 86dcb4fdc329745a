"""Bringing a draft through: flush, read back, publish, seal. What comes out stands, and is known to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from fonoteca.core.copy import Level
from fonoteca.core.digest import Hasher, fast_digest
from fonoteca.core.entry import Content
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.layout import VERSIONS, quarantine_key, version_key
from fonoteca.core.manifest.lines import AddStep, Have, Line, OverStep, Step, Superseded
from fonoteca.core.manifest.lines import Done as BatchEnd
from fonoteca.core.place import Key, Stamp
from fonoteca.core.plan.copies import Decision, Target, Work, same_time
from fonoteca.errors import Broken, Conflict
from fonoteca.locations.base import OpenLocation, Staged
from fonoteca.tasks.lanes import Draft, Lane
from fonoteca.tasks.messages import BatchDone, Done

MISREAD_LIMIT = 3
"""So many read-backs that differ, and the place itself is not to be trusted with more."""

Item = tuple[Work, Target, Decision, Staged]


@dataclass(slots=True)
class Finishing:
    """One draft on its way."""

    lane: Lane
    draft: Draft
    done: list[Done] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def find(self, kind: FindingKind, work: Work, detail: str) -> None:
        """Note something about one copy."""
        self.findings.append(Finding(kind, detail, self.lane.library, self.lane.name, work.path))


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
        _publish(one, intent, levels)
    _set_times(one)
    _look(one)
    if not one.done:
        return BatchDone(lane.number, (), tuple(one.findings), tuple(one.refused), 0, "", now)
    chain = lane.ledger.seal(_lines(one, name, now))
    return BatchDone(
        lane.number, tuple(one.done), tuple(one.findings), tuple(one.refused), chain.n, chain.digest, now
    )


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
    for work, _, decision, staged in one.draft.staged:
        with one.draft.batch.read(staged) as reading:
            found = fast_digest(reading)
            level = reading.level
        if found == decision.content.xxh3_128:
            levels[work.id] = level
            continue
        one.refused.append(work.id)
        one.find(
            FindingKind.DAMAGED,
            work,
            f"what was written reads back differently: expected xxh3_128 {decision.content.xxh3_128.hex()}, found "
            f"{found.hex()}; it was not published",
        )
        if len(one.refused) >= MISREAD_LIMIT:
            raise Broken(
                one.lane.name, f"{MISREAD_LIMIT} files read back differently from what was written there"
            )
    return levels


def _publish(one: Finishing, intent: Staged, levels: dict[int, Level]) -> None:
    items = {item[3].key: item for item in one.draft.staged if item[0].id in levels}
    proven = [item[3] for item in items.values()]
    if any(staged.over is not None for staged in proven):
        # An intent that replaces must outlive a power cut before its act: it gets a flush of its own.
        for outcome in one.draft.batch.publish([intent]):
            if outcome.error is not None:
                raise outcome.error
    else:
        proven.insert(0, intent)
    for outcome in one.draft.batch.publish(proven):
        item = items.get(outcome.key)
        if item is None:
            if outcome.error is not None:
                raise outcome.error
        elif outcome.error is None:
            _stands(one, item, levels[item[0].id])
        elif isinstance(outcome.error, Conflict):
            one.draft.looks.append(item[:3])
        else:
            raise outcome.error


def _stands(one: Finishing, item: Item, level: Level) -> None:
    work, target, decision, staged = item
    was_kept = staged.keep is not None and staged.keep.startswith(VERSIONS)
    old, kept = (target.old, staged.keep) if was_kept else (None, None)
    how = "replaced" if staged.over is not None else "sent"
    one.done.append(Done(work, staged.key, decision, level, how, old, kept))


def _set_times(one: Finishing) -> None:
    items = {target.key: (work, target, decision) for work, target, decision in one.draft.times}
    pairs = [(key, decision.stat.mtime_ns) for key, (_, _, decision) in items.items()]
    for outcome in one.lane.place.retime(pairs) if pairs else ():
        work, target, decision = items[outcome.key]
        if isinstance(outcome.error, Conflict):
            one.find(FindingKind.MISSING, work, "its time was to be set, but it is not there")
        elif outcome.error is not None:
            raise outcome.error
        else:
            level = Level(target.old.level) if target.old else Level.NONE
            one.done.append(Done(work, target.key, decision, level, "time set"))


def _look(one: Finishing) -> None:
    """Read what stands under a key without being recorded: take it as the copy if it is one, else leave it."""
    place = one.lane.place
    for work, target, decision in one.draft.looks:
        found, level = _digest_at(place, target.key)
        if found == decision.content:
            for outcome in place.retime([(target.key, decision.stat.mtime_ns)]):
                if outcome.error is not None:
                    raise outcome.error
            one.done.append(Done(work, target.key, decision, level, "taken"))
            continue
        one.refused.append(work.id)
        one.find(
            FindingKind.DIFFERS,
            work,
            f"expected sha256 {decision.content.sha256.hex()}, found {found.sha256.hex()} "
            f"({found.size} bytes) that nobody recorded; it was left as it is: move it away and run backup again",
        )


def _digest_at(place: OpenLocation, key: Key) -> tuple[Content, Level]:
    hasher = Hasher()
    with place.read(key) as reading:
        for block in reading:
            hasher.update(block)
        digests = hasher.digests()
        return Content(digests.sha256, hasher.size, digests.xxh3_128), reading.level


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
                )
            )
        lines.append(Have(done.key, path, content, done.decision.stat.mtime_ns, done.level, now))
    lines.append(BatchEnd(name, now))
    return lines


def take_place_of(
    place: OpenLocation, target: Target, work: Work
) -> tuple[Stamp | None, Key | None, Finding | None]:
    """What stands under a key that is about to be superseded: its stamp, where to keep it, and what is odd about it.

    It is compared with what we published; where size or time is another, it is read. Strange bytes go to quarantine.
    """
    old = target.old
    found = place.stat(target.key)
    if found is None:
        return None, None, None
    if old is None:
        return None, None, None  # unrecorded: publishing will meet it, and leave it
    precision = place.traits.mtime_precision_ns
    if old.good and found.size == old.content.size and same_time(old.mtime_ns, found.mtime_ns, precision):
        return found.stamp, version_key(old.content.sha256, work.path), None
    content, _ = _digest_at(place, target.key)
    if content == old.content:
        return found.stamp, version_key(old.content.sha256, work.path), None
    keep = quarantine_key(os.urandom(16).hex(), work.id, work.path)
    detail = (
        f"expected sha256 {old.content.sha256.hex()}, found {content.sha256.hex()}; "
        f"the strange bytes were put aside as {keep.decode('ascii', 'replace')}"
    )
    return (
        found.stamp,
        keep,
        Finding(FindingKind.CHANGED_AT_LOCATION, detail, path=work.path, repairable=True),
    )
