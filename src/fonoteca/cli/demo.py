"""`fonoteca demo`: the whole of it on generated music, in a folder that is thrown away."""

from __future__ import annotations

import typer

from fonoteca.cli.face import Face, faced

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def demo(face: Face) -> int:
    """Try it all on a few generated songs.

    Protects them at two places, flips a byte, finds the damage, restores.

    Each command is printed, so that you can repeat it; nothing of yours is touched.

    \b
    Example:
      $ fonoteca demo
    """
    from fonoteca.tasks.demo import demo

    return demo(lambda sentence: face.tell([sentence]))
