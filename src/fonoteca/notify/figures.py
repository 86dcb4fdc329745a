"""The file of figures, written whole or not at all: the node exporter may read it at any moment."""

from __future__ import annotations

import os

from fonoteca.core.judgement import Judgement
from fonoteca.core.status import ArchiveStatus
from fonoteca.disk.files import replace_whole
from fonoteca.render.metrics import Cycle, metrics


def write_figures(path: str, status: ArchiveStatus, verdict: Judgement, cycle: Cycle) -> str:
    """Write them; gives what is wrong where that cannot be done, and the old figures stand."""
    try:
        replace_whole(os.fsencode(path), metrics(status, verdict, cycle).encode())
    except OSError as error:
        return f"The figures cannot be written to {path}: {error.strerror or error}. `metrics.file` names the file."
    return ""
