"""What a backup says about room before it begins: what old contents will take, and what could go instead of new music.

After a mass retag a location keeps every old content beside the new one until `prune` lets it go.
"""

from __future__ import annotations

from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import pending
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.core.event import Event, Planned, Warned
from fonoteca.core.plan.prune import is_worth_saying
from fonoteca.errors import Full, LocationError
from fonoteca.tasks.manifest.recover import folder_of
from fonoteca.tasks.places.opening import Opened
from fonoteca.tasks.prune import prunable


def foresee(archive: Archive, one: Opened, *, part: str = "") -> Iterator[Event]:
    """How much more a location will hold for the sake of what changed files were before, where that is much."""
    files, size = pending.superseded(archive.catalogue, one.row.id, part=part)
    if not size:
        return
    try:
        space = one.place.space()
    except LocationError:
        return  # the transfer meets it again, and says it
    if is_worth_saying(size, space.usable if space is not None else None):
        yield Warned(
            f"{files:,} files were written since. Of those that changed {one.config.name} will keep what they were as "
            f"versions: up to {size:,} bytes stay beside the new ones, until `fonoteca prune` lets them go."
        )


def make_sure_of_room(
    archive: Archive, one: Opened, library: LibraryRow, *, part: str = ""
) -> Iterator[Event]:
    """Say what a location still needs of a library. Raises Full where that does not fit above its reserve, and says
    before which old versions may go there; LocationError when it cannot be asked.
    """
    files, size = pending.needed(archive.catalogue, one.row.id, part=part)
    space = one.place.space()
    folder = folder_of(one.place, library).encode("utf-8", "surrogateescape")
    if files:
        yield Planned(one.config.name, files, size)
    sent = size - pending.standing_bytes(archive.catalogue, one.row.id, folder, part=part)
    if space is not None and sent > space.usable:
        yield from _could_go(archive, one, space.usable, sent)
        raise Full(one.config.name, sent, space.usable)


def _could_go(archive: Archive, one: Opened, usable: int, needed: int) -> Iterator[Event]:
    """Which old versions may go at a location that is about to be called full, if any."""
    dropped = prunable(archive, one.row, usable, needed)
    if dropped:
        size = sum(each.size for each in dropped)
        yield Warned(
            f"At {one.config.name} {len(dropped):,} old versions may go, {size:,} bytes: "
            f"`fonoteca prune {one.config.name}` shows them, with --apply it makes that room."
        )
