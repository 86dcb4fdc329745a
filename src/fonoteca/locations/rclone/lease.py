"""Where the lease of an rclone remote stands: `.fonoteca/lease.json`, since remotes know no locks.

Nothing there is made by only one of two. So everybody first leaves a claim under a name of its own, looks for other
claims, then for a lease, and goes on only where there is none: two who come at one moment both give way.
"""

from __future__ import annotations

import time

from fonoteca.errors import Locked
from fonoteca.locations.keys import INCOMING, LEASE
from fonoteca.locations.lease import Judge, Pinned
from fonoteca.locations.rclone.remote import Remote

CLAIMS = INCOMING + b"/lease-"


class RcloneBoard:
    """See `lease.Board`."""

    def __init__(self, remote: Remote) -> None:
        self.place = remote.place
        self._remote = remote

    def look(self) -> Pinned | None:
        """See `lease.Board`."""
        text = self._remote.read_small(LEASE)
        return Pinned(text) if text is not None else None

    def pin(self, text: bytes, owner: str, judge: Judge) -> bytes | None:
        """See `lease.Board`."""
        claim = CLAIMS + owner.encode()
        self._write(claim, text)
        try:
            self._expect_alone(claim, judge)
            standing = self.look()
            if standing is not None:
                judge(standing.text)
            self._write(LEASE, text)
            if self.look() != Pinned(text):
                raise Locked(f"The location {self.place}", None)
        finally:
            self._remote.remove(claim)
        return standing.text if standing is not None else None

    def _expect_alone(self, claim: bytes, judge: Judge) -> None:
        for name, _ in self._remote.folder(INCOMING):
            found = self._remote.read_small(name) if name.startswith(CLAIMS) and name != claim else None
            if found is not None:  # else it was given up meanwhile
                judge(found)

    def renew(self, text: bytes, over: Pinned) -> None:
        """See `lease.Board`."""
        self._write(LEASE, text)

    def unpin(self, standing: Pinned) -> None:
        """See `lease.Board`."""
        self._remote.remove(LEASE)

    def _write(self, name: bytes, text: bytes) -> None:
        self._remote.write_small(name, text, time.time_ns())
