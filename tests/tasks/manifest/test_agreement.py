"""Whose memory is newer: catalogue and location, each with a part of the story lost."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from pathlib import Path

import pytest

from fonoteca.core.finding import FindingKind
from fonoteca.core.report import ExitCode
from fonoteca.tasks.manifest import closing, seal
from support.archives import OLD, Home, flip_byte

SECOND = 1_000_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One library at one location."""
    return Home(tmp_path)


def write(home: Home, name: str, *contents: bytes) -> None:
    """Back up one content after the other under one name, each with a later mtime."""
    for number, content in enumerate(contents, start=1):
        home.write(name, content, mtime_ns=OLD + number * SECOND)
        home.backup()


def put_back(home: Home, image: Path, *names: str) -> None:
    """Put folders of the place back to what they were when the image was taken."""
    for name in names:
        shutil.rmtree(home.place() / name)
        shutil.copytree(image / name, home.place() / name, symlinks=True)


def copies_of(home: Home) -> list[tuple[object, ...]]:
    """Digest's first bytes, state and level of all copies, by key."""
    return home.ask(
        "SELECT substr(hex(c.sha256), 1, 8), p.state, p.level FROM copies p "
        "JOIN contents c ON c.id = p.content ORDER BY p.key"
    )


def short(data: bytes) -> str:
    """Digest's first bytes."""
    return hashlib.sha256(data).hexdigest()[:8].upper()


def test_a_copy_of_an_excluded_file_that_a_rollback_took_is_known_to_be_missing(home, tmp_path):
    """What only we know of is not forgotten: it is something to look for."""
    write(home, "a.jpg", b"x")
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    write(home, "b.jpg", b"y")
    home.exclude("b.jpg")  # so that no run sends it again
    home.backup()
    put_back(home, tmp_path / "image", ".fonoteca", "music")
    home.backup()

    assert [(short(b"x"), "good", 2), (short(b"y"), "missing", 0)] == copies_of(home)


def test_a_rolled_back_place_claims_no_more_than_its_listing_shows(home, tmp_path):
    """Copies and versions stand at level size until they are read."""
    write(home, "a.jpg", b"one", b"second")
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    write(home, "b.jpg", b"y")
    put_back(home, tmp_path / "image", ".fonoteca", "music")
    home.backup()

    assert [(2,)] == home.ask("SELECT level FROM versions")
    assert [(2,)] == home.ask("SELECT level FROM copies WHERE key = CAST('music/a.jpg' AS BLOB)")
    assert ExitCode.DONE == home.verify("red").code
    assert 4 <= home.ask("SELECT level FROM versions")[0][0]


def test_a_version_that_a_rollback_took_is_found_missing(home, tmp_path):
    """It was the only place that kept this content."""
    write(home, "a.jpg", b"one", b"two")
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    write(home, "a.jpg", b"three", b"two")
    put_back(home, tmp_path / "image", ".fonoteca", "music")
    found = home.backup().found(FindingKind.MISSING)

    assert (b"a.jpg", False) in [(each.path, each.repairable) for each in found]
    assert {("good", short(b"one")), ("missing", short(b"three"))} <= set(
        home.ask(
            "SELECT v.state, substr(hex(c.sha256), 1, 8) FROM versions v JOIN contents c ON c.id = v.content"
        )
    )


def test_an_older_manifest_beside_newer_music_takes_nothing_for_strange(home, tmp_path):
    """Somebody put lost manifests back from a backup: the newer files are read and taken as the copies they are."""
    write(home, "a.jpg", b"one")
    write(home, "long.jpg", b"one")
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    home.write("a.jpg", b"two", mtime_ns=OLD + 9 * SECOND)
    home.write("long.jpg", b"longer than one", mtime_ns=OLD + 9 * SECOND)
    home.backup()
    put_back(home, tmp_path / "image", ".fonoteca/libraries")
    ended = home.backup()

    assert [FindingKind.ROLLED_BACK] == [each.kind for each in ended.found()]
    assert [] == list(home.place().glob(".fonoteca/quarantine/*/*"))
    assert ["good", "good"] == [state for _, state, _ in copies_of(home)]
    assert ExitCode.DONE == home.verify("red").code


def test_a_rollback_that_verify_has_seen_is_not_told_again(home, tmp_path):
    """The levels that `verify` reached after it stay: the next backup has only to write the manifest anew."""
    write(home, "a.jpg", b"x")
    shutil.copytree(home.place(), tmp_path / "image", symlinks=True)
    write(home, "b.jpg", b"y")
    put_back(home, tmp_path / "image", ".fonoteca", "music")
    home.verify("red")
    ended = home.backup()

    assert [] == ended.found(FindingKind.ROLLED_BACK)
    assert all(level >= 4 for _, _, level in copies_of(home))
    assert ExitCode.DONE == home.backup().code


