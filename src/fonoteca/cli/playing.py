"""Plays a task's events to whoever called: progress while it runs, then the closing report, or JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING

from fonoteca.core.event import Event, Phase, RunEnded
from fonoteca.core.report import ExitCode
from fonoteca.errors import Interrupted
from fonoteca.tasks.heeding import heeding

if TYPE_CHECKING:
    from fonoteca.cli.face import Face
    from fonoteca.render.live import Live
    from fonoteca.render.silent import Silent
    from fonoteca.render.tally import Tally


def play(events: Iterable[Event], face: Face) -> int:
    """Show `events`; return the run's exit code. Raises what the task raises, after saying what was done."""
    if face.flags.json:
        return _as_json(events, face)
    return _to_person(events, face)


def _as_json(events: Iterable[Event], face: Face) -> int:
    """A line an event. Flushed once a second and when something else begins, so that who watches sees it in time."""
    code = ExitCode.INTERNAL
    flushed = monotonic()
    with closing(heeding(events, face.stop)) as heeded:
        for event in heeded:
            face.lines.take(event)
            if isinstance(event, RunEnded):
                code = ExitCode(event.exit_code)
            if isinstance(event, Phase) or monotonic() - flushed > 1.0:
                sys.stdout.flush()
                flushed = monotonic()
    return code


def _to_person(events: Iterable[Event], face: Face) -> int:
    from fonoteca.render.tally import Tally

    tally = Tally(words=face.flags.words)
    progress = _progress(face)
    try:
        with closing(heeding(events, face.stop)) as heeded:
            for event in heeded:
                tally.take(event)
                progress.take(event)
    except Interrupted:
        progress.close()
        _close(tally, quiet=face.flags.quiet)
        raise
    finally:
        progress.close()
    _close(tally, quiet=face.flags.quiet)
    # A stream that ends without saying how is a fault of ours, not success.
    return ExitCode.INTERNAL if tally.ended is None else tally.ended.exit_code


def _progress(face: Face) -> Silent | Live:
    if face.flags.quiet:
        from fonoteca.render.silent import Silent

        return Silent()
    from fonoteca.render.live import Live

    return Live()


def _close(tally: Tally, *, quiet: bool) -> None:
    """The report on stdout; with `--quiet` only what is wrong, on stderr."""
    if quiet and tally.ended is not None and tally.ended.exit_code == ExitCode.DONE:
        return  # notes of a good run (an extra file, a skipped socket) are no news every night
    from fonoteca.render.closing import complaints, report
    from fonoteca.render.console import console

    if not quiet:
        report(tally)
        return
    for line in complaints(tally):
        console(sys.stderr).print(line, soft_wrap=True)
