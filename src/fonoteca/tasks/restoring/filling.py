"""Bringing one parcel of entries into the folder: from the best copy that proves right, staged, flushed,
named.

A copy's digest is taken as its bytes pass; one that differs is said, and the next best is tried. Nothing
wrong is ever under a real name.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from fonoteca.core.digest import Block
from fonoteca.core.finding import FindingKind
from fonoteca.core.pattern import join
from fonoteca.core.place import Key
from fonoteca.disk.reading import open_source
from fonoteca.disk.staging import StagedFile
from fonoteca.errors import Away, Conflict, LocationError
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.checking.rereading import Stoppable, Trouble
from fonoteca.tasks.crew import Cancelled
from fonoteca.tasks.restoring.sources import Note, Source, Wanted
from fonoteca.tasks.restoring.target import Allotment, InTheWay, Looking, TargetFolder

_BLOCK = 1 << 20


class Overwrite(StrEnum):
    """What to do where something else stands already."""

    NEVER = "never"
    DIFFERING = "differing"


class Brought(NamedTuple):
    """What became of one entry. `how` is None when it could not be brought; `why` then says so."""

    wanted: Wanted
    how: str | None
    source: str | None = None
    troubles: tuple[tuple[str, Trouble], ...] = ()
    """What was wrong with copies that were tried, by location."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where bytes may come from: open locations by the catalogue's number of them, and the libraries' own
    folders.
    """

    places: Mapping[int, tuple[str, OpenLocation]]
    own: Mapping[str, bytes]
    """By library; only where it may serve when no copy does."""
    away: Mapping[int, str]
    """Names of locations that could not be opened."""
    lost: dict[int, Away] = field(default_factory=dict)
    """Those that went away since."""


class _Half(NamedTuple):
    """Staged, and not yet under its name."""

    wanted: Wanted
    file: StagedFile
    source: str
    over: bool
    troubles: tuple[tuple[str, Trouble], ...]


@dataclass(slots=True)
class Filler:
    """Brings parcels in; usable from several threads. `crew` is asked whether to stop."""

    target: TargetFolder
    shelves: Shelves
    overwrite: Overwrite
    crew: Stoppable | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def bring(self, parcel: list[Wanted]) -> list[Brought]:
        """Each entry's outcome, durable. Raises LocationError when the folder fails, Cancelled."""
        brought: list[Brought] = []
        halves: list[_Half] = []
        with self.target.border(), self.target.allot(next(self._numbers)) as place:
            for wanted in parcel:
                found = self._one(place, wanted)
                if isinstance(found, _Half):
                    halves.append(found)
                else:
                    brought.append(found)
            place.stage.flush()
            brought.extend(self._name(place, half) for half in halves)
            place.flush()
        return brought

    def _one(self, place: Allotment, wanted: Wanted) -> Brought | _Half:
        try:
            with self.target.border(wanted.target):
                verdict = standing(place, wanted, self.overwrite)
        except (InTheWay, Conflict) as error:
            return Brought(wanted, "kept", why=str(error))
        if verdict in ("already there", "kept"):
            return Brought(wanted, verdict, why="something else stands there")
        return self._fetch(place, wanted, over=verdict == "replaced")

    def _fetch(self, place: Allotment, wanted: Wanted, *, over: bool) -> Brought | _Half:
        troubles: list[tuple[str, Trouble]] = []
        for source in wanted.sources:
            name, location = self.shelves.places.get(source.location, ("", None))
            if location is None or source.location in self.shelves.lost:
                continue
            try:
                found = self._copy(place, wanted, source, location)
            except Away as error:
                if error.place == self.target.name:
                    raise
                self.shelves.lost[source.location] = error
                continue
            if isinstance(found, StagedFile):
                return _Half(wanted, found, name, over, tuple(troubles))
            troubles.append((name, found))
        own = self._own(place, wanted)
        if own is not None:
            return _Half(wanted, own, "the library itself", over, tuple(troubles))
        return Brought(wanted, None, None, tuple(troubles), self._why_not(wanted))

    def _why_not(self, wanted: Wanted) -> str:
        gone = {
            **self.shelves.away,
            **{number: self.shelves.places[number][0] for number in self.shelves.lost},
        }
        names = sorted({gone[source.location] for source in wanted.sources if source.location in gone})
        if names:
            return f"no good copy of it is here; {', '.join(names)} has one, and is away"
        if not wanted.sources:
            return f"nothing here keeps that content: expected sha256 {wanted.sha256.hex()}"
        return f"no copy of it proved right: expected sha256 {wanted.sha256.hex()}"

    def _copy(
        self, place: Allotment, wanted: Wanted, source: Source, location: OpenLocation
    ) -> StagedFile | Trouble:
        """The copy staged, or what is wrong with it. Raises Away."""
        try:
            with location.read(Key(source.key)) as reading:
                staged, found = self._stage(place, iter(reading), reading.size, wanted, source.mtime_ns)
        except Away:
            raise
        except LocationError as error:
            if error.place == self.target.name:
                raise
            return _trouble(location, source, error)
        if staged is not None and found == source.sha256:
            return staged
        if staged is not None:
            place.stage.discard(staged)
        return Trouble(
            FindingKind.DAMAGED, f"expected sha256 {source.sha256.hex()}, found sha256 {found.hex()}"
        )

    def _stage(
        self, place: Allotment, blocks: Iterator[Block], size: int, wanted: Wanted, mtime_ns: int
    ) -> tuple[StagedFile | None, bytes]:
        """Write the blocks; gives the staged file (None: their count was not `size`) and their SHA-256."""
        hasher = hashlib.sha256()
        border = self.target.border(wanted.target, size)
        with border:
            draft = place.stage.create(size, mtime_ns)
        try:
            for block in blocks:
                hasher.update(block)
                with border:
                    draft.write(block)
                self._go_on()
        except BaseException:
            draft.abort()
            raise
        try:
            with border:
                return draft.finish(), hasher.digest()
        except ValueError:
            return None, hasher.digest()

    def _own(self, place: Allotment, wanted: Wanted) -> StagedFile | None:
        """The library's file, when no copy served and it holds what was recorded."""
        root = self.shelves.own.get(wanted.library)
        if root is None:
            return None
        with suppress(OSError), open_source(join(root, wanted.path)) as fd:
            size = os.fstat(fd).st_size
            if size != wanted.size:
                return None
            blocks = iter(lambda: os.read(fd, _BLOCK), b"")
            staged, found = self._stage(place, blocks, size, wanted, wanted.mtime_ns)
            if staged is not None and found == wanted.sha256:
                return staged
            if staged is not None:
                place.stage.discard(staged)
        return None

    def _name(self, place: Allotment, half: _Half) -> Brought:
        wanted = half.wanted
        try:
            with self.target.border(wanted.target):
                moved = place.put_aside(wanted.target) if half.over else True
                if moved:
                    place.names.put(place.stage.fd, half.file.name, wanted.target)
                else:
                    place.names.replace(place.stage.fd, half.file.name, wanted.target)
        except Conflict as error:
            return Brought(wanted, "kept", half.source, half.troubles, str(error))
        place.stage.published(half.file)
        return Brought(wanted, "replaced" if half.over else "written", half.source, half.troubles)

    def _go_on(self) -> None:
        if self.crew is not None and self.crew.cancelled:
            raise Cancelled

    # links and empty folders

    def note(self, place: Allotment, note: Note) -> tuple[str, str]:
        """Recreate a link or an empty folder: how, and why not. Raises LocationError when the folder fails."""
        try:
            with self.target.border(note.target):
                return self._link(place, note) if note.link is not None else self._folder(place, note), ""
        except (InTheWay, Conflict) as error:
            return "kept", str(error)

    def _folder(self, place: Allotment, note: Note) -> str:
        there = os.path.isdir(join(self.target.path, note.target))
        place.make_folder(note.target)
        return "already there" if there else "written"

    def _link(self, place: Allotment, note: Note) -> str:
        assert note.link is not None
        if place.link_at(note.target) == note.link:
            return "already there"
        stands = place.standing(note.target) is not None
        if stands and self.overwrite is Overwrite.NEVER:
            return "kept"
        if stands and not place.put_aside(note.target):
            place.names.remove(note.target)
        place.make_link(note.target, note.link)
        return "replaced" if stands else "written"


def standing(place: Looking, wanted: Wanted, overwrite: Overwrite) -> str:
    """`already there`, `kept`, `replaced` or `written`: what bringing the entry would come to. Raises
    InTheWay, OSError.
    """
    found = place.standing(wanted.target)
    if found is None:
        return "written"
    if found.is_file and found.size == wanted.size and place.sha256(wanted.target) == wanted.sha256:
        return "already there"
    return "kept" if overwrite is Overwrite.NEVER else "replaced"


def _trouble(location: OpenLocation, source: Source, error: LocationError) -> Trouble:
    """Not there and not to be read are two findings; a `Conflict` is raised where nothing stands."""
    if isinstance(error, Conflict) and location.stat(Key(source.key)) is None:
        return Trouble(FindingKind.MISSING, f"expected sha256 {source.sha256.hex()}, found nothing")
    return Trouble(FindingKind.UNREADABLE_COPY, f"it cannot be read: {error}")
