"""`kill -9` at every changing call of a backup that retires: every content stands somewhere, and is found there."""

from __future__ import annotations

import hashlib
import os
import shutil

import pytest

from fonoteca.core.finding import FindingKind
from fonoteca.core.manifest.replay import replay
from fonoteca.core.manifest.segment import read_sealed
from support import faults
from support.archives import Home, verify_bare

LIES = {FindingKind.MISSING, FindingKind.DAMAGED, FindingKind.UNREADABLE_COPY, FindingKind.MANIFEST_DAMAGED}
OLD_COVER, SAME, STAYS = b"old cover", b"the same in two folders", b"stays"
STAYING = 8


@pytest.fixture
def home(tmp_path):
    """One content that a version holds already, two equal ones, and one that stays."""
    (tmp_path / "home").mkdir()
    found = Home(tmp_path / "home")
    found.write("first.jpg", OLD_COVER)
    for number in range(STAYING):  # so many that the guard has nothing to say
        found.write(f"stays/{number}.jpg", STAYS + b"%d" % number)
    found.backup()
    (found.base / "music" / "first.jpg").unlink()
    found.backup()
    for name in ("second.jpg", "third.jpg", "a/cover.jpg", "b/cover.jpg"):
        found.write(name, OLD_COVER if name == "second.jpg" else SAME if "cover" in name else b"third")
    found.backup()
    for name in ("second.jpg", "third.jpg", "a/cover.jpg", "b/cover.jpg"):
        (found.base / "music" / name).unlink()
    return found


def backup_killed_at(home, number):
    """A backup in a child that dies at its n-th changing call; False when it came to its end before."""
    child = os.fork()
    if child == 0:
        os.environ[faults.KILL_AT] = str(number)
        faults.install_from_environment()
        code = 1
        try:
            code = home.backup().code
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def standing(place):
    """SHA-256 of all that the place keeps for anybody."""
    top = (path for kind in ("music", ".fonoteca/versions") for path in (place / kind).rglob("*"))
    return {hashlib.sha256(path.read_bytes()).digest() for path in top if path.is_file()}


def sealed(place):
    """What the sealed manifest says, all segments together."""
    lines = []
    for segment in sorted(place.glob(".fonoteca/libraries/*/manifest/????????.jsonl")):
        lines += read_sealed([segment.read_bytes()])
    return replay(lines)


def test_a_kill_amid_retiring_loses_nothing_and_the_next_run_completes(home, tmp_path):
    """Between key and blob a content has one name: the intent says which, and nothing is ever called missing."""
    place = home.place()
    everything = standing(place)
    shutil.copytree(home.base, tmp_path / "before", symlinks=True)
    number = 1
    while backup_killed_at(home, number):
        assert everything == standing(place)
        assert set() == {finding.kind for finding in verify_bare(place).found()} & LIES
        assert home.backup().code == 0
        said = sealed(place)
        assert {b"music/stays/%d.jpg" % number for number in range(STAYING)} == set(said.have)
        assert {line.kept for line in said.versions} == {
            os.fsencode(path.relative_to(place)) for path in place.glob(".fonoteca/versions/*/*")
        }
        assert everything == standing(place)
        assert [] == list(place.glob(".fonoteca/libraries/*/manifest/*.open.jsonl"))
        assert [(5,)] == home.ask("SELECT count(*) FROM versions")
        assert [(STAYING,)] == home.ask("SELECT count(*) FROM copies")
        assert [] == verify_bare(place).found()
        assert 0 == home.verify("red").code
        shutil.rmtree(home.base)
        shutil.copytree(tmp_path / "before", home.base, symlinks=True)
        number += 1

    assert number > 15
    assert everything == standing(place)
