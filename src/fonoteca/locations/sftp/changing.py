"""Moving, retiming and deleting objects at a server: some hundreds at once, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from fonoteca.core.place import OWN, Key, Stat
from fonoteca.disk.folders import split
from fonoteca.errors import Away, Broken, Conflict, Denied, LocationError
from fonoteca.locations.base import Outcome
from fonoteca.locations.keys import checked
from fonoteca.locations.sftp import packets
from fonoteca.locations.sftp.packets import Attributes
from fonoteca.locations.sftp.publishing import one_a_folder
from fonoteca.locations.sftp.stat import object_stat, seconds
from fonoteca.locations.sftp.wire import NO_SUCH_FILE, Refusal

if TYPE_CHECKING:
    from fonoteca.locations.sftp.open import OpenSftp

Pair: TypeAlias = tuple[Key, Key]
T = TypeVar("T")


class Changing:
    """One call that changes some names. What goes wrong with one of them is noted, and the others go on."""

    def __init__(self, place: OpenSftp) -> None:
        self.place = place
        self.remote = place.remote
        self.failed: dict[int, LocationError] = {}
        """By position among what was given."""

    def move(self, pairs: list[Pair]) -> Iterator[Outcome]:
        """Rename each; never replaces. Folders that are left empty are removed."""
        good = self._good(pairs, lambda pair: [checked(self.place.name, key) for key in pair])
        names = [key for index in good for key in pairs[index]]
        found = dict(zip(names, self.remote.lstats(names), strict=True))
        good = self._good(pairs, lambda pair: self._ready(pair, found[pair[0]], found[pair[1]]), good)
        refusals = self.remote.renames([pairs[index] for index in good])
        for index, refused in zip(good, refusals, strict=True):
            if refused is not None:
                self._note(index, lambda pair=pairs[index], why=refused: self._again(pair, why))  # type: ignore[misc]
        stood = [pairs[index] for index in good if index not in self.failed]
        self._tidy(key for key, _ in stood)
        targets = [target for _, target in stood]
        self.remote.flush(one_a_folder(targets))
        yield from self._outcomes([target for _, target in pairs], targets)

    def retime(self, times: list[tuple[Key, int]]) -> Iterator[Outcome]:
        """Give each its mtime (ns since 1970), where the place keeps such."""
        good = self._good(times, lambda each: checked(self.place.name, each[0]))
        keys = [times[index][0] for index in good]
        found = dict(zip(keys, self.remote.lstats(keys), strict=True))
        good = self._good(times, lambda each: self._expect_object(each[0], found[each[0]]), good)
        if self.place.traits.mtime_precision_ns is not None:
            wanted = [(times[index][0], seconds(times[index][1])) for index in good]
            for index, refused in zip(good, self.remote.set_times(wanted), strict=True):
                if refused is not None:
                    self.failed[index] = self._about(refused, times[index][0])
        stood = [times[index][0] for index in good if index not in self.failed]
        self.remote.flush(stood)
        yield from self._outcomes([key for key, _ in times], stood)

    def delete(self, keys: list[Key]) -> Iterator[Outcome]:
        """Have none of them. Folders that become empty are removed."""
        good = self._good(keys, lambda key: checked(self.place.name, key))
        for index, refused in zip(good, self.remote.removes([keys[each] for each in good]), strict=True):
            if refused is not None and refused.code != NO_SUCH_FILE:
                self.failed[index] = self._about(refused, keys[index])
        self._tidy(keys[index] for index in good if index not in self.failed)
        yield from self._outcomes(keys, [])

    # single items

    def _good(
        self, items: list[T], check: Callable[[T], object], among: Iterable[int] | None = None
    ) -> list[int]:
        """Positions of the items that pass."""
        wanted = list(range(len(items)) if among is None else among)
        for index in wanted:
            self._note(index, lambda item=items[index]: check(item))  # type: ignore[misc]
        return [index for index in wanted if index not in self.failed]

    def _note(self, index: int, act: Callable[[], object]) -> None:
        try:
            act()
        except (Broken, Conflict, Denied) as error:
            self.failed[index] = error

    def _ready(self, pair: Pair, found: Attributes | None, standing: Attributes | None) -> None:
        key, target = pair
        if found is None:
            raise Conflict(self.place.name, key, "is not there")
        if standing is not None:
            raise Conflict(self.place.name, target, "stands there already")
        self.remote.make_folders(split(target)[0])

    def _again(self, pair: Pair, refused: Refusal) -> None:
        """A plain rename failed: its target stands since, its folder went, or the disk there knows no hard links."""
        self.remote.forget_folders()
        self._ready(pair, *self.remote.lstats(pair))
        again = self.remote.renames([pair])[0]
        if again is not None and self.remote.has(packets.POSIX_RENAME):
            again = self.remote.renames([pair], over=True)[0]
        if again is not None:
            raise self.remote.meant(refused, pair[1])

    def _expect_object(self, key: Key, found: Attributes | None) -> None:
        if found is None or not found.is_file:
            reason = "is not there" if found is None else "is not a regular file"
            raise Conflict(self.place.name, key, reason)

    def _about(self, refused: Refusal, key: Key) -> LocationError:
        """What is about the place itself is raised."""
        seen = self.remote.meant(refused, key)
        if isinstance(seen, Away):
            raise seen
        return seen

    def _tidy(self, keys: Iterable[bytes]) -> None:
        """Remove the folders that these keys left empty, deepest first."""
        folders = {split(key)[0] for key in keys if not key.startswith(OWN + b"/")} - {b""}
        while folders:
            deepest = max(folders, key=lambda each: each.count(b"/"))
            folders.discard(deepest)
            above = split(deepest)[0]
            if self.remote.remove_folder(deepest) and above:
                folders.add(above)

    def _outcomes(self, keys: list[Key], stood: list[Key]) -> Iterator[Outcome]:
        stats: dict[Key, Stat | None] = dict(
            zip(stood, map(object_stat, self.remote.lstats(stood)), strict=True)
        )
        for index, key in enumerate(keys):
            failed = self.failed.get(index)
            yield Outcome(key, failed, None if failed is not None else stats.get(key))
