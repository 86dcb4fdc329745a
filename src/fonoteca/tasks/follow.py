"""`follow`: a backup that looks only where something happened. No full scan, no listing of locations.

    for event in follow(archive, {"music": [Spot(b"Nina Simone/Pastel Blues", whole=True)]}):
        ...

What a location lacks for another reason (it was away) is sent with it; second readings and snapshots are left to a
whole backup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from fonoteca.archive import Archive
from fonoteca.core.event import Event
from fonoteca.core.spots import Spot
from fonoteca.tasks.backup import Job
from fonoteca.tasks.copying.extent import Extent
from fonoteca.tasks.run import run
from fonoteca.tasks.scan import Rests, always_rests


def follow(
    archive: Archive,
    spots: Mapping[str, Sequence[Spot]],
    places: Sequence[str] | None = None,
    *,
    rests: Callable[[str], Rests] = lambda library: always_rests,
    papers: bool = False,
) -> Iterator[Event]:
    """Bring to the locations (all, or the named ones) what changed at these spots, by library; a library without a
    spot is not looked at. `rests` as for `backup`; with `papers` `SHA256SUMS` is brought up to date too.

    Raises UsageError for unknown names, Interrupted when the user stopped it.
    """
    job = Job(archive, named=False, extent=Extent(spots, rests, papers))
    return run(archive, "backup", job.events(places, list(spots), dry_run=False, read=False))