def test_a_damaged_newest_segment_loses_nothing_that_we_know(home):
    """HEAD is lost too: that is damage and no rollback."""
    write(home, "a.jpg", b"one", b"two")
    before = copies_of(home)
    flip_byte(home.segments()[-1], 40)
    next(home.place().glob(".fonoteca/libraries/*/HEAD")).unlink()
    ended = home.backup()

    assert [FindingKind.MANIFEST_DAMAGED] == [each.kind for each in ended.found()]
    assert before == copies_of(home)
    assert [] == home.verify("red").found()


def test_a_lost_newest_segment_loses_nothing_that_we_know(home):
    """HEAD still names it, as we remember it."""
    write(home, "a.jpg", b"one", b"two")
    before = copies_of(home)
    home.segments()[-1].unlink()
    ended = home.backup()

    assert [FindingKind.MANIFEST_DAMAGED] == [each.kind for each in ended.found()]
    assert before == copies_of(home)


def test_a_chain_of_which_nothing_can_be_believed_is_written_anew(home):
    """A new catalogue meets a location whose every segment is damaged: it goes on, after the numbers that stand."""
    write(home, "a.jpg", b"one")
    for segment in home.segments():
        flip_byte(segment, 40)
    home.lose_catalogue()
    home.lose_snapshots()
    home.adopt(home.place())
    home.backup()

    assert ExitCode.DONE == home.backup().code
    assert ExitCode.DONE == home.verify("red").code


def test_an_intent_is_completed_when_the_seal_of_its_batch_is_damaged(home, monkeypatch):
    """The open segment still stands beside the torn one: bytes decide what happened."""
    write(home, "a.jpg", b"one")

    def die(self, number):
        raise KeyboardInterrupt

    home.write("a.jpg", b"two", mtime_ns=OLD + 9 * SECOND)
    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(seal.Ledger, "_forget_open", die)
        home.backup()
    (torn,) = [
        path.with_name(path.name.replace(".open", "")) for path in home.segments() if b".open" in bytes(path)
    ]
    flip_byte(torn, 40)
    ended = home.backup()

    assert [FindingKind.MANIFEST_DAMAGED] == [each.kind for each in ended.found()]
    assert [(short(b"two"), "good")] == [row[:2] for row in copies_of(home)]
    assert [(1,)] == home.ask("SELECT count(*) FROM versions")


def test_a_compacted_location_that_lost_a_later_segment_keeps_what_the_others_say(
    home, tmp_path, monkeypatch
):
    """Restated since, and one of the segments after that is damaged."""
    write(home, "a.jpg", b"one")
    shutil.copytree(home.catalogue.parent, tmp_path / "yesterday")
    monkeypatch.setattr(closing, "SEGMENT_LIMIT", 0)
    write(home, "a.jpg", b"one", b"two", b"three")
    monkeypatch.setattr(closing, "SEGMENT_LIMIT", 64)
    write(home, "b.jpg", b"b1", b"b2", b"b3")
    flip_byte(home.segments()[-2], 40)
    shutil.rmtree(home.catalogue.parent)
    shutil.copytree(tmp_path / "yesterday", home.catalogue.parent)
    ended = home.backup()

    assert [FindingKind.MANIFEST_DAMAGED] == [each.kind for each in ended.found()]
    assert {short(b"three"), short(b"b3")} == {digest for digest, _, _ in copies_of(home)}
    assert 3 <= home.ask("SELECT count(*) FROM versions")[0][0]
    assert [] == home.verify("red").found(FindingKind.MANIFEST_DAMAGED)


def test_a_time_is_not_set_over_strange_bytes_and_the_next_run_mends_them(home, tmp_path):
    """They are found, and go to quarantine when the right bytes are sent again."""
    write(home, "a.jpg", b"first")
    (home.place() / "music/a.jpg").write_bytes(b"OTHER")
    home.write("a.jpg", b"first", mtime_ns=OLD + 9 * SECOND)
    seen = home.backup()
    mended = home.backup()

    assert ExitCode.REPAIRABLE == seen.code
    assert [FindingKind.DAMAGED] == [each.kind for each in seen.found()]
    assert [FindingKind.CHANGED_AT_LOCATION] == [each.kind for each in mended.found()]
    assert b"first" == (home.place() / "music/a.jpg").read_bytes()
    assert [b"OTHER"] == [path.read_bytes() for path in home.place().glob(".fonoteca/quarantine/*/*")]


def test_a_copy_that_was_only_touched_there_is_read_and_keeps_its_content(home):
    """Another program moved its mtime: the bytes are ours, so it gets its time and a fresh date of verification."""
    write(home, "a.jpg", b"first")
    (home.place() / "music/a.jpg").touch()
    home.write("a.jpg", b"first", mtime_ns=OLD + 9 * SECOND)
    ended = home.backup()

    assert (ExitCode.DONE, []) == (ended.code, ended.found())
    assert OLD + 9 * SECOND == (home.place() / "music/a.jpg").stat().st_mtime_ns
