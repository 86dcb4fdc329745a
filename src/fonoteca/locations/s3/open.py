"""An S3 location that is open: its identity was checked, and a lease taken where it is written.

Everything here may be asked again after the connection broke off (`Lost`). Requests of a batch go side by side through
one pool of threads; what waits for its turn in memory is counted over all batches.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias, TypeVar

from fonoteca.core.place import Key, Space, Stat, StoreDigest
from fonoteca.errors import Broken, LocationError
from fonoteca.locations.held import HeldPlace
from fonoteca.locations.identity import Marker
from fonoteca.locations.keys import INCOMING, MARKER, checked, is_listed
from fonoteca.locations.lease import Held
from fonoteca.locations.s3.batch import HELD_BYTES, S3Batch
from fonoteca.locations.s3.changing import Changing
from fonoteca.locations.s3.chunks import Chunks
from fonoteca.locations.s3.reading import S3Reading
from fonoteca.locations.s3.store import Store

UNDERWAY = 4
"""So many requests with many bytes are on their way at once."""

T = TypeVar("T")
R = TypeVar("R")
Some: TypeAlias = list[T]


class OpenS3(HeldPlace):
    """See `base.OpenLocation`. Made by `S3Location.open`; usable from several threads."""

    def __init__(self, store: Store, marker: Marker, data: bytes, lease: Held | None) -> None:
        super().__init__(store.place, marker, data, lease)
        self.store = store
        self.session = INCOMING + b"/" + secrets.token_hex(4).encode()
        """Where batches of this opening stage what has to stand before it is published."""
        self.moving: set[tuple[Key, Key]] = set()
        """Moves that were begun, and are not known to have ended."""
        self._numbers = itertools.count(1)
        self._streams = store.address.streams or marker.traits.streams
        self._pool = ThreadPoolExecutor(self._streams, thread_name_prefix=f"{self.name} sends")
        self._underway = threading.BoundedSemaphore(min(UNDERWAY, self._streams))
        self.chunks = Chunks()
        self._held = 0
        self._counting = threading.Lock()

    def close(self) -> None:
        """End its threads."""
        self._pool.shutdown(cancel_futures=True)

    def read_marker(self) -> bytes | None:
        """See `held.HeldPlace`."""
        return self.store.read_small(MARKER)

    def changing(self) -> Changing:
        """See `held.HeldPlace`."""
        return Changing(self)

    @contextmanager
    def batch(self) -> Iterator[S3Batch]:
        """See `base.OpenLocation`."""
        self.expect_writing()
        self.check()
        batch = S3Batch(self, self.session + b"-%d" % next(self._numbers))
        try:
            yield batch
        finally:
            batch.discard()

    # what batches share

    def hold(self, size: int) -> bool:
        """True when so many bytes more may wait in memory."""
        with self._counting:
            if self._held + size > HELD_BYTES:
                return False
            self._held += size
            return True

    def unhold(self, size: int) -> None:
        """They wait no more."""
        with self._counting:
            self._held -= size

    def start(self, act: Callable[[], R]) -> Future[R]:
        """Do it in a thread of the pool."""
        return self._pool.submit(act)

    def send(self, act: Callable[[], None], chunks: Some[memoryview]) -> Future[None]:
        """As `start`, for bytes that are many, in `chunks`: waits until few enough are on their way."""
        self._underway.acquire()
        self.chunks.going(len(chunks))

        def sent() -> None:
            try:
                act()
            finally:
                self.chunks.gone(chunks)
                self._underway.release()

        try:
            return self._pool.submit(sent)
        except BaseException:
            self.chunks.gone(chunks)
            self._underway.release()
            raise

    def drop(self, underway: Sequence[Future[Any]], then: Callable[[], None] = lambda: None) -> None:
        """When what is under way has ended, do `then` if it can be done. Never raises."""
        for each in underway:
            with suppress(LocationError):  # nobody wants it any more
                each.result()
        with suppress(LocationError):
            then()

    def each(self, act: Callable[[T], R], items: Iterable[T]) -> Some[R]:
        """What came of each, side by side; raises the first error, when all have ended."""
        futures = [self._pool.submit(act, item) for item in items]
        failed: BaseException | None = None
        done: list[R] = []
        for future in futures:
            try:
                done.append(future.result())
            except LocationError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return done

    # looking

    def read(self, key: Key, *, start: int = 0) -> S3Reading:
        """See `base.OpenLocation`."""
        self.store.name(key)
        return S3Reading(self.store, key, start)

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`."""
        return self.store.head(Key(checked(self.name, key)))

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`. Raises Broken where a server tells keys out of order."""
        last = b""
        for key, stat in self.store.list(prefix):
            if not (key.startswith(prefix) and is_listed(key, prefix)):
                continue
            if key <= last:
                raise Broken(self.name, "the server lists its objects out of order")
            last = key
            yield key, stat
        self.check()

    def note(self, kind: bytes) -> Key:
        """A new name for what is written down, of moves or of names."""
        return Key(self.session + kind + b"%d" % next(self._numbers))

    def digest(self, key: Key) -> StoreDigest | None:
        """See `base.OpenLocation`. Of an object that came in parts a server keeps none of the whole."""
        if not self.store.digests:
            return None
        found = self.store.head(Key(checked(self.name, key)), digest=True)
        if found is None or found.store_digest is None:
            return None
        return StoreDigest("sha256", found.store_digest)

    def space(self) -> Space | None:
        """See `base.OpenLocation`: a bucket does not say."""
        return None
