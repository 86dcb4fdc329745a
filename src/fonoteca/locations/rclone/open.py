"""An rclone location that is open: its identity was checked, and a lease taken where it is written.

Everything here may be asked again after rclone broke off (`Lost`): the next call starts it anew, and `check` looks
whether it is still the same place and the lease still ours.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from fonoteca.core.place import Key, Space, Stat, StoreDigest
from fonoteca.disk.folders import split
from fonoteca.locations.held import HeldPlace
from fonoteca.locations.identity import Marker
from fonoteca.locations.keys import INCOMING, MARKER, checked, is_listed
from fonoteca.locations.lease import Held
from fonoteca.locations.rclone.batch import RcloneBatch
from fonoteca.locations.rclone.changing import Changing
from fonoteca.locations.rclone.reading import RcloneReading
from fonoteca.locations.rclone.remote import AT_ONCE, Item, Remote
from fonoteca.locations.rclone.stat import object_stat

T = TypeVar("T")
Some: TypeAlias = list[T]
Listed: TypeAlias = list[tuple[bytes, Item]]
Pending: TypeAlias = list[tuple[bytes, Stat | None]]


class OpenRclone(HeldPlace):
    """See `base.OpenLocation`. Made by `RcloneLocation.open`; usable from several threads."""

    def __init__(self, remote: Remote, marker: Marker, data: bytes, lease: Held | None) -> None:
        super().__init__(remote.place, marker, data, lease)
        self.remote = remote
        self.session = INCOMING + b"/" + secrets.token_hex(4).encode()
        """Where batches of this opening are staged, each in a folder with a number."""
        self.streams = max(1, remote.client.address.streams or marker.traits.streams)
        self.uploads = ThreadPoolExecutor(self.streams, "uploads")
        """Threads for small objects on their way."""
        self._numbers = itertools.count(1)
        remote.keeps_times = marker.traits.mtime_precision_ns is not None

    def close(self) -> None:
        """Wait for what is on its way. Never raises."""
        self.uploads.shutdown(wait=True, cancel_futures=True)

    def read_marker(self) -> bytes | None:
        """See `held.HeldPlace`."""
        return self.remote.read_small(MARKER)

    def changing(self) -> Changing:
        """See `held.HeldPlace`."""
        return Changing(self)

    @contextmanager
    def batch(self) -> Iterator[RcloneBatch]:
        """See `base.OpenLocation`."""
        self.expect_writing()
        self.check()
        batch = RcloneBatch(self, self.session + b"-%d" % next(self._numbers))
        try:
            yield batch
        finally:
            batch.discard()

    def read(self, key: Key, *, start: int = 0) -> RcloneReading:
        """See `base.OpenLocation`."""
        return RcloneReading(self.remote, checked(self.name, key), key, start)

    def stat(self, key: Key) -> Stat | None:
        """See `base.OpenLocation`. A folder or another odd thing is no object: None."""
        return self.remote.stat(checked(self.name, key))

    def list(self, prefix: Key) -> Iterator[tuple[Key, Stat]]:
        """See `base.OpenLocation`. What has no size is no object."""
        pending: Pending = [(split(prefix)[0], None)]
        ahead: dict[bytes, Listed] = {}
        told: bytes | None = None
        while pending:
            path, found = pending.pop()
            if found is not None:
                if path != told:  # some remotes hold two of one name
                    told = path
                    yield Key(path), found
                continue
            if path not in ahead:
                later = [name for name, stat in reversed(pending) if stat is None]
                wanted = [path, *itertools.islice(later, AT_ONCE - 1)]
                ahead.update(zip(wanted, self.remote.each(self.remote.folder, wanted), strict=True))
            pending.extend(reversed(self._ordered(ahead.pop(path), prefix)))
        self.check()

    def _ordered(self, items: Listed, prefix: bytes) -> Pending:
        """What a folder holds that begins with `prefix`, folders with None: in byte order of the whole keys."""
        found: list[tuple[bytes, bytes, Stat | None]] = []
        for key, item in items:
            if item.get("IsDir"):
                if _may_hold(key + b"/", prefix):
                    found.append((key + b"/", key, None))
                continue
            stat = object_stat(item, keeps_times=self.remote.keeps_times)
            if stat is not None and key.startswith(prefix) and is_listed(key, prefix):
                found.append((key, key, stat))
        # A folder sorts as its keys will: with its slash, so that `a.b` comes before `a/b`.
        found.sort(key=lambda each: each[0])
        return [(key, stat) for _, key, stat in found]

    def digest(self, key: Key) -> StoreDigest | None:
        """See `base.OpenLocation`."""
        checked(self.name, key)
        if self.traits.store_digest is None:
            return None
        found = self.remote.sha256(key)
        return StoreDigest("sha256", found) if found is not None else None

    def space(self) -> Space | None:
        """See `base.OpenLocation`."""
        return self.remote.space()


def _may_hold(folder: bytes, prefix: bytes) -> bool:
    return (folder.startswith(prefix) or prefix.startswith(folder)) and is_listed(folder, prefix)
