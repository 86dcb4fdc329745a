"""`fonoteca protect`: from a folder of music to verified copies, in one command."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import PlainFolder, as_bytes, as_given

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def protect(
    face: Face,
    source: Annotated[list[bytes], typer.Argument(metavar="SOURCE", help="Your music.", parser=as_bytes)],
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="PLACE", help="Where copies go; may be repeated.", parser=as_given),
    ],
    plain_folder: PlainFolder = False,
) -> int:
    """Set up and back up: the first five minutes. Run it again and it continues.

    Writes the config, or adds what is missing to it and changes nothing that stands; adds the locations;
    copies, verifies and reports.

    \b
    Example:
      $ fonoteca protect ~/Music --to /media/red/music --to /media/blue/music
    """
    from fonoteca.archive import Access
    from fonoteca.cli.judging import show_standing
    from fonoteca.tasks.backup import backup
    from fonoteca.tasks.setup import protect_setup

    setup = protect_setup(face.config_path, source, to, plain_folder=plain_folder)
    face.tell(setup.sentences)
    face.warn(setup.warnings)
    with face.archive(Access.WRITE) as archive:
        code = face.play(backup(archive, None, None))
        show_standing(face, archive)
    return code
