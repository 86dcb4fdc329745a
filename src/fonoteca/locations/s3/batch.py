"""A batch at an S3 location. An upload there is all or nothing and has its name at once, so bytes are kept without one
as long as may be: small objects here in memory, larger ones as the parts of an upload that is not completed.

Reading back is what completes an upload: from then on an object stands under its key, whole and checked by the server,
though it counts only when it is published; one that reads back differently goes with the batch. What is to supersede
another object waits in `incoming/` instead, and is copied over there when it is published.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from fonoteca.core.digest import Block
from fonoteca.core.place import Key, Stamp, Stat
from fonoteca.errors import Broken, Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome, Reading, Staged
from fonoteca.locations.keys import check_over
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.publishing import Publishing
from fonoteca.locations.s3.reading import Fetched, S3Reading
from fonoteca.locations.s3.store import Upload

if TYPE_CHECKING:
    from fonoteca.locations.s3.open import OpenS3

PART = 8 << 20
"""Bytes of one part; more where an object would have over 10,000 of them."""

MOST_PARTS = 10_000

HELD_SIZE, HELD_BYTES = 1 << 20, 24 << 20
"""Objects up to this size are held in memory, so much of them at most over all batches; else they are sent as they
come."""

FETCHED = 1 << 20
"""Objects up to this size are read back ahead of their use, larger ones as their bytes are wanted."""

AHEAD_OBJECTS = 32
"""So many are made to stand, and read back, ahead of their use."""

LATEST = 2 * AHEAD_OBJECTS
"""No reading waits for longer than so many others were begun after it."""

Promise: TypeAlias = tuple[Key, int, int, Stamp | None, Key | None]
"""What `create` was told: key, size, mtime_ns, over, keep."""


@dataclass(eq=False, slots=True)
class Item:
    """One object on its way."""

    promise: Promise
    aside: Key
    """Its name in `incoming/`, where it needs one."""
    part: int
    direct: bool = True
    """It comes to stand under its key at once, not in `incoming/`."""
    data: bytearray | None = field(default_factory=bytearray)
    """Bytes that were not sent."""
    came: int = 0
    held: int = 0
    begun: Future[Upload] | None = None
    """Its upload, where it comes in parts."""
    sent: int = 0
    """Parts that were given to be sent."""
    sending: deque[Future[None]] = field(default_factory=deque)
    reading: Future[bytes | None] | None = None
    stands: Key | None = None
    """Where it stands whole."""
    stat: Stat | None = None
    refused: Refused | None = None
    published: bool = False

    @property
    def key(self) -> Key:
        """Its key."""
        return self.promise[0]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.promise[1]

    @property
    def place_now(self) -> Key:
        """Under which name it is to stand before it is published."""
        return self.key if self.direct else self.aside


class S3Writing:
    """One object being staged."""

    __slots__ = ("_batch", "item")

    def __init__(self, batch: S3Batch, item: Item) -> None:
        self._batch = batch
        self.item = item

    def write(self, block: Block) -> None:
        """See `base.Writing`."""
        item = self.item
        item.came += len(block)
        if item.data is None or item.refused is not None or item.came > item.size:
            return
        self._batch.place.alive()
        item.data += block
        while len(item.data) >= item.part and item.size > item.part:
            self._batch.send(item)

    def finish(self) -> Staged:
        """See `base.Writing`."""
        item = self.item
        if item.came != item.size or item.data is None:
            self.abort()
            named = item.key.decode("utf-8", "backslashreplace")
            raise Broken(
                self._batch.place.name, f"{item.came:,} bytes came, {item.size:,} were promised for {named}"
            )
        self._batch.end(item)
        return Staged(*item.promise, item.refused or item)

    def abort(self) -> None:
        """See `base.Writing`."""
        self._batch.forget(self.item)


class S3Batch:
    """See `base.Batch`. Made by `OpenS3.batch`."""

    def __init__(self, place: OpenS3, folder: bytes) -> None:
        self.place = place
        self.store = place.store
        self.items: list[Item] = []
        self._folder = folder
        self._number = 0
        self._next = 0
        """The first of `items` that is not read ahead yet."""
        self._reading = threading.Lock()

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> S3Writing:
        """See `base.Batch`."""
        check_over(self.place.name, key, over, keep)
        for each in (key, keep):
            if each is not None:
                self.store.name(each)
        self._number += 1
        part = max(PART, -(-size // MOST_PARTS))
        item = Item((key, size, mtime_ns, over, keep), Key(self._folder + b"/%d" % self._number), part)
        item.direct = over is None
        return S3Writing(self, item)

    def borrow(
        self,
        source: Key,
        key: Key,
        size: int,
        mtime_ns: int,
        *,
        over: Stamp | None = None,
        keep: Key | None = None,
    ) -> Staged | None:
        """See `base.Batch`. The copy is made over there, in `incoming/`."""
        found = self.store.head(source)
        if found is None or found.size != size:
            return None
        item = self.create(key, size, mtime_ns, over=over, keep=keep).item
        item.direct, item.data = False, None
        try:
            item.stat = self.store.copy(source, item.aside, found)
        except (Missing, Unmet):
            return None
        item.stands = item.aside
        self.items.append(item)
        return Staged(*item.promise, item)

    # sending

    def send(self, item: Item) -> None:
        """Send the next part. Waits while too many are on their way; raises what an earlier one ended with."""
        assert item.data is not None
        self._reap(item)
        if item.refused is not None:
            return
        if item.begun is None:
            item.begun = self.place.start(lambda: self._begin(item))
        view = memoryview(item.data)
        data = bytes(view[: item.part])
        view.release()
        del item.data[: item.part]
        item.sent += 1
        begun, number = item.begun, item.sent
        item.sending.append(self.place.send(lambda: self.store.send(begun.result(), number, data)))

    def _begin(self, item: Item) -> Upload:
        """What stands under its key already will be looked at: then it waits in `incoming/`."""
        item.direct = item.direct and self.store.head(item.key) is None
        return self.store.begin(item.place_now)

    def _reap(self, item: Item, *, wait: bool = False) -> None:
        """Hear how parts ended. Raises LocationError for what is about the place."""
        while item.sending and (wait or item.sending[0].done()):
            try:
                item.sending.popleft().result()
            except Refused as refused:
                item.refused = refused

    def end(self, item: Item) -> None:
        """All bytes came: hold them, or send them now."""
        self.items.append(item)
        assert item.data is not None
        if item.begun is None and item.size <= HELD_SIZE and self.place.hold(len(item.data)):
            item.held = len(item.data)
            return
        if item.data or item.begun is None:
            self.send(item)
        item.data = None

    def forget(self, item: Item) -> None:
        """Let go of an object that is not wanted. Never raises."""
        item.data = None
        self.unhold(item)
        if item in self.items:
            self.items.remove(item)
        self._abort(item)

    def _abort(self, item: Item) -> None:
        """End an upload that was not completed. Never raises."""
        begun, item.begun = item.begun, None
        if begun is not None:
            self.place.drop([begun, *item.sending], lambda: self.store.abort(begun.result()))

    def unhold(self, item: Item) -> None:
        """Its bytes are no longer held."""
        held, item.held = item.held, 0
        if held:
            self.place.unhold(held)

    def flush(self) -> None:
        """See `base.Batch`. What is held here or lies there in parts becomes durable when it gets its name."""
        for item in self.items:
            self._reap(item, wait=True)

    # standing there

    def settle(self, item: Item) -> None:
        """Have it stand whole. Raises LocationError, Conflict where its key is taken."""
        if item.stands is not None:
            return
        try:
            if item.begun is not None:
                self._reap(item, wait=True)
                item.stat = self.store.complete(item.begun.result(), item.size, once=item.direct)
                item.begun = None
            else:
                assert item.data is not None
                item.stat = self.store.put(item.place_now, bytes(item.data), once=item.direct)
        except Unmet as error:
            raise Conflict(self.place.name, item.key, "stands there already") from error
        item.stands = item.place_now
        item.data = None
        self.unhold(item)

    # reading back

    def read(self, staged: Staged) -> Reading:
        """See `base.Batch`."""
        if isinstance(staged.token, Refused):
            raise staged.token
        item: Item = staged.token
        with self._reading:  # from several threads, and mostly in order
            self._next = max(self._next, self.items.index(item))
            reading = item.reading or self._start(item)
            self._read_ahead()
        data = reading.result()
        with self._reading:
            item.reading = None
            self._read_ahead()
        if item.refused is not None:
            raise item.refused
        if data is not None:
            return Fetched(data)
        assert item.stands is not None
        return S3Reading(self.store, item.stands)

    def _start(self, item: Item) -> Future[bytes | None]:
        item.reading = self.place.start(lambda: self._standing(item))
        return item.reading

    def _read_ahead(self) -> None:
        """Begin with the next ones, as far as there is room."""
        waiting = [item for item in self.items[max(0, self._next - LATEST) :] if item.reading is not None]
        count = len(waiting)
        while self._next < len(self.items) and count < AHEAD_OBJECTS:
            item = self.items[self._next]
            self._next += 1
            _, _, _, over, keep = item.promise
            if item.reading is not None or (over is not None and keep is None):
                continue  # our own small papers are not read back
            self._start(item)
            count += 1

    def _standing(self, item: Item) -> bytes | None:
        """Have it stand, and its bytes if they are few. Where its key is taken, publishing says so."""
        given = bytes(item.data) if item.data is not None else b""
        try:
            self.settle(item)
        except Conflict as error:
            if item.data is None:
                item.refused = Refused(self.place.name, item.key, error.reason)
            return given
        except Refused as refused:
            item.refused = refused
            return b""
        if item.size > FETCHED:
            return None
        assert item.stands is not None
        try:
            with S3Reading(self.store, item.stands) as reading:
                return b"".join(bytes(block) for block in reading)
        except (Conflict, Missing):
            return b""  # it is not there: then it reads back differently

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`. Outcomes come when all names stand."""
        staged = list(proven)
        self.place.check()
        outcomes = Publishing(self).run(staged)
        yield from outcomes

    def discard(self) -> None:
        """Remove what was not published. Never raises: it is swept at the next opening."""
        gone: list[Key] = []
        for item in self.items:
            if item.reading is not None:
                item.reading.cancel()
        for item in self.items:
            if item.reading is not None and not item.reading.cancelled():
                _ended(item.reading)
            self.unhold(item)
            if item.stands is not None and not (item.published and item.stands == item.key):
                gone.append(item.stands)
            self._abort(item)
        try:
            self.store.delete(gone)
        except LocationError:
            return


def _ended(future: Future[Any]) -> None:
    """Wait for it, however it ends."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    done.wait()
