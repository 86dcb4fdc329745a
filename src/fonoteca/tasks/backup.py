"""`backup`: look at the libraries, plan, read once, copy to every location, seal, report.

    for event in backup(archive):
        ...

What only adds, acts: new files are copied, written files become new versions and what they had is kept; copies of what
is gone become versions. No content is ever removed. What nobody accounts for goes nowhere, and a mass change waits for
a person's word (`guarding`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from fonoteca.archive import Archive
from fonoteca.catalogue import analyses, pending, standing
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.event import Event, LibraryFailed
from fonoteca.errors import LibraryError
from fonoteca.tasks.copying.beyond import bring_beyond, near_and_far
from fonoteca.tasks.copying.bringing import Bringing, Present
from fonoteca.tasks.copying.extent import Extent
from fonoteca.tasks.foretelling import foretell, would_move, would_retire
from fonoteca.tasks.guarding.guard import Guarding
from fonoteca.tasks.looking.inside import tell
from fonoteca.tasks.looking.sidecars import hold_against
from fonoteca.tasks.places.founding import expect_memory, expect_parts
from fonoteca.tasks.places.opening import chosen
from fonoteca.tasks.run import run
from fonoteca.tasks.scan import Rests, always_rests, look

if TYPE_CHECKING:
    from fonoteca.tasks.copying.transfer import Transfer

SECOND_READING_NS = 6 * 3600 * 1_000_000_000
"""A content read once is read again, past the cache, by the first run after so long (6 h): within a day."""


def backup(
    archive: Archive,
    places: Sequence[str] | None = None,
    libraries: Sequence[str] | None = None,
    *,
    dry_run: bool = False,
    read: bool = False,
    rests: Callable[[str], Rests] = lambda library: always_rests,
) -> Iterator[Event]:
    """Bring the libraries to the locations (all, or the named ones). See the module.

    `dry_run` judges by stat and writes nothing at any location; with `read` it reads the files too. `rests` tells
    for each library whether a file in it is still: one that is not is left for another run.
    Raises UsageError for unknown names, Interrupted when the user stopped it.
    """
    job = Job(archive, places is not None, Extent(rests=rests))
    return run(archive, "backup", job.events(places, list(libraries) if libraries else None, dry_run, read))


def scan(archive: Archive, libraries: Sequence[str] | None = None) -> Iterator[Event]:
    """Look at the libraries, read what is new or changed, and record it; no location is touched."""
    job = Job(archive, named=False)
    return run(
        archive, "scan", job.events((), list(libraries) if libraries else None, dry_run=False, read=False)
    )


@dataclass(slots=True)
class Job:
    """One backup run."""

    archive: Archive
    named: bool
    extent: Extent = field(default_factory=Extent)
    near: Bringing = field(init=False)
    """The locations that share one reading with the judging of what is new."""
    seen: Present = field(default_factory=list)
    """Libraries that were looked at."""
    started_ns: int = 0

    def events(
        self, names: Sequence[str] | None, library_names: list[str] | None, dry_run: bool, read: bool
    ) -> Iterator[Event]:
        """The whole of it."""
        archive = self.archive
        self.started_ns = archive.now()
        expect_parts(archive, copying=names is None)
        expect_memory(archive)
        near, far = near_and_far(chosen(archive, names))
        if dry_run:
            near, far = [*near, *far], []
        wanted = archive.library_configs(library_names)
        standing.begin(archive.catalogue)
        self.near = Bringing(archive, self.named, self.started_ns, extent=self.extent)
        with ExitStack() as stack:
            yield from self.near.open(near, stack, write=not dry_run)
            present = yield from self._present(wanted)
            if not dry_run:
                yield from self.near.enrol(present)
            for config, row in present:
                yield from self._library(config, row, dry_run=dry_run, read=read, more=bool(far))
            if not dry_run:
                for config, row in present:
                    yield from _analysed(archive, config, row)
                    yield from hold_against(archive, config, row)
                yield from self.near.seal(present)
        if far:
            yield from bring_beyond(self.near, far, self.seen)

    def _present(self, wanted: list[LibraryConfig]) -> Generator[Event, None, Present]:
        present = []
        for config in wanted:
            try:
                present.append((config, self.archive.library(config)[0]))
            except LibraryError as error:
                yield LibraryFailed(config.name, type(error).__name__, str(error))
        return present

    # each library

    def _library(
        self, config: LibraryConfig, row: LibraryRow, *, dry_run: bool, read: bool, more: bool
    ) -> Iterator[Event]:
        try:
            self.extent.looked_at[config.name] = yield from look(
                self.archive,
                config,
                read=read or not dry_run,
                spots=self.extent.of(config.name),
                rests=self.extent.rests(config.name),
            )
        except LibraryError as error:
            yield LibraryFailed(config.name, type(error).__name__, str(error))
            return
        self.seen.append((config, row))
        guarding = Guarding(self.archive, config, row, self.started_ns)
        yield from guarding.before(partial(self._weigh, config, row) if read or not dry_run else None)
        yield from self._bring(config, row, dry_run=dry_run, read=read)
        if more and self.near.opened and not self.near.alive():
            yield from self._only_read(config, row)
        yield from guarding.after()

    def _weigh(self, config: LibraryConfig, row: LibraryRow, files: int) -> Generator[Event, None, Transfer]:
        """A transfer to nowhere, which only judges."""
        from fonoteca.tasks.guarding.weighing import Weighing

        transfer = yield from self.near.make(config, row, [], files)
        transfer.recorder = Weighing(self.archive.catalogue, row, [], self.started_ns)
        return transfer

    def _bring(self, config: LibraryConfig, row: LibraryRow, *, dry_run: bool, read: bool) -> Iterator[Event]:
        near = self.near
        if not dry_run:
            yield from near.follow(row)
        yield from near.plan(config, row)
        if dry_run and not read:
            yield from foretell(self.archive, near.alive(), row)
            return
        if dry_run:
            yield from would_move(self.archive, near.alive(), row)
            yield from would_retire(self.archive, near.alive(), row)
        if self.extent.is_whole:
            pending.add_due(self.archive.catalogue, row.id, self.archive.now() - SECOND_READING_NS)
        yield from near.room(row)
        yield from near.transfer(config, row, dry_run=dry_run)

    def _only_read(self, config: LibraryConfig, row: LibraryRow) -> Iterator[Event]:
        """All that was near failed on the way: what is far takes only what was read and judged."""
        yield from Bringing(self.archive, self.named, self.started_ns).transfer(config, row)


def _analysed(archive: Archive, config: LibraryConfig, row: LibraryRow) -> Iterator[Event]:
    """Look into what nobody has looked into yet; what that takes is loaded only then."""
    if analyses.count_lacking(archive.catalogue, row.id)[0]:
        from fonoteca.tasks.looking.analyse import analyse

        yield from analyse(archive, config, row)
    else:
        yield from tell(archive, row)


__all__ = ["backup", "scan"]
