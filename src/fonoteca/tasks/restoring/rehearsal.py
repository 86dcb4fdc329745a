"""A dry run of `restore`: what would come of it. Nothing is written, and no copy is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from fonoteca.archive import Archive
from fonoteca.core.event import Event, Restored
from fonoteca.core.pattern import join
from fonoteca.disk.folders import Folders, open_root
from fonoteca.tasks.restoring.filling import Overwrite, standing
from fonoteca.tasks.restoring.sources import Note, Wanted
from fonoteca.tasks.restoring.target import InTheWay, Looking


def rehearse(
    archive: Archive,
    path: bytes,
    coming: Iterable[Wanted],
    notes: Iterable[Note],
    overwrite: Overwrite,
    source: str | None,
) -> Iterator[Event]:
    """A `Restored` for each file, link and empty folder that would come to the folder `path`. Its `how` is
    `would be written`, `would be replaced`, `already there` or `kept`. Raises Interrupted.
    """
    with ExitStack() as stack:
        place = _looking(path, stack)
        for wanted in coming:
            archive.pause_point()
            how = _outcome(place, wanted, overwrite)
            shown = how if how in ("already there", "kept") else f"would be {how}"
            yield Restored(wanted.library, wanted.path, wanted.size, shown, source)
        for note in notes:
            shown = "already there" if _stands(join(path, note.target), note) else "would be written"
            yield Restored(note.library, note.path, 0, shown, source, note.what)


def _looking(path: bytes, stack: ExitStack) -> Looking | None:
    try:
        root_fd = open_root(path)
    except FileNotFoundError:
        return None
    stack.callback(os.close, root_fd)
    return Looking(stack.enter_context(Folders(root_fd)))


def _outcome(place: Looking | None, wanted: Wanted, overwrite: Overwrite) -> str:
    if place is None:
        return "written"
    try:
        return standing(place, wanted, overwrite)
    except (InTheWay, OSError):
        return "kept"


def _stands(path: bytes, note: Note) -> bool:
    """True when the link, or the empty folder, is in its place already."""
    try:
        return os.readlink(path) == note.link if note.link is not None else os.path.isdir(path)
    except OSError:
        return False
