"""`fonoteca scan`: look at the libraries and record what is there; nothing is copied."""

from __future__ import annotations

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import Libraries

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def scan(face: Face, library: Libraries = []) -> int:  # noqa: B006  typer reads the default, nobody changes it
    """Look at your music and record what is there. Nothing is copied.

    \b
    Example:
      $ fonoteca scan
      $ fonoteca scan --library music
    """
    from fonoteca.archive import Access
    from fonoteca.tasks.backup import scan

    with face.archive(Access.WRITE) as archive:
        return face.play(scan(archive, library or None))
