"""Files that are being written, left out of what a location lacks: half a track is no copy.

What a look at the library takes up was asked already (`scan.look`); what is sent for another reason was not.
"""

from __future__ import annotations

import os
import sqlite3

from fonoteca.catalogue import pending
from fonoteca.catalogue.database import transaction
from fonoteca.config.model import LibraryConfig
from fonoteca.core.pattern import join
from fonoteca.tasks.scan import Rests, always_rests


def leave_restless(
    catalogue: sqlite3.Connection, config: LibraryConfig, rests: Rests, *, part: str = ""
) -> None:
    """Take out of the pending table what lacks a copy and does not rest: another run sends it."""
    if rests is always_rests:
        return  # and a plain backup asks nothing of a hundred thousand files
    for chunk in pending.every(catalogue, only=pending.NO_COPY, part=part):
        restless = [each.id for each in chunk if not _rests(config, each, rests)]
        if restless:
            with transaction(catalogue):
                pending.leave_out(catalogue, restless, part=part)


def _rests(config: LibraryConfig, item: pending.Pending, rests: Rests) -> bool:
    path = join(item.folder_path, item.name)
    try:
        return rests(path, os.lstat(join(config.path, path)))
    except OSError:
        return True  # reading it says what is wrong
