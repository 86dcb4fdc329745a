"""`fonoteca config`: is it right, what does it mean, where is it."""

from __future__ import annotations

import typer

from fonoteca.cli.face import Face, faced, group_flags
from fonoteca.cli.groups import Group

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    callback=group_flags,
    help="""Check, show or find the config.

    \b
    Example:
      $ fonoteca config check
    """,
)


@app.command()
@faced
def check(face: Face) -> None:
    """Read the config and say everything that is wrong with it, at once. Nothing is touched.

    \b
    Example:
      $ fonoteca config check --config ~/archive.toml
    """
    import os

    from fonoteca.notify.addresses import wrong

    libraries, locations = len(face.config.libraries), len(face.config.locations)
    face.warn(wrong(face.config.notify, os.environ))
    face.tell([f"{face.config_path} is right. Libraries: {libraries}, locations: {locations}."])
    face.done()


@app.command()
@faced
def show(face: Face) -> None:
    """Show what the config means, without comments, and with secrets masked.

    \b
    Example:
      $ fonoteca config show
    """
    from fonoteca.config.load import check_text, read_text
    from fonoteca.config.show import masked, shown
    from fonoteca.render.words import safe_lines

    text = read_text(face.config_path)
    check_text(text, face.config_path)
    face.answer("config", {"config": masked(text)}, lambda: typer.echo(safe_lines(shown(text)), nl=False))


@app.command()
@faced
def path(face: Face) -> None:
    """Print where the config lies.

    \b
    Example:
      $ ${EDITOR:-nano} "$(fonoteca config path)"
    """
    face.answer("config_path", {"config": face.config_path}, lambda: typer.echo(face.config_path))
