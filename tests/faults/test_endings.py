"""What is over is no longer said; what is not known to be gone is not called gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3

from fonoteca.core.finding import FindingKind
from fonoteca.tasks.manifest import closing, seal
from support.archives import Home

SECOND = 1_000_000_000


def still_open(home: Home) -> list[str]:
    """Return the kinds of the findings that are not closed."""
    return [kind for (kind,) in home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")]


def test_a_file_that_is_back_is_no_longer_told_as_gone(tmp_path):
    """Gone, then back: over."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"x")
    home.write("b.jpg", b"y")
    home.backup()
    os.rename(path, tmp_path / "aside")
    home.backup()
    os.rename(tmp_path / "aside", path)
    home.backup()

    assert [] == still_open(home)


def test_a_content_that_is_back_is_no_longer_told_as_differing(tmp_path):
    """Held, then as recorded again: the hold and its finding end together."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"abc")
    home.backup()
    home.write("a.jpg", b"abX")
    home.backup()
    home.write("a.jpg", b"abc")
    home.backup()

    assert path.exists()
    assert [("present",)] == home.ask("SELECT state FROM entries")
    assert [] == still_open(home)


def test_a_manifest_that_was_written_anew_is_no_longer_told_as_damaged(tmp_path):
    """The backup that mends it closes the finding."""
    home = Home(tmp_path)
    for number in range(3):
        home.write(f"{number}.jpg", b"x")
        home.backup()
    segment = home.segments()[1]
    data = bytearray(segment.read_bytes())
    data[60] ^= 1
    segment.write_bytes(data)
    home.verify("red")
    assert [FindingKind.MANIFEST_DAMAGED.value] == still_open(home)
    home.backup()

    assert [] == still_open(home)


def test_a_file_that_became_a_link_is_not_incomplete_for_ever(tmp_path):
    """Someone tidied duplicates into links: the file is gone, and that is all."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"x")
    home.write("b.jpg", b"x")
    home.backup()
    path.unlink()
    os.symlink("b.jpg", path)
    home.backup()
    ended = home.backup()

    assert 0 == ended.code, ended.found()


def test_a_mount_point_that_vanished_with_its_mount_counts_nothing_as_gone(tmp_path):
    """An automounter removes the folder too: what lay on another disk is away, not removed."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.write("disk/b.jpg", b"y")
    home.backup()
    with sqlite3.connect(home.catalogue) as connection:
        connection.execute("UPDATE folders SET file_system = 'uuid:another-disk' WHERE path = ?", (b"disk",))
    shutil.rmtree(tmp_path / "music/disk")
    ended = home.backup()

    assert [] == ended.found(FindingKind.GONE)
    assert 1 == len(ended.found(FindingKind.NOT_SEEN))


def test_damage_of_a_manifest_is_not_forgotten_when_a_cut_off_run_is_completed(tmp_path, monkeypatch):
    """`verify` promised that the next backup writes it anew; an intent that stands does not cancel that."""
    home = Home(tmp_path)
    for number in range(3):
        home.write(f"{number}.jpg", b"x")
        home.backup()

    def die(self, lines, full=False):
        raise KeyboardInterrupt

    home.write("cut.jpg", b"x")
    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(seal.Ledger, "seal", die)
        home.backup()
    assert 1 == len(list(home.place().glob(".fonoteca/libraries/*/manifest/*.open.jsonl")))
    sealed = [path for path in home.segments() if not path.name.endswith(".open.jsonl")]
    data = bytearray(sealed[1].read_bytes())
    data[60] ^= 1
    sealed[1].write_bytes(data)
    home.verify("red")
    home.backup()

    assert [] == home.verify("red").found(FindingKind.MANIFEST_DAMAGED)


def test_a_copy_known_to_be_missing_stays_so_when_restating_is_cut_off(tmp_path, monkeypatch):
    """The full segment was sealed, the catalogue not told: reading it again must not make the missing copy good."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.write("b.jpg", b"y")
    home.backup()
    home.exclude("a.jpg")  # so that no run sends it again
    home.backup()
    (home.place() / "music/a.jpg").unlink()
    home.verify("red")
    assert [("missing",), ("good",)] == home.ask("SELECT state FROM copies ORDER BY key")

    def die(*told):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(closing, "SEGMENT_LIMIT", 0)
        patch.setattr(closing.places, "set_chain", die)
        home.backup()
    home.backup()

    assert [("missing",), ("good",)] == home.ask("SELECT state FROM copies ORDER BY key")


def test_a_change_at_the_location_that_was_put_aside_is_over_after_a_clean_verify(tmp_path):
    """Quarantined, replaced, verified: `status` need not warn of it for ever."""
    home = Home(tmp_path)
    home.write("a.jpg", b"one")
    home.backup()
    (home.place() / "music/a.jpg").write_bytes(b"strange")
    home.write("a.jpg", b"two", mtime_ns=1_500_000_000_000_000_000)
    home.backup()
    home.backup()
    assert 0 == home.verify("red").code

    assert [] == still_open(home)
