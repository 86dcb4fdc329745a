"""A person's word about a hold: `hold accept` takes what is there now as right.

    accept(archive, "removed-7k2m")

What was removed is retired by the next backup, what was overwritten becomes the recorded content and is sent by it;
what it was stays in its history, and at the locations as a version. The guard begins to count anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from fonoteca.archive import Archive
from fonoteca.catalogue import entries, holds, journal
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.entries import EntryRow
from fonoteca.catalogue.holds import Changed, Hold
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.core.finding import FindingKind
from fonoteca.core.guard import GuardKind
from fonoteca.core.manifest.lines import HoldState
from fonoteca.core.times import time_text
from fonoteca.errors import UsageError
from fonoteca.tasks.guarding import holding
from fonoteca.tasks.show import find

ACCEPTED = "accepted"
"""The word in an entry's history for a content that nothing proves, and that a person took as right."""


def listed(archive: Archive) -> Iterator[dict[str, Any]]:
    """Every hold that stands, oldest first, in its JSON form."""
    for each in holds.standing(archive.catalogue):
        yield {
            "id": each.id,
            "library": each.name,
            "kind": each.kind.value,
            "since": time_text(each.since_ns),
            "entries": each.entries,
            "total": each.total,
            "stopped": holds.stopped_by(archive.catalogue, each),
            "accept": f"fonoteca hold accept {each.id}",
            "reject": f"fonoteca hold reject {each.id}",
        }


def named(archive: Archive, word: str) -> Hold:
    """The standing hold of this id. Raises UsageError where there is none."""
    hold = holds.by_id(archive.catalogue, word)
    if hold is not None and hold.stands:
        return hold
    if hold is not None:
        raise UsageError(f"The hold {word} has ended: it was {hold.state.value}.")
    known = ", ".join(each.id for each in holds.standing(archive.catalogue)) or "none"
    raise UsageError(f"There is no hold {word}; there stands: {known}.")


def accept(archive: Archive, word: str) -> str:
    """Take what is there now as right, of a hold or of one held file; the next backup brings it to the locations.

    `word` is a hold's id, or a path as `show` takes it. Gives what was done, in a sentence. Raises UsageError.
    """
    if holds.by_id(archive.catalogue, word) is None:
        found = _held_file(archive, word)
        if found is not None:
            return _accept_file(archive, *found)
    hold = named(archive, word)
    stopped = holds.stopped_by(archive.catalogue, hold)
    now = archive.now()
    with transaction(archive.catalogue):
        changed = [] if hold.kind is GuardKind.REMOVED else holds.changed_under(archive.catalogue, hold)
        for each in changed:
            _take(archive, each, now)
        finish(archive, hold, HoldState.ACCEPTED, now)
    what = "will be retired" if hold.kind is GuardKind.REMOVED else "are taken as they are now"
    count = f"{stopped:,} {'entry' if stopped == 1 else 'entries'}"
    return f"The hold {hold.id} has ended: {count} of {hold.name} {what}. {_NEXT}"


_NEXT = "`fonoteca backup` brings that to the locations; what was stays there as versions."


def _held_file(archive: Archive, word: str) -> tuple[LibraryRow, EntryRow] | None:
    try:
        return find(archive, os.fsencode(word))
    except UsageError:
        return None  # then it is no path either, and what is said is about holds


def _accept_file(archive: Archive, library: LibraryRow, entry: EntryRow) -> str:
    shown = f"{library.name}/{entry.path.decode('utf-8', 'backslashreplace')}"
    changed = holds.file_of(archive.catalogue, entry.entry)
    if entry.state != "held":
        raise UsageError(f"{shown} is not held: there is nothing to accept.")
    if changed is None:
        raise UsageError(
            f"{shown} was not read twice alike, so nobody knows what there is to accept: run `fonoteca scan`."
        )
    with transaction(archive.catalogue):
        _take(archive, changed, archive.now())
        _over(archive, library.id, library.name)
    return f"{shown} is taken as it is now. {_NEXT}"


def _take(archive: Archive, changed: Changed, now: int) -> None:
    content = entries.put_content(archive.catalogue, changed.content)
    stat, trusted = changed.stat, changed.trusted
    entries.accept(
        archive.catalogue, changed.entry, content, stat, trusted=trusted, read_ns=now, verdict=ACCEPTED
    )


def finish(archive: Archive, hold: Hold, state: HoldState, now: int) -> None:
    """The hold is over, and what was said because of it. Within the caller's transaction."""
    holds.end(archive.catalogue, hold.id, state, now)
    _over(archive, hold.library, hold.name)


def _over(archive: Archive, library: int, name: str) -> None:
    """Close what was said of entries that are no longer held, and of holds that stand no more."""
    connection, now = archive.catalogue, archive.now()
    for kind in holding.KINDS.values():
        journal.close_by_state(connection, now, kind=kind, library=(library, name), state="held")
    if not holds.standing(connection, library):
        journal.close(connection, now, kinds=[FindingKind.HELD], library=name)
