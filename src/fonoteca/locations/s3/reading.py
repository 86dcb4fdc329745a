"""An object's bytes from a server: as they come, or those that were fetched ahead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fonoteca.core.copy import Level
from fonoteca.core.digest import Block
from fonoteca.core.place import Key
from fonoteca.errors import Conflict, Lost
from fonoteca.locations.s3.border import Missing, theirs
from fonoteca.locations.s3.store import Store

_BLOCK = 256 << 10
"""Read at once into the buffer that is given out: small enough for the processor's cache."""


class S3Reading:
    """See `base.Reading`. Holds a connection until it is left or read to its end."""

    level = Level.BYTES

    def __init__(self, store: Store, key: Key, start: int = 0) -> None:
        self._store = store
        self._key = key
        self._body: Any = None
        self._left = 0
        self.size = 0
        try:
            self._open(start)
        except Missing as error:
            raise Conflict(store.place, key, "is not there") from error

    def _open(self, start: int) -> None:
        if start:  # a range that begins at the end is refused, so the size is asked first
            found = self._store.head(self._key)
            if found is None:
                raise Missing("head")
            self.size = found.size
            if start >= found.size:
                return
        reply = self._store.get(self._key, start)
        self._body = reply["Body"]
        self._left = int(reply["ContentLength"])
        self.size = self.size or self._left
        if start + self._left != self.size:
            self._close()
            raise Conflict(self._store.place, self._key, "changed while it was read")

    def __enter__(self) -> S3Reading:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def __iter__(self) -> Iterator[Block]:
        buffer = memoryview(bytearray(min(_BLOCK, self._left)))
        while self._body is not None and self._left:
            try:
                count = self._body.readinto(buffer)
            except theirs() as error:
                self._close()
                raise self._store.said(error, "get_object", self._key) from error
            if not count:
                self._close()
                raise Lost(self._store.place, "an answer ended before its end")
            self._left -= count
            yield buffer[:count]
        self._close()

    def _close(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()


class Fetched:
    """A reading whose bytes came already."""

    level = Level.BYTES

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def __enter__(self) -> Fetched:
        return self

    def __exit__(self, *exc: object) -> None:
        return

    def __iter__(self) -> Iterator[Block]:
        if self._data:
            yield self._data
