"""A batch at an rclone location: staged in `.fonoteca/incoming/<n>/`, several uploads at once, then named by moves.

Small objects are held here until one of the uploads at once is free; a larger one goes through as it comes, each with
an upload of its own, so that a writing that is left open keeps nobody waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fonoteca.core.digest import Block
from fonoteca.core.place import Key, Stamp
from fonoteca.errors import Broken, LocationError, Refused
from fonoteca.locations.base import Outcome, Promise, Staged
from fonoteca.locations.keys import check_over
from fonoteca.locations.rclone.border import meant
from fonoteca.locations.rclone.client import Failure
from fonoteca.locations.rclone.feed import Offer
from fonoteca.locations.rclone.publishing import Publishing
from fonoteca.locations.rclone.reading import RcloneReading

if TYPE_CHECKING:
    from fonoteca.locations.rclone.open import OpenRclone

SMALL = 1 << 20
"""Objects up to this size are held until an upload is free."""

HELD_BYTES = 16 << 20
"""So much is held at most."""


@dataclass(eq=False, slots=True)
class Upload:
    """One file in `incoming/`. `held`: its bytes, while they wait."""

    name: bytes
    promise: Promise
    offer: Offer
    held: bytearray | None = None
    came: int = 0
    answer: Future[None] | None = None
    refused: Refused | None = None
    is_over: bool = False

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.promise[1]


class RcloneWriting:
    """One object being staged."""

    __slots__ = ("_batch", "_upload")

    def __init__(self, batch: RcloneBatch, upload: Upload) -> None:
        self._batch = batch
        self._upload = upload

    def write(self, block: Block) -> None:
        """See `base.Writing`."""
        upload = self._upload
        upload.came += len(block)
        if upload.refused is not None or upload.came > upload.size:
            return
        self._batch.place.alive()
        if upload.held is not None:
            upload.held += block
            return
        try:
            upload.offer.send(block)
        except OSError as error:
            self._batch.broke(upload, error)

    def finish(self) -> Staged:
        """See `base.Writing`."""
        upload = self._upload
        if upload.came != upload.size:
            self.abort()
            named = upload.promise[0].decode("utf-8", "backslashreplace")
            raise Broken(
                self._batch.place.name,
                f"{upload.came:,} bytes came, {upload.size:,} were promised for {named}",
            )
        if upload.refused is None:
            self._batch.end(upload)
        return Staged(*upload.promise, upload)

    def abort(self) -> None:
        """See `base.Writing`."""
        self._upload.is_over = True
        self._upload.held = None
        self._upload.offer.cancel()


@dataclass(slots=True)
class RcloneBatch:
    """See `base.Batch`. Made by `OpenRclone.batch`."""

    place: OpenRclone
    folder: bytes
    _streams: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1 << 10, "upload"))
    """A thread for each larger object: it does nothing but wait."""
    _uploads: list[Upload] = field(default_factory=list)
    _waiting: deque[Upload] = field(default_factory=deque)
    """All bytes were given, no answer has come."""
    _held_bytes: int = 0

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> RcloneWriting:
        """See `base.Batch`."""
        check_over(self.place.name, key, over, keep)
        for each in (key, keep or key):
            self.place.remote.text(each)
        name = self.folder + b"/%d" % len(self._uploads)
        self.place.remote.make_folders([name])
        offer = self.place.remote.offer(size, mtime_ns)
        upload = Upload(name, Promise(key, size, mtime_ns, over, keep), offer)
        self._uploads.append(upload)
        if size <= SMALL:
            upload.held = bytearray()
        else:
            upload.answer = self._streams.submit(self.place.remote.upload, name, offer)
        return RcloneWriting(self, upload)

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`. Where the remote copies by itself: else the bytes would come here and go back."""
        remote = self.place.remote
        found = remote.stat(source)
        key, size, mtime_ns, over, keep = promise
        if found is None or found.size != size or not remote.features()["Features"].get("Copy"):
            return None
        check_over(self.place.name, key, over, keep)
        for each in (key, keep or key):
            remote.text(each)
        name = self.folder + b"/%d" % len(self._uploads)
        upload = Upload(name, promise, remote.offer(size, mtime_ns), came=size)
        self._uploads.append(upload)
        remote.make_folders([name])
        remote.copy(source, name)
        for outcome in self.place.retime([(Key(name), mtime_ns)]):
            if outcome.error is not None:
                raise outcome.error
        return Staged(*upload.promise, upload)

    def end(self, upload: Upload) -> None:
        """All bytes came. Waits while too much is on its way. Raises LocationError."""
        if upload.held is None:
            upload.offer.end()
        else:
            self._held_bytes += upload.size
            upload.answer = self.place.uploads.submit(self._send_held, upload)
        self._waiting.append(upload)
        large = sum(each.held is None for each in self._waiting)
        while self._waiting and (self._held_bytes > HELD_BYTES or large > self.place.streams):
            large -= self._waiting[0].held is None
            self._answered(self._waiting.popleft())

    def _send_held(self, upload: Upload) -> None:
        """In a thread of the place: have it fetched, and give it."""
        fetching = self._streams.submit(self.place.remote.upload, upload.name, upload.offer)
        self.place.remote.give(upload.offer, upload.held or b"")
        fetching.result()

    def _answered(self, upload: Upload) -> None:
        """Wait for the end of an upload. What is about it alone is kept for `read` to say."""
        if upload.held is not None:
            self._held_bytes -= upload.size
        try:
            assert upload.answer is not None
            upload.answer.result()
        except (Failure, LocationError) as error:
            if not upload.is_over:
                self._take(upload, error)
        upload.held = None

    def broke(self, upload: Upload, error: OSError) -> None:
        """Rclone takes no more of it: its answer says why. Raises LocationError."""
        upload.offer.cancel()
        assert upload.answer is not None
        try:
            upload.answer.result(self.place.remote.client.change_s)
        except (Failure, LocationError) as failed:
            self._take(upload, failed)
            return
        raise Broken(self.place.name, f"rclone did not take all bytes ({error})")

    def _take(self, upload: Upload, error: Failure | LocationError) -> None:
        """Remember what is about this object alone; raise whatever is about the place."""
        seen = error
        if isinstance(error, Failure):
            about = upload.promise[0] if upload.size == 0 or "large" in error.text else None
            seen = meant(
                self.place.name, self.place.remote.client.address, error, about, needed=max(upload.size, 1)
            )
        if not isinstance(seen, Refused):
            raise seen from error
        upload.refused = seen

    def flush(self) -> None:
        """See `base.Batch`. An upload is answered when the remote has taken it: nobody knows more of its disks."""
        while self._waiting:
            self._answered(self._waiting.popleft())

    def read(self, staged: Staged) -> RcloneReading:
        """See `base.Batch`."""
        if staged.token.refused is not None:
            raise staged.token.refused
        return RcloneReading(self.place.remote, staged.token.name, None)

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`."""
        items = list(proven)
        self.place.check()
        yield from Publishing(self.place).run(items)

    def discard(self) -> None:
        """Remove what was not published. Never raises: what stays is swept at the next opening."""
        for upload in self._uploads:
            upload.is_over = True
            upload.offer.cancel()
            if upload.answer is not None and not upload.answer.cancel():
                upload.answer.exception()
        self._streams.shutdown(wait=True)
        try:
            if self._uploads:
                self.place.remote.purge(self.folder)
        except LocationError:
            return
