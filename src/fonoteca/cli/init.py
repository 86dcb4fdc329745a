"""`fonoteca init`: a commented config to fill in."""

from __future__ import annotations

import typer

from fonoteca.cli.face import Face, faced

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def init(face: Face) -> None:
    """Write a commented config to fill in. One that stands is left alone.

    \b
    Example:
      $ fonoteca init
      $ fonoteca init --config ~/archive.toml
    """
    from fonoteca.tasks.setup import init_config

    face.tell(init_config(face.config_path))
    face.done()
