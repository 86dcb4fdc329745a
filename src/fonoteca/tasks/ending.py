"""Findings that a run has shown to be over: closed, so that `status` speaks only of what is still wrong.

What each run looks at anew is over when this run did not say it again; what is about an entry's state is over when the
entry has another one. Damage at a location is over when the copy was read and is right (`inspection`), or was sent anew
(`recording`).
"""

from __future__ import annotations

from collections.abc import Iterable

from fonoteca.archive import Archive
from fonoteca.catalogue import journal
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.core.finding import FindingKind
from fonoteca.tasks.guarding import holding

_LOOKED_AT = (
    FindingKind.UNREADABLE,
    FindingKind.CHANGING,
    FindingKind.NOT_SEEN,
    FindingKind.SKIPPED,
    FindingKind.MACHINE,
)
"""About a library: each scan says them again."""

_TRIED = (FindingKind.DIFFERS, FindingKind.NOT_COPIED)
"""About a location: each backup tries what is lacking, and says them again."""

_STATES = {FindingKind.GONE: "gone", **dict.fromkeys(holding.KINDS.values(), "held")}


def end_findings(archive: Archive, library: LibraryRow, locations: Iterable[str], started_ns: int) -> None:
    """Close what a backup or scan that began at `started_ns` did not see again. `locations`: those that took part."""
    now, connection = archive.now(), archive.catalogue
    identity = (library.id, library.name)
    with transaction(connection):
        journal.close(connection, now, kinds=_LOOKED_AT, library=library.name, before_ns=started_ns)
        for name in locations:
            journal.close(
                connection, now, kinds=_TRIED, library=library.name, location=name, before_ns=started_ns
            )
        for kind, state in _STATES.items():
            journal.close_by_state(connection, now, kind=kind, library=identity, state=state)
        journal.close_read_tags(connection, now, library=identity)
