"""Who writes in a bucket now: `.fonoteca/lease.json`, since S3 knows no locks.

    {"owner": "5f…", "since": 1790000000, "machine": "c1…", "host": "laptop", "boot": "2b…", "pid": 4711, …}

Where the server honours conditions, If-None-Match lets only one make it and If-Match only one take it over. Elsewhere
everybody first makes a claim under a name of its own, and goes on only when no other claim is listed: two who come at
one moment both give way. It is stale when its owner's process is gone (same machine), or when it was not written anew
for `STALE_S` by the server's own clock.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from fonoteca.core.place import Key, Stamp
from fonoteca.disk import host
from fonoteca.errors import Away, LocationError, Locked
from fonoteca.locations.keys import INCOMING, LEASE
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.stat import object_stat
from fonoteca.locations.s3.store import Store

TOUCH_S = 60.0
"""It is written anew at most this often, and looked at before each batch and publishing."""

STALE_S = 900
"""Not written for so long, nobody holds it."""

CLAIMS = INCOMING + b"/lease-"

_active: set[str] = set()
"""Leases that this process holds: another one of this process was left behind."""


@dataclass(slots=True)
class Lease:
    """A lease that we hold. `since`: when the run began whose leavings are to be swept, ours or a dead one's."""

    store: Store
    owner: str
    text: bytes
    stamp: Stamp
    touched: float
    since: datetime | None = None

    def hold(self) -> None:
        """See that it is still ours, and say that we are alive. Raises Away when somebody else took it."""
        if time.monotonic() - self.touched < TOUCH_S:
            return
        try:
            if self.store.read_small(LEASE) != self.text:
                raise Unmet("another")
            self.stamp = self.store.put(LEASE, self.text, over=self.stamp).stamp
        except Unmet as error:
            raise Away(
                self.store.place,
                "another run took its place there, since this one was silent for long",
                "What was finished stands; run this again.",
            ) from error
        self.touched = time.monotonic()

    def release(self) -> None:
        """Give it up. Never raises: what cannot be removed is found stale."""
        _active.discard(self.owner)
        try:
            if self.store.read_small(LEASE) == self.text:
                self.store.delete([LEASE, Key(CLAIMS + self.owner.encode())])
        except LocationError:
            return


@dataclass(frozen=True, slots=True)
class _Found:
    """A lease or a claim that stands."""

    text: bytes
    stamp: Stamp
    age_s: float
    """By the server's clock."""

    @property
    def said(self) -> dict[str, Any]:
        """What it says."""
        try:
            value = json.loads(self.text)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def take(store: Store) -> Lease:
    """Take it. Raises Locked when another run has it, LocationError."""
    owner = secrets.token_hex(16)
    standing = _look(store, LEASE)
    if standing is not None:
        _expect_stale(store, standing)
    text = json.dumps({"owner": owner, "since": int(time.time()), **host.me()._asdict()}).encode() + b"\n"
    claim = Key(CLAIMS + owner.encode())
    if not store.conditions:
        store.put(claim, text)
        _expect_alone(store, claim)
    try:
        over = standing.stamp if standing is not None else None
        made = store.put(LEASE, text, once=over is None, over=over)
    except Unmet:
        raise Locked(f"The location {store.place}", None) from None
    _active.add(owner)
    return Lease(store, owner, text, made.stamp, time.monotonic(), _since(standing))


def _expect_alone(store: Store, claim: Key) -> None:
    """Raises Locked while another claim stands whose owner is there; our own is then taken back."""
    try:
        for other, _ in list(store.list(CLAIMS)):
            found = _look(store, other) if other != claim else None
            if found is not None:
                _expect_stale(store, found)
                store.delete([other])
    except BaseException:
        store.delete([claim])
        raise


def _look(store: Store, key: Key) -> _Found | None:
    try:
        reply = store.get(key)
    except Missing:
        return None
    with reply["Body"] as body:
        text = body.read()
    headers = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
    age = (now - reply["LastModified"]).total_seconds() if "LastModified" in reply else 0.0
    return _Found(text, object_stat(len(text), str(reply["ETag"])).stamp, age)


def _since(stale: _Found | None) -> datetime | None:
    since = stale.said.get("since") if stale is not None else None
    return datetime.fromtimestamp(since, UTC) if isinstance(since, int) and 0 < since < 1 << 40 else None


def _expect_stale(store: Store, found: _Found) -> None:
    """Raises Locked while its owner is there."""
    other, mine = found.said, host.me()
    near = other.get("machine") == mine.machine
    if near and other.get("boot") == mine.boot:
        if not _is_alive(other):
            return
        raise Locked(f"The location {store.place}", _number(other.get("pid")))
    if near:
        return  # it was taken before this machine was last started
    if found.age_s < STALE_S:
        raise Locked(f"The location {store.place} (by {other.get('host', 'another machine')})", None)


def _is_alive(other: dict[str, Any]) -> bool:
    pid = _number(other.get("pid"))
    if pid is None or not host.is_running(pid, str(other.get("started"))):
        return False
    return pid != os.getpid() or other.get("owner") in _active


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
