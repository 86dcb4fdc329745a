"""Which folders lie in one another: a copy in its library, a library in its copy, two names for one.

Looks at the raw config, so that it speaks even while other values are wrong. Folders are compared as the file
system sees them: symbolic links and `..` resolved, and by device and inode, which also tells a bind mount and
a name in another case. A folder that does not exist yet is judged by the ones that it will lie in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from fonoteca.config.paths import Base, expand
from fonoteca.config.problems import Complaint, NotUnderstood, dotted, shown

_EXPECTED = {
    "library": "a folder outside of every other library",
    "location": "a folder outside of every library and every other location",
    "archive": "a path outside of every library and every location",
}


@dataclass(frozen=True, slots=True)
class _Spot:
    """A folder that the config names; `chain`: (device, inode) of it and of those around it."""

    path: tuple[str, ...]
    text: str
    real: str
    own: tuple[int, int] | None
    chain: frozenset[tuple[int, int]]

    @property
    def kind(self) -> str:
        return self.path[0]


def overlaps(raw: Mapping[str, Any], catalogue: str, base: Base) -> Iterator[Complaint]:
    """A complaint for each two folders that lie in one another, and two locations on one remote place."""
    spots = [*_spots(raw, "library", base), *_spots(raw, "location", base)]
    for first, second in combinations(spots, 2):
        yield from _clash(first, second)
    memory = _spot(("archive", "catalogue"), catalogue, catalogue)
    for spot in spots:
        if _inside(memory, spot):
            yield _complaint(memory, f"which lies inside {_named(spot)}")
    yield from _twins(raw)


def _spots(raw: Mapping[str, Any], kind: str, base: Base) -> Iterator[_Spot]:
    tables = raw.get(kind)
    for name, table in tables.items() if isinstance(tables, dict) else ():
        if not isinstance(table, dict) or table.get("type", "folder") != "folder":
            continue
        try:
            path = expand(table.get("path"), base)
        except NotUnderstood:
            continue  # said already by the reader of that value
        yield _spot((kind, name, "path"), table["path"], path)


def _spot(path: tuple[str, ...], text: str, absolute: str) -> _Spot:
    real = os.path.realpath(absolute)
    around, above = [], real
    while above != os.path.dirname(above):
        above = os.path.dirname(above)
        around.append(above)
    chain = frozenset(found for found in map(_identity, (real, *around)) if found is not None)
    return _Spot(path, text, real, _identity(real), chain)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None  # not there, or not for us to see: then its name alone speaks
    return found.st_dev, found.st_ino


def _same(a: _Spot, b: _Spot) -> bool:
    return a.real == b.real or (a.own is not None and a.own == b.own)


def _inside(inner: _Spot, outer: _Spot) -> bool:
    below = inner.real.startswith(outer.real.rstrip("/") + "/")
    return below or (outer.own is not None and outer.own in inner.chain)


def _clash(first: _Spot, second: _Spot) -> Iterator[Complaint]:
    """`first` comes before `second` in the config, a library before a location: the later moves."""
    if _same(first, second):
        yield _complaint(second, f"the folder of {_named(first)} too")
    elif _inside(second, first):
        yield _complaint(second, f"which lies inside {_named(first)}")
    elif _inside(first, second):
        yield _complaint(second, f"inside which {_named(first)} lies")


def _complaint(spot: _Spot, relation: str) -> Complaint:
    return Complaint(spot.path, f"{shown(spot.text)}, {relation}", _EXPECTED[spot.kind])


def _named(spot: _Spot) -> str:
    return f"{dotted(spot.path[:-1])} ({shown(spot.text)})"


def _twins(raw: Mapping[str, Any]) -> Iterator[Complaint]:
    """Two locations on one server and folder, one bucket and prefix, or one rclone remote."""
    seen: dict[tuple[str, ...], str] = {}
    tables = raw.get("location")
    for name, table in tables.items() if isinstance(tables, dict) else ():
        address = _address(table) if isinstance(table, dict) else None
        if address is None:
            continue
        if address in seen:
            found = f"the same place as {dotted(('location', seen[address]))}"
            yield Complaint(("location", name), found, "a place of its own for each location")
        seen.setdefault(address, name)


def _address(table: Mapping[str, Any]) -> tuple[str, ...] | None:
    keys = {"sftp": ("host", "port", "path"), "s3": ("endpoint", "bucket", "prefix"), "rclone": ("remote",)}
    kind = table.get("type")
    if not isinstance(kind, str) or kind not in keys:
        return None
    defaults = {"port": 22}
    return (kind, *(str(table.get(key, defaults.get(key, ""))).strip("/") for key in keys[kind]))
