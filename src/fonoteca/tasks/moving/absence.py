"""Entries that their folder no longer shows: lstat at the end of the pass has the last word, and what has no other path
is said to be gone.
"""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

from fonoteca.catalogue import entries, pending
from fonoteca.core.finding import FindingKind
from fonoteca.core.pattern import join, split
from fonoteca.disk.listing import is_absent

if TYPE_CHECKING:
    from fonoteca.tasks.scan import Pass


def confirm_absent(one: Pass) -> None:
    """Say which entries were not listed and yet are there: of them nothing is known this time."""
    for entry, folder, name, _ in pending.absent(one.catalogue):
        path = join(folder, name)
        if is_absent(one.config.path, path) or _is_respelt(one, path):
            continue
        one.unseen.append(path)
        one.find(FindingKind.NOT_SEEN, "it was not in its folder's listing, yet it is there", path)
        pending.not_absent(one.catalogue, entry)


def say_gone(one: Pass) -> int:
    """Entries that have no path any more; gives how many."""
    gone = 0
    for entry, folder, name, _ in pending.absent(one.catalogue):
        entries.set_state(one.catalogue, entry, "gone", one.started_ns)
        one.find(
            FindingKind.GONE, "no longer in the library; what its copies hold is kept", join(folder, name)
        )
        gone += 1
    return gone


def _is_respelt(one: Pass, path: bytes) -> bool:
    """True where the file system finds it by its old letters, and lists it under new ones (`a.flac`, now `A.flac`)."""
    folder, name = split(path)
    for other in pending.arrived_in(one.catalogue, one.row.id, folder):
        if _letters(other) == _letters(name) and os.path.samefile(
            join(one.config.path, path), join(one.config.path, join(folder, other))
        ):
            return True
    return False


def _letters(name: bytes) -> str:
    return unicodedata.normalize("NFC", name.decode("utf-8", "surrogateescape")).casefold()
