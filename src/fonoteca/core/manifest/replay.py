"""What a location holds, from its lines: the meaning of each op, held in memory.

For tests, small places and as the reference; a large manifest is loaded into the catalogue instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fonoteca.core.entry import RelPath
from fonoteca.core.manifest.lines import (
    Done,
    Folder,
    Happened,
    Have,
    Held,
    Intent,
    Line,
    Link,
    Moved,
    Pruned,
    Retired,
    Segment,
    Superseded,
    Tags,
)
from fonoteca.core.place import Key


@dataclass(slots=True)
class Holdings:
    """The state after some lines of one library. It is filled line by line, so it is not frozen."""

    have: dict[Key, Have] = field(default_factory=dict)
    versions: list[Superseded | Retired] = field(default_factory=list)
    folders: set[RelPath] = field(default_factory=set)
    links: dict[RelPath, bytes] = field(default_factory=dict)
    tags: dict[tuple[bytes, int], Tags] = field(default_factory=dict)
    journal: list[Happened] = field(default_factory=list)
    holds: dict[str, Held] = field(default_factory=dict)
    unfinished: dict[str, Intent] = field(default_factory=dict)
    """Intents without their `Done`: what they name is neither missing nor recorded."""


def replay(lines: Iterable[Line]) -> Holdings:
    """The holdings after `lines`, which may run over several segments in their order."""
    holdings = Holdings()
    for line in lines:
        if isinstance(line, Segment) and line.full:
            holdings = Holdings()
        _apply(holdings, line)
    return holdings


def _apply(holdings: Holdings, line: Line) -> None:
    match line:
        case Have():
            holdings.have[line.key] = line
        case Moved():
            _move(holdings, line)
        case Superseded():
            holdings.versions.append(line)
        case Retired():
            holdings.have.pop(line.key, None)
            holdings.versions.append(line)
        case Pruned():
            holdings.versions = [kept for kept in holdings.versions if not _names(line, kept)]
        case Tags():
            holdings.tags[line.sha256, line.size] = line
        case Happened():
            holdings.journal.append(line)
        case Held():
            holdings.holds[line.id] = line
        case Intent():
            holdings.unfinished[line.batch] = line
        case Done():
            holdings.unfinished.pop(line.batch, None)
        case Folder() | Link():
            _note(holdings, line)
        case _:  # segment lines, seals and what a newer version says hold nothing by themselves
            pass


def _move(holdings: Holdings, line: Moved) -> None:
    held = holdings.have.pop(line.old, None)
    if held is not None:
        holdings.have[line.new] = held._replace(key=line.new, path=line.path)


def _names(pruned: Pruned, kept: Superseded | Retired) -> bool:
    return kept.kept == pruned.kept and pruned.key in (None, kept.key)


def _note(holdings: Holdings, line: Folder | Link) -> None:
    match line:
        case Folder(gone=True):
            holdings.folders.discard(line.path)
        case Folder():
            holdings.folders.add(line.path)
        case Link(gone=True):
            holdings.links.pop(line.path, None)
        case Link():
            holdings.links[line.path] = line.target
