"""Where recorded bytes come from: the best copy that is here and proves right while it is read.

    source, staged, xxh3_128, tried = supply.fill(bad, lambda size: batch.create(key, size, mtime_ns))

What reads otherwise than recorded, or not at all, is told in `tried`, and the next best is read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from fonoteca.core.digest import Block, Hasher
from fonoteca.core.finding import FindingKind
from fonoteca.core.pattern import join
from fonoteca.core.place import Key
from fonoteca.core.plan.repair import Bad, Source
from fonoteca.disk.reading import open_source, reading_again
from fonoteca.errors import Away, LocationError
from fonoteca.locations.base import OpenLocation, Reading
from fonoteca.tasks.checking.rereading import Trouble


class Sink(Protocol):
    """What takes the bytes: a location's `Writing`, or a file of a library."""

    def write(self, block: Block) -> None: ...
    def finish(self) -> Any: ...
    def abort(self) -> None: ...


class Tried(NamedTuple):
    """A source that was read and is not what was recorded."""

    source: Source
    trouble: Trouble


class Filled(NamedTuple):
    """What the sink's `finish` gave, of the source that proved right. All None where none did."""

    source: Source | None
    staged: Any
    xxh3_128: bytes
    tried: tuple[Tried, ...]


@dataclass(slots=True)
class Supply:
    """Open locations by the catalogue's number, and the libraries' folders by name."""

    places: Mapping[int, OpenLocation]
    libraries: Mapping[str, bytes]
    find: Callable[[Bad], list[Source]]
    """Every source of what something bad should hold, best first; also of those that are not here."""
    pause: Callable[[], None]
    """Called between blocks; what it raises ends the run."""
    lost: set[int] = field(default_factory=set)
    """Locations that went away since."""

    def here(self, bad: Bad) -> list[Source]:
        """The sources that can be read now."""
        return [source for source in self.find(bad) if self._is_here(source)]

    def _is_here(self, source: Source) -> bool:
        if source.location is None:
            return source.library in self.libraries
        return source.location in self.places and source.location not in self.lost

    def fill(self, bad: Bad, begin: Callable[[int], Sink]) -> Filled:
        """Write the first source that proves right into what `begin` (told its size) gives.

        Raises what the sink raises: a source that fails is only passed over.
        """
        tried: list[Tried] = []
        for source in self.here(bad):
            with ExitStack() as stack:
                try:
                    reading = stack.enter_context(self._open(source))
                except (LocationError, OSError) as error:
                    self._failed(source, error, tried)
                    continue
                sink = begin(reading.size)
                found = self._poured(reading, sink)
            if not isinstance(found, Hasher):
                self._failed(source, found, tried)
                continue
            digests = found.digests()
            if digests.sha256 == bad.sha256:
                return Filled(source, sink.finish(), digests.xxh3_128, tuple(tried))
            sink.abort()
            detail = f"expected sha256 {bad.sha256.hex()}, found sha256 {digests.sha256.hex()}"
            tried.append(Tried(source, Trouble(FindingKind.DAMAGED, detail)))
        return Filled(None, None, b"", tuple(tried))

    def _poured(self, reading: Reading, sink: Sink) -> Hasher | LocationError | OSError:
        hasher, blocks = Hasher(), iter(reading)
        while True:
            try:
                block = next(blocks, None)
            except (LocationError, OSError) as error:
                sink.abort()
                return error
            if block is None:
                return hasher
            hasher.update(block)
            sink.write(block)
            self.pause()

    def _open(self, source: Source) -> AbstractContextManager[Reading]:
        if source.location is not None:
            return self.places[source.location].read(Key(source.key))
        return _original(join(self.libraries[source.library], source.key))

    def _failed(self, source: Source, error: LocationError | OSError, tried: list[Tried]) -> None:
        if isinstance(error, Away) and source.location is not None:
            self.lost.add(source.location)
            return
        trouble = Trouble(FindingKind.UNREADABLE_COPY, f"it cannot be read: {error}")
        tried.append(Tried(source, trouble))


@contextmanager
def _original(path: bytes) -> Iterator[Reading]:
    with open_source(path) as fd, reading_again(os.dup(fd), media=False) as reading:
        yield reading
