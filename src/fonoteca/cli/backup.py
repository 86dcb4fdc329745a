"""`fonoteca backup`: scan, copy what is missing, verify it, seal, report."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import DryRun, Libraries, Places

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def backup(
    face: Face,
    place: Places = [],  # noqa: B006  typer reads the default, nobody changes it
    library: Libraries = [],  # noqa: B006
    dry_run: DryRun = False,
    read: Annotated[
        bool,
        typer.Option("--read", help="With --dry-run: read the files too; write nothing.", show_default=False),
    ] = False,
) -> int:
    """Copy what is new or changed. Each copy is read back before it counts.

    \b
    Example:
      $ fonoteca backup
      $ fonoteca backup red --library music
      $ fonoteca backup --dry-run
    """
    from fonoteca.archive import Access
    from fonoteca.cli.judging import show_standing
    from fonoteca.cli.places import names
    from fonoteca.errors import UsageError
    from fonoteca.tasks.backup import backup

    if read and not dry_run:
        raise UsageError("--read goes with --dry-run: a backup reads what it copies anyway.")
    with face.archive(Access.WRITE) as archive:
        code = face.play(backup(archive, names(face, place), library or None, dry_run=dry_run, read=read))
        if not dry_run:
            show_standing(face, archive)
    return code
