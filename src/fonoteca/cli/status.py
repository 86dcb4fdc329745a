"""`fonoteca status`: is my music safe? One word, with the reasons."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import as_given

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def status(
    face: Face,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Go on showing it, until Ctrl-C.", show_default=False)
    ] = False,
    every: Annotated[
        str, typer.Option("--every", metavar="TIME", help="With --watch: how often to look.", parser=as_given)
    ] = "2s",
) -> int:
    """Say how safe your music is. The word is that of the worst part; the exit code says it too.

    \b
    Example:
      $ fonoteca status
      $ fonoteca status --watch
      $ fonoteca status --quiet || echo "look at it"
    """
    from fonoteca.archive import Access
    from fonoteca.cli.judging import show_status
    from fonoteca.tasks.status import status

    if watch:
        from fonoteca.cli.limits import seconds
        from fonoteca.cli.watching import watched
        from fonoteca.errors import UsageError

        if face.flags.quiet:
            raise UsageError("--watch goes on showing, --quiet shows nothing: give one of them.")
        return watched(face, max(seconds(every), 1))
    with face.archive(Access.READ) as archive:
        return show_status(face, status(archive))
