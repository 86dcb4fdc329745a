"""The daemon: one loop that hears, decides, and has one piece of work done at a time.

    daemon = Daemon(config_path, config, Voice(…), Manager.of(os.environ, os.getpid()))
    daemon.run()          # until `stop` was called and what was under way has ended

`step` is one round without waiting: it returns how long nothing will be due.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import copies, duties
from fonoteca.config.load import load
from fonoteca.config.model import Config
from fonoteca.core.settle import Settling
from fonoteca.daemon.agenda import Agenda, is_calm
from fonoteca.daemon.answering import answer
from fonoteca.daemon.clock import Bell, Clock
from fonoteca.daemon.control import Control
from fonoteca.daemon.drives import Drives
from fonoteca.daemon.lookout import Lookout
from fonoteca.daemon.notify import Manager
from fonoteca.daemon.saying import NOTICE, WARNING, Voice
from fonoteca.daemon.servers import Servers
from fonoteca.daemon.telling import Telling
from fonoteca.daemon.watching import GATHER_S, Watching
from fonoteca.daemon.work import CatchUp, Follow, Scan, ScrubPlace, is_heavy, name_of
from fonoteca.daemon.worker import Outcome, Stillness, Worker
from fonoteca.disk.gentle import be_small
from fonoteca.disk.lock import hold_lock
from fonoteca.errors import CatalogueUnwritable, ConfigError, FonotecaError, UsageError
from fonoteca.library.watch import Watch
from fonoteca.tasks.service import lock_of

ROUND_S = 60.0
"""The loop goes round at least so often: drives without a mount, and the sign of life."""

SLEPT_S = 10.0
"""A machine whose boot clock ran ahead so far was asleep: events may have been lost, drives changed."""

LAST_PAPERS_S = 3.0
"""`SHA256SUMS` has so long when the daemon is asked to stop; the next start brings it up to date anyway."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
"""After work that failed, nothing is begun for so long; twice as long each time."""


