"""A batch at an SFTP location: staged in `.fonoteca/incoming/<n>/`, flushed by the server's fsync, then named.

Small objects wait until there are many of them, so that the way to the server and back is paid once for all. Handles
belong to one session: all batches of a connection share the session "staging".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fonoteca.core.digest import Block
from fonoteca.core.place import Key, Stamp
from fonoteca.errors import Broken, LocationError, Refused
from fonoteca.locations.base import Outcome, Promise, Staged
from fonoteca.locations.keys import check_over
from fonoteca.locations.patience import Patience
from fonoteca.locations.sftp import packets
from fonoteca.locations.sftp.packets import string
from fonoteca.locations.sftp.publishing import Publishing
from fonoteca.locations.sftp.reading import SftpReading
from fonoteca.locations.sftp.remote import FILE_MODE
from fonoteca.locations.sftp.wire import Refusal, Severed, Wire

if TYPE_CHECKING:
    from fonoteca.locations.sftp.open import OpenSftp

SMALL = 256 << 10
"""Objects up to this size are held here until some of them are sent together."""

HELD_FILES, HELD_BYTES = 64, 8 << 20
"""So many, or so much, is held at most."""

UNANSWERED = 1 << 20
"""So many bytes at most are on their way without an answer."""

FLUSH_EACH = 64 << 20
"""A large file is flushed this often, so that no single flush takes long on a slow disk."""


_NOTHING = Promise(Key(b""), 0, 0)


@dataclass(slots=True)
class Upload:
    """One file in `incoming/`. `held`: its bytes, while they wait to be sent."""

    name: bytes
    number: int
    handle: bytes = b""
    held: bytearray | None = None
    sent: int = 0
    refused: Refused | None = None


class SftpWriting:
    """One object being staged."""

    __slots__ = ("_batch", "_came", "_promise", "_upload")

    def __init__(self, batch: SftpBatch, upload: Upload, promise: Promise) -> None:
        self._batch = batch
        self._upload = upload
        self._promise = promise
        self._came = 0

    def write(self, block: Block) -> None:
        """See `base.Writing`."""
        self._came += len(block)
        self._batch.place.alive()
        if self._upload.refused is None:
            self._batch.guarded(self._promise, self._upload, lambda: self._batch.put(self._upload, block))

    def copy(self, source: Key) -> None:
        """Take all bytes from `source`, over there."""
        self._came = size = self._promise[1]
        self._batch.guarded(self._promise, self._upload, lambda: self._batch.copy(self._upload, source, size))

    def finish(self) -> Staged:
        """See `base.Writing`."""
        key, size, *_ = self._promise
        if self._came != size:
            self.abort()
            named = key.decode("utf-8", "backslashreplace")
            raise Broken(
                self._batch.place.name, f"{self._came:,} bytes came, {size:,} were promised for {named}"
            )
        if self._upload.refused is None:
            self._batch.guarded(
                self._promise, self._upload, lambda: self._batch.end(self._upload, self._promise)
            )
        return Staged(*self._promise, self._upload.refused or self._upload.name)

    def abort(self) -> None:
        """See `base.Writing`."""
        self._batch.forget(self._upload)


@dataclass(slots=True)
class SftpBatch:
    """See `base.Batch`. Made by `OpenSftp.batch`."""

    place: OpenSftp
    folder: bytes
    wire: Wire
    piece: int
    left: dict[bytes, None] = field(default_factory=dict)
    """Names in our folder that are still there."""
    _next: int = 0
    _held: list[tuple[Upload, Promise]] = field(default_factory=list)
    _held_bytes: int = 0
    _sent: deque[tuple[int, int, Promise]] = field(default_factory=deque)
    """Requests whose answers were not read yet: number, bytes, whose."""
    _unanswered: int = 0
    _whose: Promise = _NOTHING
    """What is being done now, for the sentence about a failure."""

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> SftpWriting:
        """See `base.Batch`."""
        check_over(self.place.name, key, over, keep)
        promise = Promise(key, size, mtime_ns, over, keep)
        name = self.folder + b"/%d" % self._next
        self._next += 1
        upload = Upload(name, 0, held=bytearray() if size <= SMALL else None)
        self.guarded(promise, upload, lambda: self._open(upload))
        return SftpWriting(self, upload, promise)

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """See `base.Batch`. Where the server knows `copy-data`."""
        if packets.COPY_DATA not in self.wire.extensions:
            return None
        found = self.place.stat(source)
        if found is None or found.size != promise.size:
            return None
        key, size, mtime_ns, over, keep = promise
        writing = self.create(key, size, mtime_ns, over=over, keep=keep)
        writing.copy(source)
        return writing.finish()

    def copy(self, upload: Upload, source: Key, size: int) -> None:
        """Have its bytes taken from `source`, over there. Raises Refusal, Severed."""
        path = string(self.place.remote.path(source))
        reading = self.wire.handle(
            self.wire.send(packets.OPEN, path, packets.word(packets.READING), packets.word(0))
        )
        upload.held, upload.handle = None, upload.handle or self.wire.handle(upload.number)
        for start in range(0, size, FLUSH_EACH):
            length = min(FLUSH_EACH, size - start)
            parts = (string(reading), packets.long(start), packets.long(length))
            self._expect(
                self.wire.extended(packets.COPY_DATA, *parts, string(upload.handle), packets.long(start)),
                length,
            )
            upload.sent += length
            self._fsync(upload)
        self._expect(self.wire.send(packets.CLOSE, string(reading)), 1)

    def _open(self, upload: Upload) -> None:
        path = string(self.place.remote.path(upload.name))
        self.left[upload.name] = None
        upload.number = self.wire.send(
            packets.OPEN, path, packets.word(packets.CREATING), packets.mode(FILE_MODE)
        )

    def put(self, upload: Upload, block: Block) -> None:
        """Take bytes. Raises Refusal, Severed."""
        if upload.held is not None:
            upload.held += block
            return
        view = memoryview(block)
        for start in range(0, len(view), self.piece):
            self._write(upload, view[start : start + self.piece])

    def _write(self, upload: Upload, data: memoryview) -> None:
        if not upload.handle:
            upload.handle = self.wire.handle(upload.number)
        while self._unanswered > UNANSWERED:
            self._answered()
        where = (string(upload.handle), packets.long(upload.sent), packets.word(len(data)))
        number = self.wire.send(packets.WRITE, *where, data=data)
        before, upload.sent = upload.sent, upload.sent + len(data)
        self._expect(number, len(data))
        if before // FLUSH_EACH != upload.sent // FLUSH_EACH:
            self._fsync(upload)

    def _expect(self, number: int, size: int) -> None:
        self._sent.append((number, size, self._whose))
        self._unanswered += size

    def _answered(self) -> None:
        """Read the oldest answer."""
        number, size, whose = self._sent.popleft()
        self._unanswered -= size
        self._whose = whose
        self.wire.done(number)

    def _fsync(self, upload: Upload) -> None:
        if packets.FSYNC in self.wire.extensions:
            self._expect(self.wire.extended(packets.FSYNC, string(upload.handle)), 1)

    def end(self, upload: Upload, promise: Promise) -> None:
        """All bytes came. Raises Refusal, Severed."""
        if upload.held is None:
            self._conclude(upload, promise)
            return
        self._held.append((upload, promise))
        self._held_bytes += len(upload.held)
        if len(self._held) >= HELD_FILES or self._held_bytes >= HELD_BYTES:
            self._send_held()

    def _send_held(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        for upload, promise in held:
            if upload.name not in self.left:
                continue  # aborted after all
            data, upload.held = upload.held or bytearray(), None
            self._whose = promise
            self.put(upload, data)
            self._conclude(upload, promise)

    def _conclude(self, upload: Upload, promise: Promise) -> None:
        if not upload.handle:  # an empty file
            upload.handle = self.wire.handle(upload.number)
        self._whose = promise
        if self.place.traits.mtime_precision_ns is not None:
            times = packets.times(self.place.seconds(promise[2]))
            self._expect(self.wire.send(packets.FSETSTAT, string(upload.handle), times), 1)
        self._fsync(upload)
        self._expect(self.wire.send(packets.CLOSE, string(upload.handle)), 1)
        upload.handle, upload.number = b"", 0
        while len(self._sent) > HELD_FILES * 4:
            self._answered()

    def forget(self, upload: Upload) -> None:
        """Let go of an upload that is not wanted. Never raises: what stays goes with the batch."""
        if upload.name not in self.left or upload.number == 0:
            return
        upload.held = None
        try:
            handle = upload.handle or self.wire.handle(upload.number)
            upload.number = 0
            self.wire.forget(
                [
                    self.wire.send(packets.CLOSE, string(handle)),
                    self.wire.send(packets.REMOVE, string(self.place.remote.path(upload.name))),
                ]
            )
            del self.left[upload.name]
        except (Refusal, Severed):
            return

    def guarded(self, promise: Promise, upload: Upload | None, act: Callable[[], None]) -> None:
        """Do it; a refusal is said as what it means. What is about one object alone is kept for `read` to say."""
        self._whose = promise
        try:
            act()
        except Severed as severed:
            raise self.place.remote.link.lost(severed, self.wire) from severed
        except Refusal as refusal:
            key, size, *_ = self._whose
            seen = self.place.remote.meant(
                refusal, key if size > (4 << 30) - 1 else None, needed=max(size, 1)
            )
            if not isinstance(seen, Refused) or upload is None:
                raise seen from refusal
            upload.refused = seen

    def flush(self) -> None:
        """See `base.Batch`. Without the server's fsync nobody knows when a disk over there has the bytes."""

        def all_answered() -> None:
            self._send_held()
            while self._sent:
                self._answered()

        self.guarded(self._whose, None, all_answered)

    def read(self, staged: Staged) -> SftpReading:
        """See `base.Batch`."""
        if isinstance(staged.token, Refused):
            raise staged.token
        return SftpReading(self.place.remote, staged.token, None)

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """See `base.Batch`. Outcomes come when the names are flushed, as far as a server can be asked to.

        Where the connection breaks off, the next one goes on: what is staged is durable over there, and stays.
        """
        items = list(proven)
        publishing = Publishing(self.place, self.left)

        def once() -> list[Outcome]:
            self.place.check()
            return publishing.run(items)

        yield from Patience().ask(once)

    def discard(self) -> None:
        """Remove what was not published. Never raises: it is swept at the next opening."""
        remote = self.place.remote
        try:
            if self.left:
                remote.removes(list(self.left))
            remote.remove_folder(self.folder)
        except LocationError:
            return
