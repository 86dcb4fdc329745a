"""`fonoteca scrub`: read again what is most in need of it, within a budget."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import Libraries, Places, as_given

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def scrub(
    face: Face,
    place: Places = [],  # noqa: B006  typer reads the default, nobody changes it
    library: Libraries = [],  # noqa: B006
    budget: Annotated[
        str | None,
        typer.Option("--budget", metavar="TIME", help="Stop after so long, such as 30m.", parser=as_given),
    ] = None,
    most: Annotated[
        str | None,
        typer.Option("--max", metavar="SIZE", help="Stop after so much, such as 200GB.", parser=as_given),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="RATE", help="Read no faster, such as 50MB/s.", parser=as_given),
    ] = None,
) -> int:
    """Read again: failed copies, then new ones, then those verified longest ago. The next run goes on.

    \b
    Example:
      $ fonoteca scrub --budget 30m --rate 50MB/s
      $ fonoteca scrub red --max 200GB
    """
    from fonoteca.archive import Access
    from fonoteca.cli.limits import limits
    from fonoteca.cli.places import names
    from fonoteca.tasks import scrub as task

    given = limits(budget, most, rate)
    with face.archive(Access.WRITE) as archive:
        return face.play(task.scrub(archive, names(face, place), library, budget=given))
