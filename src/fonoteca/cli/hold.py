"""`fonoteca hold`: mass changes that wait for a person's word."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced, group_flags
from fonoteca.cli.groups import Group
from fonoteca.cli.places import complete_holds

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    callback=group_flags,
    help="""List, accept, reject what the guard holds back.

    \b
    Example:
      $ fonoteca hold list
    """,
)

Id = Annotated[
    str, typer.Argument(metavar="ID", help="As `hold list` shows it.", autocompletion=complete_holds)
]


@app.command(name="list")
@faced
def list_(face: Face) -> None:
    """List the holds that stand: mass changes of a library that no location is told of before you say so.

    \b
    Example:
      $ fonoteca hold list
    """
    from fonoteca.archive import Access
    from fonoteca.render.listing import hold_line
    from fonoteca.tasks.hold import listed

    with face.archive(Access.READ) as archive:
        none = "No hold stands. Files that are held one by one are shown by `fonoteca status` and `fonoteca show`."
        face.stream("hold", listed(archive), hold_line, none=none)


@app.command()
@faced
def accept(
    face: Face,
    what: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="As `hold list` shows it; or one held file.", autocompletion=complete_holds
        ),
    ],
) -> None:
    """Take what is there now as right: the next backup brings it to the locations. What was stays as versions there.

    \b
    Example:
      $ fonoteca hold accept removed-7k2m
      $ fonoteca hold accept ~/Music/'Nina Simone/Pastel Blues/01 Be My Husband.flac'
    """
    from fonoteca.archive import Access
    from fonoteca.tasks.hold import accept

    with face.archive(Access.WRITE) as archive:
        face.tell([accept(archive, what)])
    face.done()


@app.command()
@faced
def reject(
    face: Face,
    hold: Id,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; without, only say what.", show_default=False)
    ] = False,
) -> int:
    """Put the library back from good copies, as it was recorded. Bad bytes are kept in quarantine.

    \b
    Example:
      $ fonoteca hold reject removed-7k2m            # says what would be put back
      $ fonoteca hold reject removed-7k2m --apply
    """
    from fonoteca.archive import Access
    from fonoteca.tasks.guarding.rejecting import reject

    with face.archive(Access.WRITE if apply else Access.READ) as archive:
        return face.play(reject(archive, hold, apply=apply))
