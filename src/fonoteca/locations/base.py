"""The contract of a location: what every place that holds copies can do, in one screen.

A `Location` is configured; opening it is the gate, where identity is checked. What comes back is usable from
several threads; a `Batch` belongs to one thread at a time. Writing is push, so that one failed place never
stalls a shared read:

    with location.open(write=True) as place, place.batch() as batch:
        writing = batch.create(Key(b"music/a.flac"), size, mtime_ns)
        for block in blocks:
            writing.write(block)
        staged = writing.finish()
        batch.flush()                                  # all staged bytes durable
        with batch.read(staged) as reading:            # read back; reading.level says how
            proven = fast_digest(reading) == expected
        for outcome in batch.publish([staged] if proven else []):
            ...                                        # names are durable when the iterator ends

Only `LocationError`s cross this border.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from fonoteca.core.copy import Level
from fonoteca.core.digest import Block
from fonoteca.core.place import Identity, Key, Space, Stamp, Stat, StoreDigest, Traits
from fonoteca.errors import LocationError


class Reading(Protocol):
    """An object's blocks, once. A context manager; `level` is what reading them reaches, true from the first
    block on.

    A block may be a view of a buffer that the next block overwrites: use it before asking for the next one.
    """

    @property
    def level(self) -> Level: ...
    @property
    def size(self) -> int: ...
    def __iter__(self) -> Iterator[Block]: ...
    def __enter__(self) -> Reading: ...
    def __exit__(self, *exc: object) -> None: ...


class Promise(NamedTuple):
    """What is going to be staged: see `Batch.create`."""

    key: Key
    size: int
    mtime_ns: int
    over: Stamp | None = None
    keep: Key | None = None


class Staged(NamedTuple):
    """Bytes that were written but count for nothing yet."""

    key: Key
    size: int
    mtime_ns: int
    over: Stamp | None
    keep: Key | None
    token: Any = None
    """The location's own handle."""


class Outcome(NamedTuple):
    """What became of one key. `stat` is what stands there now when `error` is None."""

    key: Key
    error: LocationError | None = None
    stat: Stat | None = None


class Writing(Protocol):
    """One object being staged."""

    def write(self, block: Block) -> None:
        """Take the next bytes. Raises LocationError (`Full`, `Broken`, …); the writing is then over.

        What is about this object alone (too large for that file system: `Refused`) is not raised here: `read` and
        `publish` say it, and the batch's other objects go on.
        """
        ...

    def finish(self) -> Staged:
        """All bytes were given. Raises `Broken` when their count is not the promised size."""
        ...

    def abort(self) -> None:
        """Forget it. Never raises."""
        ...


class Batch(Protocol):
    """Objects that are flushed and published together. Leaving it discards what was not published."""

    def create(
        self, key: Key, size: int, mtime_ns: int, *, over: Stamp | None = None, keep: Key | None = None
    ) -> Writing:
        """Stage an object of `size` bytes for `key`.

        `over=None`: the key must not stand when published. `over=stamp`: exactly that object is superseded
        and kept as `keep`; `keep=None` only under `.fonoteca/` and for `SHA256SUMS` and `VERIFY.txt`.
        """
        ...

    def borrow(self, source: Key, promise: Promise) -> Staged | None:
        """Stage a copy of what stands under `source`, made over there; the rest as for `create`.

        The copy has blocks of its own, so that one rotten sector is not both. None where nothing of that size stands
        there, or the place makes no copies: then the bytes are to be sent.
        """
        ...

    def flush(self) -> None:
        """Make all staged bytes durable, or raise."""
        ...

    def read(self, staged: Staged) -> Reading:
        """Read staged bytes back. Only after `flush`; from several threads at once where `Traits.streams` is more
        than 1. Raises `Refused` when they could not be kept there."""
        ...

    def publish(self, proven: Iterable[Staged]) -> Iterator[Outcome]:
        """Put each under its key, whole or not at all. All names are durable when the iterator is
        exhausted."""
        ...


class OpenLocation(Protocol):
    """A location whose identity was checked."""

    @property
    def identity(self) -> Identity: ...
    @property
    def traits(self) -> Traits: ...

    def check(self) -> None:
        """Look again whether this is still the place that was opened. Raises `Away` when it is not."""
        ...

    def batch(self) -> AbstractContextManager[Batch]: ...

    def read(self, key: Key, *, start: int = 0) -> Reading:
        """The object's blocks from byte `start`. Raises `Conflict` when nothing stands there, `Broken` on I/O
        errors."""
        ...

    def stat(self, key: Key) -> Stat | None:
        """What stands under `key`, or None."""
        ...

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """Published objects whose key begins with `prefix`, in byte order of the whole key."""
        ...

    def move(self, pairs: Iterable[tuple[Key, Key]]) -> Iterator[Outcome]:
        """Rename each; never replaces; durable when exhausted. The outcome's key is the new one."""
        ...

    def retime(self, times: Iterable[tuple[Key, int]]) -> Iterator[Outcome]:
        """Give standing objects another mtime (ns since 1970); success without effect where mtimes are not
        kept. Their names, and the folders above, are durable when exhausted, whoever made them."""
        ...

    def delete(self, keys: Iterable[Key]) -> Iterator[Outcome]:
        """Absent afterwards; already absent is success."""
        ...

    def digest(self, key: Key) -> StoreDigest | None:
        """The store's own digest of what stands under `key`, whose bytes do not come here for it; None where it has
        none. It is the store's word: level `digest`."""
        ...

    def space(self) -> Space | None:
        """Room there, None where it is not known."""
        ...


class Location(Protocol):
    """A configured place. `name` is what the user calls it."""

    @property
    def name(self) -> str: ...

    def open(self, *, write: bool) -> AbstractContextManager[OpenLocation]:
        """The gate: raises `Away`, `Denied`, `Foreign`, or gives a place whose identity is the recorded
        one."""
        ...

    def adopt(self, identity: Identity, traits: Traits | None = None) -> Traits:
        """Make an empty or standing folder this location: probe its traits, write its marker. Raises
        LocationError."""
        ...

    def peek(self) -> Identity | None:
        """The identity that the place carries, None where it has no marker. Raises `Away`, `Denied`,
        `Foreign`."""
        ...


class Site(Location, Protocol):
    """A place that can be made a location, or made another: what `location add` and `location adopt` need beside.

    All raise LocationError.
    """

    def where(self) -> str:
        """Who the file system is on which it lies now: what `Identity.file_system` has to be."""
        ...

    def holds_manifests(self) -> bool:
        """True when a location stands or stood there, whatever became of its marker."""
        ...

    def probe(self) -> Traits:
        """What this place can do, found out by trying; makes the folder, leaves nothing else."""
        ...

    def new_identity(self, naming: str) -> Identity:
        """A fresh identity for this place."""
        ...

    def mark(self, identity: Identity, traits: Traits) -> None:
        """Write its marker in the place of the one that stands, at once."""
        ...

    def release(self) -> str | None:
        """A person says that whoever writes there has ended: who that was, None for nobody. Raises Locked while it is
        alive on this machine."""
        ...

    def unmake(self, identity: Identity) -> None:
        """Undo `adopt`: take away the marker of `identity`, all else that is ours, and folders that this very object
        made and that are empty. Raises Conflict where the marker is another one, or anything but ours stands there.
        """
        ...
