"""`tags restore`: old tags written back into the user's own files. Without `apply`, the plan, field by field.

    for event in restore(archive, "Nina Simone/**", at_ns, apply=True):
        ...

The whole of the earlier content comes back from a good copy, so its tags are exact in every format. Nothing is lost by
it: what the file is now must already stand at a location, read back. For each file, in this order: it is read, and is
what was recorded; the earlier bytes are written beside it, compared while they are read, flushed and read back; the
payload digest of that file is taken anew, and is the present one; the old file's stat is looked at once more; then it
is renamed over it. The next backup records what stands there then, as any other edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from fonoteca.archive import Archive
from fonoteca.audio.model import Job, Tagged, Unreadable
from fonoteca.audio.worker import Analyst
from fonoteca.catalogue import analyses, copies, entries, events, past
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import EntryRow
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.past import Was
from fonoteca.config.model import LibraryConfig
from fonoteca.core.entry import EntryKind, FileStat
from fonoteca.core.event import Event, Found, LibraryFailed, Phase, Retagged
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.journal import SUCCESS, Logged, Type
from fonoteca.core.pattern import join, matches, pattern
from fonoteca.core.plan.repair import Bad, Kind, Source
from fonoteca.core.plan.retag import Choice, Facts, How, choose
from fonoteca.core.times import time_text
from fonoteca.disk.replacing import Replacement
from fonoteca.errors import LibraryError
from fonoteca.library.scan import file_stat
from fonoteca.tasks.checking.originals import Original, Originals, Sight
from fonoteca.tasks.edits import inside
from fonoteca.tasks.mending.origins import Origins
from fonoteca.tasks.mending.supply import Supply
from fonoteca.tasks.places.ground import is_reached_by_folders
from fonoteca.tasks.places.opening import Opened, open_all
from fonoteca.tasks.run import run

TOGETHER_FILES, TOGETHER_BYTES = 64, 256 << 20
"""So much is written beside the music before its sound is proven and it gets its names."""


def restore(archive: Archive, glob: str, at_ns: int, *, apply: bool = False) -> Iterator[Event]:
    """Bring the tags of the tracks that `glob` means back to what they were at `at_ns`.

    Raises Interrupted, between two files.
    """
    return run(archive, "tags restore", _Job(archive, glob, at_ns, apply).events())


class Edit(NamedTuple):
    """A file that is to get its old tags."""

    entry: EntryRow
    was: Was
    choice: Choice
    payload: str
    source: Source
    wanted: Bad


class Staged(NamedTuple):
    """Its earlier bytes, written beside it. `stat`: of the file that stands there yet."""

    edit: Edit
    new: Replacement
    stat: FileStat
    source: Source


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
                name = self.origins.name(found.source)
                yield Retagged(row.name, was.path, was.size, "would be written", name, found.choice.changes)
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
            )
        )
        if choice.how is How.BYTES and source is not None and payload is not None:
            return Edit(entry, was, choice, payload, source, wanted)
        return _refused(row, entry, choice.why) if choice.how is None else None

    def _payload(self, content: int) -> str | None:
        row = analyses.get(self.archive.catalogue, content)
        sound = row.sound if row is not None else None
        return str(sound.payload) if sound is not None and sound.payload is not None else None

    # doing it

    def _carry_out(self, config: LibraryConfig, row: LibraryRow, wanted: list[Edit]) -> Iterator[Event]:
        """Write some files beside, prove their sound, give them their names."""
        with ExitStack() as stack:
            staged: list[Staged] = []
            for edit in wanted:
                found = self._stage(config, row, edit, stack)
                if isinstance(found, Staged):
                    staged.append(found)
                else:
                    yield from found
            proven = self._payloads(staged)
            for number, each in enumerate(staged):
                yield self._swap(row, each, proven.get(number, "it could not be looked into"))

    def _stage(
        self, config: LibraryConfig, row: LibraryRow, edit: Edit, stack: ExitStack
    ) -> Staged | list[Found]:
        """The earlier bytes beside the file, durable and read back; or what stands in the way."""
        entry = edit.entry
        if not is_reached_by_folders(config.path, entry.path):
            return [_refused(row, entry, "a symbolic link stands in its path")]
        (seen,) = Originals(self.archive, config, False).look([_original(entry)])
        if seen.sight is not Sight.SAME or seen.found or seen.stat is None:
            return [_refused(row, entry, _OTHERWISE.get(seen.sight, _DIFFERS))]
        try:
            new = stack.enter_context(Replacement(join(config.path, entry.path), self.archive.now()))
            filled = self.supply.fill(edit.wanted, lambda size: new.begin())
        except OSError as error:
            return [_refused(row, entry, f"it was left as it is: {error.strerror or error}")]
        if filled.source is None:
            why = "; ".join(
                f"{self.origins.name(each.source)}: {each.trouble.detail}" for each in filled.tried
            )
            return [
                _refused(row, entry, f"no copy of what it was proved right ({why}): run `fonoteca verify`")
            ]
        _, read_back = filled.staged
        if read_back != filled.xxh3_128:
            return [_refused(row, entry, "what was written beside it reads back differently")]
        return Staged(edit, new, seen.stat, filled.source)

    def _payloads(self, staged: list[Staged]) -> dict[int, str]:
        """Of what was written: its payload digest by number, or why there is none. Taken in a process of its own."""
        jobs = [Job(each.new.path, file_stat(each.new.stat()), number) for number, each in enumerate(staged)]
        found: dict[int, str] = {}
        with Analyst(pause=self.archive.pause_point) as analyst:
            for analysis in analyst.analyse(jobs):
                outcome = analysis.outcome
                sound = outcome.sound if isinstance(outcome, Tagged | Unreadable) else None
                found[analysis.key] = str(sound.payload) if sound is not None else "it was changed meanwhile"
        return found

    def _swap(self, row: LibraryRow, staged: Staged, payload: str) -> Event:
        edit = staged.edit
        if payload != edit.payload:
            detail = f"the sound of what was written is another one: expected {edit.payload}, found {payload}"
            return _refused(row, edit.entry, f"{detail}; it was left as it is")
        try:
            staged.new.swap(staged.stat)
        except OSError as error:
            return _refused(row, edit.entry, f"it was left as it is: {error.strerror or error}")
        name = self.origins.name(staged.source)
        fields = ", ".join(each.field for each in edit.choice.changes)
        detail = f"tags of {time_text(self.at_ns)} written back, from {name}: {fields}"
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
        return Retagged(row.name, edit.entry.path, edit.was.size, "written", name, edit.choice.changes)


_DIFFERS = "its bytes are not what was recorded: run `fonoteca verify` on the library"
_OTHERWISE = {
    Sight.WRITTEN: "it was written or removed since the last scan: run `fonoteca backup` first",
    Sight.UNREADABLE: "it cannot be read",
}


def _is_enough(wanted: list[Edit]) -> bool:
    return len(wanted) >= TOGETHER_FILES or sum(each.was.size for each in wanted) >= TOGETHER_BYTES


def _refused(row: LibraryRow, entry: EntryRow, why: str) -> Found:
    return Found(Finding(FindingKind.NOT_RESTORED, why, row.name, None, entry.path))


def _original(entry: EntryRow) -> Original:
    stat = (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode)
    return Original(entry.entry, entry.path, *stat, entry.sha256, entry.xxh3_128)


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
