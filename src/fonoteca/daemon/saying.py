"""What the daemon says: one line an event, to the journal with its priority, to a terminal, or as JSON.

What was said is not said again while it stays so: a drive that is away is one line, not one for each new album.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fonoteca.core.event import Advanced, Event, Scanned
from fonoteca.core.finding import Severity
from fonoteca.daemon.flood import Flood, kind_of
from fonoteca.daemon.work import CatchUp, Follow, Regular, Scan, ScrubPlace, name_of
from fonoteca.daemon.worker import SHOWN, Outcome
from fonoteca.errors import Locked
from fonoteca.render.lines import as_line, finding_fields, name_of_event
from fonoteca.render.words import files, finding, heading, rfc3339, safe, safe_lines

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7
"""Priorities of syslog(3)."""

LEVELS = {"error": ERROR, "warning": WARNING, "notice": NOTICE, "info": INFO, "debug": DEBUG}
"""By their names on the command line."""

REMEMBERED = 10_000


@dataclass(slots=True)
class Voice:
    """Writes lines. `prefixed`: with the `<N>` that journald takes for the priority."""

    write: Callable[[str], object]
    now: Callable[[], int]
    prefixed: bool = False
    line: Callable[[str, Mapping[str, Any]], object] | None = None
    """Takes type and values of a JSON line, where these are wanted instead."""
    least: int = INFO
    """What is less urgent (a larger number) is not said."""
    _said: dict[str, str] = field(default_factory=dict)
    _flood: Flood = field(default_factory=Flood)

    def say(self, sentence: str, priority: int = INFO, *, like: str | None = None, **facts: Any) -> None:
        """One line. `like`: what it counts with, where many come (else the sentence but for its numbers).

        `facts` are values for programs: a JSON line has them beside its sentence.
        """
        if priority > self.least:
            return
        if self._flood.admits(like or kind_of(sentence), self.now()):
            self._put(sentence, priority, facts)

    def _put(self, sentence: str, priority: int, facts: Mapping[str, Any]) -> None:
        if self.line is not None:
            said = {"time": rfc3339(self.now()), "priority": priority, "sentence": sentence}
            self.line("said", {**said, **facts})
            return
        prefix = f"<{priority}>" if self.prefixed else ""
        self.write("".join(f"{prefix}{line}\n" for line in safe_lines(sentence).splitlines()))

    def count(self, *, all_of_it: bool = False) -> None:
        """Say how many more there were of what came too often, now that it is over."""
        for kind, more in self._flood.end() if all_of_it else self._flood.over(self.now()):
            self._put(f"{more:,} more like this: {kind}", NOTICE, {"like": kind, "count": more})

    def event(self, event: Event) -> None:
        """Everything that a task does, where that is wanted (`debug`); called for each of 100,000 files."""
        if self.least < DEBUG or isinstance(event, Advanced):
            return
        kind, values = name_of_event(event), as_line(event)
        if self.line is not None:
            self.line(kind, {"time": rfc3339(self.now()), "priority": DEBUG, **values})
            return
        known = " ".join(f"{name}={safe(str(value))}" for name, value in values.items() if value is not None)
        self._put(f"{kind} {known}", DEBUG, {})

    def say_once(
        self, about: str, sentence: str, priority: int = INFO, *, like: str | None = None, **facts: Any
    ) -> None:
        """Unless just that was said of it last."""
        if self._said.get(about) == sentence:
            return
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[about] = sentence
        self.say(sentence, priority, like=like, **facts)

    def is_over(self, about: str) -> bool:
        """What was said of it holds no more. True when something had been said."""
        return self._said.pop(about, None) is not None


def tell(voice: Voice, outcome: Outcome) -> None:
    """Say what came of a piece of work."""
    name = name_of(outcome.work)
    for place, sentence in outcome.failed.items():
        voice.say_once(f"failed {place}", sentence, WARNING)
    if outcome.interrupted:
        return
    if outcome.error is not None:
        _tell_error(voice, name, outcome.error)
        return
    voice.is_over("error")
    _tell_findings(voice, outcome)
    if outcome.says:
        voice.say(outcome.says, NOTICE)
    elif sentence := summary(outcome):
        voice.say(sentence)


def _tell_error(voice: Voice, name: str, error: Exception) -> None:
    if isinstance(error, Locked):
        voice.say_once("error", f"Waiting: {error}")
    else:
        voice.say_once("error", f"The {name} failed: {str(error) or type(error).__name__}", ERROR)


def _tell_findings(voice: Voice, outcome: Outcome) -> None:
    for each in outcome.findings:
        priority = WARNING if each.severity is Severity.DAMAGE else NOTICE
        sentence = f"{heading(each.kind)}: {finding(each)}"
        about = f"found {each.kind} {each.library} {each.location} {each.path!r}"
        like = f"{heading(each.kind)} ({each.location or each.library})"
        voice.say_once(about, sentence, priority, like=like, finding=finding_fields(each))
    if outcome.found > SHOWN:
        voice.say_once("more found", f"{outcome.found - SHOWN} more findings: run `fonoteca status`.", NOTICE)


def summary(outcome: Outcome) -> str:
    """`New music: 12 files copied to red, 12 files to blue.`, or nothing where there is no news."""
    name = name_of(outcome.work).capitalize()
    done = [f"{files(count)} to {safe(place)}" for place, count in outcome.copied.items() if count]
    moved = outcome.counts.get("moved", 0)
    match outcome.work:
        case Follow() | CatchUp() | Scan():
            parts = ["copied " + ", ".join(done)] if done else []
            parts += [f"moved {files(moved)}"] if moved else []
            if isinstance(outcome.work, Scan):
                parts = [_looked_at(outcome.scanned), *parts]
            return f"{name}: {'; '.join(parts)}." if parts else ""
        case ScrubPlace():
            return ""
        case Regular():
            verified = outcome.counts.get("verified", 0)
            return f"{name}: done" + (f", {files(verified)} read again." if verified else ".")


def _looked_at(scanned: Mapping[str, Scanned]) -> str:
    return (
        ", ".join(f"{files(each.entries)} in {safe(name)}" for name, each in scanned.items())
        or "nothing to see"
    )
