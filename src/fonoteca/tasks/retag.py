"""`tags restore`: old tags written back into the user's own files. Without `apply`, the plan, field by field.

    for event in restore(archive, "Nina Simone/**", at_ns, apply=True):
        ...

The whole of the earlier content comes back from a good copy, so its tags are exact in every format. Where none is kept
any more, its native fields are written into a copy of the present file, and read again. Nothing is lost by it: what the
file is now must already stand at a location, read back. For each file, in this order: it is read, and is what was
recorded; the new bytes are written beside it, flushed and read back; payload digest (and tags) of that file are taken
anew, and are what they should be; the old file's stat is looked at once more; then it is renamed over it. The next
backup records what stands there then, as any other edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain

from fonoteca.archive import Archive
from fonoteca.audio.scribe import Scribe
from fonoteca.catalogue import analyses, copies, entries, events, past
from fonoteca.catalogue.analyses import AnalysisRow
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import EntryRow
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.past import Was
from fonoteca.config.model import LibraryConfig
from fonoteca.core.entry import EntryKind
from fonoteca.core.event import Event, Found, LibraryFailed, Phase, Retagged
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.journal import SUCCESS, Logged, Type
from fonoteca.core.pattern import matches, pattern
from fonoteca.core.plan.repair import Bad, Kind, Source
from fonoteca.core.plan.retag import Facts, How, choose
from fonoteca.core.times import time_text
from fonoteca.errors import LibraryError
from fonoteca.tasks.edits import inside
from fonoteca.tasks.mending.origins import Origins
from fonoteca.tasks.mending.supply import Supply
from fonoteca.tasks.places.opening import Opened, open_all
from fonoteca.tasks.retagging.edit import Edit, Staged, doubt, refused
from fonoteca.tasks.retagging.staging import Staging
from fonoteca.tasks.run import run

TOGETHER_FILES, TOGETHER_BYTES = 64, 256 << 20
"""So much is written beside the music before its sound is proven and it gets its names."""


def restore(archive: Archive, glob: str, at_ns: int, *, apply: bool = False) -> Iterator[Event]:
    """Bring the tags of the tracks that `glob` means back to what they were at `at_ns`.

    Raises Interrupted, between two files.
    """
    return run(archive, "tags restore", _Job(archive, glob, at_ns, apply).events())


@dataclass(slots=True)
class _Job:
    """One run of it."""

    archive: Archive
    glob: str
    at_ns: int
    apply: bool
    opened: dict[int, Opened] = field(default_factory=dict)
    origins: Origins = field(init=False)
    supply: Supply = field(init=False)
    staging: Staging = field(init=False)
    _matched: int = 0

    def __post_init__(self) -> None:
        self.origins = Origins(self.archive, self.opened, None)

    def events(self) -> Iterator[Event]:
        """The whole of it."""
        with ExitStack() as stack:
            configs = self.archive.location_configs()
            for each in open_all(self.archive, configs, stack, write=False, named=False):
                if isinstance(each, Opened):
                    self.opened[each.row.id] = each
                else:
                    yield each
            self.supply = self.origins.supply()
            scribe = stack.enter_context(Scribe())
            self.staging = Staging(self.archive, self.origins, self.supply, scribe)
            yield Phase("tags restore")
            for config in self.archive.library_configs():
                yield from self._library(config)
            if not self._matched:
                detail = f"no track that was there then matches the pattern {self.glob}"
                yield Found(Finding(FindingKind.NOT_RESTORED, detail))

    def _library(self, config: LibraryConfig) -> Iterator[Event]:
        try:
            row = self.origins.library(config)
        except LibraryError as error:
            yield LibraryFailed(config.name, type(error).__name__, str(error))
            return
        if row is None:
            return  # nothing is recorded of it
        wanted: list[Edit] = []
        for was in self._meant(row):
            self.archive.pause_point()
            found = self._choose(row, was)
            if isinstance(found, Found):
                yield found
            elif found is not None and not self.apply:
                yield from self._told(row, found, "would be written", found.source)
            elif found is not None:
                wanted.append(found)
                if _is_enough(wanted):
                    yield from self._carry_out(config, row, wanted)
                    wanted = []
        yield from self._carry_out(config, row, wanted)

    def _meant(self, row: LibraryRow) -> Iterator[Was]:
        wanted = pattern(self.glob)
        pages = past.pages_at(self.archive.catalogue, row.id, self.at_ns)
        return (was for was in chain.from_iterable(pages) if matches(wanted, was.path))

    # what to do

    def _choose(self, row: LibraryRow, was: Was) -> Edit | Found | None:
        """The edit, why there is none, or None where nothing is to be done."""
        entry = entries.by_id(self.archive.catalogue, was.entry)
        if entry is None or entry.kind != EntryKind.TRACK.value or entry.state == "gone":
            return None
        self._matched += 1
        if entry.content == was.content:
            return None
        wanted = _as_bad(row, entry, was)
        source = next(iter(self.supply.here(wanted)), None)
        is_elsewhere = source is None and bool(self.supply.find(wanted))
        payload = self._payload(entry.content)
        choice = choose(
            Facts(
                now=inside(self.archive.catalogue, entry.content).tags,
                then=inside(self.archive.catalogue, was.content).tags,
                payload_now=payload,
                payload_then=self._payload(was.content),
                is_present=entry.state == "present",
                is_kept=bool(copies.good_at(self.archive.catalogue, entry.entry)),
                has_source=source is not None,
                is_elsewhere=is_elsewhere,
            )
        )
        if choice.how in (How.BYTES, How.FIELDS) and payload is not None:
            return Edit(entry, was, choice, payload, source, wanted)
        return refused(row, entry, choice.why) if choice.how is None else None

    def _row(self, content: int) -> AnalysisRow | None:
        return analyses.get(self.archive.catalogue, content)

    def _payload(self, content: int) -> str | None:
        row = self._row(content)
        sound = row.sound if row is not None else None
        return str(sound.payload) if sound is not None and sound.payload is not None else None

    # doing it

    def _carry_out(self, config: LibraryConfig, row: LibraryRow, wanted: list[Edit]) -> Iterator[Event]:
        """Write some files beside, prove their sound, give them their names."""
        with ExitStack() as stack:
            staged: list[Staged] = []
            for edit in wanted:
                found = self.staging.stage(config, row, edit, stack)
                if isinstance(found, Staged):
                    staged.append(found)
                else:
                    yield from found
            found_in = self.staging.look(staged)
            for number, each in enumerate(staged):
                why = doubt(each, self.staging.wanted_tags(each), found_in.get(number))
                yield from [refused(row, each.edit.entry, why)] if why else self._swap(row, each)

    def _swap(self, row: LibraryRow, staged: Staged) -> Iterator[Event]:
        edit = staged.edit
        try:
            staged.new.swap(staged.stat)
        except OSError as error:
            yield refused(row, edit.entry, f"it was left as it is: {error.strerror or error}")
            return
        origin = f"from {self.origins.name(staged.source)}" if staged.source else "into its present content"
        fields = ", ".join(each.field for each in edit.choice.changes)
        detail = f"tags of {time_text(self.at_ns)} written back, {origin}: {fields}"
        with transaction(self.archive.catalogue):
            told = Logged(
                self.archive.now(),
                Type.METADATA_MODIFICATION,
                SUCCESS,
                row.name,
                None,
                edit.entry.path,
                None,
                detail,
                entry=edit.entry.entry,
            )
            events.add(self.archive.catalogue, [told])
        yield from self._told(row, edit, "written", staged.source)

    def _told(self, row: LibraryRow, edit: Edit, how: str, source: Source | None) -> Iterator[Event]:
        name = self.origins.name(source) if source is not None else None
        yield Retagged(row.name, edit.entry.path, edit.was.size, how, name, edit.choice.changes)
        if edit.choice.why:
            yield refused(row, edit.entry, edit.choice.why)


def _is_enough(wanted: list[Edit]) -> bool:
    return len(wanted) >= TOGETHER_FILES or sum(each.was.size for each in wanted) >= TOGETHER_BYTES


def _as_bad(row: LibraryRow, entry: EntryRow, was: Was) -> Bad:
    """What it was, as something that a good copy is looked for."""
    return Bad(
        Kind.VERSION,
        was.entry,
        (),
        entry.path,
        was.sha256,
        was.size,
        b"",
        was.mtime_ns,
        "earlier",
        entry.path,
        row.name,
    )
