"""`fonoteca log`: the journal."""

from __future__ import annotations

import time

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import OnePattern, Since

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def log(face: Face, pattern: OnePattern = None, since: Since = None) -> None:
    """List what happened to your music and its copies, oldest first: an event a line.

    \b
    Example:
      $ fonoteca log --since 7d
      $ fonoteca log 'Nina Simone/**' --json
    """
    from fonoteca.archive import Access
    from fonoteca.cli.moments import since as moment_of
    from fonoteca.render.listing import event_line
    from fonoteca.tasks.log import log

    since_ns = 0 if since is None else moment_of(since, time.time_ns())
    with face.archive(Access.READ) as archive:
        face.stream("event", log(archive, pattern, since_ns), event_line)
