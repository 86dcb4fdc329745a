"""`fonoteca restore`: the music back into a folder, from the best copy of each file."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import DryRun, OverwriteWord, as_bytes, as_given
from fonoteca.cli.places import complete_places

app = typer.Typer(rich_markup_mode=None, add_completion=False)

Patterns = Annotated[
    list[str],
    typer.Argument(metavar="PATTERN", help="Only what matches.", parser=as_given, show_default=False),
]
Target = Annotated[bytes, typer.Option("--to", metavar="DIR", help="The folder to fill.", parser=as_bytes)]
Source = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="PLACE",
        help="Only from this location; a path needs no config.",
        parser=as_given,
        autocompletion=complete_places,
    ),
]


@app.command()
@faced
def restore(
    face: Face,
    to: Target,
    pattern: Patterns = [],  # noqa: B006  typer reads the default, nobody changes it
    source: Source = None,
    overwrite: Annotated[
        OverwriteWord, typer.Option("--overwrite", help="Files that stand there and differ: keep or replace.")
    ] = OverwriteWord.NEVER,
    dry_run: DryRun = False,
) -> int:
    """Bring music back. Names, bytes and dates are exact, each file is verified as it is written.

    \b
    Example:
      $ fonoteca restore --to ~/Restored
      $ fonoteca restore --to ~/Restored --from /media/red/music 'Nina Simone/**'
    """
    from fonoteca.archive import Access
    from fonoteca.cli.places import bare_place, named
    from fonoteca.tasks import restore as task

    policy = task.Overwrite(overwrite.value)
    bare = bare_place(face, [source]) if source else None
    if bare is not None:
        return face.play(
            task.restore_bare(bare, to, patterns=pattern, overwrite=policy, dry_run=dry_run, stop=face.stop)
        )
    name = named(face, source) if source else None
    with face.archive(Access.READ) as archive:
        return face.play(
            task.restore(archive, to, source=name, patterns=pattern, overwrite=policy, dry_run=dry_run)
        )
