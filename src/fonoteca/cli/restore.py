"""`fonoteca restore`: the music back into a folder, from the best copy of each file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import DryRun, OverwriteWord, as_bytes, as_given
from fonoteca.cli.places import complete_places

if TYPE_CHECKING:
    from fonoteca.tasks.restoring.past import Earlier

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


At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="WHEN", help="As it was then: 2026-05-01 or 2026-05-01T18:30.", parser=as_given
    ),
]
VersionId = Annotated[
    str | None,
    typer.Option(
        "--version", metavar="ID", help="One content, as `fonoteca versions` lists it.", parser=as_given
    ),
]


@app.command()
@faced
def restore(
    face: Face,
    to: Target,
    pattern: Patterns = [],  # noqa: B006  typer reads the default, nobody changes it
    source: Source = None,
    at: At = None,
    version: VersionId = None,
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
      $ fonoteca restore --at 2026-05-01 --to ~/Restored 'Nina Simone/**'
    """
    from fonoteca.archive import Access
    from fonoteca.cli.places import bare_place, named
    from fonoteca.tasks import restore as task

    policy = task.Overwrite(overwrite.value)
    earlier = _earlier(at, version)
    bare = bare_place(face, [source]) if source else None
    if bare is not None:
        return face.play(
            task.restore_bare(
                bare,
                to,
                patterns=pattern,
                overwrite=policy,
                dry_run=dry_run,
                stop=face.stop,
                earlier=earlier,
            )
        )
    name = named(face, source) if source else None
    with face.archive(Access.READ) as archive:
        return face.play(
            task.restore(
                archive,
                to,
                source=name,
                patterns=pattern,
                overwrite=policy,
                dry_run=dry_run,
                earlier=earlier,
            )
        )


def _earlier(at: str | None, version: str | None) -> Earlier | None:
    """What of the past is meant. Raises UsageError."""
    from fonoteca.cli.moments import moment
    from fonoteca.errors import UsageError
    from fonoteca.tasks.restoring.past import AsOf, Version

    if at is not None and version is not None:
        raise UsageError("--at and --version are two questions: give one of them.")
    if version is not None:
        return Version(version)
    return None if at is None else AsOf(moment(at, time.time_ns()))
