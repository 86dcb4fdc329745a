"""Which file is which entry under another path, and how names change places at a location.

Two steps, both pure. `pairs` matches arrivals (paths that show a file which is not what was recorded there) with lost
entries (whose path shows nothing, or another file); `parked` and `in_order` say how the renaming that follows is done
where names clash: a swap, a cycle, a chain, a name that differs only in case.

    a → b, b → c      one chain: b leaves first, so a waits under `moving/`
    a → b, b → a      a swap: both wait there
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, Protocol, TypeVar

from fonoteca.core.manifest.layout import MOVING
from fonoteca.core.place import Key


class Evidence(StrEnum):
    """Why a file is believed to be an entry that had another path. Strongest first; nothing weaker is asked then."""

    STAT = "stat"
    """Inode, size and mtime, on one file system whose inodes last: nothing is read."""
    INODE = "inode"
    """The inode alone, of a file that is older than our last reading: moved and edited, so it is read as written."""
    CONTENT = "content"
    """Its bytes were read and are the entry's: moved to another disk, or copied and removed."""
    SOUND = "sound"
    """Its payload is the entry's: moved and retagged by what writes a new file each time."""


class Arrival(NamedTuple):
    """A path that shows a file which nobody recorded there. `entry`: what was recorded there, if anything."""

    number: int
    identity: tuple[Hashable, ...]
    path: bytes
    entry: int | None


class Lost(NamedTuple):
    """An entry whose recorded file is not under its path any more."""

    entry: int
    identity: tuple[Hashable, ...]
    path: bytes


Pair = tuple[Arrival, Lost]


def pairs(arrivals: Iterable[Arrival], lost: Iterable[Lost]) -> Iterator[Pair]:
    """Arrivals with the entries that they are, each at most once. Both come sorted by `identity`.

    Where several share one identity (hard links, equal bytes), what kept its name goes first, then what kept its
    folder, then the rest in the order of paths. A file that is its own path's entry is no arrival.
    """
    for ours, theirs in _meeting(arrivals, lost):
        yield from _matched(ours, theirs)


def _meeting(arrivals: Iterable[Arrival], lost: Iterable[Lost]) -> Iterator[tuple[list[Arrival], list[Lost]]]:
    waiting = groupby(lost, key=lambda each: each.identity)
    identity, group = next(waiting, (None, None))
    for wanted, some in groupby(arrivals, key=lambda each: each.identity):
        while identity is not None and identity < wanted:
            identity, group = next(waiting, (None, None))
        if identity is None or group is None:
            return
        if identity == wanted:
            yield list(some), list(group)


def _matched(arrivals: list[Arrival], lost: list[Lost]) -> Iterator[Pair]:
    at_home = {each.entry for each in lost} & {each.entry for each in arrivals}
    left = [each for each in arrivals if each.entry not in at_home]
    homeless = [each for each in lost if each.entry not in at_home]
    for likeness in (_name, _folder, lambda path: b""):
        found = list(_alike(left, homeless, likeness))
        yield from found
        taken = {arrival.number for arrival, _ in found}, {each.entry for _, each in found}
        left = [each for each in left if each.number not in taken[0]]
        homeless = [each for each in homeless if each.entry not in taken[1]]


def _alike(arrivals: list[Arrival], lost: list[Lost], likeness: Callable[[bytes], bytes]) -> Iterator[Pair]:
    waiting: dict[bytes, list[Lost]] = defaultdict(list)
    for each in sorted(lost, key=lambda one: one.path, reverse=True):
        waiting[likeness(each.path)].append(each)
    for arrival in sorted(arrivals, key=lambda one: one.path):
        if candidates := waiting.get(likeness(arrival.path)):
            yield arrival, candidates.pop()


def _name(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def _folder(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]


# at a location


class Renaming(Protocol):
    """What is to be renamed: a step of a plan or of an intent."""

    @property
    def old(self) -> Key: ...
    @property
    def new(self) -> Key: ...


R = TypeVar("R", bound=Renaming)


def moving_key(batch: str, number: int) -> Key:
    """Where step `number` (from 0) of the intent `batch` waits while its new name is taken.

    >>> moving_key("5f0c", 7)
    b'.fonoteca/moving/5f0c-7'
    """
    return Key(MOVING + b"%s-%d" % (batch.encode("ascii"), number))


def parked(steps: Sequence[Renaming], fold: Callable[[Key], bytes]) -> list[bool]:
    """Which steps have to wait under `moving/`: another one (or itself, in other letters) still has their name.

    Also where a file takes the name of a folder that others leave, or lies in a folder whose name a file leaves.
    `fold`: equal for two keys that the place may hold to be one. What comes out depends on the steps alone, so whoever
    completes a cut-off run comes to the same.
    """
    leaving = {fold(step.old) for step in steps}
    emptied = {folder for key in leaving for folder in _folders(key)}
    return [_clashes(fold(step.new), leaving, emptied) for step in steps]


def _clashes(name: bytes, leaving: set[bytes], emptied: set[bytes]) -> bool:
    return name in leaving or name in emptied or any(folder in leaving for folder in _folders(name))


def _folders(key: bytes) -> Iterator[bytes]:
    end = key.rfind(b"/")
    while end > 0:
        yield key[:end]
        end = key.rfind(b"/", 0, end)


def blocked(steps: Sequence[R], stands: Callable[[R], bool], fold: Callable[[Key], bytes]) -> set[Key]:
    """The old keys of steps that cannot be done: `stands` says so of the new name, or whoever has it cannot leave."""
    keepers = {fold(step.old): step for step in steps}
    wanting: dict[bytes, list[R]] = defaultdict(list)
    for step in steps:
        wanting[fold(step.new)].append(step)
    todo = [step for step in steps if fold(step.new) not in keepers and stands(step)]
    found: set[Key] = set()
    while todo:
        step = todo.pop()
        if step.old not in found:
            found.add(step.old)
            todo += wanting[fold(step.old)]
    return found


def in_order(steps: Sequence[R]) -> tuple[list[R], list[R]]:
    """The steps in an order in which each finds its new key free, and those that go round in circles."""
    waiting = {step.old: step for step in steps}
    wanting = {step.new: step for step in steps}
    ready = [step for step in steps if step.new not in waiting]
    ordered: list[R] = []
    while ready:
        step = ready.pop()
        ordered.append(step)
        del waiting[step.old]
        if step.old in wanting:
            ready.append(wanting[step.old])
    return ordered, list(waiting.values())
