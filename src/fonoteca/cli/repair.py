"""`fonoteca repair`: the recorded bytes back in place of bad ones, from a good copy."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import Places, as_given
from fonoteca.cli.places import complete_places

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def repair(
    face: Face,
    place: Places = [],  # noqa: B006  typer reads the default, nobody changes it
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PLACE",
            help="Only from this location.",
            parser=as_given,
            autocompletion=complete_places,
        ),
    ] = None,
    library: Annotated[
        bool,
        typer.Option(
            "--library", help="Library files too: all libraries, or those named as PLACE.", show_default=False
        ),
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it.", show_default=False)] = False,
) -> int:
    """Put recorded bytes back in place of damaged, missing or unreadable ones. Without --apply it only says how.

    \b
    Example:
      $ fonoteca repair
      $ fonoteca repair red --from blue --apply
      $ fonoteca repair --library music --apply
    """
    from fonoteca.archive import Access
    from fonoteca.cli.places import bare_place, bare_source, named, names
    from fonoteca.errors import UsageError
    from fonoteca.tasks import repair as task

    bare = bare_place(face, place)
    if bare is not None and library:
        raise UsageError(
            f"{bare} is not a location of the config, so no library belongs to it: leave out --library."
        )
    if bare is not None:
        return face.play(task.repair_bare(bare, bare_source(face, source), apply=apply, stop=face.stop))
    origin = named(face, source) if source else None
    if source and origin is None:
        raise UsageError(
            f"{source} is not a location of the config: run `fonoteca location adopt {shlex.quote(source)}` first."
        )
    with face.archive(Access.WRITE if apply else Access.READ) as archive:
        return face.play(
            task.repair(archive, names(face, place), source=origin, libraries=library, apply=apply)
        )
