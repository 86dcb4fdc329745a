"""`fonoteca list`: what the catalogue holds, an entry a line."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import as_given

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(name="list")
@faced
def list_(
    face: Face,
    pattern: Annotated[
        str | None, typer.Argument(metavar="PATTERN", help="A glob inside a library.", parser=as_given)
    ] = None,
) -> None:
    """List what is recorded, without looking at any disk. With --json: digests, tags, audio and copies too.

    \b
    Example:
      $ fonoteca list 'Nina Simone/**'
      $ fonoteca list '*.flac' --json
    """
    from fonoteca.archive import Access
    from fonoteca.render.listing import entry_line
    from fonoteca.tasks.listing import entries

    with face.archive(Access.READ) as archive:
        face.stream("entry", entries(archive, pattern), entry_line)
