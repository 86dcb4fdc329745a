"""Where good copies of something bad are: what is recorded of them, what is here, and what each is called."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fonoteca.archive import Archive
from fonoteca.catalogue import libraries, places, remedies
from fonoteca.catalogue.libraries import LibraryRow
from fonoteca.config.model import LibraryConfig
from fonoteca.core.pattern import join
from fonoteca.core.plan.repair import Bad, Source, best_first
from fonoteca.errors import LibraryError
from fonoteca.tasks.mending.supply import Supply, Tried
from fonoteca.tasks.places.opening import Opened

ITSELF = "the library itself"


@dataclass(slots=True)
class Origins:
    """Of one repair. `opened`: locations by the catalogue's number; `source`: only from the one of this name."""

    archive: Archive
    opened: Mapping[int, Opened]
    source: str | None
    own: dict[str, bytes] = field(default_factory=dict)
    """Folders of the libraries that are there, and may serve, by name."""

    def supply(self) -> Supply:
        """What can be read now; asked once, when all is open."""
        places = {
            number: one.place for number, one in self.opened.items() if self.source in (None, one.config.name)
        }
        for config in self.archive.config.libraries.values() if self.source is None else ():
            try:
                row = self.library(config)
            except LibraryError:
                continue  # one that is away is no source; it was not asked for
            if row is not None:
                self.own[config.name] = config.path
        return Supply(places, self.own, self.of, self.archive.pause_point)

    def of(self, bad: Bad) -> list[Source]:
        """Every copy of what something bad should hold, best first; also those that are not here."""
        nearness = {number: int(one.config.offsite) for number, one in self.opened.items()}
        found = remedies.sources_of(self.archive.catalogue, bad.sha256, bad.entry)
        return best_first([each for each in found if self._may_stand(each, bad)], nearness)

    def _may_stand(self, source: Source, bad: Bad) -> bool:
        """False for a library's file that is not there any more, or of another size: that costs one look."""
        folder = self.own.get(source.library)
        if source.location is not None or folder is None:
            return True
        try:
            return os.lstat(join(folder, source.key)).st_size == bad.size
        except OSError:
            return False

    def name(self, source: Source) -> str:
        """What a source is called."""
        if source.location is None:
            return ITSELF
        names = {row.id: row.name for row in places.every(self.archive.catalogue)}
        return names[source.location]

    def library(self, config: LibraryConfig) -> LibraryRow | None:
        """What is known of a library that is there; None where nothing is. Raises LibraryError."""
        if libraries.by_name(self.archive.catalogue, config.name) is None:
            return None
        return self.archive.library(config)[0]


def without(sources: list[Source], tried: Sequence[Tried]) -> list[Source]:
    """`sources` but for those that were read and are no good."""
    failed = {(each.source.kind, each.source.location, each.source.key) for each in tried}
    return [each for each in sources if (each.kind, each.location, each.key) not in failed]
