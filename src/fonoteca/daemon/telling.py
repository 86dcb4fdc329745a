"""The daemon's way to its owner: what it saw goes to the herald, what the herald lacks goes to the log and `status`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from fonoteca.archive import Access, Archive
from fonoteca.config.model import Config
from fonoteca.core.timetable import Duty
from fonoteca.daemon.clock import Clock
from fonoteca.daemon.saying import WARNING, Voice, tell
from fonoteca.daemon.work import Regular, name_of
from fonoteca.daemon.worker import Outcome, Worker
from fonoteca.errors import FonotecaError, Locked
from fonoteca.notify.herald import Herald


@dataclass(slots=True)
class Telling:
    """Over one daemon's work."""

    voice: Voice
    clock: Clock
    herald: Herald

    @classmethod
    def of(cls, config: Config, voice: Voice, clock: Clock, ring: Callable[[], object]) -> Telling:
        """With what was remembered."""
        herald = Herald(config, socket.gethostname(), os.environ, clock.wall_ns, ring)
        with suppress(FonotecaError), Archive.open(config, Access.READ) as archive:
            herald.load(archive)
        return cls(voice, clock, herald)

    def attend(self, worker: Worker) -> None:
        """Hear of each piece of work: that it begins, what happens, and how the archive is at its end."""
        worker.began = lambda: self.herald.began(self.clock.monotonic())
        worker.said = self.voice.event
        worker.looked = self.herald.look

    def heard(self, outcome: Outcome, now: float) -> None:
        """It is over: said in the log, and to whoever is to hear of it."""
        tell(self.voice, outcome)
        if outcome.interrupted or isinstance(outcome.error, Locked):
            return
        is_report = isinstance(outcome.work, Regular) and outcome.work.duty is Duty.REPORT
        name = name_of(outcome.work)
        self.herald.heard(name, now, code=outcome.code or 0, error=outcome.error, is_report=is_report)

    def step(self, now: float, *, is_idle: bool) -> None:
        """Go on telling. What has to be remembered is written when nothing else is (`is_idle`)."""
        self.voice.count()
        for sentence in self.herald.step(now):
            self.voice.say_once("telling", sentence, WARNING)
        if is_idle and self.herald.is_dirty:
            self._save()

    def close(self) -> None:
        """No more; nothing is under way."""
        self.voice.count(all_of_it=True)
        self.herald.close()
        if self.herald.is_dirty:
            self._save()

    def _save(self) -> None:
        try:
            with Archive.open(
                self.herald.config, Access.WRITE, now=self.clock.wall_ns, asks=False
            ) as archive:
                self.herald.save(archive)
        except Locked:
            return  # a command works: it is written in a later round
        except FonotecaError as error:
            self.voice.say_once("remembering", f"What was told cannot be remembered: {error}", WARNING)
