"""Damage that a file's own checks show: told once, and over when the content is another one.

A first scan finds it without any baseline. It stops nothing: a poor copy beats none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fonoteca.archive import Archive
from fonoteca.catalogue import journal, sounds
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.sounds import Odd
from fonoteca.core.event import Event, Found
from fonoteca.core.finding import Finding, FindingKind

KINDS = (FindingKind.DAMAGED_INSIDE, FindingKind.SOUND_UNCHECKED)


def tell(archive: Archive, library: LibraryRow) -> Iterator[Event]:
    """A finding for each track that is not yet told to be damaged; findings that no longer hold are closed."""
    now = (finding_of(each, library.name) for each in sounds.odd(archive.catalogue, library.id))
    yield from tell_changes(archive, library.name, KINDS, now)


def tell_changes(
    archive: Archive, library: str, kinds: Sequence[FindingKind], now: Iterable[Finding]
) -> Iterator[Event]:
    """Of all that holds `now` for files of a library, what was not told yet; what else was told is closed."""
    stands = {(each.kind, each.path): each for each in now}
    before = journal.open_details(archive.catalogue, kinds, library)
    new = [each for each in stands.values() if before.get((each.kind, each.path or b"")) != each.detail]
    over = [
        where for where, detail in before.items() if where not in stands or stands[where].detail != detail
    ]
    if not new and not over:
        return
    with transaction(archive.catalogue):
        for kind, path in over:
            journal.close(archive.catalogue, archive.now(), kinds=[kind], library=library, path=path)
        for finding in new:
            journal.note(archive.catalogue, finding, archive.now())
    yield from map(Found, new)


def finding_of(odd: Odd, library: str) -> Finding:
    """What is to be said of a track."""
    if odd.check is None:
        return Finding(FindingKind.SOUND_UNCHECKED, odd.unheard or "", library, path=odd.path)
    return Finding(
        FindingKind.DAMAGED_INSIDE,
        odd.check.in_words,
        library,
        path=odd.path,
        repairable=odd.is_mendable,
    )
