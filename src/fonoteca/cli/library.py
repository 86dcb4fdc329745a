"""`fonoteca library`: the folders of music that are protected."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced, group_flags
from fonoteca.cli.groups import Group
from fonoteca.cli.options import Exclude, Name, as_bytes

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    callback=group_flags,
    help="""Add, list, adopt, forget your own folders of music.

    \b
    Example:
      $ fonoteca library list
    """,
)

Folder = Annotated[bytes, typer.Argument(metavar="PATH", help="The folder.", parser=as_bytes)]


@app.command()
@faced
def add(face: Face, name: Name, path: Folder, exclude: Exclude = []) -> None:  # noqa: B006  typer reads it
    """Add a folder of music to the config. Nothing is copied yet.

    \b
    Example:
      $ fonoteca library add music ~/Music --exclude 'Incoming/**'
    """
    from fonoteca.tasks.setup import library_add

    face.setup(library_add(face.config_path, name, path, exclude))


@app.command(name="list")
@faced
def list_(face: Face) -> None:
    """List the libraries of the config and what is recorded of them.

    \b
    Example:
      $ fonoteca library list
    """
    from fonoteca.archive import Access
    from fonoteca.render import table
    from fonoteca.render.lines import status_line
    from fonoteca.tasks.status import status

    with face.archive(Access.READ) as archive:
        now = status(archive)
    if face.flags.json:
        face.stream("library", status_line(now)["libraries"], str)
    else:
        table.libraries(now)


@app.command()
@faced
def adopt(face: Face, name: Name, path: Folder) -> None:
    """Take a library that moved to another disk or path.

    All that is known of it stays known.

    \b
    Example:
      $ fonoteca library adopt music /mnt/bigdisk/Music
    """
    from fonoteca.tasks.setup import library_adopt

    face.setup(library_adopt(face.config_path, name, path))


@app.command()
@faced
def forget(face: Face, name: Name) -> None:
    """Take a library out of the config. Its music, its copies and what is known of them stay.

    \b
    Example:
      $ fonoteca library forget oldmusic
    """
    from fonoteca.tasks.setup import library_forget

    face.setup(library_forget(face.config_path, name))
