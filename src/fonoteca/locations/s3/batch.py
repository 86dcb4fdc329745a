"""A batch at an S3 location. An upload there is all or nothing and has its name at once, so bytes are kept without one
as long as may be: small objects here in memory, large ones as the parts of an upload that is not completed. What lies
between goes in one request when its last byte came: that is five requests less than in parts.

An object that stands under its key counts only when it is published; one that reads back differently goes with the
batch. What is to supersede another object, or finds its key taken, waits in `incoming/` instead, and is copied over
there when it is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fonoteca.core.digest import Block
from fonoteca.core.place import OWN, Key, Stamp
from fonoteca.errors import Broken, Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome, Promise, Reading, Staged
from fonoteca.locations.keys import check_over
from fonoteca.locations.s3.border import Incapable, Missing, Unmet
from fonoteca.locations.s3.chunks import CHUNK
from fonoteca.locations.s3.item import Item
from fonoteca.locations.s3.naming import Names
from fonoteca.locations.s3.publishing import Publishing
from fonoteca.locations.s3.reading import Fetched, S3Reading
from fonoteca.locations.s3.store import Upload

if TYPE_CHECKING:
    from fonoteca.locations.s3.open import OpenS3

ONE = 16 << 20
"""Objects up to this size go in one request."""

PART = 8 << 20
"""Bytes of one part of larger ones; more where an object would have over 10,000 of them."""

MOST_PARTS = 10_000

HELD_SIZE, HELD_BYTES = 1 << 20, 24 << 20
"""Objects up to this size are held in memory, so much of them at most over all batches; else they are sent as they
come."""


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
        if item.is_open and item.refused is None and item.came <= item.size:
            self._batch.take(item, memoryview(block))

    def finish(self) -> Staged:
        """See `base.Writing`."""
        item = self.item
        if item.came != item.size or not item.is_open:
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
        self.names = Names(place.store, place.note)
        self._folder = folder
        self._number = 0

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> S3Writing:
        """See `base.Batch`."""
        check_over(self.place.name, key, over, keep)
        for each in (key, keep):
            if each is not None:
                self.store.name(each)
        self._number += 1
        part = size if size <= ONE else max(PART, -(-size // MOST_PARTS))
        item = Item(Promise(key, size, mtime_ns, over, keep), Key(self._folder + b"/%d" % self._number), part)
        item.direct = over is None
        if size <= HELD_SIZE and self.place.hold(size):
            item.held = bytearray()
        return S3Writing(self, item)

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`. The copy is made over there, in `incoming/`."""
        found = self.store.head(source)
        if found is None or found.size != promise.size:
            return None
        key, size, mtime_ns, over, keep = promise
        item = self.create(key, size, mtime_ns, over=over, keep=keep).item
        self._unhold(item)
        item.direct = item.is_open = False
        try:
            item.stat = self.store.copy(source, item.aside, found)
        except (Missing, Unmet, Incapable):
            return None
        item.stands = item.aside
        self.items.append(item)
        return Staged(*item.promise, item)

    # sending

    def take(self, item: Item, block: memoryview) -> None:
        """Take the next bytes, and send what is enough for a request. Raises what an earlier one ended with."""
        self.place.alive()
        if item.held is not None:
            item.held += block
            return
        while block:
            used = item.filled % CHUNK
            if used == 0:
                item.chunks.append(self.place.chunks.take())
            some = block[: min(CHUNK - used, item.part - item.filled)]
            item.chunks[-1][used : used + len(some)] = some
            item.filled += len(some)
            block = block[len(some) :]
            if item.filled == item.part and item.size > item.part:
                self._send_part(item)

    def end(self, item: Item) -> None:
        """All bytes came: hold them, or send them now."""
        self.items.append(item)
        item.is_open = False
        if item.held is not None:
            return
        if item.begun is not None or item.size > ONE:
            if item.filled:
                self._send_part(item)
            return
        self._send(item, lambda body: self._put(item, body))

    def _send_part(self, item: Item) -> None:
        self._reap(item)
        if item.refused is not None:
            self._give_back(item)
            return
        if item.begun is None:
            item.begun = self.place.start(lambda: self._begin(item))
        item.sent += 1
        begun, number = item.begun, item.sent
        self._send(item, lambda body: self.store.send(begun.result(), number, body))

    def _send(self, item: Item, act: Callable[[list[memoryview]], None]) -> None:
        """Have the chunks sent in a thread. Waits while too many are on their way."""
        chunks, size = item.chunks, item.filled
        item.chunks, item.filled = [], 0
        body = [chunk[: size - number * CHUNK] for number, chunk in enumerate(chunks)]
        item.sending.append(self.place.send(lambda: act(body), chunks))

    def _give_back(self, item: Item) -> None:
        chunks, item.chunks, item.filled = item.chunks, [], 0
        self.place.chunks.give_back(chunks)

    def _begin(self, item: Item) -> Upload:
        """What stands under its key already will be looked at: then it waits in `incoming/`."""
        item.direct = item.direct and self.store.head(item.key) is None
        return self.store.begin(item.place_now)

    def _put(self, item: Item, body: Sequence[Block]) -> None:
        """In one request; as `_begin` where its key is taken."""
        if item.direct:
            self.names.note([(item.key, item.size)])
        try:
            item.stat = self.store.put_pieces(item.place_now, body, once=item.direct)
        except Unmet:
            item.direct = False
            item.stat = self.store.put_pieces(item.aside, body)
        item.stands = item.place_now

    def _reap(self, item: Item, *, wait: bool = False) -> None:
        """Hear how requests ended. Raises LocationError for what is about the place."""
        while item.sending and (wait or item.sending[0].done()):
            try:
                item.sending.popleft().result()
            except Refused as refused:
                item.refused = refused

    def forget(self, item: Item) -> None:
        """Let go of an object that is not wanted. Never raises."""
        item.is_open = False
        self._unhold(item)
        self._give_back(item)
        self._abort(item)

    def _abort(self, item: Item) -> None:
        """End what is under way, and an upload that was not completed. Never raises."""
        begun, item.begun = item.begun, None
        if begun is not None:
            self.place.drop([begun, *item.sending], lambda: self.store.abort(begun.result()))
        elif item.sending:
            self.place.drop([*item.sending])
        item.sending.clear()

    def _unhold(self, item: Item) -> None:
        """Its bytes are no longer held."""
        held, item.held = item.held, None
        if held is not None:
            self.place.unhold(item.size)

    def flush(self) -> None:
        """See `base.Batch`. What is held here or lies there in parts becomes durable when it gets its name."""
        for item in self.items:
            self._reap(item, wait=True)
        direct = [item for item in self.items if item.direct and item.stands is None]
        self.names.note([(item.key, item.size) for item in direct if not item.key.startswith(OWN)])

    # standing there

    def settle(self, item: Item, *, over: Stamp | None = None) -> None:
        """Have it stand whole; with `over` in the place of just that object, under its key.

        Raises LocationError, Conflict where its key is taken.
        """
        self._reap(item, wait=True)
        if item.refused is not None:
            raise item.refused
        if item.stands is not None:
            return
        target = item.key if over is not None else item.place_now
        try:
            if item.begun is not None:
                item.stat = self.store.complete(item.begun.result(), item.size, once=item.direct)
                item.begun = None
            else:
                assert item.held is not None
                once = item.direct and over is None
                item.stat = self.store.put_pieces(target, [item.held], once=once, over=over)
        except Unmet as error:
            reason = "stands there already" if over is None else "is not what it was when this was decided"
            raise Conflict(self.place.name, item.key, reason) from error
        item.stands = target
        self._unhold(item)

    # reading back

    def read(self, staged: Staged) -> Reading:
        """See `base.Batch`. Has it stand first. Where its key is taken, publishing says so."""
        if isinstance(staged.token, Refused):
            raise staged.token
        item: Item = staged.token
        given = item.held
        try:
            self.settle(item)
        except Conflict as error:
            if given is None:
                item.refused = Refused(self.place.name, item.key, error.reason)
                raise item.refused from error
            return Fetched(bytes(given))
        except Refused as refused:
            item.refused = refused
            raise
        assert item.stands is not None
        try:
            return S3Reading(self.store, item.stands)
        except Conflict:
            return Fetched(b"")  # it is not there: then it reads back differently

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
            self._abort(item)
            self._unhold(item)
            if item.stands is not None and not (item.published and item.stands == item.key):
                gone.append(item.stands)
        try:
            self.store.delete(gone)
            self.names.forget()
        except LocationError:
            return
