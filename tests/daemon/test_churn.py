"""Whatever happens in a library, in whatever order: when it is quiet, the locations hold what it holds."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from fonoteca.daemon.work import Scan
from support.archives import Home, tree
from support.keepers import keeper, settings

ALBUMS = [b"Nina", b"Nina/Blues", b"Bill", b"\xff odd\n", b"Bill/deep/er"]
OPERATIONS = 2000
SEEDS = 5
"""Ten thousand operations in all."""


class Churn:
    """A person, a ripper and a tagger at once."""

    def __init__(self, home: Home, seed: int) -> None:
        self.root = os.fsencode(home.base / "music")
        self.chance = random.Random(seed)
        self.linked: set[int] = set()
        """Inodes that have, or had, several names."""

    def inode(self, path: bytes) -> int:
        """Of a file of the library."""
        return os.stat(self.root + b"/" + path).st_ino

    def _new(self) -> bytes:
        folder = self.root + b"/" + self.chance.choice(ALBUMS)
        if not os.path.isdir(folder):
            os.makedirs(folder)
        return folder + b"/%d.jpg" % self.chance.randrange(40)

    def _some(self) -> bytes | None:
        found = [os.path.join(where, name) for where, _, names in os.walk(self.root) for name in names]
        return self.chance.choice(sorted(found)) if found else None

    def _write(self, path: bytes) -> None:
        with open(path, "wb") as file:
            file.write(self.chance.randbytes(self.chance.randrange(1, 3000)))

    def __call__(self) -> None:
        """One operation."""
        some = self._some()
        kind = self.chance.choice(
            ("new", "new", "new", "write", "rename", "delete", "link", "swap", "folder")
        )
        if some is None or kind == "new":
            self._write(self._new())
        elif kind == "write":
            self._write(some)
        elif kind == "rename":
            os.replace(some, self._new())
        elif kind == "delete":
            os.unlink(some)
        elif kind == "link":
            target = self._new()
            if not os.path.lexists(target):
                os.link(some, target)
                self.linked.add(os.stat(some).st_ino)
        elif kind == "swap":
            self._swap(some, self._some() or some)
        else:
            self._rename_folder()

    def _swap(self, one: bytes, other: bytes) -> None:
        if one != other:
            between = self.root + b"/between"
            os.rename(one, between)
            os.rename(other, one)
            os.rename(between, other)

    def _rename_folder(self) -> None:
        folder = self.root + b"/" + self.chance.choice(ALBUMS)
        target = self.root + b"/moved %d" % self.chance.randrange(6)
        if os.path.isdir(folder) and not os.path.lexists(target):
            os.rename(folder, target)


def files(folder: Path) -> dict[bytes, bytes]:
    """Path to bytes."""
    return {path: data for path, (kind, data, _) in tree(folder).items() if kind == "file"}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_thousands_of_operations_and_then_quiet(tmp_path: Path, seed: int) -> None:
    """When it is quiet, the location holds every file under its name and with its bytes, with no scan but the first; of
    hard links only the name that was written through is told of, so that these may wait for the next one. After that it
    holds exactly what the library holds.
    """
    home = Home(tmp_path)
    settings(
        home, guard={"limit": "off"}
    )  # churn is one mass change; without a hold what is deleted leaves the mirror
    churn = Churn(home, seed)
    with keeper(home) as one:
        one.rest()
        for number in range(OPERATIONS):
            churn()
            if not number % 10:
                one.step(patient=False)
                one.hands.advance(churn.chance.choice((0.1, 1, 15)))
        one.rest()
        own, copied = files(home.base / "music"), files(home.place() / "music")
        stale = {path for path, data in own.items() if copied.get(path) != data}
        assert {path for path in stale if churn.inode(path) not in churn.linked} == set()
        assert ["start"] == [each.work.reason for each in one.did(Scan)]  # type: ignore[union-attr]

        one.hands.advance(7 * 3600)
        one.rest()
        assert own == files(home.place() / "music")
        assert ["start", "schedule"] == [each.work.reason for each in one.did(Scan)]  # type: ignore[union-attr]
        assert not [each for each in one.outcomes if each.error]
        assert one.daemon.lookout.words()["music"].startswith("events")
