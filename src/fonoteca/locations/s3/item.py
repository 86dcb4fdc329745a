"""An object on its way to a bucket."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from fonoteca.core.place import Key, Stat
from fonoteca.errors import Refused
from fonoteca.locations.base import Promise
from fonoteca.locations.s3.store import Upload


@dataclass(eq=False, slots=True)
class Item:
    """One object on its way."""

    promise: Promise
    aside: Key
    """Its name in `incoming/`, where it needs one."""
    part: int
    """Bytes that are sent together."""
    direct: bool = True
    """It comes to stand under its key at once, not in `incoming/`."""
    is_open: bool = True
    """Bytes are taken."""
    came: int = 0
    held: bytearray | None = None
    """Its bytes, where it is held in memory."""
    chunks: list[memoryview] = field(default_factory=list)
    """Bytes that were not sent."""
    filled: int = 0
    """Bytes in `chunks`."""
    begun: Future[Upload] | None = None
    """Its upload, where it comes in parts."""
    sent: int = 0
    """Parts that were given to be sent."""
    sending: deque[Future[None]] = field(default_factory=deque)
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
