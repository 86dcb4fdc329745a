"""`fonoteca notify`: whether notices reach you."""

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
    help="""What you are told of without having asked.

    \b
    Example:
      $ fonoteca notify test
    """,
)


@app.command()
@faced
def test(face: Face) -> int:
    """Send a message to each address of the config, ask for the dead-man's switch once, and say what arrived.

    \b
    Example:
      $ fonoteca notify test
    """
    from fonoteca.notify.trying import try_all

    found = try_all(face.config)
    face.warn([*found.notes, *(f"{problem}." for problem in found.problems)])
    for name, reason in found.reasons.items():
        sentence = f"{name}: not delivered: {reason}" if reason else f"{name}: delivered"
        values = {"address": name, "delivered": not reason, "reason": reason}
        face.answer("delivery", values, lambda said=sentence: typer.echo(said))  # type: ignore[misc]
    code = 3 if found.problems or any(found.reasons.values()) else 0
    if face.flags.json:
        face.lines.line("summary", {"exit_code": code, "counts": {"addresses": len(found.reasons)}})
    return code
