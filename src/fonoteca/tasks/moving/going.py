"""A copy that is on its way to another key, and what intents and manifests say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fonoteca.catalogue.misplaced import Misplaced
from fonoteca.core.copy import Level
from fonoteca.core.entry import Content, RelPath
from fonoteca.core.finding import Finding
from fonoteca.core.manifest.lines import Have, Line, Moved, MoveStep
from fonoteca.core.place import Key
from fonoteca.core.plan.copies import OldCopy
from fonoteca.core.plan.moves import in_order


class Going(NamedTuple):
    """A copy on its way. `stands`: its bytes are there and are renamed; else only what is said of it moves on."""

    copy: Misplaced
    new: Key
    stands: bool = True
    level: Level | None = None
    """What reading it reached, where it was not as published and had to be read."""
    odd: Finding | None = None

    @property
    def old(self) -> Key:
        """Where it stands now."""
        return Key(self.copy.key)


def move_lines(done: list[Going], now: int) -> Iterator[Line]:
    """What a manifest says of it: each line finds its new key free; a circle is said as what each key holds."""
    ordered, circles = in_order(done)
    for each in ordered:
        yield Moved(each.old, each.new, RelPath(each.copy.path), now)
        if each.level is not None:
            yield _have(each, now)
    for each in circles:
        yield _have(each, now)


def _have(going: Going, now: int) -> Have:
    copy = going.copy
    content = Content(copy.sha256, copy.size, copy.xxh3_128)
    level, when = (Level(copy.level), copy.verified_ns) if going.level is None else (going.level, now)
    if not going.stands:
        level = Level.NONE
    return Have(going.new, RelPath(copy.path), content, copy.mtime_ns, level, when or now)


def step_of(going: Going) -> MoveStep:
    """What an intent says of it."""
    copy = going.copy
    content = Content(copy.sha256, copy.size, copy.xxh3_128)
    return MoveStep(going.old, going.new, RelPath(copy.path), content, copy.mtime_ns)


def published(copy: Misplaced) -> OldCopy:
    """What we published under its old key."""
    content = Content(copy.sha256, copy.size, copy.xxh3_128)
    return OldCopy(content, copy.content, copy.mtime_ns, copy.level, copy.verified_ns, copy.state == "good")


def shown(key: Key) -> str:
    """A key for a sentence."""
    return key.decode("utf-8", "backslashreplace")
