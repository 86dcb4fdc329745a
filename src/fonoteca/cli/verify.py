"""`fonoteca verify`: is every copy what it should be? Complete, and now."""

from __future__ import annotations

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import Level, Places, Sha256

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def verify(
    face: Face,
    place: Places = [],  # noqa: B006  typer reads the default, nobody changes it
    level: Level = None,
    sha256: Sha256 = False,
) -> int:
    """Check every copy at your locations. A path to a bare location needs neither config nor catalogue.

    \b
    Example:
      $ fonoteca verify
      $ fonoteca verify red --level size
      $ fonoteca verify /media/red/music-backup --sha256
    """
    from fonoteca.archive import Access
    from fonoteca.cli.places import bare_place, names
    from fonoteca.core import copy
    from fonoteca.tasks import verify as task

    wanted = copy.Level.from_word(level.value) if level else None
    bare = bare_place(face, place)
    if bare is not None:
        return face.play(task.verify_bare(bare, level=wanted, sha256=sha256, stop=face.stop))
    with face.archive(Access.WRITE) as archive:
        return face.play(task.verify(archive, names(face, place), level=wanted, sha256=sha256))
