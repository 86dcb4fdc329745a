"""A person's word about a hold: `hold accept` takes what is there now as right.

    accept(archive, "removed-7k2m")

What was removed is retired by the next backup, what was overwritten becomes the recorded content and is sent by it;
what it was stays in its history, and at the locations as a version. The guard begins to count anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fonoteca.archive import Archive
from fonoteca.catalogue import entries, holds, journal
from fonoteca.catalogue.database import transaction
from fonoteca.catalogue.holds import Hold
from fonoteca.core.finding import FindingKind
from fonoteca.core.guard import GuardKind
from fonoteca.core.manifest.lines import HoldState
from fonoteca.core.times import time_text
from fonoteca.errors import UsageError
from fonoteca.tasks import holding

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


@dataclass(frozen=True, slots=True)
class Accepted:
    """A hold that a person ended, and how many entries it stopped."""

    hold: Hold
    entries: int


def said_of(accepted: Accepted) -> list[str]:
    """What a person is told of it."""
    hold = accepted.hold
    what = "will be retired" if hold.kind is GuardKind.REMOVED else "are taken as they are now"
    count = f"{accepted.entries:,} {'entry' if accepted.entries == 1 else 'entries'}"
    return [
        f"The hold {hold.id} has ended: {count} of {hold.name} {what}. `fonoteca backup` brings that to the locations; "
        f"what was stays there as versions."
    ]


def accept(archive: Archive, word: str) -> Accepted:
    """Take what is there now as right; the next backup brings it to the locations. Raises UsageError."""
    hold = named(archive, word)
    stopped = holds.stopped_by(archive.catalogue, hold)
    now = archive.now()
    with transaction(archive.catalogue):
        changed = [] if hold.kind is GuardKind.REMOVED else holds.changed_under(archive.catalogue, hold)
        for each in changed:
            entries.accept(
                archive.catalogue,
                each.entry,
                entries.put_content(archive.catalogue, each.content),
                each.stat,
                trusted=each.trusted,
                read_ns=now,
                verdict=ACCEPTED,
            )
        finish(archive, hold, HoldState.ACCEPTED, now)
    return Accepted(hold, stopped)


def finish(archive: Archive, hold: Hold, state: HoldState, now: int) -> None:
    """The hold is over, and what was said because of it. Within the caller's transaction."""
    connection, library = archive.catalogue, (hold.library, hold.name)
    holds.end(connection, hold.id, state, now)
    for kind in holding.KINDS.values():
        journal.close_by_state(connection, now, kind=kind, library=library, state="held")
    if not holds.standing(connection, hold.library):
        journal.close(connection, now, kinds=[FindingKind.HELD], library=hold.name)
