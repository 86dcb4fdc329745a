"""Giving staged files their names at a server: new ones never replace, superseding keeps the old, both all at once.

SFTP's own rename never replaces (OpenSSH: link, then unlink); posix-rename does, in one step.

Where the connection breaks off, nobody knows what was still done. What is staged has one name: in `incoming/` before,
its key afterwards. So a further `run` looks there, and goes on from what it finds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fonoteca.core.place import Key, Stat
from fonoteca.disk.folders import split
from fonoteca.errors import Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome, Staged
from fonoteca.locations.keys import MOVING
from fonoteca.locations.same import same_bytes
from fonoteca.locations.sftp import packets
from fonoteca.locations.sftp.stat import object_stat
from fonoteca.locations.sftp.wire import NO_SUCH_FILE, Refusal

if TYPE_CHECKING:
    from fonoteca.locations.sftp.open import OpenSftp


class Publishing:
    """One call of `publish`. `left`: names in `incoming/`, from which what is published goes."""

    def __init__(self, place: OpenSftp, left: dict[bytes, None]) -> None:
        self.place = place
        self.remote = place.remote
        self.left = left
        self.failed: dict[int, LocationError] = {}
        """By `id` of the item."""
        self.stood: set[int] = set()
        """Items that have their names, by `id`."""
        self._tries = 0

    def run(self, items: list[Staged]) -> list[Outcome]:
        """Publish all; an outcome for each, in order. Raises LocationError for what is about the place.

        After Lost it may be called again, with the same items.
        """
        for item in items:
            if isinstance(item.token, Refused):
                self.failed[id(item)] = item.token
        self._tries += 1
        if self._tries > 1:
            self._look([item for item in items if self._is_open(item)])
        self._add([item for item in items if item.over is None])
        for item in items:  # one by one: two of them may share the version that both supersede
            if item.over is not None and self._is_open(item):
                self._try(item, self._supersede)
        stood = [item for item in items if self._is_fine(item)]
        self.remote.flush(one_a_folder([*(item.key for item in stood), *self._kept_names(stood)]))
        return self._outcomes(items, stood)

    def _is_fine(self, item: Staged) -> bool:
        return id(item) not in self.failed

    def _is_open(self, item: Staged) -> bool:
        return self._is_fine(item) and id(item) not in self.stood

    def _look(self, items: list[Staged]) -> None:
        """What of these has its name since an earlier try."""
        self.remote.forget_folders()
        staged = self.remote.lstats([item.token for item in items])
        named = self.remote.lstats([item.key for item in items])
        for item, before, after in zip(items, staged, named, strict=True):
            if before is None and after is not None and after.size == item.size:
                if item.over is not None:
                    self._forget_aside(item)
                self._stands(item)

    def _stands(self, item: Staged) -> None:
        self.stood.add(id(item))
        self.left.pop(item.token, None)

    def _outcomes(self, items: list[Staged], stood: list[Staged]) -> list[Outcome]:
        stats: dict[int, Stat | None] = {}
        for item, found in zip(stood, self.remote.lstats([item.key for item in stood]), strict=True):
            stats[id(item)] = object_stat(found)
        return [Outcome(item.key, self.failed.get(id(item)), stats.get(id(item))) for item in items]

    def _kept_names(self, items: Iterable[Staged]) -> list[bytes]:
        return [item.keep for item in items if item.keep is not None]

    def _try(self, item: Staged, act: object) -> None:
        assert callable(act)
        try:
            act(item)
        except (Conflict, Refused) as error:
            self.failed[id(item)] = error

    # new names

    def _add(self, items: list[Staged]) -> None:
        items = [item for item in items if self._is_open(item)]
        for item in items:
            self._try(item, lambda each: self.remote.make_folders(split(each.key)[0]))
        items = [item for item in items if self._is_fine(item)]
        items = self._free(items)
        for item, refused in zip(items, self.remote.renames([(i.token, i.key) for i in items]), strict=True):
            if refused is not None:
                self._try(item, lambda each, why=refused: self._add_otherwise(each, why))
            if self._is_fine(item):
                self._stands(item)

    def _free(self, items: list[Staged]) -> list[Staged]:
        """Those whose names nothing has. Some servers' rename replaces, so this is asked before."""
        found = self.remote.many(
            [item.key for item in items],
            lambda ask, key: ask.send(packets.LSTAT, packets.string(self.remote.path(key))),
            lambda ask, number: ask.attributes(number),
        )
        free = []
        for item, each in zip(items, found, strict=True):
            if not isinstance(each, Refusal):
                self.failed[id(item)] = Conflict(self.place.name, item.key, "stands there already")
            elif each.code == NO_SUCH_FILE:
                free.append(item)
            else:
                self._try(item, lambda one, why=each: self._raise(why, one.key))
        return free

    def _raise(self, refusal: Refusal, key: bytes) -> None:
        raise self.remote.meant(refusal, key)

    def _add_otherwise(self, item: Staged, refused: Refusal) -> None:
        """A plain rename failed: the folder went meanwhile, or the disk over there knows no hard links."""
        if self.remote.lstat(item.key) is not None:
            raise Conflict(self.place.name, item.key, "stands there already")
        self.remote.forget_folders()
        self.remote.make_folders(split(item.key)[0])
        again = self.remote.renames([(item.token, item.key)])[0]
        if again is not None and self.remote.has(packets.POSIX_RENAME):
            again = self.remote.renames([(item.token, item.key)], over=True)[0]
        if again is not None:
            raise self.remote.meant(again, item.key)

    # superseding

    def _supersede(self, item: Staged) -> None:
        kept = item.keep or self._aside(item)
        if self._tries > 1 and self._was_put_aside(item, kept):
            self._by_second_rename(item, kept)
        else:
            self._expect(item)
            self._replace(item)
        self._forget_aside(item)
        self._stands(item)

    def _replace(self, item: Staged) -> None:
        if item.keep is not None and not self._keep(item):
            self._by_two_renames(item, item.keep)
        elif self.remote.has(packets.POSIX_RENAME):
            self._done(item, self.remote.renames([(item.token, item.key)], over=True)[0])
        else:
            self._by_two_renames(item, self._aside(item))

    def _aside(self, item: Staged) -> Key:
        """Where what stands is put for a moment, by a server that replaces nothing: a name for this item alone."""
        folder, number = split(item.token)
        return Key(MOVING + b"/" + split(folder)[1] + b"-" + number)

    def _forget_aside(self, item: Staged) -> None:
        if not self.remote.has(packets.POSIX_RENAME):
            self.remote.removes([self._aside(item)])

    def _was_put_aside(self, item: Staged, kept: Key) -> bool:
        """Cut off between two renames: the old has its new name, and the new has not yet its own."""
        return self.remote.lstat(item.key) is None and self.remote.lstat(kept) is not None

    def _expect(self, item: Staged) -> None:
        found = object_stat(self.remote.lstat(item.key))
        if found is None or found.stamp != item.over:
            raise Conflict(self.place.name, item.key, "is not what it was when this was decided")

    def _keep(self, item: Staged) -> bool:
        """Give the old its second name, durable before its key is taken; False where it has to be moved there."""
        assert item.keep is not None
        self.remote.make_folders(split(item.keep)[0])
        if self.remote.lstat(item.keep) is not None:
            if not same_bytes(self.place.read(item.key), self.place.read(item.keep)):
                raise Conflict(
                    self.place.name, item.keep, "holds other bytes than the version to be kept there"
                )
            return True
        if not self.place.traits.hard_links or self.remote.links([(item.key, item.keep)])[0] is not None:
            return False
        self.remote.flush([item.keep])
        return True

    def _by_two_renames(self, item: Staged, keep: Key) -> None:
        self.remote.make_folders(split(keep)[0])
        refused = self.remote.renames([(item.key, keep)])[0]
        if refused is not None:
            raise self.remote.meant(refused, item.key)
        self._by_second_rename(item, keep)

    def _by_second_rename(self, item: Staged, keep: Key) -> None:
        self.remote.flush([keep])
        refused = self.remote.renames([(item.token, item.key)])[0]
        if refused is not None:
            self.remote.renames([(keep, item.key)])  # the old back under its name: nothing has happened
        self._done(item, refused)

    def _done(self, item: Staged, refused: Refusal | None) -> None:
        if refused is not None:
            raise self.remote.meant(refused, item.key)


def one_a_folder(names: Iterable[bytes]) -> list[bytes]:
    """The last of each folder: its flush takes the journal with it up to all the others."""
    return list({split(name)[0]: name for name in names}.values())
