"""What a backup says about room before it begins: what old contents will take, and what could go instead of new music.

After a mass retag a location keeps every old content beside the new one until `prune` lets it go.
"""

from __future__ import annotations

from collections.abc import Iterator

from fonoteca.archive import Archive
from fonoteca.catalogue import pending
from fonoteca.core.event import Event, Warned
from fonoteca.core.plan.prune import is_worth_saying
from fonoteca.errors import LocationError
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
            f"{one.config.name} will keep what {files:,} changed files were before as versions: up to {size:,} bytes "
            f"stay beside the new ones, until `fonoteca prune` lets them go."
        )


def could_go(archive: Archive, one: Opened, usable: int, needed: int) -> Iterator[Event]:
    """A location is about to be called full: which old versions may go there, if any."""
    dropped = prunable(archive, one.row, usable, needed)
    if dropped:
        size = sum(each.size for each in dropped)
        yield Warned(
            f"At {one.config.name} {len(dropped):,} old versions may go, {size:,} bytes: "
            f"`fonoteca prune {one.config.name}` shows them, with --apply it makes that room."
        )
