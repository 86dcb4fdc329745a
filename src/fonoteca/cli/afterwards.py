"""What comes after a run from a timetable: telling whoever is to hear of it."""

from __future__ import annotations

import sys

from fonoteca.cli.face import Face


def tell(face: Face, task: str, code: int) -> None:
    """Notices, figures and the dead-man's switch, as the config says; what goes wrong with that is a note on stderr."""
    if not face.config.notify.needs_network and face.config.metrics.file is None:
        return
    from fonoteca.notify import once
    from fonoteca.render.words import safe

    is_watched = sys.stdout.isatty() or sys.stderr.isatty()
    for sentence in once.tell(face.config, task, code, is_watched=is_watched):
        sys.stderr.write(f"Note: {safe(sentence)}\n")
