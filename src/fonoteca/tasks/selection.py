"""Looking at chosen folders of a library only: what was not looked at is neither gone nor new.

A folder that is not there any more is looked for from the nearest one above that is: its listing shows what went.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from stat import S_ISDIR

from fonoteca.core.entry import RelPath
from fonoteca.core.pattern import Exclusion, join, split
from fonoteca.core.spots import Spot, fewest
from fonoteca.library.scan import Listing, walk

Enter = Callable[[RelPath, int], bool]


@dataclass(slots=True)
class Selection:
    """One pass over `spots` of the library at `root`. `recorded`: the folders that the catalogue knows."""

    root: bytes
    spots: Iterable[Spot]
    recorded: Iterable[bytes]
    listed: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    """Every folder that was looked at, with the names of the folders in it."""

    def walk(self, exclusion: Exclusion, enter: Enter) -> Iterator[Listing]:
        """The listings of all spots, no folder twice. `enter` as for `library.scan.walk`."""
        recorded = frozenset(self.recorded)
        for spot in fewest(standing(self.root, spot) for spot in self.spots):
            if spot.path in self.listed or (spot.path and exclusion.covers(spot.path)):
                continue
            gate = self._gate(spot, recorded, enter)
            for listing in self._walk(spot.path, exclusion, gate):
                self.listed[listing.path] = frozenset(name for name, _ in listing.folders)
                yield listing

    def _walk(self, start: bytes, exclusion: Exclusion, gate: Enter) -> Iterator[Listing]:
        while True:
            try:
                yield from walk(self.root, exclusion, start=start, enter=gate)
                return
            except FileNotFoundError:  # it went just now: what is above shows that
                if not start:
                    raise
                start = standing(self.root, Spot(start, False)).path

    def _gate(self, spot: Spot, recorded: frozenset[bytes], enter: Enter) -> Enter:
        fresh: set[bytes] = set()

        def gate(path: RelPath, device: int) -> bool:
            if path in self.listed:
                return False
            if spot.whole or path == spot.path:
                return enter(path, device)
            if split(path)[0] not in fresh and path in recorded:
                return False
            fresh.add(path)
            return enter(path, device)

        return gate

    def shows_gone(self, path: bytes) -> bool:
        """Whether a recorded folder, not listed itself, was shown not to be there: the nearest one above lacks it."""
        while path:
            above, name = split(path)
            if above in self.listed:
                return name not in self.listed[above]
            path = above
        return False


def standing(root: bytes, spot: Spot) -> Spot:
    """`spot`, or the nearest folder above that is there and is reached through folders alone."""
    reached = b""
    for name in spot.path.split(b"/") if spot.path else ():
        try:
            status = os.lstat(join(root, join(reached, name)))
        except OSError:
            return Spot(reached, False)
        if not S_ISDIR(status.st_mode):
            return Spot(reached, False)
        reached = join(reached, name)
    return spot
