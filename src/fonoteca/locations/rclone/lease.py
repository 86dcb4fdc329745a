"""Who writes at an rclone remote now: `.fonoteca/lease.json`, since remotes know no locks.

    {"owner": "5f…", "machine": "c1…", "host": "laptop", "boot": "2b…", "pid": 4711, "started": "12345"}

Nothing there is made by only one of two. So everybody first leaves a claim under a name of its own, looks for other
claims, then for a lease, and goes on only where there is none: two who come at one moment both give way. A lease is
stale when its owner's process is gone (same machine), or when it was not written anew for `STALE_S`; where a remote
keeps the times that it is told, that is by the clocks of both machines.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from fonoteca.disk import host
from fonoteca.errors import Away, LocationError, Locked
from fonoteca.locations.keys import INCOMING, LEASE
from fonoteca.locations.rclone.remote import Remote
from fonoteca.locations.rclone.stat import nanoseconds

TOUCH_S = 60.0
"""It is written anew at most this often, and looked at before each batch and publishing."""

STALE_S = 900
"""Not written for so long, nobody holds it: longer than any single step in between."""

CLAIM = b"lease-"

_active: set[str] = set()
"""Leases that this process holds: another one of this process was left behind."""


@dataclass(slots=True)
class Lease:
    """A lease that we hold."""

    remote: Remote
    owner: str
    text: bytes
    touched: float
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self) -> None:
        """See that it is still ours, and say that we are alive. Raises Away when somebody else took it."""
        with self._lock:
            if time.monotonic() - self.touched < TOUCH_S:
                return
            if self.remote.read_small(LEASE) != self.text:
                raise Away(
                    self.remote.place,
                    "another run took its place there, since this one was silent for long",
                    "What was finished stands; run this again.",
                )
            self.remote.write_small(LEASE, self.text, time.time_ns())
            self.touched = time.monotonic()

    def release(self) -> None:
        """Give it up. Never raises: what cannot be removed is found stale."""
        _active.discard(self.owner)
        try:
            if self.remote.read_small(LEASE) == self.text:
                self.remote.remove(LEASE)
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
    remote.remove(LEASE)
    return f"process {other.get('pid', '?')} on {other.get('host', 'another machine')}"


def take(remote: Remote) -> Lease:
    """Take it. Raises Locked when another run has it, LocationError."""
    owner = secrets.token_hex(16)
    text = json.dumps({"owner": owner, **host.me()._asdict()}).encode() + b"\n"
    claim = INCOMING + b"/" + CLAIM + owner.encode()
    _active.add(owner)
    try:
        remote.write_small(claim, text, time.time_ns())
        try:
            _expect_free(remote, claim)
            remote.write_small(LEASE, text, time.time_ns())
            if remote.read_small(LEASE) != text:
                raise Locked(f"The location {remote.place}", None)
        finally:
            remote.remove(claim)
    except BaseException:
        _active.discard(owner)
        raise
    return Lease(remote, owner, text, time.monotonic())


def _expect_free(remote: Remote, claim: bytes) -> None:
    """Raises Locked while anybody else claims it or has it."""
    listed = {name: nanoseconds(item.get("ModTime", "")) for name, item in remote.folder(INCOMING)}
    for name in listed:
        if name.startswith(INCOMING + b"/" + CLAIM) and name != claim:
            _expect_stale(remote, name, listed[name], listed.get(claim))
    found = remote.read_small(LEASE)
    if found is not None:
        above = dict(remote.folder(LEASE.rpartition(b"/")[0]))
        when = nanoseconds(above[LEASE].get("ModTime", "")) if LEASE in above else None
        _expect_stale(remote, LEASE, when, listed.get(claim), found)


def _expect_stale(
    remote: Remote, name: bytes, theirs: int | None, ours: int | None, text: bytes | None = None
) -> None:
    found = text if text is not None else remote.read_small(name)
    if found is None:
        return  # it was given up meanwhile
    other = _parsed(found)
    mine = host.me()
    near = other.get("machine") == mine.machine
    if near and other.get("boot") == mine.boot:
        if _is_alive(other):
            raise Locked(f"The location {remote.place}", _number(other.get("pid")))
    elif not near and (ours is None or theirs is None or ours - theirs < STALE_S * 1_000_000_000):
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


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
