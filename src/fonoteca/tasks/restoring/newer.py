"""What a location holds beyond what this catalogue knows: another machine brought it, or ours is an older one.

A restore only reads, so it cannot take it in. It says so, since what is not known does not come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import libraries, places
from fonoteca.core.entry import LibraryId
from fonoteca.core.event import Event, Found, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.manifest.chain import Ahead
from fonoteca.errors import LocationError
from fonoteca.tasks.manifest.agreement import relation_to
from fonoteca.tasks.manifest.chains import ChainView
from fonoteca.tasks.manifest.neighbours import strangers
from fonoteca.tasks.places.opening import Opened


def newer(archive: Archive, opened: Iterable[Opened]) -> Iterator[Event]:
    """A finding for each library of which a location holds more than is known here; a warning for unknown ones."""
    for each in opened:
        try:
            yield from _newer(archive, each)
        except LocationError as error:
            yield Warned(f"Whether {each.row.name} holds more than is known here could not be seen: {error}")


def _newer(archive: Archive, opened: Opened) -> Iterator[Event]:
    name = opened.row.name
    for library in libraries.every(archive.catalogue):
        chain = places.chain(archive.catalogue, opened.row.id, library.id)
        if chain is None:
            continue
        if isinstance(relation_to(ChainView.of(opened.place, LibraryId(library.uid)), chain), Ahead):
            yield _behind(library.name, name)
    if strangers(archive, opened.place):
        yield Warned(
            f"{name} also holds a library of another archive, which is not restored here. "
            f"`fonoteca location adopt {name}` brings it in."
        )


def _behind(library: str, location: str) -> Found:
    detail = (
        f"newer files of it lie there, which this catalogue does not know yet: run `fonoteca backup {location}`, "
        f"which reads of them, and this again"
    )
    return Found(Finding(FindingKind.NOT_RESTORED, detail, library, location))
