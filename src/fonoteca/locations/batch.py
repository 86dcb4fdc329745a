"""A batch at a folder location: staged in `.fonoteca/incoming/<n>/`, then given its names.

Superseding keeps the old: it first gets its second name (or, without hard links, its new one), that name is
flushed, and only then does the new content take the key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from fonoteca.core.digest import Block
from fonoteca.core.entry import storable_ns
from fonoteca.core.place import Key, Stamp, Stat
from fonoteca.disk.names import Names
from fonoteca.disk.reading import DiskReading
from fonoteca.disk.staging import Draft, Stage, StagedFile
from fonoteca.errors import Broken, Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome, Promise, Staged
from fonoteca.locations.copying import copied_here
from fonoteca.locations.keys import check_over
from fonoteca.locations.same import same_bytes

if TYPE_CHECKING:
    from fonoteca.locations.open import OpenFolder


def stat_of(found: os.stat_result) -> Stat:
    """What the contract says of a file. The stamp moves with every change that a file system notices."""
    size, mtime_ns = found.st_size, storable_ns(found.st_mtime_ns)
    return Stat(size, mtime_ns, Stamp(f"{size}:{mtime_ns}:{found.st_ino}"))


class FolderWriting:
    """One object being staged. Plain `try` instead of a border: it costs nothing until something fails."""

    __slots__ = ("_draft", "_place", "_promise", "_refused")

    def __init__(self, place: OpenFolder, draft: Draft, promise: Promise) -> None:
        self._place = place
        self._draft = draft
        self._promise = promise
        self._refused: Refused | None = None
        """Why this object cannot be kept there: the rest of its bytes is let go, and `publish` says it."""

    def write(self, block: Block) -> None:
        """See `base.Writing`."""
        if self._refused is not None:
            return
        try:
            self._draft.write(block)
        except OSError as error:
            self._take(error)

    def finish(self) -> Staged:
        """See `base.Writing`."""
        if self._refused is not None:
            return Staged(*self._promise, self._refused)
        try:
            return Staged(*self._promise, self._draft.finish())
        except OSError as error:
            self._take(error)
            return Staged(*self._promise, self._refused)
        except ValueError as error:
            key = self._promise[0].decode("utf-8", "backslashreplace")
            raise Broken(self._place.name, f"{error} for {key}") from error

    def abort(self) -> None:
        """See `base.Writing`."""
        self._draft.abort()

    def _take(self, error: OSError) -> None:
        """Remember what is about this object alone; raise whatever is about the place."""
        seen = self._place.border(self._promise[0], needed=self._promise[1]).seen(error)
        if not isinstance(seen, Refused):
            raise seen from error
        self._draft.abort()
        self._refused = seen


class FolderBatch:
    """See `base.Batch`. Made by `OpenFolder.batch`."""

    def __init__(self, place: OpenFolder, stage: Stage, open_names: Callable[[], Names]) -> None:
        self._place = place
        self._stage = stage
        self._open_names = open_names
        self._kept: set[int] = set()
        """By `id`: items of this publishing whose old content has its second name."""

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> FolderWriting:
        """See `base.Batch`."""
        check_over(self._place.name, key, over, keep)
        try:
            draft = self._stage.create(size, mtime_ns)
        except OSError as error:  # in `incoming/`: not about the key
            raise self._place.border(needed=size).seen(error) from error
        return FolderWriting(self._place, draft, Promise(key, size, mtime_ns, over, keep))

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`."""
        return copied_here(self._place, self, source, promise)

    def flush(self) -> None:
        """See `base.Batch`."""
        with self._place.border():
            self._stage.flush()

    def read(self, staged: Staged) -> DiskReading:
        """See `base.Batch`."""
        if isinstance(staged.token, Refused):
            raise staged.token
        border = self._place.border()
        try:
            reading = self._stage.read(staged.token)
        except OSError as error:
            raise border.seen(error) from error
        reading.translate = border.seen
        return reading

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`. Outcomes come when all names are durable."""
        items = list(proven)
        self._place.check()
        with self._place.border(), self._open_names() as names:
            whole = [item for item in items if not isinstance(item.token, Refused)]
            refused = self._keep_old(names, [item for item in whole if item.over is not None])
            outcomes = [self._outcome(names, item, refused.get(id(item))) for item in items]
            names.flush()
        yield from outcomes

    def _keep_old(self, names: Names, items: list[Staged]) -> dict[int, LocationError]:
        """Second names for all that will be superseded, durable before the first is. What may not be, by
        `id`."""
        refused: dict[int, LocationError] = {}
        self._kept.clear()
        for item in items:
            try:
                with self._place.border(item.key):
                    self._keep(names, item)
            except LocationError as error:
                refused[id(item)] = error
        names.flush()
        return refused

    def _keep(self, names: Names, item: Staged) -> None:
        self._expect(names, item)
        if item.keep is None:
            return
        if names.stands(item.keep):
            self._expect_kept(names, item)
        elif not (self._place.traits.hard_links and names.keep(item.key, item.keep)):
            return  # the old takes its new name only in `_supersede`: its key stands empty but a moment
        elif stat_of(names.stat(item.keep)).stamp != item.over:
            raise Conflict(self._place.name, item.key, "changed while it was put aside")
        self._kept.add(id(item))

    def _expect(self, names: Names, item: Staged) -> None:
        if stat_of(names.stat(item.key)).stamp != item.over:
            raise Conflict(self._place.name, item.key, "is not what it was when this was decided")

    def _expect_kept(self, names: Names, item: Staged) -> None:
        """The name for the old is taken: good when it holds the same bytes, of an interrupted try or an
        earlier version."""
        assert item.keep is not None
        if stat_of(names.stat(item.keep)).stamp == item.over:
            return
        if not same_bytes(self._place.read(item.key), self._place.read(item.keep)):
            raise Conflict(self._place.name, item.keep, "holds other bytes than the version to be kept there")

    def _outcome(self, names: Names, item: Staged, refused: LocationError | None) -> Outcome:
        if refused is not None or isinstance(item.token, Refused):
            return Outcome(item.key, refused or item.token)
        file: StagedFile = item.token
        try:
            if item.over is None:
                names.put(self._stage.fd, file.name, item.key)
            else:
                self._supersede(names, item, file)
        except OSError as error:
            return Outcome(item.key, self._place.border(item.key, needed=item.size).seen(error))
        except LocationError as error:
            return Outcome(item.key, error)
        self._stage.published(file)
        return Outcome(item.key, None, stat_of(file.stat))

    def _supersede(self, names: Names, item: Staged, file: StagedFile) -> None:
        self._expect(names, item)
        if item.keep is None or id(item) in self._kept:
            names.replace(self._stage.fd, file.name, item.key)
            return
        if names.stands(item.keep):  # since a moment ago: by another of this batch with the same old bytes
            self._expect_kept(names, item)
            names.replace(self._stage.fd, file.name, item.key)
            return
        names.move(item.key, item.keep)
        names.flush()
        try:
            names.put(self._stage.fd, file.name, item.key)
        except OSError:
            names.move(item.keep, item.key)  # the old back under its name: nothing has happened
            raise
