"""`kill -9` at every changing call of `prune --apply`: no record without its blob, and the next run completes it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import pytest

from support import faults
from support.archives import OLD, Home, verify_bare

DAY = 24 * 3600 * 10**9
START = 1_750_000_000 * 10**9
YOUNG = b"young"


@pytest.fixture
def home(tmp_path):
    """Two libraries that share one old content; another old one, and a young one that stays."""
    (tmp_path / "home").mkdir()
    found = Home(tmp_path / "home", libraries=("music", "books"))
    with open(found.config_path, "a") as file:
        file.write('\n[policy]\nkeep_versions = "4 days"\n')
    for day, shared, own in ((0, b"both", b"old"), (1, b"new", YOUNG), (5, b"new", b"newer")):
        found.now = lambda day=day: START + day * DAY
        for library in ("music", "books"):
            found.write("a.jpg", shared, library, OLD + min(day, 1))
        found.write("b.jpg", own, mtime_ns=OLD + day)
        found.backup()
    found.now = lambda: START + 6 * DAY
    return found


def prune_killed_at(home, number):
    """A prune in a child that dies at its n-th changing call; False when it came to its end before."""
    child = os.fork()
    if child == 0:
        os.environ[faults.KILL_AT] = str(number)
        faults.install_from_environment()
        code = 1
        try:
            code = home.prune(apply=True).code
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def records(place):
    """What the sealed manifests say is kept: library and key of the blob to SHA-256."""
    found = {}
    for segment in sorted(place.glob(".fonoteca/libraries/*/manifest/????????.jsonl")):
        for line in map(json.loads, segment.read_bytes().splitlines()):
            if line["op"] == "superseded":
                found[segment.parts[-3], line["kept"]] = line["sha256"]
            elif line["op"] == "pruned":
                del found[segment.parts[-3], line["kept"]]
    return found


def blobs(place):
    """What lies under `versions/`."""
    return sorted(each.read_bytes() for each in place.glob(".fonoteca/versions/*/*"))


def test_a_kill_leaves_no_record_without_its_blob_and_the_next_run_completes(home, tmp_path):
    """Giving up a version must never cost another one, and leaves nothing behind that nobody knows of."""
    place = home.place()
    shutil.copytree(home.base, tmp_path / "before", symlinks=True)
    assert [b"both", b"old", YOUNG] == blobs(place)
    number = 1
    while prune_killed_at(home, number):
        for (_, key), sha256 in records(place).items():
            assert hashlib.sha256((place / key).read_bytes()).hexdigest() == sha256
        sealed = len(records(place))
        if number % 2:
            home.backup()
            home.now = lambda: START + 6 * DAY + 1
        assert sealed == len(records(place))
        assert home.prune(apply=True).code == 0
        assert [YOUNG] == blobs(place)
        assert 1 == len(records(place))
        assert [(1,)] == home.ask("SELECT count(*) FROM versions")
        assert [] == list(place.glob(".fonoteca/libraries/*/manifest/*.open.jsonl"))
        assert [] == list(place.glob(".fonoteca/incoming/*"))
        assert [] == verify_bare(place).found()
        shutil.rmtree(home.base)
        shutil.copytree(tmp_path / "before", home.base, symlinks=True)
        number += 1

    assert number > 20
    assert [YOUNG] == blobs(place)


def test_a_backup_alone_deletes_what_a_sealed_prune_left(home, tmp_path, monkeypatch):
    """The records are gone: whoever opens the location next sweeps their blobs."""
    from fonoteca.tasks import prune

    def dies(place, found):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(prune, "delete_unnamed", dies)
        with pytest.raises(KeyboardInterrupt):
            home.prune(apply=True)
    left = blobs(home.place())
    home.backup()

    assert left == [b"both", b"old", YOUNG]
    assert blobs(home.place()) == [YOUNG]
