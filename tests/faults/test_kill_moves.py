"""`kill -9` at any moment of a backup that renames and replaces: every content stands somewhere, and is found there."""

from __future__ import annotations

import hashlib
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from faults.test_kill import PLACES, live_files, run_killed_at_call, subreaper
from fonoteca.core.finding import FindingKind
from fonoteca.core.manifest.lines import Line
from fonoteca.core.manifest.replay import replay
from fonoteca.core.manifest.segment import read_sealed
from fonoteca.tasks.copying import making
from fonoteca.tasks.moving import relocation
from support.archives import OLD, Home, restore_bare, tree, verify_bare

__all__ = ["subreaper"]

ROUNDS = 8
FILES = 16
LIES = {FindingKind.MISSING, FindingKind.DAMAGED, FindingKind.UNREADABLE_COPY, FindingKind.MANIFEST_DAMAGED}


@dataclass
class Lineage:
    """Every content that each file ever had, whatever it was called, and every file that a path was."""

    now: dict[bytes, set[str]] = field(default_factory=dict)
    ever: dict[bytes, list[set[str]]] = field(default_factory=dict)
    clock: int = OLD

    def write(self, home: Home, path: str, data: bytes) -> None:
        """Write a library file in place, later than any before it."""
        self.clock += 1_000_000_000
        home.write(path, data, mtime_ns=self.clock)
        self.bear(os.fsencode(path), self.now.get(os.fsencode(path), set()))
        self.now[os.fsencode(path)].add(hashlib.sha256(data).hexdigest())

    def bear(self, path: bytes, contents: set[str]) -> None:
        """A file has this name from now on."""
        self.now[path] = contents
        self.ever.setdefault(path, []).append(contents)

    def had(self, path: bytes) -> set[str]:
        """Every content of every file that was ever called so."""
        return set().union(*self.ever.get(path, []))


def shuffle(home: Home, truth: Lineage, dice: random.Random) -> None:
    """Rename some files, among themselves and to new names."""
    root = home.base / "music"
    names = sorted(os.fsdecode(path) for path in truth.now)
    chosen = dice.sample(names, dice.randint(1, 8))
    free = [name for name in (f"{dice.randint(0, 9)}/{n:02d}.jpg" for n in range(30)) if name not in names]
    for number, old in enumerate(chosen):
        (root / old).rename(root / f".way-{number}")
    going = [truth.now.pop(os.fsencode(old)) for old in chosen]
    for number, new in enumerate(dice.sample([*chosen, *free[:8]], len(chosen))):
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / f".way-{number}").rename(root / new)
        truth.bear(os.fsencode(new), going[number])


def sealed(place: Path) -> dict[bytes, str]:
    """What the sealed manifest says stands there: key to SHA-256."""
    lines: list[Line] = []
    for segment in sorted(place.glob(".fonoteca/libraries/*/manifest/????????.jsonl")):
        lines += read_sealed([segment.read_bytes()])
    return {key: have.content.sha256.hex() for key, have in replay(lines).have.items()}


def standing(place: Path) -> set[str]:
    """The SHA-256 of everything that the place keeps for anybody."""
    top = (
        path
        for kind in ("music", ".fonoteca/moving", ".fonoteca/versions")
        for path in (place / kind).rglob("*")
    )
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in top if path.is_file()}


def assert_nothing_lost(home: Home, truth: Lineage, scratch: Path) -> None:
    """No name holds what its path never had, and every sealed content is there, to be had without us."""
    for name in PLACES:
        place = home.place(name)
        for path, found in live_files(place).items():
            assert found in truth.had(path), f"{path!r} at {name} holds bytes that it never had"
        assert set(sealed(place).values()) <= standing(place)
        checked = verify_bare(place)
        assert set() == {finding.kind for finding in checked.found()} & LIES, checked.found()
        restore_bare(place, scratch / name)
        back = {
            hashlib.sha256(what[1]).hexdigest() for what in tree(scratch / name).values() if what[0] == "file"
        }
        assert set(sealed(place).values()) <= back | standing(place)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("lanes", ["threads", "processes"])
def test_a_kill_amid_moves_and_edits_loses_nothing_and_the_next_run_completes(
    tmp_path, monkeypatch, subreaper, seed, lanes
):
    """Between two names a file has none: the intent says where it is, and the next start brings it home."""
    dice = random.Random(f"moves {seed} {lanes}")
    monkeypatch.setattr(making, "APART_FILES", 0 if lanes == "processes" else 1 << 30)
    monkeypatch.setattr(relocation, "TOGETHER", 5)
    home, truth = Home(tmp_path, PLACES), Lineage()
    for number in range(FILES):
        truth.write(
            home, f"{number % 3}/{number:02d}.jpg", dice.randbytes(dice.choice((10, 10, 4096, 300_000)))
        )
    assert 0 == home.backup().code
    for turn in range(ROUNDS):
        shuffle(home, truth, dice)
        for path in dice.sample(sorted(live_files(home.base)), 3):
            truth.write(home, os.fsdecode(path), dice.randbytes(dice.choice((10, 4096))))
        run_killed_at_call(home, dice.randint(1, 110))
        assert_nothing_lost(home, truth, tmp_path / f"back-{turn}")
        if dice.random() < 0.4:
            assert_completed_with_moves(home)
    assert_completed_with_moves(home)


def assert_completed_with_moves(home: Home) -> None:
    """The next run brings everything to its end, and leaves nothing on the way."""
    ended = home.backup()

    assert ended.code in (0, 4)
    for name in PLACES:
        place = home.place(name)
        files = {path for path, what in tree(home.base / "music").items() if what[0] == "file"}
        assert live_files(home.base) == live_files(place)
        assert {b"music/" + path for path in files} == set(sealed(place))
        assert [] == list(place.glob(".fonoteca/moving/*"))
        assert [] == list(place.glob(".fonoteca/incoming/*"))
        assert [] == list(place.glob(".fonoteca/libraries/*/manifest/*.open.jsonl"))
        assert 0 == verify_bare(place).code
    assert [] == home.ask("SELECT * FROM misplaced")
