"""`fonoteca show`: everything known of one file."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import as_bytes

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def show(
    face: Face,
    path: Annotated[
        bytes, typer.Argument(metavar="PATH", help="The file, or its path in a library.", parser=as_bytes)
    ],
) -> None:
    """Show everything known of one file: digests, tags, audio, copies.

    \b
    Example:
      $ fonoteca show ~/Music/'Nina Simone/Pastel Blues/01 Be My Husband.flac'
    """
    from fonoteca.archive import Access
    from fonoteca.render import table
    from fonoteca.tasks.show import show

    with face.archive(Access.READ) as archive:
        known = show(archive, path)
    face.answer("file", known, lambda: table.tree(known))
