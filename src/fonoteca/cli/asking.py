"""Telling the daemon something from the command line."""

from __future__ import annotations

from fonoteca.cli.face import Face
from fonoteca.errors import UsageError

PATIENCE_S = 10.0


def told(face: Face, question: str) -> None:
    """Have the daemon do it. Raises UsageError where none runs."""
    from fonoteca.disk.asking import ask

    if ask(face.config.catalogue, question, patience=PATIENCE_S) is None:
        raise UsageError("No daemon of this archive answers. `fonoteca daemon` starts one.")
