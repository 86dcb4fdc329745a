"""Where a server's lease stands: `.fonoteca/lease.json`, since SFTP knows no locks.

It is made by a rename that never replaces, so that only one of two can make it. One that is left behind is renamed away
before another is made, so that of two who find it only one takes its place.
"""

from __future__ import annotations

import secrets

from fonoteca.errors import Denied
from fonoteca.locations.keys import INCOMING, LEASE
from fonoteca.locations.lease import Judge, Pinned
from fonoteca.locations.sftp import packets
from fonoteca.locations.sftp.packets import string
from fonoteca.locations.sftp.remote import Remote


class SftpBoard:
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
        self._remote.make_folders(INCOMING)
        draft = INCOMING + b"/lease-" + owner.encode()
        self._remote.write_small(draft, text)
        try:
            return self._pin(draft, judge)
        except BaseException:
            self._remote.removes([draft])
            raise

    def _pin(self, draft: bytes, judge: Judge) -> bytes | None:
        remote, replaced = self._remote, None
        for _ in range(3):
            refused = remote.renames([(draft, LEASE)])[0]
            if refused is None:
                return replaced
            standing = self.look()
            if standing is None:
                if remote.lstat(draft) is None or remote.lstat(LEASE) is None:
                    raise remote.meant(refused, LEASE)
                continue
            judge(standing.text)
            replaced = standing.text
            self.unpin(standing)
        raise Denied(
            remote.place, "its lease.json changes hands all the time", "Wait for the other runs to end."
        )

    def renew(self, text: bytes, over: Pinned) -> None:
        """See `lease.Board`. Written over the old one, which is as long."""
        with self._remote.asking(LEASE, needed=len(text)) as session:
            path, for_writing = string(self._remote.path(LEASE)), packets.word(0x02)
            handle = session.handle(session.send(packets.OPEN, path, for_writing, packets.word(0)))
            session.done(session.send(packets.WRITE, string(handle), packets.long(0), string(text)))
            session.done(session.send(packets.CLOSE, string(handle)))

    def unpin(self, standing: Pinned) -> None:
        """See `lease.Board`. It is renamed away first; another that was made meanwhile is put back."""
        self._remote.make_folders(INCOMING)
        aside = INCOMING + b"/lease-old-" + secrets.token_hex(8).encode()
        if self._remote.renames([(LEASE, aside)])[0] is not None:
            return  # another was faster
        if self._remote.read_small(aside) != standing.text:
            self._remote.renames([(aside, LEASE)])
            return
        self._remote.removes([aside])
