"""Blobs under `versions/`, and the records that name them: a blob goes when no record of any library names it.

The manifests at the place are asked, of every library there, also of those that another archive keeps. Where one of
them can't be believed as a whole, it may name anything, and nothing goes.
"""

from __future__ import annotations

from collections.abc import Iterable

from fonoteca.core.manifest.lines import Line, MoveStep, OverStep, Pruned, Retired, Superseded
from fonoteca.core.place import Key
from fonoteca.locations.base import OpenLocation
from fonoteca.tasks.manifest.belief import believable
from fonoteca.tasks.manifest.chains import ChainView, library_ids
from fonoteca.tasks.manifest.seal import raise_first


def delete_unnamed(place: OpenLocation, blobs: Iterable[Key]) -> set[Key]:
    """Delete those of `blobs` that no record names; gives the others, which stay. Raises LocationError."""
    asked = set(blobs)
    if not asked:
        return asked
    kept = named(place, asked)
    raise_first(place.delete(sorted(asked - kept)))
    return kept


def named(place: OpenLocation, blobs: set[Key]) -> set[Key]:
    """Those of `blobs` that a record of any library names, or may name. Raises LocationError."""
    found: set[Key] = set()
    for library in library_ids(place):
        found |= _named_by(ChainView.of(place, library), blobs)
    return found


def _named_by(view: ChainView, blobs: set[Key]) -> set[Key]:
    chain = believable(view)
    if chain.faults:
        return set(blobs)
    records: dict[Key, list[Key]] = {}
    for facts in chain.segments:
        for line in view.lines(facts.header.number):
            _note(records, line, blobs)
    return {blob for blob, keys in records.items() if keys} | (_intended(view) & blobs)


def _note(records: dict[Key, list[Key]], line: Line, blobs: set[Key]) -> None:
    if isinstance(line, Superseded | Retired) and line.kept in blobs:
        records.setdefault(line.kept, []).append(line.key)
    elif isinstance(line, Pruned) and line.kept in records:
        left = records[line.kept]
        records[line.kept] = [] if line.key is None else [key for key in left if key != line.key]


def _intended(view: ChainView) -> set[Key]:
    """What a cut-off run was about to keep, or to take back."""
    found: set[Key] = set()
    for number in view.unfinished():
        for line in view.intents(number):
            for step in getattr(line, "steps", ()):
                if isinstance(step, OverStep):
                    found.add(step.keep)
                elif isinstance(step, MoveStep):
                    found |= {step.old, step.new}
    return found
