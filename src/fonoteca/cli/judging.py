"""How an archive's status is shown, and which exit code it carries."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fonoteca.cli.face import Face
from fonoteca.core.judgement import judge
from fonoteca.core.status import ArchiveStatus

if TYPE_CHECKING:
    from fonoteca.archive import Archive


def show_standing(face: Face, archive: Archive) -> None:
    """After a run: what each location now holds, for a person who did not ask for silence."""
    if face.flags.json or face.flags.quiet:
        return
    from fonoteca.render import table
    from fonoteca.tasks.status import status

    table.standing(status(archive))


def show_status(face: Face, now: ArchiveStatus) -> int:
    """Print it as asked for. With `--quiet` only what is wrong is said, on stderr."""
    verdict = judge(now)
    if face.flags.json:
        from fonoteca.render.lines import status_line

        face.lines.line("status", status_line(now))
    elif not face.flags.quiet:
        from fonoteca.render import table

        table.status(now)
    elif verdict.exit_code:
        from fonoteca.render.words import safe

        for reason in verdict.reasons:
            sys.stderr.write(safe(reason.sentence) + "\n")
    return verdict.exit_code
