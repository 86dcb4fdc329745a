"""Taking, keeping and giving back a lease, at any place that has somewhere to pin it: `.fonoteca/lease.json`.

    held = take(SftpBoard(remote), sightings)      # Locked while somebody else has it
    held.hold()                                    # often: writes it anew once a minute; Away when another took it
    held.release()

Whether somebody has it is decided by `core/lease`. A place's `Board` says how only one of two can pin it there.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from fonoteca.core.lease import TIME_S, Holding, Lease, Sight, digest, holding, left_s, parsed, written
from fonoteca.disk import host
from fonoteca.errors import Away, LocationError, Locked

TOUCH_S = 60.0
"""It is written anew at most this often, and at least before each batch and publishing."""

_SECOND_NS = 1_000_000_000

_active: set[str] = set()
"""Leases that this process has: another one of this process was left behind by a connection that broke off."""


class Pinned(NamedTuple):
    """A lease that stands somewhere. `token`: the place's own handle for just this one."""

    text: bytes
    token: Any = None


Judge = Callable[[bytes], None]
"""Raises Locked while whoever wrote this text is there."""


class Board(Protocol):
    """Where the lease of a place stands. All raise LocationError."""

    @property
    def place(self) -> str: ...

    def look(self) -> Pinned | None:
        """What stands there."""
        ...

    def pin(self, text: bytes, owner: str, judge: Judge) -> bytes | None:
        """Put it there, so that of two who come at one moment at most one does. What else stands there is judged, and
        replaced when it passes: its text is given. Raises Locked.
        """
        ...

    def renew(self, text: bytes, over: Pinned) -> None:
        """Put our new one in the place of our old one. Raises Unpinned where it sees that another stands there."""
        ...

    def unpin(self, standing: Pinned) -> None:
        """Take just this one away."""
        ...


class Unpinned(Exception):
    """Another lease stands there by now."""


@dataclass(slots=True)
class Sightings:
    """Which leases of others we have seen, and since when. Usable from several threads.

    `lasts`: what is `news` will be known in later runs, so that a person may come back.
    """

    known: dict[tuple[str, str], Sight] = field(default_factory=dict)
    news: list[Sight] = field(default_factory=list)
    lasts: bool = False
    clock: Callable[[], int] = host.since_boot_ns
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, sights: Iterable[Sight]) -> None:
        """These were made before."""
        self.known.update({(sight.place, sight.digest): sight for sight in sights})
        self.lasts = True

    def seen_s(self, place: str, text: bytes) -> float:
        """For how many seconds this text has been seen there, unchanged."""
        now, boot = self.clock(), host.me().boot
        with self._lock:
            sight = self.known.get((place, digest(text)))
            if sight is None or not sight.holds(boot, now):
                sight = Sight(place, digest(text), boot, now)
                self.known[place, sight.digest] = sight
                self.news.append(sight)
        return (now - sight.first_ns) / _SECOND_NS


class Held:
    """A lease that we hold. `replaced`: the dead one whose place it took."""

    def __init__(
        self, board: Board, lease: Lease, clock: Callable[[], int], replaced: Lease | None = None
    ) -> None:
        self.owner = lease.owner
        self.replaced = replaced
        self._board = board
        self._lease = lease
        self._clock = clock
        self._texts = {written(lease)}
        """What may stand there as ours: two of them, where the answer to the last writing was lost."""
        self._held_ns = clock()
        self._lock = threading.Lock()

    def hold(self, *, now: bool = False) -> None:
        """See that it is still ours, and say that we are alive. Raises Away when somebody else took it."""
        with self._lock:
            began = self._clock()
            if not now and began - self._held_ns < TOUCH_S * _SECOND_NS:
                return
            standing = self._board.look()
            if standing is None or standing.text not in self._texts:
                raise self._lost(standing)
            text = written(_renewed(self._lease))
            self._texts = {standing.text, text}
            try:
                self._board.renew(text, standing)
            except Unpinned as error:
                raise self._lost(self._board.look()) from error
            self._texts = {text}
            self._held_ns = began

    def _lost(self, standing: Pinned | None) -> Away:
        other = f" ({parsed(standing.text).holder})" if standing is not None else ""
        reason = f"another run took its place there{other}, since this one was silent for long"
        if standing is None:
            reason = "its lease was taken away over there, as by `fonoteca location release`"
        return Away(self._board.place, reason, "What was finished stands; run this again.")

    def release(self) -> None:
        """Give it up. Never raises: what cannot be removed is found left behind."""
        _active.discard(self.owner)
        try:
            standing = self._board.look()
            if standing is not None and standing.text in self._texts:
                self._board.unpin(standing)
        except LocationError:
            return


def take(board: Board, sightings: Sightings) -> Held:
    """Take it. Raises Locked when another run has it, LocationError."""
    me = host.me()
    lease = _renewed(Lease(owner=secrets.token_hex(16), since=int(time.time()), **me._asdict()))
    _active.add(lease.owner)
    try:
        replaced = board.pin(
            written(lease), lease.owner, lambda text: _expect_over(board.place, text, sightings)
        )
    except BaseException:
        _active.discard(lease.owner)
        raise
    return Held(board, lease, sightings.clock, parsed(replaced) if replaced is not None else None)


def release(board: Board) -> str | None:
    """Take a lease away whoever holds it, because a person says that its run is over; who held it, None for nobody.

    Raises Locked while that run is alive on this machine, LocationError.
    """
    standing = board.look()
    if standing is None:
        return None
    lease = parsed(standing.text)
    if _holding(lease) is Holding.HERE:
        raise Locked(f"The location {board.place}", lease.pid)
    board.unpin(standing)
    return lease.holder


def _expect_over(place: str, text: bytes, sightings: Sightings) -> None:
    lease = parsed(text)
    match _holding(lease):
        case Holding.OVER:
            return
        case Holding.HERE:
            raise Locked(f"The location {place}", lease.pid)
        case Holding.ELSEWHERE:
            left = left_s(lease, sightings.seen_s(place, text))
            if left is not None:
                raise _elsewhere(place, lease, left, lasts=sightings.lasts)


def _elsewhere(place: str, lease: Lease, left: float, *, lasts: bool) -> Locked:
    remedy = f"if that one is over, run `fonoteca location release {place}`"
    if lasts:
        minutes = int(left // 60) + 1
        remedy += f"; without a sign of life of it, its place is free in {minutes} minutes"
    who = f"a run on {lease.host or 'another machine'}"
    return Locked(f"The location {place}", None, who=who, remedy=remedy)


def _holding(lease: Lease) -> Holding:
    me = host.me()
    runs = None if not me.started else _runs(lease)
    return holding(lease, me.machine, me.boot, runs=runs)


def _runs(lease: Lease) -> bool:
    if lease.pid is None or not host.is_running(lease.pid, lease.started):
        return False
    return lease.pid != os.getpid() or lease.owner in _active


def _renewed(lease: Lease) -> Lease:
    until = datetime.now(UTC) + timedelta(seconds=TIME_S)
    return replace(lease, renewal=secrets.token_hex(8), expires=until.isoformat(timespec="seconds"))
