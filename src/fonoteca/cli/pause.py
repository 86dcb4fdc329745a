"""`fonoteca pause`: the daemon begins nothing for a while."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced
from fonoteca.cli.options import as_given

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@faced
def pause(
    face: Face,
    time: Annotated[str, typer.Argument(metavar="TIME", help="For how long, such as 2h.", parser=as_given)],
) -> int:
    """Have the daemon rest for a while; what it is doing ends at the next file. It goes on by itself.

    \b
    Example:
      $ fonoteca pause 2h
    """
    from fonoteca.cli.asking import told
    from fonoteca.cli.limits import seconds

    told(face, f"pause {seconds(time)}")
    face.tell([f"The daemon rests for {time}; `fonoteca resume` ends that earlier."])
    face.done()
    return 0
