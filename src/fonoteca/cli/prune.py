"""`fonoteca prune`: old versions make room."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import Places

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def prune(
    face: Face,
    place: Places = [],  # noqa: B006  typer reads the default, nobody changes it
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; without, only say what may go.", show_default=False)
    ] = False,
) -> int:
    """Show which old versions may go, and with --apply give them up. The policy says how long they stay.

    \b
    Example:
      $ fonoteca prune
      $ fonoteca prune red --apply
    """
    from fonoteca.archive import Access
    from fonoteca.cli.places import names
    from fonoteca.tasks.prune import prune

    with face.archive(Access.WRITE if apply else Access.READ) as archive:
        return face.play(prune(archive, names(face, place), apply=apply))
