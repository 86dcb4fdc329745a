"""`fonoteca versions`: what one file was before, and where that is kept."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import as_bytes

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def versions(
    face: Face,
    path: Annotated[
        bytes, typer.Argument(metavar="PATH", help="The file, or its path in a library.", parser=as_bytes)
    ],
) -> None:
    """List every earlier content of a file, newest first, each with the ID that `restore --version` takes.

    \b
    Example:
      $ fonoteca versions ~/Music/'Nina Simone/Pastel Blues/01 Be My Husband.flac'
      $ fonoteca restore --version 3f9a2c1e --to ~/Restored
    """
    from fonoteca.archive import Access
    from fonoteca.render.listing import version_lines
    from fonoteca.tasks.versions import versions

    with face.archive(Access.READ) as archive:
        face.stream("version", versions(archive, path), version_lines, none="It has no earlier version.")
