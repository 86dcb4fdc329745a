"""Who writes at a server now: `.fonoteca/lease.json`, since SFTP knows no locks.

    {"owner": "5f…", "machine": "c1…", "host": "laptop", "boot": "2b…", "pid": 4711, "started": "12345"}

The file is made so that only one can make it, and touched while its owner works. It is stale when its owner's process
is gone (same machine), or when it was not touched for `STALE_S`, both read from the server's own clock. A stale one is
renamed away before a new one is made, so that of two who find it only one takes its place.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass
from typing import Any

from fonoteca.disk import host
from fonoteca.errors import Away, Denied, LocationError, Locked
from fonoteca.locations.keys import INCOMING, LEASE
from fonoteca.locations.sftp import packets
from fonoteca.locations.sftp.packets import string
from fonoteca.locations.sftp.remote import Remote

TOUCH_S = 60.0
"""It is touched at most this often, and at least before each batch and publishing."""

STALE_S = 900
"""Not touched for so long, nobody holds it: longer than any single step that is not touched in between."""

_active: set[str] = set()
"""Leases that this process holds: another one of this process was left behind by a connection that broke off."""


@dataclass(slots=True)
class Lease:
    """A lease that we hold."""

    remote: Remote
    owner: str
    text: bytes
    touched: float

    def hold(self, *, now: bool = False) -> None:
        """See that it is still ours, and say that we are alive. Raises Away when somebody else took it."""
        if not now and time.monotonic() - self.touched < TOUCH_S:
            return
        if self.remote.read_small(LEASE) != self.text:
            raise Away(
                self.remote.place,
                "another run took its place there, since this one was silent for long",
                "What was finished stands; run this again.",
            )
        with self.remote.asking(LEASE, needed=len(self.text)) as session:
            path, for_writing = string(self.remote.path(LEASE)), packets.word(0x02)
            handle = session.handle(session.send(packets.OPEN, path, for_writing, packets.word(0)))
            session.done(session.send(packets.WRITE, string(handle), packets.long(0), string(self.text)))
            session.done(session.send(packets.CLOSE, string(handle)))
        self.touched = time.monotonic()

    def release(self) -> None:
        """Give it up. Never raises: what cannot be removed is found stale."""
        _active.discard(self.owner)
        try:
            if self.remote.read_small(LEASE) == self.text:
                self.remote.removes([LEASE])
        except LocationError:
            return


def release(remote: Remote) -> str | None:
    """Take a lease away whoever holds it, because a person says that its run is over; who held it, None for nobody.

    Raises Locked while that run is alive on this machine, LocationError.
    """
    standing = remote.read_small(LEASE)
    if standing is None:
        return None
    other = _parsed(standing)
    mine = host.me()
    if (other.get("machine"), other.get("boot")) == (mine.machine, mine.boot) and _is_alive(other):
        raise Locked(f"The location {remote.place}", _number(other.get("pid")))
    remote.make_folders(INCOMING)
    _put_away(remote, standing)
    return f"process {other.get('pid', '?')} on {other.get('host', 'another machine')}"


def take(remote: Remote) -> Lease:
    """Take it. Raises Locked when another run has it, LocationError."""
    remote.make_folders(INCOMING)
    owner = secrets.token_hex(16)
    text = json.dumps({"owner": owner, **host.me()._asdict()}).encode() + b"\n"
    draft = INCOMING + b"/lease-" + owner.encode()
    remote.write_small(draft, text)
    try:
        _put(remote, draft)
    except BaseException:
        remote.removes([draft])
        raise
    _active.add(owner)
    return Lease(remote, owner, text, time.monotonic())


def _put(remote: Remote, draft: bytes) -> None:
    for _ in range(3):
        refused = remote.renames([(draft, LEASE)])[0]
        if refused is None:
            return
        standing = remote.read_small(LEASE)
        if standing is None:
            if remote.lstat(draft) is None or remote.lstat(LEASE) is None:
                raise remote.meant(refused, LEASE)
            continue
        _expect_stale(remote, standing, draft)
        _put_away(remote, standing)
    raise Denied(remote.place, "its lease.json changes hands all the time", "Wait for the other runs to end.")


def _expect_stale(remote: Remote, standing: bytes, draft: bytes) -> None:
    """Raises Locked while its owner is there."""
    other = _parsed(standing)
    mine = host.me()
    near = other.get("machine") == mine.machine
    if near and other.get("boot") == mine.boot:
        if not _is_alive(other):
            return
        raise Locked(f"The location {remote.place}", _number(other.get("pid")))
    if near:
        return  # it was taken before this machine was last started
    ours, theirs = remote.lstats([draft, LEASE])
    if ours is None or theirs is None or (ours.mtime or 0) - (theirs.mtime or 0) < STALE_S:
        raise Locked(
            f"The location {remote.place}",
            None,
            who=f"a run on {other.get('host', 'another machine')}",
            remedy=f"if that one is over, run `fonoteca location release {remote.place}`",
        )


def _is_alive(other: dict[str, Any]) -> bool:
    pid = _number(other.get("pid"))
    if pid is None or not host.is_running(pid, str(other.get("started"))):
        return False
    return pid != os.getpid() or other.get("owner") in _active


def _put_away(remote: Remote, standing: bytes) -> None:
    """Rename the stale one away; one that was made meanwhile is put back."""
    aside = INCOMING + b"/lease-old-" + secrets.token_hex(8).encode()
    if remote.renames([(LEASE, aside)])[0] is not None:
        return  # another was faster
    if remote.read_small(aside) != standing:
        remote.renames([(aside, LEASE)])
        return
    remote.removes([aside])


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
