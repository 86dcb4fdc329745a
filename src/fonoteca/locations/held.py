"""What is alike at all open places beyond this machine: who it is, whether it still is, names changed together."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeAlias, TypeVar

from fonoteca.core.place import Identity, Key, Traits
from fonoteca.errors import Away, Denied
from fonoteca.locations.base import Outcome
from fonoteca.locations.identity import Marker
from fonoteca.locations.lease import Held

TOGETHER = 256
"""So many names are changed between two looks at the marker, and before their outcomes are told."""

T = TypeVar("T")
Some: TypeAlias = list[T]


class Changes(Protocol):
    """One call that changes some names: what goes wrong with one of them is its outcome, and the others go on."""

    def move(self, pairs: Some[tuple[Key, Key]]) -> Iterator[Outcome]: ...
    def retime(self, times: Some[tuple[Key, int]]) -> Iterator[Outcome]: ...
    def delete(self, keys: Some[Key]) -> Iterator[Outcome]: ...


class HeldPlace(ABC):
    """The half of `base.OpenLocation` that all of them share. `data`: the text of the marker when it was opened."""

    def __init__(self, name: str, marker: Marker, data: bytes, lease: Held | None) -> None:
        self.name = name
        self._marker = marker
        self._data = data
        self._lease = lease

    @abstractmethod
    def read_marker(self) -> bytes | None:
        """The text of the marker, None where there is none. Raises LocationError."""

    @abstractmethod
    def changing(self) -> Changes:
        """A call that changes names."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return self._marker.identity

    @property
    def traits(self) -> Traits:
        """What it can do, as probed when it was adopted."""
        return self._marker.traits

    def check(self) -> None:
        """See `base.OpenLocation`: the marker still says the same, and the lease is still ours."""
        data = self.read_marker()
        if data != self._data:
            reason = "its marker is gone" if data is None else "its marker changed while it was in use"
            raise Away(
                self.name, reason, "What was finished stands. Look what happened there, and run this again."
            )
        self.alive()

    def alive(self) -> None:
        """Said between blocks of a long upload: the lease is held on to. Raises Away."""
        if self._lease is not None:
            self._lease.hold()

    def expect_writing(self) -> None:
        """Raises Denied where it was opened for reading."""
        if self._lease is None:
            raise Denied(self.name, "it was opened for reading only")

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`. Folders that a move leaves empty are removed."""
        return self._change(pairs, lambda some: self.changing().move(some))

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """See `base.OpenLocation`."""
        return self._change(times, lambda some: self.changing().retime(some))

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """See `base.OpenLocation`. Folders that become empty are removed."""
        return self._change(keys, lambda some: self.changing().delete(some))

    def _change(
        self, items: Iterable[T], change: Callable[[Some[T]], Iterator[Outcome]]
    ) -> Iterator[Outcome]:
        self.expect_writing()
        rest = iter(items)
        while some := [*itertools.islice(rest, TOGETHER)]:
            self.check()
            yield from tuple(change(some))
