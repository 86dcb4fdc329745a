"""Where a bucket's lease stands: `.fonoteca/lease.json`, since S3 knows no locks.

Where the server honours conditions, If-None-Match lets only one make it and If-Match only one take it over. Elsewhere
everybody first makes a claim under a name of its own, and goes on only when no other claim is listed: two who come at
one moment both give way.
"""

from __future__ import annotations

from fonoteca.core.lease import parsed
from fonoteca.core.place import Key
from fonoteca.errors import Locked
from fonoteca.locations.keys import INCOMING, LEASE
from fonoteca.locations.lease import Judge, Pinned, Unpinned
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.stat import object_stat
from fonoteca.locations.s3.store import Store

CLAIMS = INCOMING + b"/lease-"


class S3Board:
    """See `lease.Board`. The token is the object's stamp."""

    def __init__(self, store: Store) -> None:
        self.place = store.place
        self._store = store

    def look(self) -> Pinned | None:
        """See `lease.Board`."""
        return self._look(LEASE)

    def _look(self, key: Key) -> Pinned | None:
        try:
            reply = self._store.get(key)
        except Missing:
            return None
        with reply["Body"] as body:
            text = body.read()
        return Pinned(text, object_stat(len(text), str(reply["ETag"])).stamp)

    def pin(self, text: bytes, owner: str, judge: Judge) -> bytes | None:
        """See `lease.Board`."""
        standing = self.look()
        if standing is not None:
            judge(standing.text)
        claim = Key(CLAIMS + owner.encode())
        if not self._store.conditions:
            self._store.put(claim, text)
            self._expect_alone(claim, judge)
        try:
            over = standing.token if standing is not None else None
            self._store.put(LEASE, text, once=over is None, over=over)
        except Unmet:
            raise Locked(f"The location {self.place}", None) from None
        return standing.text if standing is not None else None

    def _expect_alone(self, claim: Key, judge: Judge) -> None:
        """Raises Locked while another claim stands whose owner is there; our own is then taken back."""
        try:
            for other, _ in list(self._store.list(CLAIMS)):
                found = self._look(other) if other != claim else None
                if found is not None:
                    judge(found.text)
                    self._store.delete([other])
        except BaseException:
            self._store.delete([claim])
            raise

    def renew(self, text: bytes, over: Pinned) -> None:
        """See `lease.Board`."""
        try:
            self._store.put(LEASE, text, over=over.token)
        except Unmet as error:
            raise Unpinned from error

    def unpin(self, standing: Pinned) -> None:
        """See `lease.Board`. A claim of the same owner goes too."""
        owner = parsed(standing.text).owner
        self._store.delete([LEASE, Key(CLAIMS + owner.encode())])
