"""The payloads of tracks that may be lost entries which somebody moved and retagged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fonoteca.archive import Archive
from fonoteca.catalogue import moves
from fonoteca.catalogue.moves import Candidate
from fonoteca.core.event import Advanced, Event
from fonoteca.core.pattern import join
from fonoteca.disk import calls
from fonoteca.library.scan import file_stat
from fonoteca.library.trust import Trust


def hear(archive: Archive, trust: Trust, tracks: Sequence[Candidate]) -> Iterator[Event]:
    """Look into each once, and write down its payload. What cannot be looked into stays what it is: new."""
    from fonoteca.audio.model import Analysis, Job, Tagged, Unreadable
    from fonoteca.audio.worker import Analyst

    sizes = {each.number: each.size for each in tracks}

    def taken(results: Iterable[Analysis]) -> Iterator[Event]:
        for result in results:
            sound = result.outcome.sound if isinstance(result.outcome, Tagged | Unreadable) else None
            if sound is not None and sound.payload is not None:
                moves.put_heard(archive.catalogue, [(result.key, str(sound.payload))])
            yield Advanced(1, sizes[result.key])

    with Analyst(pause=archive.pause_point) as analyst:
        for each in tracks:
            archive.pause_point()
            path = join(trust.root, each.path)
            try:
                job = Job(path, file_stat(calls.lstat(path)), each.number)
                results = analyst.submit(job)
            except OSError:
                continue
            yield from taken(results)
        yield from taken(analyst.finish())
