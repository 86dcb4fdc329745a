"""An object's bytes, as rclone fetches them."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from fonoteca.core.copy import Level
from fonoteca.core.digest import Block
from fonoteca.errors import Conflict, Lost
from fonoteca.locations.rclone.remote import Fetched, Remote

_BLOCK = 1 << 18


class RcloneReading:
    """See `base.Reading`. Holds a connection of its own until it is left or read to its end."""

    level = Level.BYTES

    def __init__(self, remote: Remote, name: bytes, key: bytes | None, start: int = 0) -> None:
        self._remote = remote
        self._about = key if key is not None else name
        self._start = start
        self._open: Fetched | None = None
        found = remote.stat(name) if start else None
        if found is not None and start >= found.size:
            self.size = found.size
            return
        self._open = remote.fetch(name, start)
        if self._open is None:
            raise Conflict(remote.place, self._about, "is not there")
        reply = self._open[0]
        length = reply.headers.get("Content-Length")
        if length is None or (start and reply.status != 206):
            self._close()
            raise Conflict(remote.place, self._about, "is no file whose bytes can be read from there")
        self.size = start + int(length)

    def __enter__(self) -> RcloneReading:
        return self

    def __exit__(self, *exc: object) -> None:
        self._close()

    def __iter__(self) -> Iterator[Block]:
        offset = self._start
        while self._open is not None and offset < self.size:
            reply, connection = self._open
            try:
                data = reply.read(min(_BLOCK, self.size - offset))
            except (OSError, http.client.HTTPException) as error:
                self._open = None
                raise self._remote.client.broke_off(connection, error) from error
            if not data:
                self._open = None
                connection.http.close()
                raise Lost(self._remote.place, f"rclone broke off at byte {offset:,} of {self.size:,}")
            offset += len(data)
            yield data
        self._close()

    def _close(self) -> None:
        held, self._open = self._open, None
        if held is not None:
            self._remote.client.end_fetch(*held)
