"""Which key an entry has at one location: the recorded one, or a new one that clashes with nothing there."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from fonoteca.catalogue import standing
from fonoteca.catalogue.entries import PATH
from fonoteca.core import naming
from fonoteca.core.place import Key, NamingRule


@dataclass(slots=True)
class Namer:
    """Keys for one library at one location. `location` is the catalogue's number of it."""

    catalogue: sqlite3.Connection
    location: int
    folder: str
    rule: NamingRule
    leaving: bool = False
    """Copies that are about to be moved count as gone from their keys: `wanted` says where they go."""
    _anything_stands: bool = field(init=False)

    def __post_init__(self) -> None:
        self._anything_stands = standing.count(self.catalogue, self.location) > 0
        if self.rule.folds:
            self._learn()

    def key(self, path: bytes, recorded: bytes | None) -> tuple[Key, bool]:
        """The key of the entry `path`, and whether something unrecorded stands under it."""
        key = Key(recorded) if recorded is not None else self._new_key(path)
        if not self._anything_stands:
            return key, False
        return key, standing.stands(self.catalogue, self.location, key)

    def wanted(self, path: bytes) -> Key:
        """The key that the entry `path` should have. The same path gets the same key as long as this lives."""
        return self._new_key(path)

    def _new_key(self, path: bytes) -> Key:
        if not self.rule.folds:
            return naming.to_key(self.folder, path, self.rule)
        owner = self.folder.encode() + b"/" + path

        def taken(fold: bytes) -> bool:
            return standing.owner_of(self.catalogue, self.location, fold) not in (None, owner)

        key = naming.to_key(self.folder, path, self.rule, taken)
        standing.take_fold(self.catalogue, self.location, naming.fold(key, self.rule), owner)
        return key

    def _learn(self) -> None:
        if self.leaving:
            standing.forget_folds(self.catalogue, self.location)
        # Folds follow the interpreter's Unicode version, so they are made anew each run and never stored.
        rows = self.catalogue.execute(
            f"SELECT p.key, {PATH}, l.name FROM copies p JOIN entries e ON e.id = p.entry "
            "JOIN folders f ON f.id = e.folder JOIN libraries l ON l.id = f.library WHERE p.location = ? "
            "AND NOT (? AND p.entry IN (SELECT entry FROM misplaced WHERE location = p.location))",
            (self.location, self.leaving),
        )
        standing.take_folds(
            self.catalogue,
            self.location,
            (
                (naming.fold(Key(key), self.rule), library.encode() + b"/" + path)
                for key, path, library in rows
            ),
        )
