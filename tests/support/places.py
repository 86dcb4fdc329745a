"""Folder locations for tests, and the two lines it takes to put something there."""

from __future__ import annotations

import os
from pathlib import Path

from fonoteca.core.place import Key, Stamp
from fonoteca.locations.base import Batch, OpenLocation, Outcome, Staged
from fonoteca.locations.folder import FolderLocation
from fonoteca.locations.identity import new_identity

MTIME = 1_700_000_000_123_456_789


def folder_location(path: Path | bytes, name: str = "red") -> FolderLocation:
    """A folder, made and adopted."""
    folder = os.fsencode(path)
    identity = new_identity(folder)
    location = FolderLocation(name, folder, identity)
    location.adopt(identity)
    return location


def stage(
    batch: Batch,
    key: bytes,
    data: bytes,
    *,
    over: Stamp | None = None,
    keep: bytes | None = None,
    mtime_ns: int = MTIME,
) -> Staged:
    """Stage `data` for `key`, in blocks."""
    kept = Key(keep) if keep is not None else None
    writing = batch.create(Key(key), len(data), mtime_ns, over=over, keep=kept)
    for start in range(0, len(data), 1 << 20):
        writing.write(data[start : start + (1 << 20)])
    return writing.finish()


def put(
    place: OpenLocation, key: bytes, data: bytes, *, over: Stamp | None = None, keep: bytes | None = None
) -> Outcome:
    """Publish one object."""
    with place.batch() as batch:
        staged = stage(batch, key, data, over=over, keep=keep)
        batch.flush()
        (outcome,) = batch.publish([staged])
    return outcome


def content(place: OpenLocation, key: bytes, start: int = 0) -> bytes:
    """All bytes from `start` on."""
    with place.read(Key(key), start=start) as reading:
        return b"".join(bytes(block) for block in reading)


def keys(place: OpenLocation, prefix: bytes = b"music/") -> list[bytes]:
    """What is listed."""
    return [key for key, _ in place.list(Key(prefix))]


def stamp(place: OpenLocation, key: bytes) -> Stamp:
    """The stamp of what stands there."""
    found = place.stat(Key(key))
    assert found is not None, key
    return found.stamp
