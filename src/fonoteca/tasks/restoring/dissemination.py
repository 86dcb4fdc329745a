"""A restore told to the journal: one event a library when it is over.

A restore reads, and waits for nobody, so the catalogue is opened for writing only for that moment. Where another run
writes it, or nobody may, the files are restored all the same, and it is said that the journal does not know of it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import events
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.journal import AGENT
from fonoteca.core.event import Event, Restored, Warned
from fonoteca.core.journal import SUCCESS, Logged, Type
from fonoteca.errors import CatalogueError, Locked
from fonoteca.tasks.places.ground import shown

_BROUGHT = ("written", "replaced")


def journaled(archive: Archive, target: bytes, happening: Iterator[Event]) -> Iterator[Event]:
    """`happening`, and what of it was restored into `target` written into the journal."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for event in happening:
        if isinstance(event, Restored) and event.what == "file" and event.how in _BROUGHT:
            files[event.library] += 1
            sizes[event.library] += event.size
        yield event
    told = [
        Logged(
            archive.now(),
            Type.DISSEMINATION,
            SUCCESS,
            library,
            detail=f"{count} files, {sizes[library]} bytes, into {shown(target)}",
            agent=AGENT,
        )
        for library, count in sorted(files.items())
    ]
    if told and os.path.exists(archive.config.catalogue):
        yield from _tell(archive, told)


def _tell(archive: Archive, told: list[Logged]) -> Iterator[Event]:
    try:
        with (
            Archive.open(archive.config, Access.WRITE, now=archive.now) as writer,
            transaction(writer.catalogue),
        ):
            events.add(writer.catalogue, told)
    except (Locked, CatalogueError) as error:
        yield Warned(f"This restore is not in the journal: {error}")
