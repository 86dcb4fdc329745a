"""Asking again: how often, after what pauses, and a reading that goes on where it broke off."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from fonoteca.core.copy import Level
from fonoteca.core.digest import Block
from fonoteca.core.place import Key
from fonoteca.errors import Broken, Conflict, Lost
from fonoteca.locations.base import Reading

T = TypeVar("T")


class About(NamedTuple):
    """The object that is asked for. `check` asks for another one: a lost answer can be told from a lost place."""

    place: str
    key: Key
    check: Callable[[], None] | None = None

    def is_known_alone(self) -> bool:
        """True when the place answers for something else. Raises what is permanent."""
        if self.check is None:
            return False
        try:
            self.check()
        except Lost:
            return False
        return True

    def broken(self, lost: Lost) -> Broken:
        """What is wrong with this object alone."""
        shown = self.key.decode("utf-8", "backslashreplace")
        return Broken(self.place, f"{shown} cannot be read there, while others can ({lost.reason})")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a verb is tried, and how long the pauses are: they double, each give or take half of it."""

    tries: int = 5
    first_s: float = 0.5
    longest_s: float = 15.0
    enough_s: float = 90.0
    """No further try begins so long after the first one: a server that stalls costs its time limit at each."""
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    """0 to 1: so that many who lost one server do not come back at one moment."""

    def pause(self, tried: int) -> None:
        """Wait after the try of this number, counted from 1."""
        self.sleep(min(self.first_s * 2 ** (tried - 1), self.longest_s) * (0.5 + self.chance()))

    def ask(self, act: Callable[[], T], about: About | None = None) -> T:
        """The answer. Raises Lost when all tries were in vain, and at once whatever is not transient.

        Broken where the place answers before and after the last try, so that it is `about` this one object.
        """
        began = time.monotonic()
        for tried in range(1, self.tries):
            try:
                return act()
            except Lost:
                if time.monotonic() - began > self.enough_s:
                    raise
                self.pause(tried)
        is_alone = about is not None and about.is_known_alone()
        try:
            return act()
        except Lost as lost:
            if about is not None and is_alone and about.is_known_alone():
                raise about.broken(lost) from lost
            raise


class RetryingReading:
    """A reading that goes on where it broke off: see `base.Reading`. `again` opens it at an offset in bytes, patiently.

    Raises Broken where it breaks off at one byte each time, and the place answers for others.
    """

    def __init__(
        self,
        inner: Reading,
        again: Callable[[int], Reading],
        start: int,
        patience: Patience,
        about: About,
    ) -> None:
        self._inner = inner
        self._again = again
        self._offset = start
        self._patience = patience
        self._about = about
        self.size = inner.size

    @property
    def level(self) -> Level:
        """What reading it reaches."""
        return self._inner.level

    def __enter__(self) -> RetryingReading:
        return self

    def __exit__(self, *exc: object) -> None:
        self._inner.__exit__(*exc)

    def __iter__(self) -> Iterator[Block]:
        tried, began = 0, time.monotonic()
        is_alone = False
        while True:
            try:
                for block in self._inner:
                    self._offset += len(block)
                    tried, began = 0, time.monotonic()
                    yield block
                return
            except Lost as lost:
                tried += 1
                is_enough = tried > 1 and time.monotonic() - began > self._patience.enough_s
                if is_enough or tried >= self._patience.tries:
                    if is_alone and self._about.is_known_alone():
                        raise self._about.broken(lost) from lost
                    raise
                self._patience.pause(tried)
            is_alone = self._about.is_known_alone()
            self._reopen()

    def _reopen(self) -> None:
        self._inner.__exit__(None, None, None)
        self._inner = self._again(self._offset)
        if self._inner.size != self.size:
            raise Conflict(self._about.place, self._about.key, "changed while it was read")


class Skipping:
    """A reading without its first `offset` bytes."""

    def __init__(self, inner: Reading, offset: int) -> None:
        self._inner = inner
        self._offset = offset
        self.level = inner.level
        self.size = inner.size

    def __enter__(self) -> Skipping:
        return self

    def __exit__(self, *exc: object) -> None:
        self._inner.__exit__(*exc)

    def __iter__(self) -> Iterator[Block]:
        left = self._offset
        for block in self._inner:
            if left < len(block):
                yield block[left:]
            left = max(0, left - len(block))