@dataclass(slots=True)
class Daemon:
    """One archive's daemon."""

    config_path: str
    config: Config
    voice: Voice
    manager: Manager = field(default_factory=Manager)
    clock: Clock = field(default_factory=Clock)
    bell: Bell = field(default_factory=Bell)
    rest: Callable[[], None] = be_small
    """Gives memory back after each piece of work."""
    settling: Settling = field(init=False)
    watching: Watching = field(init=False)
    lookout: Lookout = field(init=False)
    worker: Worker = field(init=False)
    telling: Telling = field(init=False)
    control: Control = field(init=False)
    agenda: Agenda = field(init=False)
    servers: Servers = field(default_factory=Servers)
    _stopping: bool = False
    _wants_reload: bool = False
    _config_seen: tuple[int, int, int] | None = None
    paused_until: float | None = None
    """On the clock that goes on while the machine sleeps."""
    _sleep: float = 0.0
    _not_before: float = float("-inf")
    _pause_s: float = FIRST_PAUSE_S
    _rounds: dict[str, float] = field(default_factory=dict)
    _was_lent: bool = False
    _harmed: dict[str, int] = field(default_factory=dict)
    """Bad copies by location, when the archive was lent."""

    def run(self) -> None:
        """Until it is asked to stop. Raises Locked when another daemon of this archive runs, CatalogueError."""
        with ExitStack() as stack:
            try:
                os.makedirs(os.path.dirname(self.config.catalogue), mode=0o700, exist_ok=True)
                stack.enter_context(hold_lock(lock_of(self.config.catalogue), clears=True))
                self.begin()
            except OSError as error:
                raise CatalogueUnwritable(self.config.catalogue, error.strerror or str(error)) from error
            try:
                timeout = self.step()
                self.manager.ready()
                while not self.is_over:
                    timeout = self.step(self.bell.wait(timeout))
            finally:
                self.end()

    def begin(self) -> None:
        """Listen, watch, and look at what is there."""
        now = self.clock.monotonic()
        self.settling = Settling(self.config.background.settle_s)
        self.watching = Watching(Watch(self.bell.ring), self.settling)
        stillness = Stillness(self.settling, self.clock)
        self.telling = Telling.of(self.config, self.voice, self.clock, self.bell.ring)
        self.worker = Worker(self.clock, self.bell, stillness, rest=self.rest)
        self.telling.attend(self.worker)
        self.control = Control(self.config.catalogue, self.bell)
        self.agenda = Agenda(self._since())
        self.lookout = Lookout(
            self.config, self.settling, stillness, self.watching, Drives(self.bell), self.agenda, self.voice
        )
        self._sleep = self.clock.since_boot() - now
        self._config_seen = _seen(self.config_path)
        self.lookout.apply(self.config, now)
        self.voice.say(f"Watching {', '.join(self.config.libraries)}, process {os.getpid()}.")

    def end(self) -> None:
        """Nothing is begun any more; what is under way comes to its end."""
        self.manager.stopping()
        if self.worker.outcome is not None:
            self.worker.outcome.reins.pull()
        self.worker.wait()
        self._put_papers()
        self.telling.close()
        self.lookout.close()
        self.control.close()
        self.voice.say("Stopped; what was finished stands.")

    def _put_papers(self) -> None:
        """`SHA256SUMS` knows what was copied since it was written, where that can be had soon."""
        if not self.agenda.owes_papers or self.control.is_asked_to_yield:
            return
        self.worker.start(Follow({}, papers=True), self.config)
        self.worker.wait(LAST_PAPERS_S)
        if self.worker.outcome is not None:
            self.worker.outcome.reins.pull()
        self.worker.wait()

    # being told, from signal handlers

    def stop(self) -> None:
        """Begin nothing new; end what is under way at its next file."""
        self._stopping = True
        if hasattr(self, "worker") and self.worker.outcome is not None:
            self.worker.outcome.reins.pull()
        self.bell.ring()

    def reload(self) -> None:
        """Read the config anew."""
        self._wants_reload = True
        self.bell.ring()

    @property
    def is_over(self) -> bool:
        """Asked to stop, and nothing is under way."""
        return self._stopping and self.worker.outcome is None

    # one round

    def step(self, ready: AbstractSet[int] = frozenset()) -> float:
        """Hear, decide, begin. Gives seconds for which nothing will be due."""
        now = self.clock.monotonic()
        self.control.hear(ready, partial(answer, self))
        self._collect(now)
        self._heed(now)
        self.lookout.hear(now)
        if self.lookout.is_needed(ready) or self._is_time("drives", now):
            self.lookout.look_at_drives(now)
        for name in self.servers.due(self.config, now):
            self.agenda.came(name)
        self._restrain(now)
        self._begin(now)
        self.telling.step(now, is_idle=self.worker.outcome is None and not self.control.is_asked_to_yield)
        self._sign(now)
        return self._spare(now)

    def _heed(self, now: float) -> None:
        """Signals, a config that changed while the archive was lent, and a machine that slept."""
        if self._wants_reload:
            self._wants_reload = False
            self._reload(now)
        if self._was_lent and not self.control.is_asked_to_yield:
            self._was_lent = False
            self._rounds.pop("config", None)
            self._mend_what_was_found()
        if self._is_time("config", now) and _seen(self.config_path) != self._config_seen:
            self._reload(now)
        sleep = self.clock.since_boot() - now
        if sleep - self._sleep > SLEPT_S:
            self.voice.say("The machine slept: everything is looked at.")
            self.agenda.scan_reason = self.agenda.scan_reason or "sleep"
        self._sleep = sleep

    # work

    def _restrain(self, now: float) -> None:
        """Ask what is under way to end, where something else has the right of way."""
        outcome = self.worker.outcome
        if outcome is None:
            return
        gives_way = is_heavy(outcome.work) and (
            self.agenda.is_urgent(self.settling, now)
            or not is_calm(self.config.background, self.clock.wall_ns(), self.clock.zone)
        )
        if self._stopping or self.control.is_asked_to_yield or self.is_paused or gives_way:
            outcome.reins.pull()

    def _begin(self, now: float) -> None:
        if self.worker.outcome is not None:
            return
        if self.control.is_asked_to_yield:
            if not self._was_lent:
                self._was_lent, self._harmed = True, self._bad_copies()
            self.control.grant()
            return
        if self._stopping or self.is_paused or now < self._not_before:
            return
        wall_ns, zone = self.clock.wall_ns(), self.clock.zone
        work = self.agenda.next(
            self.config, self.settling, self.watching, now=now, wall_ns=wall_ns, zone=zone
        )
        if work is None:
            return
        if isinstance(work, Follow):
            self.watching.cover(work.spots)
        elif isinstance(work, Scan):
            self.watching.told_of.clear()
        self.worker.start(work, self.config)
        self.manager.status(name_of(work))

    def _collect(self, now: float) -> None:
        outcome = self.worker.finished()
        if outcome is None:
            return
        self.telling.heard(outcome, now)
        self.manager.status("watching")
        if outcome.interrupted or outcome.error is not None:
            self.agenda.interrupted(outcome, self.settling, now)
            if outcome.error is not None:
                self._not_before = now + self._pause_s
                self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            return
        self._pause_s = FIRST_PAUSE_S
        self.servers.heard(self.config, outcome, now)
        self._recovered(outcome)
        took_s = max(self.clock.wall_ns() - outcome.started_ns, 0) / 1e9
        self.lookout.looked_at(outcome, now, took_s)
        place = getattr(outcome.work, "location", "")
        is_drive = self.lookout.drives.has_location(place)
        self.agenda.done(outcome, now, self.clock.wall_ns(), has_place=is_drive)
        if isinstance(outcome.work, CatchUp | ScrubPlace) and self.lookout.is_there(place, outcome):
            calm = is_calm(self.config.background, self.clock.wall_ns(), self.clock.zone)
            self.lookout.tell_place(outcome, place, calm=calm)

    def _recovered(self, outcome: Outcome) -> None:
        caught_up = [outcome.work.location] if isinstance(outcome.work, CatchUp) else []
        for name in (*outcome.copied, *caught_up):
            if name not in outcome.failed:
                self.voice.is_over(f"failed {name}")

    # the config

    def _reload(self, now: float) -> None:
        """The new config, or the old one where the new one cannot be meant."""
        self.manager.reloading(now)
        self._config_seen = _seen(self.config_path)
        try:
            fresh = load(self.config_path)
            if fresh.catalogue != self.config.catalogue:
                raise UsageError("another catalogue is another archive: stop the daemon and start it again")
        except (ConfigError, UsageError) as error:
            self.voice.say(f"The config is refused, the old one stays: {error}", WARNING)
        else:
            self.config = self.telling.herald.config = fresh
            self.lookout.apply(fresh, now)
            self.agenda.scan_reason = self.agenda.scan_reason or "config"
            self.voice.say("The config was read anew.", NOTICE)
        self.manager.ready()

    def _since(self) -> dict[str, int]:
        with suppress(FonotecaError), Archive.open(self.config, Access.READ) as archive:
            return duties.since(archive.catalogue)
        return {}

    def _bad_copies(self) -> dict[str, int]:
        with suppress(FonotecaError), Archive.open(self.config, Access.READ) as archive:
            return copies.count_bad(archive.catalogue)
        return {}

    def _mend_what_was_found(self) -> None:
        """A person's own `verify` found what was not known: it is put right now, not with the next music."""
        for name, count in self._bad_copies().items():
            if count > self._harmed.get(name, 0):
                self.agenda.came(name)

    @property
    def is_paused(self) -> bool:
        """A person told it to wait."""
        return self.paused_until is not None and self.clock.since_boot() < self.paused_until

    # time

    def _sign(self, now: float) -> None:
        """Show that the loop goes round."""
        if self._is_time("alive", now, self.manager.alive_every_s or ROUND_S):
            self.manager.alive()
            with suppress(FileNotFoundError):
                os.utime(lock_of(self.config.catalogue))

    def _is_time(self, what: str, now: float, every_s: float = ROUND_S) -> bool:
        if now - self._rounds.get(what, float("-inf")) < every_s:
            return False
        self._rounds[what] = now
        return True

    def _waits(self) -> tuple[float | None, ...]:
        return self.settling.next_due, self.watching.next_poll, self.servers.next_due

    def _spare(self, now: float) -> float:
        """Seconds until something can be due; whatever comes before rings the bell."""
        wall_ns = self.clock.wall_ns()
        every = min(ROUND_S, self.manager.alive_every_s or ROUND_S)
        times = [
            now + every,
            *(at for at in self._waits() if at is not None),
        ]
        if self.watching.has_hints:
            times.append(now + GATHER_S)
        due = self.agenda.due_times(self.config.schedule, wall_ns, self.clock.zone).values()
        times += [now + max(at - wall_ns, 0) / 1e9 for at in due if at > wall_ns]
        earliest = max(min(times), self._not_before if self._not_before > now else now)
        if self.worker.outcome is not None or self.control.is_asked_to_yield or self.is_paused:
            earliest = max(earliest, now + GATHER_S)  # what is due has to wait for it anyway
        return max(earliest - now, 0.0)


def _seen(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
