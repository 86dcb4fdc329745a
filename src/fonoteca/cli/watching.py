"""`fonoteca status --watch`: the same, again and again, until Ctrl-C.

On a terminal it is one picture that changes in place. Elsewhere it is a line when something has changed, with `--json`
a `status` line each time: what a program reads has no picture in it.
"""

from __future__ import annotations

import signal
import sys
from contextlib import AbstractContextManager, ExitStack
from time import monotonic, sleep
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from fonoteca.archive import Access
from fonoteca.cli.face import Face
from fonoteca.core.judgement import judge
from fonoteca.core.status import ArchiveStatus
from fonoteca.render.console import is_lively
from fonoteca.tasks.status import status

if TYPE_CHECKING:
    from rich.live import Live

_STEP_S = 0.1


class View(Protocol):
    """Shows one status after the other."""

    def show(self, now: ArchiveStatus) -> None: ...


def watched(face: Face, every_s: float) -> int:
    """Show it every so many seconds; gives the exit code of what was seen last. Raises Interrupted, ArchiveErrors."""
    code = 0
    # Nothing is being written that a Ctrl-C would have to wait for.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            view = _view(face, stack)
            while True:
                with face.archive(Access.READ) as archive:
                    now = status(archive)
                code = judge(now).exit_code
                view.show(now)
                _wait(face, every_s)
    except KeyboardInterrupt:
        return code
    finally:
        signal.signal(signal.SIGINT, before)


def _wait(face: Face, seconds: float) -> None:
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        face.stop.check()
        sleep(min(left, _STEP_S))


def _view(face: Face, stack: ExitStack) -> View:
    if face.flags.json:
        return AsLines(face)
    if is_lively(sys.stdout):
        return stack.enter_context(AsPicture())
    return AsSentences()


class AsLines:
    """A JSON line each time."""

    def __init__(self, face: Face) -> None:
        self._face = face

    def show(self, now: ArchiveStatus) -> None:
        """Write it, and let whoever reads have it."""
        from fonoteca.render.lines import status_line

        self._face.lines.line("status", status_line(now))
        sys.stdout.flush()


class AsSentences:
    """A line when something is another than before."""

    def __init__(self) -> None:
        self._said = ""

    def show(self, now: ArchiveStatus) -> None:
        """Write it if it is news."""
        from fonoteca.render.table import in_short
        from fonoteca.render.words import rfc3339

        said = in_short(now)
        if said != self._said:
            self._said = said
            sys.stdout.write(f"{rfc3339(now.time_ns // 10**9 * 10**9)} {said}\n")
            sys.stdout.flush()


class AsPicture(AbstractContextManager["AsPicture"]):
    """One picture on the terminal, which is as it was before when the watch ends."""

    def __init__(self) -> None:
        from rich.live import Live

        from fonoteca.render.console import console

        self._live: Live = Live(console=console(), screen=True, auto_refresh=False)

    def __enter__(self) -> AsPicture:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, now: ArchiveStatus) -> None:
        """Draw it anew."""
        from rich.console import Group
        from rich.text import Text

        from fonoteca.render.table import parts
        from fonoteca.render.words import moment

        head = Text(f"{moment(now.time_ns)}   Ctrl-C ends this", style="dim")
        self._live.update(Group(head, Text(), *parts(now)), refresh=True)
