"""Giving staged objects their names at a bucket: new ones never replace, superseding keeps the old.

A server renames nothing. What supersedes is copied over there from `incoming/` (or sent, where it is still held here)
in one step that replaces, after the old was copied to where it is kept.

Our own papers come first: once an intent stands, it says what is under the names that others of the batch have already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fonoteca.core.manifest.layout import QUARANTINE
from fonoteca.core.place import OWN, Key, Stat
from fonoteca.errors import Broken, Conflict, LocationError, Refused
from fonoteca.locations.base import Outcome, Staged
from fonoteca.locations.s3.border import Missing, Unmet
from fonoteca.locations.s3.carrying import copied
from fonoteca.locations.same import same_bytes

if TYPE_CHECKING:
    from fonoteca.locations.s3.batch import S3Batch
    from fonoteca.locations.s3.item import Item


class Publishing:
    """One call of `publish`."""

    def __init__(self, batch: S3Batch) -> None:
        self.batch = batch
        self.place = batch.place
        self.store = batch.store
        self.failed: dict[int, LocationError] = {}
        """By `id` of the staged."""

    def run(self, staged: list[Staged]) -> list[Outcome]:
        """Publish all; an outcome for each, in order. Raises LocationError for what is about the place."""
        for each in staged:
            if isinstance(each.token, Refused):
                self.failed[id(each)] = each.token
        good = [each for each in staged if id(each) not in self.failed]
        papers = [each for each in good if each.over is None and each.key.startswith(OWN)]
        self.place.each(lambda each: self._try(each, self._add), papers)
        self.batch.names.forget()  # the intent stands, if this is its batch
        added = [each for each in good if each.over is None and not each.key.startswith(OWN)]
        for each in added:
            each.token.published = each.token.stands == each.key and each.token.refused is None
        self.place.each(
            lambda each: self._try(each, self._add), [one for one in added if not one.token.published]
        )
        # Two that keep their old under one name go one after the other: the second finds it kept.
        groups: dict[Key, list[Staged]] = {}
        for each in good:
            if each.over is not None:
                groups.setdefault(each.keep or each.key, []).append(each)
        self.place.each(self._supersede_each, list(groups.values()))
        return [self._outcome(each) for each in staged]

    def _outcome(self, staged: Staged) -> Outcome:
        failed = self.failed.get(id(staged))
        return Outcome(staged.key, failed, None if failed is not None else staged.token.stat)

    def _try(self, staged: Staged, act: Callable[[Item], None]) -> None:
        try:
            act(staged.token)
            staged.token.published = True
        except (Conflict, Refused) as error:
            self.failed[id(staged)] = error

    def _add(self, item: Item) -> None:
        self.batch.settle(item)
        if item.stands == item.key:
            return
        if self.store.head(item.key) is not None:
            raise Conflict(self.place.name, item.key, "stands there already")
        self._take_name(item)

    def _take_name(self, item: Item) -> None:
        """Copy it from `incoming/` over its key."""
        assert item.stands is not None
        assert item.stat is not None
        try:
            item.stat = copied(self.store, item.stands, item.key, item.stat)
        except (Missing, Unmet) as error:
            raise Broken(self.place.name, "what was staged there is gone or was changed") from error

    def _supersede_each(self, group: list[Staged]) -> None:
        for each in group:
            self._try(each, self._supersede)

    def _supersede(self, item: Item) -> None:
        key, _, _, over, keep = item.promise
        assert over is not None
        standing = self.store.head(key)
        if standing is None or standing.stamp != over:
            raise Conflict(self.place.name, key, "is not what it was when this was decided")
        if keep is not None:
            self._keep(key, keep, standing)
        if item.held is not None:
            self.batch.settle(item, over=over)
            return
        self.batch.settle(item)
        self._take_name(item)

    def _has_nothing(self, key: Key, keep: Key, standing: Stat) -> bool:
        """True for bad bytes that the server lists and does not have: nothing is lost that could be put aside."""
        return keep.startswith(QUARANTINE) and self.store.head(key) == standing

    def _keep(self, key: Key, keep: Key, standing: Stat) -> None:
        """The old under its second name, before its key is taken."""
        kept = self.store.head(keep)
        if kept is not None:
            if kept.stamp != standing.stamp and not same_bytes(self.place.read(key), self.place.read(keep)):
                raise Conflict(self.place.name, keep, "holds other bytes than the version to be kept there")
            return
        try:
            copied(self.store, key, keep, standing)
        except (Missing, Unmet) as error:
            if self._has_nothing(key, keep, standing):
                return
            raise Conflict(self.place.name, key, "changed while it was put aside") from error
        kept = self.store.head(keep)
        if kept is None or kept.size != standing.size:
            raise Broken(self.place.name, "the server said that it kept the old, and did not")
