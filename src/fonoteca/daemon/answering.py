"""What the daemon answers when another command asks it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from fonoteca.daemon.saying import NOTICE
from fonoteca.daemon.work import name_of

if TYPE_CHECKING:
    from fonoteca.daemon.loop import Daemon


def answer(daemon: Daemon, question: str) -> dict[str, Any]:
    """The reply to every question but `yield`."""
    word, _, rest = question.partition(" ")
    if word == "status":
        return account(daemon)
    if word == "pause" and rest.isdecimal() and rest.isascii():
        daemon.paused_until = daemon.clock.since_boot() + int(rest)
        daemon.voice.say(f"Paused for {rest} seconds.", NOTICE)
        return account(daemon)
    if word == "resume":
        daemon.paused_until = None
        daemon.voice.say("Going on.", NOTICE)
        return account(daemon)
    return {"error": f"unknown question {word!r}"}


def account(daemon: Daemon) -> dict[str, Any]:
    """What goes on now, for `status`."""
    outcome = daemon.worker.outcome
    wall_ns = daemon.clock.wall_ns()
    left = (daemon.paused_until or 0.0) - daemon.clock.since_boot()
    return {
        "pid": os.getpid(),
        "doing": None if outcome is None else name_of(outcome.work),
        **({} if outcome is None else outcome.progress.account()),
        "since_ns": None if outcome is None else outcome.started_ns,
        "paused_s": max(int(left), 0) if daemon.is_paused else 0,
        "watch": daemon.lookout.words(),
        "next_times": daemon.agenda.due_times(daemon.config.schedule, wall_ns, daemon.clock.zone),
    }
