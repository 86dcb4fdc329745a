"""Looking into what is recorded: tags and sound of contents without an analysis, in processes of their own.

Each content is looked into once. It never gates anything: a file whose inside cannot be read is protected all the
same. A file that is no longer what was recorded is left for the next run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache

from fonoteca.archive import Archive
from fonoteca.audio.model import Analysis, Changed, Job, NotAudio, Tagged, Unreadable
from fonoteca.audio.worker import Analyst
from fonoteca.catalogue import analyses, journal
from fonoteca.catalogue.analyses import AnalysisRow, Lacking
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.event import Advanced, Event, Found, Phase, Warned
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.pattern import join
from fonoteca.core.sound import VERSION
from fonoteca.tasks.looking.inside import tell

PHASE = "look inside"
_AT_ONCE = 64
"""So many results are recorded in one transaction."""


def analyse(archive: Archive, config: LibraryConfig, row: LibraryRow, *, workers: int = 2) -> Iterator[Event]:
    """Look into all present tracks of a library that nobody looked into yet, and record what is there.

    Yields `Phase`, `Advanced`, and a finding for each file that cannot be read or is damaged inside. Raises
    Interrupted.
    """
    files, size = analyses.count_lacking(archive.catalogue, row.id)
    if files:
        yield Phase(PHASE, files, size)
        yield from _Reader(archive, config.name, row.id, config.path, workers).run()
    yield from tell(archive, row)


@dataclass(slots=True)
class _Reader:
    """Looks into one library's files. `under_way`: what was handed to the analyst, by entry."""

    archive: Archive
    library: str
    number: int
    root: bytes
    workers: int
    under_way: dict[int, Lacking] = field(default_factory=dict)

    def run(self) -> Iterator[Event]:
        try:
            with Analyst(self.workers, pause=self.archive.pause_point) as analyst:
                for each in self._lacking():
                    self.under_way[each.entry] = each
                    job = Job(join(self.root, each.path), each.stat, each.entry)
                    yield from self._record(analyst.submit(job))
                yield from self._rest(analyst.finish())
        except OSError as error:
            reason = error.strerror or error
            yield Warned(f"Files could not be looked into this time ({reason}); the next run tries again.")

    def _lacking(self) -> Iterator[Lacking]:
        """A track of each content, a chunk at a time, so that results can be recorded between."""
        last = 0
        while chunk := analyses.lacking(self.archive.catalogue, self.number, last):
            known = {each.content for each in self.under_way.values()}
            for each in chunk:
                self.archive.pause_point()
                if each.content not in known:
                    known.add(each.content)
                    yield each
            last = chunk[-1].entry

    def _rest(self, results: Iterable[Analysis]) -> Iterator[Event]:
        gathered: list[Analysis] = []
        for result in results:
            gathered.append(result)
            if len(gathered) >= _AT_ONCE:
                yield from self._record(gathered)
                gathered.clear()
                self.archive.pause_point()
        yield from self._record(gathered)

    def _record(self, results: Sequence[Analysis]) -> Iterator[Event]:
        if not results:
            return
        found: list[Event] = []
        size = 0
        with transaction(self.archive.catalogue):
            for result in results:
                each = self.under_way.pop(result.key)
                size += each.stat.size
                found += record(self.archive, self.library, each, result)
        yield from found
        yield Advanced(len(results), size)


def record(archive: Archive, library: str, track: Lacking, result: Analysis) -> list[Event]:
    """Keep the outcome for one track, within the caller's transaction. Gives the finding, if it is one."""
    if isinstance(result.outcome, Changed):
        return []
    row = row_for(result.outcome, archive.now())
    analyses.put(archive.catalogue, track.content, row)
    if not isinstance(result.outcome, Unreadable):
        return []
    finding = Finding(FindingKind.TAGS_UNREADABLE, result.outcome.reason, library, path=track.path)
    journal.note(archive.catalogue, finding, archive.now())
    return [Found(finding)]


def row_for(outcome: Tagged | Unreadable | NotAudio, now_ns: int) -> AnalysisRow:
    """An outcome as the catalogue keeps it; a failure is kept too, so that it is not tried each time."""
    match outcome:
        case Unreadable():
            row = AnalysisRow(now_ns, _tool(), outcome.reason)
        case NotAudio():
            return AnalysisRow(now_ns, _tool(), analyses.NOT_AUDIO, sound_version=VERSION)
        case Tagged():
            pictures = [asdict(each) for each in outcome.pictures]
            audio = asdict(outcome.audio) if outcome.audio is not None else {}
            tags, raw, note = outcome.tags, outcome.raw_json, outcome.note
            row = AnalysisRow(now_ns, _tool(), note, tags, raw, pictures, audio, outcome.drm)
    return replace(row, sound=outcome.sound, sound_version=VERSION, unheard=outcome.unheard)


@cache
def _tool() -> str:
    """What reads tags here, by name and version; mutagen itself is not loaded for this."""
    from importlib.metadata import version

    return f"mutagen {version('mutagen')}"
