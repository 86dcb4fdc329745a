"""`fonoteca daemon`: watch the libraries, copy what changes, check what is due, until asked to stop."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fonoteca.cli.face import Face, faced

if TYPE_CHECKING:
    from fonoteca.cli.stopping import Stop
    from fonoteca.daemon.loop import Daemon


class LevelWord(StrEnum):
    """How urgent a line is at least."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    INFO = "info"
    DEBUG = "debug"


app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def daemon(
    face: Face,
    log_level: Annotated[
        LevelWord | None,
        typer.Option("--log-level", help="How much to say; info when left out.", show_default=False),
    ] = None,
) -> int:
    """Watch the libraries and keep every copy up to date and checked, in the foreground, for a service manager.

    SIGTERM and SIGINT end it when what is being written is safe; SIGHUP reads the config anew.

    \b
    Example:
      $ fonoteca daemon
      $ fonoteca daemon --log-level debug
    """
    from fonoteca.daemon.clock import Clock
    from fonoteca.daemon.loop import Daemon
    from fonoteca.daemon.notify import Manager
    from fonoteca.daemon.saying import LEVELS, Voice
    from fonoteca.disk.gentle import be_smallest

    voice = Voice(
        _said,
        Clock().wall_ns,
        prefixed=_is_journal(os.environ),
        line=_line(face) if face.flags.json else None,
        least=LEVELS[log_level or ("warning" if face.flags.quiet else "info")],
    )
    manager = Manager.of(os.environ, os.getpid())
    one = Daemon(face.config_path, face.config, voice, manager, rest=be_smallest)
    _obey(one, face.stop)
    one.run()
    face.done()
    return 0


def _is_journal(environ: Mapping[str, str]) -> bool:
    """Whether stdout is the journal's own stream, as systemd.exec(5) says it: a pipe behind us is none of its."""
    try:
        ours = os.fstat(1)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{ours.st_dev}:{ours.st_ino}"


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
