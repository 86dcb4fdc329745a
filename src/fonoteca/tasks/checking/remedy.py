"""Whether a bad copy can be put right: does what it should hold stand anywhere else?"""

from __future__ import annotations

import os
import stat as modes

from fonoteca.archive import Archive
from fonoteca.catalogue import copies, entries
from fonoteca.core.pattern import join


def is_repairable(archive: Archive, location: int, entry: int) -> bool:
    """True when the content of the copy at `location` stands at another one, as a version, or in the library.

    An entry known from manifests alone (a catalogue that was lost and brought back) counts when its file stands there
    with the recorded size and mtime: the next scan reads it before anything is sent.
    """
    if copies.is_repairable(archive.catalogue, location, entry):
        return True
    row = entries.by_id(archive.catalogue, entry)
    if row is None or row.state != "present":
        return False
    wanted = archive.catalogue.execute(
        "SELECT y.path FROM copies p JOIN libraries y ON y.id = ? "
        "WHERE p.location = ? AND p.entry = ? AND p.content = ?",
        (row.library, location, entry, row.content),
    ).fetchone()
    return wanted is not None and _stands(join(wanted[0], row.path), row)


def _stands(path: bytes, row: entries.EntryRow) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return modes.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime_ns) == (row.size, row.mtime_ns)
