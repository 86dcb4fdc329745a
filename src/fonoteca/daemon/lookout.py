"""What happens outside: changes in libraries, watches that fail, drives that come and go. Each is put on the agenda."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from fonoteca.config.model import Config, FolderConfig
from fonoteca.core.settle import Settling
from fonoteca.daemon.agenda import ALL, Agenda
from fonoteca.daemon.drives import Drives
from fonoteca.daemon.saying import NOTICE, WARNING, Voice
from fonoteca.daemon.watching import Watching
from fonoteca.daemon.work import Follow, Scan, ScrubPlace
from fonoteca.daemon.worker import Outcome, Stillness
from fonoteca.library.eventful import Unwatched, Watched


@dataclass(slots=True)
class Lookout:
    """Over one archive's libraries and locations."""

    config: Config
    settling: Settling
    stillness: Stillness
    watching: Watching
    drives: Drives
    agenda: Agenda
    voice: Voice

    def apply(self, config: Config, now: float) -> None:
        """Look out for what this config names."""
        self.config = config
        self.settling.settle_s = config.background.settle_s
        self.drives.look(config)
        present = [name for name in config.libraries if self.drives.has_library(name)]
        for name in self.watching.apply(config, present, now):
            self._tell(name)

    def close(self) -> None:
        """No more."""
        self.watching.watch.close()
        self.drives.close()

    def hear(self, now: float) -> None:
        """Take the hints of the watch, and what it missed."""
        self.watching.notice_skipped(self.stillness.skipped, now)
        self.watching.gather(now)
        for name, reason in self.watching.missed(now).items():
            self.voice.say(f"{name}: {reason}; all of it is looked at again.", WARNING)
            self._tell(name)
            self.agenda.scan_reason = self.agenda.scan_reason or "missed"

    def look_at_drives(self, now: float) -> None:
        """What came is caught up; what went is left alone."""
        changes = self.drives.look(self.config)
        for name in changes.locations_went:
            self.agenda.went(name)
            self.voice.say(f"{name} is away.")
        for name in changes.locations_came:
            self.voice.say(f"{name} is there: it is being caught up.")
            self.agenda.came(name)
        for name in changes.libraries_went:
            self.watching.drop(name)
            self._tell(name)
        for name in changes.libraries_came:
            self.watching.begin(name, now)
            self._tell(name)
            self.settling.notice(name, b"", None, now, whole=True)

    def looked_at(self, outcome: Outcome, now: float, took_s: float) -> None:
        """What a piece of work saw says when libraries without events have their turn again, and which these are."""
        if isinstance(outcome.work, Follow | Scan):
            for name in self.config.libraries:
                if isinstance(outcome.work, Scan) or ALL in outcome.work.spots.get(name, ()):
                    seen = outcome.scanned.get(name)
                    changed = seen is not None and bool(seen.new or seen.written or seen.gone or seen.moved)
                    self.watching.looked_at(name, now, changed=changed, took_s=took_s)
        if outcome.work == Scan("schedule"):
            self._doubt_silence(outcome, now)

    def _doubt_silence(self, outcome: Outcome, now: float) -> None:
        """Changes that no event told of: the events of that file system cannot be relied on."""
        for name, seen in outcome.scanned.items():
            changed = seen.gone or seen.moved or (seen.new and not outcome.found)
            is_watched = isinstance(self.watching.states.get(name), Watched)
            if changed and is_watched and name not in self.watching.told_of:
                self.watching.is_silent(name, now)
                self._tell(name)

    def tell_place(self, outcome: Outcome, name: str, *, calm: bool) -> None:
        """What a person who stands beside the drive waits for. When it is not `calm` its scrub is left for later."""
        if name in outcome.failed:
            return
        if outcome.lacking:
            sentence = f"{name} still lacks {outcome.lacking:,} copies: `fonoteca status` says why."
            self.voice.say_once(f"lacking {name}", sentence, WARNING)
            self.agenda.unfinished.add(name)
            return
        self.voice.is_over(f"lacking {name}")
        if isinstance(outcome.work, ScrubPlace) or not calm or name not in self.agenda.to_scrub:
            self.agenda.to_scrub = [each for each in self.agenda.to_scrub if each != name]
            end = ": eject it now" if self.config.locations[name].removable else ""
            self.voice.say(f"{name} is up to date{end}.", NOTICE)

    def is_there(self, name: str, outcome: Outcome) -> bool:
        """Whether a location that work was done for is there: a drive by its marker, a server by having answered."""
        config = self.config.locations.get(name)
        if config is None or isinstance(config, FolderConfig):
            return self.drives.has_location(name)
        return name not in outcome.failed

    def words(self) -> dict[str, str]:
        """How each library is watched."""
        return {name: self.watching.words(name) for name in self.watching.states}

    def is_needed(self, ready: AbstractSet[int]) -> bool:
        """Whether the mount table changed."""
        return self.drives.fd in ready

    def _tell(self, name: str) -> None:
        state = self.watching.states[name]
        priority = WARNING if isinstance(state, Unwatched) else NOTICE
        self.voice.say_once(f"watch {name}", f"watch: {name}: {self.watching.words(name)}", priority)
