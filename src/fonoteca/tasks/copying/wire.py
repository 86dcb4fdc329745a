"""Messages and reports as bytes, between a lane in a process of its own and the program that feeds it.

Small files, of which there may be 100,000, go as flat tuples (`marshal`: both ends are the same interpreter); all
else is rare enough for `pickle`. Bytes of music never cross: they lie in the shared blocks.

What comes back names a work by its number; `Given` keeps what it stands for.
"""

from __future__ import annotations

import marshal
import pickle
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, FileStat, RelPath
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import Decision, Need, Target, Work
from fonoteca.core.verdict import Verdict
from fonoteca.errors import LocationError
from fonoteca.tasks.copying.blocks import Filled
from fonoteca.tasks.copying.messages import (
    BatchDone,
    Begin,
    Data,
    Done,
    End,
    Item,
    LaneFailed,
    Message,
    Other,
    Report,
    Small,
)

_FLAT, _BLOCK, _ANY = 1, 2, 3
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_NEEDS = {need.value: need for need in Need}

Flat: TypeAlias = tuple[int, bytes, bytes, str, bytes, bytes, int, int, str, int]
"""A file of which nothing stood there: work, path, key, need, sha256, xxh3_128, size, mtime_ns, verdict, start."""
FlatDone: TypeAlias = tuple[int, bytes, int, str, bool, bytes | None]
"""A `Done`: work, key, level, how, whether it superseded the target's old copy, where that is kept."""


class LaneCrashed(RuntimeError):
    """A bug in a lane's process, with what Python said about it there."""


# messages: to the lane


def encode(message: Message) -> bytes:
    """A message for the lane's process."""
    if isinstance(message, Data):
        return marshal.dumps((_BLOCK, message.work.id, message.block.number, message.block.size))
    if isinstance(message, Small):
        if all(item.target.old is None and not item.target.keeps for item in message.items):
            return marshal.dumps((_FLAT, message.block.number, [_flat(item) for item in message.items]))
        return marshal.dumps((_ANY, pickle.dumps((message.block.number, message.items), 5)))
    return marshal.dumps((_ANY, pickle.dumps((None, message), 5)))


def decode(data: bytes, lane: int, blocks: Sequence[Filled]) -> Message:
    """What `encode` made, in the lane's process. `blocks` are its own views of the shared memory."""
    parts = marshal.loads(data)
    if parts[0] == _BLOCK:
        _, number, block, size = parts
        taken = blocks[block]
        taken.size = size
        return Data(_stand_in(number), taken, size)
    if parts[0] == _FLAT:
        return Small(tuple(_item(flat, lane) for flat in parts[2]), blocks[parts[1]])
    block, value = pickle.loads(parts[1])
    return cast(Message, value) if block is None else Small(value, blocks[block])


def _flat(item: Item) -> Flat:
    work, target, decision, start, size = item
    content = decision.content
    return (
        work.id,
        work.path,
        target.key,
        target.need.value,
        content.sha256,
        content.xxh3_128,
        size,
        decision.stat.mtime_ns,
        decision.verdict.value,
        start,
    )


def _item(flat: Flat, lane: int) -> Item:
    """The file again, with what a lane looks at: its entry, recorded content and stat it does not."""
    number, path, key, need, sha256, xxh3_128, size, mtime_ns, verdict, start = flat
    target = Target(lane, Key(key), _NEEDS[need])
    work = Work(number, None, 0, RelPath(path), "", size, None, None, (target,))
    stat = FileStat(size, mtime_ns, 0, 0)
    return Item(
        work,
        target,
        Decision(Content(sha256, size, xxh3_128), stat, _VERDICTS[verdict], False, 0),
        start,
        size,
    )


def _stand_in(number: int) -> Work:
    """A large file, named by its number only: `Begin` brought the rest."""
    return Work(number, None, 0, RelPath(b""), "", 0, None, None, ())


# reports: from the lane


@dataclass(slots=True)
class Given:
    """What a lane was given and has not reported on, by work."""

    _works: dict[int, tuple[Work, Target, Decision | None]] = field(default_factory=dict)

    def note(self, message: Message) -> None:
        """Remember what a message gives."""
        match message:
            case Small(items=items):
                for work, target, decision, _, _ in items:
                    self._works[work.id] = (work, target, decision)
            case Other(work, target, decision):
                self._works[work.id] = (work, target, decision)
            case Begin(work, target):
                self._works[work.id] = (work, target, None)
            case End(work, None):
                self._works.pop(work.id, None)
            case End(work, decision) if work.id in self._works:
                self._works[work.id] = (work, self._works[work.id][1], decision)
            case _:
                return

    def decode(self, data: bytes) -> Report:
        """A report that `encode_report` made, with the works that were given."""
        report, done = pickle.loads(data)
        if isinstance(report, tuple):
            return LaneFailed(report[0], _error(*report[1:]))
        if not isinstance(report, BatchDone):
            return cast(Report, report)
        for number in report.refused:
            self._works.pop(number, None)
        return replace(report, done=tuple(self._done(each) for each in done))

    def _done(self, flat: FlatDone) -> Done:
        number, key, level, how, has_old, kept = flat
        work, target, decision = self._works.pop(number)
        assert decision is not None
        old = target.old if has_old else None
        return Done(work, Key(key), decision, Level(level), how, old, None if kept is None else Key(kept))


def encode_report(report: Report) -> bytes:
    """A report for the program that feeds the lane."""
    if isinstance(report, BatchDone):
        done = [
            (each.work.id, each.key, int(each.level), each.how, each.old is not None, each.kept)
            for each in report.done
        ]
        return pickle.dumps((replace(report, done=()), done), 5)
    if isinstance(report, LaneFailed):
        return pickle.dumps(((report.lane, *_parts(report.error)), None), 5)
    return pickle.dumps((report, None), 5)


def _parts(error: BaseException) -> tuple[type[BaseException], tuple[Any, ...], dict[str, Any]]:
    if isinstance(error, LocationError):
        return type(error), error.args, dict(error.__dict__)
    return LaneCrashed, ("".join(traceback.format_exception(error)),), {}


def _error(kind: type[BaseException], args: tuple[Any, ...], facts: dict[str, Any]) -> BaseException:
    """The same error, without asking its constructor, whose arguments are other ones than `args`."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error
