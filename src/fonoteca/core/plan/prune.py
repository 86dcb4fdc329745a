"""Which versions a location may give up. Pure: facts in, blobs out.

    keep at least `keep_ns` from the day it was superseded or retired ·
    always keep the last good one of anything whose present content is not proven good ·
    never what an open finding or a hold points to ·
    what has the same sound as its successor may go after `keep_tag_ns`, oldest first, where room is short

Several records may name one blob (the same bytes under two paths): it goes when each of them may go.
Times are nanoseconds, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fonoteca.core.place import Key
from fonoteca.core.verdict import Verdict


class Version(NamedTuple):
    """One record of an earlier content of one entry, at one location."""

    blob: Key
    size: int
    until_ns: int
    """When it was superseded or retired."""
    is_good: bool
    """Its bytes were read back and were right when last looked at; nothing speaks against what it was."""
    same_sound: bool = False
    """Its successor at that location has the same sound: only tags differ. False where that is not known."""
    is_named: bool = False
    """An open finding or a hold points to it."""


class History(NamedTuple):
    """The versions of one entry at one location, oldest first."""

    versions: Sequence[Version]
    is_proven: bool
    """Its present content is proven good there; or it is gone from the library and retired, by a person's will."""


class Dropped(NamedTuple):
    """A blob that goes. `until_ns`: when the youngest record that names it was superseded."""

    blob: Key
    size: int
    until_ns: int
    is_early: bool = False
    """Before `keep_ns`, for its sound stands in its successor and room is short."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long versions stay at least, in nanoseconds."""

    keep_ns: int
    keep_tag_ns: int


@dataclass(slots=True)
class _Blob:
    """What the records that name one blob allow, taken together."""

    size: int
    until_ns: int = 0
    is_kept: bool = False
    same_sound: bool = True

    def take(self, version: Version, *, is_pinned: bool) -> None:
        self.until_ns = max(self.until_ns, version.until_ns)
        self.is_kept = self.is_kept or is_pinned or version.is_named
        self.same_sound = self.same_sound and version.same_sound


@dataclass(slots=True)
class Pruning:
    """Takes histories one by one, then says what goes. Memory holds one small value for each blob."""

    _blobs: dict[Key, _Blob] = field(default_factory=dict)

    def take(self, history: History) -> None:
        """Add one entry's versions."""
        pinned = _pinned(history)
        for number, version in enumerate(history.versions):
            blob = self._blobs.setdefault(version.blob, _Blob(version.size))
            blob.take(version, is_pinned=number in pinned)

    def plan(self, keeping: Keeping, now_ns: int, short: int = 0) -> Iterator[Dropped]:
        """What goes at `now_ns`: all that is old enough, oldest first; then, while fewer than `short` bytes come free
        by it, younger ones with the same sound as their successor.
        """
        free = {blob: each for blob, each in self._blobs.items() if not each.is_kept}
        by_age = sorted(free.items(), key=lambda item: (item[1].until_ns, item[0]))
        freed = 0
        for blob, each in by_age:
            if now_ns - each.until_ns >= keeping.keep_ns:
                freed += each.size
                yield Dropped(blob, each.size, each.until_ns)
        for blob, each in by_age:
            age = now_ns - each.until_ns
            if freed < short and each.same_sound and keeping.keep_tag_ns <= age < keeping.keep_ns:
                freed += each.size
                yield Dropped(blob, each.size, each.until_ns, is_early=True)


def plan(histories: Iterable[History], keeping: Keeping, now_ns: int, short: int = 0) -> list[Dropped]:
    """The whole plan at once. See `Pruning.plan`."""
    pruning = Pruning()
    for history in histories:
        pruning.take(history)
    return list(pruning.plan(keeping, now_ns, short))


def _pinned(history: History) -> range:
    """The numbers of versions that stay whatever their age: back to the last good one, that one included."""
    if history.is_proven:
        return range(0)
    count = len(history.versions)
    good = [number for number, version in enumerate(history.versions) if version.is_good]
    return range(good[-1] if good else 0, count)


# what the past says of the present


def is_trusted(arrivals: Sequence[tuple[int, str]]) -> list[bool]:
    """For each content of an entry, oldest first: whether the way in which it came speaks for it.

    `arrivals`: a number of the content, and the verdict by which it came (the first: any word). A tag edit is as
    good as what it was made of, a content that came back as it was then; of all else only a verdict that proves
    something does.
    """
    found: list[bool] = []
    for number, (content, verdict) in enumerate(arrivals):
        if number == 0:
            found.append(verdict != Verdict.ADDED_DAMAGED.value)
        elif is_tag_edit(verdict):
            found.append(found[-1])
        elif verdict == Verdict.REVERTED.value:
            earlier = [before for before in range(number) if arrivals[before][0] == content]
            found.append(found[earlier[-1]] if earlier else False)
        else:
            found.append(verdict in _PROVING)
    return found


def is_tag_edit(verdict: str) -> bool:
    """True for the verdicts that say: the sound is the same, only tags differ."""
    return verdict in _TAG_EDITS


_TAG_EDITS = frozenset((Verdict.TAG_EDIT.value, Verdict.VOLATILE_EDIT.value))
_PROVING = frozenset((Verdict.REPLACED.value, Verdict.RECOMPRESSED.value, Verdict.COMPANION_EDITED.value))
"""Verdicts that say of the new content that it is good."""


def is_worth_saying(extra: int, usable: int | None) -> bool:
    """Whether the room that old contents will take is more than a little: 1 GiB, or a twentieth of what is free."""
    return extra >= 1 << 30 or (usable is not None and extra * 20 > usable and extra > 0)
