"""Who writes at a place where no lock can be had: what a lease says, and whether its holder still has it.

    {"owner": "5f…", "renewal": "c0…", "for_s": 900, "expires": "2026-11-23T03:20:00+00:00", "since": 1795402215,
     "machine": "c1…", "host": "laptop", "boot": "2b…", "pid": 4711, "started": "12345"}

Its holder writes it anew while it works, each time with another `renewal`: the bytes themselves show that it lives. So
no clock but one's own is needed, and that one only to count: whoever has seen the very same bytes for twice their time
takes its place. What a server or another machine says of the time may be wrong by years; `expires` is for people.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

TIME_S = 900
"""For so long a lease is given: longer than any single step in which it is not written anew."""

LONGEST_S = 3600
"""No lease is believed to be for longer, whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What it says. Of one that says nothing, nothing is known but that somebody may be there."""

    owner: str = ""
    """Random, for each taking."""
    renewal: str = ""
    """Random, for each writing."""
    for_s: int = TIME_S
    expires: str = ""
    """RFC 3339, by the clock of its machine: shown, never compared."""
    since: int = 0
    """Seconds since 1970, by the clock of its machine; 0: not known."""
    machine: str = ""
    host: str = ""
    boot: str = ""
    """The machine's start during which it was taken."""
    pid: int | None = None
    started: str = ""
    """When the process began: a number may be given again."""

    @property
    def holder(self) -> str:
        """Who has it, for a sentence.

        >>> Lease(host="laptop", pid=7).holder, Lease().holder
        ('process 7 on laptop', 'process ? on another machine')
        """
        return f"process {'?' if self.pid is None else self.pid} on {self.host or 'another machine'}"

    @property
    def patience_s(self) -> int:
        """Seen unchanged for longer than so many seconds, nobody has it."""
        return 2 * min(max(self.for_s, TIME_S), LONGEST_S)


class Holding(Enum):
    """Whether somebody has a lease, as far as its machine and process tell."""

    OVER = "its process is gone"
    HERE = "a process of this machine has it"
    ELSEWHERE = "a process that cannot be seen from here has it, unless it is silent for long"


def holding(lease: Lease, machine: str, boot: str, *, runs: bool | None) -> Holding:
    """Who has it, seen from the machine `machine` that was last started as `boot`. `runs`: whether its process is there
    and ours; None where processes cannot be looked at.

    >>> holding(Lease(machine="a", boot="1"), "a", "2", runs=None)
    <Holding.OVER: 'its process is gone'>
    """
    if not lease.machine or lease.machine != machine:
        return Holding.ELSEWHERE
    if lease.boot and boot and lease.boot != boot:  # it was taken before this machine was last started
        return Holding.OVER
    if runs is None:
        return Holding.ELSEWHERE
    return Holding.HERE if runs else Holding.OVER


def left_s(lease: Lease, seen_s: float) -> float | None:
    """Seconds until it may be taken over, where it has been seen just so for `seen_s`; None: it may.

    >>> left_s(Lease(for_s=900), 60.0), left_s(Lease(for_s=900), 1800.5)
    (1740.0, None)
    """
    left = lease.patience_s - seen_s
    return left if left >= 0 else None


@dataclass(frozen=True, slots=True)
class Sight:
    """When we first saw the very bytes of a lease, by a clock that counts from the start of this machine."""

    place: str
    digest: str
    """Of its bytes."""
    boot: str
    """The clock means nothing after another start."""
    first_ns: int

    def holds(self, boot: str, now_ns: int) -> bool:
        """True when it can be counted from, now."""
        return bool(boot) and self.boot == boot and self.first_ns <= now_ns


def written(lease: Lease) -> bytes:
    """Its text; of one lease, each has the same length."""
    return json.dumps(asdict(lease)).encode() + b"\n"


def parsed(text: bytes) -> Lease:
    """What a text says; whatever cannot be understood is left out.

    >>> parsed(b'{"owner": "x", "pid": true, "for_s": "long"}')
    Lease(owner='x', renewal='', for_s=900, expires='', since=0, machine='', host='', boot='', pid=None, started='')
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Lease()
    said: dict[str, Any] = value if isinstance(value, dict) else {}
    words = ("owner", "renewal", "expires", "machine", "host", "boot", "started")
    return Lease(
        **{word: said[word] for word in words if isinstance(said.get(word), str)},
        for_s=_number(said.get("for_s")) or TIME_S,
        since=_number(said.get("since")) or 0,
        pid=_number(said.get("pid")),
    )


def digest(text: bytes) -> str:
    """What a sight of it is known by."""
    return hashlib.sha256(text).hexdigest()


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else None
