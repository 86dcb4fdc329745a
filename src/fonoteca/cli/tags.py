"""`fonoteca tags`: what was changed in the tags, and old tags brought back."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced, group_flags
from fonoteca.cli.groups import Group
from fonoteca.cli.options import OnePattern, Since, as_given

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    callback=group_flags,
    help="""See what was changed in the tags of your music, and bring old tags back.

    \b
    Example:
      $ fonoteca tags history --since 7d
    """,
)


@app.command()
@faced
def history(face: Face, pattern: OnePattern = None, since: Since = None) -> None:
    """List each change of a tag, oldest first: when, the field, and both its values. Pictures are told by digest.

    \b
    Example:
      $ fonoteca tags history --since 7d
      $ fonoteca tags history 'Nina Simone/**' --json
    """
    from fonoteca.archive import Access
    from fonoteca.cli.moments import since as moment_of
    from fonoteca.render.listing import change_line
    from fonoteca.tasks.edits import history

    since_ns = 0 if since is None else moment_of(since, time.time_ns())
    with face.archive(Access.READ) as archive:
        face.stream("change", history(archive, pattern, since_ns), change_line)


@app.command()
@faced
def restore(
    face: Face,
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="A glob inside a library.", parser=as_given)
    ],
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="WHEN", help="As they were then: 2026-05-01 or 2026-05-01T18:30.", parser=as_given
        ),
    ],
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; without, only say what.", show_default=False)
    ] = False,
) -> int:
    """Write old tags back into your own files, the sound untouched. Without --apply it shows field by field what.

    \b
    Example:
      $ fonoteca tags restore 'Nina Simone/**' --at 2026-05-01
      $ fonoteca tags restore 'Nina Simone/**' --at 2026-05-01 --apply
    """
    from fonoteca.archive import Access
    from fonoteca.cli.moments import moment
    from fonoteca.tasks.retag import restore

    at_ns = moment(at, time.time_ns())
    with face.archive(Access.WRITE if apply else Access.READ) as archive:
        return face.play(restore(archive, pattern, at_ns, apply=apply))
