"""One file that is to get its old tags, what was written beside it, and whether that is right."""

from __future__ import annotations

from dataclasses import asdict
from typing import NamedTuple

from fonoteca.audio.model import Outcome, Tagged, Unreadable
from fonoteca.catalogue.entries import EntryRow
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.catalogue.past import Was
from fonoteca.core.entry import FileStat
from fonoteca.core.event import Found
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.plan.repair import Bad, Source
from fonoteca.core.plan.retag import Choice
from fonoteca.core.retag import TagSet, differences, tag_set
from fonoteca.disk.replacing import Replacement


class Edit(NamedTuple):
    """A file that is to get its old tags."""

    entry: EntryRow
    was: Was
    choice: Choice
    payload: str
    source: Source | None
    """None: its fields are written into what it is."""
    wanted: Bad


class Staged(NamedTuple):
    """Its new bytes, written beside it. `stat`: of the file that stands there yet."""

    edit: Edit
    new: Replacement
    stat: FileStat
    source: Source | None


def refused(row: LibraryRow, entry: EntryRow, why: str) -> Found:
    """Why nothing, or not all, was done."""
    return Found(Finding(FindingKind.NOT_RESTORED, why, row.name, None, entry.path))


def doubt(staged: Staged, tags: TagSet | None, outcome: Outcome | None) -> str | None:
    """Why what was written does not count: another sound, or other `tags`. None: it is as it should be."""
    edit = staged.edit
    sound = outcome.sound if isinstance(outcome, Tagged | Unreadable) else None
    payload = str(sound.payload) if sound is not None else "it could not be looked into"
    if payload != edit.payload:
        detail = f"the sound of what was written is another one: expected {edit.payload}, found {payload}"
        return f"{detail}; it was left as it is"
    if tags is None:
        return None
    found = (
        tag_set(outcome.tags, [asdict(each) for each in outcome.pictures])
        if isinstance(outcome, Tagged)
        else None
    )
    wrong = [each.field for each in differences(found, tags)] if found is not None else ["all"]
    if not wrong:
        return None
    return f"these fields did not come out as they were: {', '.join(wrong)}; it was left as it is"
