"""`fonoteca status`: is my music safe? One word, with the reasons."""

from __future__ import annotations

import typer

from fonoteca.cli.face import Face, faced

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def status(face: Face) -> int:
    """Say how safe your music is. The word is that of the worst part; the exit code says it too.

    \b
    Example:
      $ fonoteca status
      $ fonoteca status --quiet || echo "look at it"
    """
    from fonoteca.archive import Access
    from fonoteca.cli.judging import show_status
    from fonoteca.tasks.status import status

    with face.archive(Access.READ) as archive:
        return show_status(face, status(archive))
