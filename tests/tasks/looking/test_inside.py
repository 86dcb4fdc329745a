"""Damage inside a file is told by the first scan that sees it, once, and stops nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.catalogue import analyses, sounds
from fonoteca.core.event import Copied
from fonoteca.core.finding import FindingKind
from fonoteca.core.judgement import Overall, judge
from fonoteca.core.report import ExitCode
from fonoteca.tasks.hold import accept
from fonoteca.tasks.show import show
from fonoteca.tasks.status import status
from support.archives import Home
from support.audio import SUFFIX, make_audio
from support.faults import cut_short, flip_bit

INSIDE = FindingKind.DAMAGED_INSIDE


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive whose library has one whole FLAC."""
    home = Home(tmp_path)
    make_audio("flac", tmp_path / "music/whole.flac", seconds=1)
    return home


def damaged(home: Home, family: str) -> Path:
    """A track with one bit turned over in the middle of its sound; a format without checksums is cut."""
    path = make_audio(family, home.base / "music" / ("bad" + SUFFIX[family]), seconds=1)
    size = path.stat().st_size
    if family in ("flac", "vorbis", "opus"):
        flip_bit(path, size * 2 // 3)
    else:
        cut_short(path, size - 600)
    return path


def open_findings(home: Home) -> list[tuple[str, bytes]]:
    """What is still said."""
    with Archive.open(home.config, Access.READ) as archive:
        return list(archive.catalogue.execute("SELECT kind, path FROM findings WHERE closed_ns IS NULL"))


@pytest.mark.parametrize("family", ["flac", "mp3", "vorbis", "opus", "wav", "aac"])
def test_a_first_backup_reports_damage_says_where_and_copies_it_all_the_same(home: Home, family: str):
    """There is no baseline, but the file carries one; and a poor copy beats none."""
    bad = damaged(home, family)

    done = home.backup()

    (finding,) = done.found(INSIDE)
    assert (bad.name.encode(), False) == (finding.path, finding.repairable)
    assert " at byte " in finding.detail
    assert ExitCode.LOST == done.code
    assert bad.read_bytes() == (home.place() / "music" / bad.name).read_bytes()
    assert 2 == sum(isinstance(event, Copied) for event in done.events)


def test_whole_files_are_no_finding(home: Home):
    """An alarm that cries wolf is turned off."""
    for family in ("mp3", "vorbis", "opus", "wav", "aac", "aiff"):
        make_audio(family, home.base / "music" / ("whole" + SUFFIX[family]), seconds=1)

    done = home.backup()

    assert ([], ExitCode.DONE) == (done.found(), done.code)


def test_damage_is_told_once(home: Home):
    """A second alarm for the same bytes says nothing new."""
    damaged(home, "flac")
    home.backup()

    again = home.backup()

    assert ([], ExitCode.DONE) == (again.found(), again.code)
    assert [("damaged inside", b"bad.flac")] == open_findings(home)


def test_a_content_is_looked_into_once_whatever_its_paths(home: Home):
    """Bytes that are known are not read again; each path is told of."""
    bad = damaged(home, "flac")
    (home.base / "music/a copy.flac").write_bytes(bad.read_bytes())
    first = home.backup()
    (home.base / "music/third.flac").write_bytes(bad.read_bytes())

    second = home.backup()

    assert {b"bad.flac", b"a copy.flac"} == {finding.path for finding in first.found(INSIDE)}
    assert [b"third.flac"] == [finding.path for finding in second.found(INSIDE)]
    looks = [event for event in second.events if getattr(event, "name", "") == "look inside"]
    assert [] == looks


def test_a_finding_ends_when_the_content_is_another(home: Home):
    """Whoever rips the disc again wants to see the end of it."""
    bad = damaged(home, "flac")
    home.backup()
    bad.write_bytes((home.base / "music/whole.flac").read_bytes())

    home.backup()

    assert [] == open_findings(home)


def test_damage_to_a_track_of_which_a_whole_content_is_kept_can_be_put_right(home: Home):
    """The version is what the exit code and `status` speak of."""
    home.backup()
    track = home.base / "music/whole.flac"
    flip_bit(track, 20_000)
    os.utime(track)
    home.backup()
    with Archive.open(home.config, Access.WRITE) as archive:
        accept(archive, "music/whole.flac")  # a write that damaged it is held until somebody wants it so

    done = home.backup()

    assert ([True], ExitCode.REPAIRABLE) == (
        [finding.repairable for finding in done.found(INSIDE)],
        done.code,
    )
    with Archive.open(home.config, Access.READ) as archive:
        judgement = judge(status(archive))
    assert (Overall.DAMAGED, ExitCode.REPAIRABLE) == (judgement.overall, judgement.exit_code)


def test_status_counts_what_is_damaged_inside(home: Home):
    """Nobody may take a faithful copy of a broken file for music."""
    damaged(home, "flac")
    home.backup()

    with Archive.open(home.config, Access.READ) as archive:
        now = status(archive)

    assert (1, 0) == (now.libraries[0].damaged_inside, now.libraries[0].mendable)
    assert any("damaged inside: music/bad.flac: frame" in each for each in now.warnings)


def test_show_says_it_in_plain_words(home: Home):
    """A byte offset for the curious, a sentence for all."""
    damaged(home, "flac")
    home.backup()

    with Archive.open(home.config, Access.READ) as archive:
        bad, whole = show(archive, b"bad.flac"), show(archive, b"whole.flac")

    assert bad["sound"].startswith("It is damaged: frame ")
    assert whole["sound"].startswith("All of its own checks hold: ")
    assert whole["payload"].startswith("flac/1:")
    assert whole["lossless"].startswith("md5:")


def test_a_bare_location_brings_payloads_and_checks_back(home: Home, tmp_path: Path):
    """A lost catalogue must not lose the one baseline that tells an edit from damage."""
    damaged(home, "flac")
    home.backup()
    before = known(home)
    home.lose_catalogue()
    home.lose_snapshots()

    home.adopt(home.place())

    assert before == known(home)
    assert {b"bad.flac", b"whole.flac"} == set(before)
    assert all(row.sound is not None and row.sound_version == 1 for row in before.values())


def test_after_adopting_nothing_is_looked_into_again(home: Home):
    """What a manifest says of a content holds for its bytes."""
    damaged(home, "flac")
    home.backup()
    home.lose_catalogue()
    home.lose_snapshots()
    home.adopt(home.place())

    done = home.backup()

    assert [] == [event for event in done.events if getattr(event, "name", "") == "look inside"]
    assert [b"bad.flac"] == [finding.path for finding in done.found(INSIDE)]


def known(home: Home) -> dict[bytes, analyses.AnalysisRow | None]:
    """What the catalogue knows of each track's inside."""
    with Archive.open(home.config, Access.READ) as archive:
        rows = archive.catalogue.execute("SELECT name, content FROM entries WHERE kind = 'track'").fetchall()
        assert isinstance(sounds.odd(archive.catalogue, 1), list)
        return {name: analyses.get(archive.catalogue, content) for name, content in rows}
