"""Writing a file's new bytes beside it: an earlier content whole, or the present one with the fields of then."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass

from fonoteca.archive import Archive
from fonoteca.audio.model import Job, Outcome
from fonoteca.audio.scribe import Scribe
from fonoteca.audio.worker import Analyst
from fonoteca.catalogue import analyses
from fonoteca.catalogue.entries import EntryRow
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.entry import FileStat
from fonoteca.core.event import Found
from fonoteca.core.pattern import join
from fonoteca.core.retag import TagSet
from fonoteca.disk.reading import open_source
from fonoteca.disk.replacing import Replacement
from fonoteca.library.scan import file_stat
from fonoteca.tasks.checking.originals import Original, Originals, Sight
from fonoteca.tasks.edits import inside
from fonoteca.tasks.mending.origins import Origins
from fonoteca.tasks.mending.supply import Supply
from fonoteca.tasks.places.ground import is_reached_by_folders
from fonoteca.tasks.retagging.edit import Edit, Staged, refused


@dataclass(frozen=True, slots=True)
class Staging:
    """Of one run."""

    archive: Archive
    origins: Origins
    supply: Supply
    scribe: Scribe

    def stage(
        self, config: LibraryConfig, row: LibraryRow, edit: Edit, stack: ExitStack
    ) -> Staged | list[Found]:
        """The new bytes beside the file, durable and read back; or what stands in the way."""
        entry = edit.entry
        if not is_reached_by_folders(config.path, entry.path):
            return [refused(row, entry, "a symbolic link stands in its path")]
        (seen,) = Originals(self.archive, config, False).look([_original(entry)])
        if seen.sight is not Sight.SAME or seen.found or seen.stat is None:
            return [refused(row, entry, _OTHERWISE.get(seen.sight, _DIFFERS))]
        try:
            new = stack.enter_context(Replacement(join(config.path, entry.path), self.archive.now()))
            if edit.source is None:
                why = self._fields(config, edit, new)
                return Staged(edit, new, seen.stat, None) if why is None else [refused(row, entry, why)]
            return self._earlier(row, edit, new, seen.stat)
        except OSError as error:
            return [refused(row, entry, f"it was left as it is: {error.strerror or error}")]

    def _earlier(self, row: LibraryRow, edit: Edit, new: Replacement, stat: FileStat) -> Staged | list[Found]:
        """The earlier bytes, compared while they are read."""
        filled = self.supply.fill(edit.wanted, lambda size: new.begin())
        if filled.source is None:
            why = "; ".join(
                f"{self.origins.name(each.source)}: {each.trouble.detail}" for each in filled.tried
            )
            return [
                refused(
                    row, edit.entry, f"no copy of what it was proved right ({why}): run `fonoteca verify`"
                )
            ]
        _, read_back = filled.staged
        if read_back != filled.xxh3_128:
            return [refused(row, edit.entry, "what was written beside it reads back differently")]
        return Staged(edit, new, stat, filled.source)

    def _fields(self, config: LibraryConfig, edit: Edit, new: Replacement) -> str | None:
        """A copy of the present file with the fields of then; why there is none, or None. Raises OSError."""
        new.begin()
        with open_source(join(config.path, edit.entry.path)) as fd:
            while block := os.read(fd, _BLOCK):
                new.write(block)
                self.archive.pause_point()
        raw = [
            analyses.get(self.archive.catalogue, content)
            for content in (edit.entry.content, edit.was.content)
        ]
        if None in raw:
            return "what its native tags were was not recorded"
        now, then = (each.raw for each in raw if each is not None)
        why = self.scribe.write(new.path, edit.entry.size, now, then)
        if why is None:
            new.finish()
        return why

    def wanted_tags(self, staged: Staged) -> TagSet | None:
        """The tags that it should have now; None: its bytes were compared whole."""
        if staged.edit.source is not None:
            return None
        now = inside(self.archive.catalogue, staged.edit.entry.content).tags
        then = inside(self.archive.catalogue, staged.edit.was.content).tags
        return TagSet(then.fields, now.pictures) if now is not None and then is not None else None

    def look(self, staged: list[Staged]) -> dict[int, Outcome]:
        """Into what was written, by number. In a process of its own."""
        jobs = [Job(each.new.path, file_stat(each.new.stat()), number) for number, each in enumerate(staged)]
        with Analyst(pause=self.archive.pause_point) as analyst:
            return {analysis.key: analysis.outcome for analysis in analyst.analyse(jobs)}


_BLOCK = 1 << 20
_DIFFERS = "its bytes are not what was recorded: run `fonoteca verify` on the library"
_OTHERWISE = {
    Sight.WRITTEN: "it was written or removed since the last scan: run `fonoteca backup` first",
    Sight.UNREADABLE: "it cannot be read",
}


def _original(entry: EntryRow) -> Original:
    stat = (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode)
    return Original(entry.entry, entry.path, *stat, entry.sha256, entry.xxh3_128)
