"""How much of the libraries a run looks at: everything, or some spots; and what it came by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fonoteca.core.spots import Spot
from fonoteca.tasks.scan import Rests, always_rests


@dataclass(slots=True)
class Extent:
    """Of one run."""

    spots: Mapping[str, Sequence[Spot]] | None = None
    """Where to look, by library; None: everywhere."""
    rests: Callable[[str], Rests] = lambda library: always_rests
    """For each library whether a file in it is still: one that is not is left for another run."""
    papers: bool = True
    """Whether `SHA256SUMS` is brought up to date too."""
    looked_at: dict[str, frozenset[bytes] | None] = field(default_factory=dict)
    """The folders of each library that were looked at, None for all."""

    @property
    def is_whole(self) -> bool:
        """True for a full scan: only then is time taken for what has no haste."""
        return self.spots is None

    def of(self, library: str) -> Sequence[Spot] | None:
        """Where to look in one library; None: everywhere."""
        return None if self.spots is None else self.spots.get(library, ())
