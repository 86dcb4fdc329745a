"""`fonoteca resume`: the daemon goes on."""

from __future__ import annotations

import typer

from fonoteca.cli.face import Face, faced

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def resume(face: Face) -> int:
    """End a pause: the daemon goes on at once.

    \b
    Example:
      $ fonoteca resume
    """
    from fonoteca.cli.asking import told

    told(face, "resume")
    face.tell(["The daemon goes on."])
    face.done()
    return 0
