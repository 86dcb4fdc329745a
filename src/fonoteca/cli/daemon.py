"""`fonoteca daemon`: watch the libraries, copy what changes, check what is due, until asked to stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from fonoteca.cli.face import Face, faced

if TYPE_CHECKING:
    from fonoteca.cli.stopping import Stop
    from fonoteca.daemon.loop import Daemon

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def daemon(face: Face) -> int:
    """Watch the libraries and keep every copy up to date and checked, in the foreground, for a service manager.

    SIGTERM and SIGINT end it when what is being written is safe; SIGHUP reads the config anew.

    \b
    Example:
      $ fonoteca daemon
    """
    from fonoteca.daemon.clock import Clock
    from fonoteca.daemon.loop import Daemon
    from fonoteca.daemon.notify import Manager
    from fonoteca.daemon.saying import INFO, WARNING, Voice

    voice = Voice(
        _said,
        Clock().wall_ns,
        prefixed="JOURNAL_STREAM" in os.environ,
        line=_line(face) if face.flags.json else None,
        least=WARNING if face.flags.quiet else INFO,
    )
    manager = Manager.of(os.environ, os.getpid())
    one = Daemon(face.config_path, face.config, voice, manager)
    _obey(one, face.stop)
    one.run()
    face.done()
    return 0


def _line(face: Face) -> Callable[[str, Mapping[str, Any]], None]:
    """Whoever reads along is told at once."""

    def line(kind: str, values: Mapping[str, Any]) -> None:
        face.lines.line(kind, values)
        sys.stdout.flush()

    return line


def _said(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _obey(one: Daemon, before: Stop) -> None:
    """The first request to stop is kept gently, the second at once; one that came `before` now counts."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        one.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGHUP, lambda number, frame: one.reload())
    if before.requested:
        (one.reload if before.signal_number == signal.SIGHUP else one.stop)()
