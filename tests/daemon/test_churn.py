"""Whatever happens in a library, in whatever order: when it is quiet, the locations hold what it holds."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from fonoteca.daemon.work import Scan
from support.archives import Home, tree
from support.keepers import keeper

ALBUMS = [b"Nina", b"Nina/Blues", b"Bill", b"\xff odd\n", b"Bill/deep/er"]
OPERATIONS = 1000


class Churn:
    """A person, a ripper and a tagger at once."""

    def __init__(self, home: Home, seed: int) -> None:
        self.root = os.fsencode(home.base / "music")
        self.chance = random.Random(seed)

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


@pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")
@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_operations_and_then_quiet(tmp_path: Path, seed: int) -> None:
    """Every file of the library is at the location, under its name and with its bytes, with no scan but the first.

    What was deleted stays there, and so may a file that is held: its old bytes are kept until a person says so.
    """
    home = Home(tmp_path)
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
        held = {bytes(path) for (path,) in home.ask("SELECT e.name FROM entries e WHERE e.state = 'held'")}

        wrong = {path for path, data in own.items() if copied.get(path) != data}
        assert set() == {path for path in wrong if os.path.basename(path) not in held}
        assert len(held) <= len(own) // 10
        assert 1 == len(one.did(Scan))
        assert not [each for each in one.outcomes if each.error]
