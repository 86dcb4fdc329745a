"""What a scan may say about what it did not see, and what it need not read again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from fonoteca.archive import Access, Archive
from fonoteca.core.event import Phase, Scanned
from fonoteca.core.finding import FindingKind
from fonoteca.core.report import ExitCode
from fonoteca.tasks import backup, setup
from support.archives import Home, Ran, ran
from support.disks import disk

HOUR_NS = 3600 * 1_000_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive of three files, backed up."""
    made = Home(tmp_path)
    made.write("Nina/cover.jpg", b"cover")
    made.write("Nina/back.jpg", b"back")
    made.write("notes.txt", b"notes")
    made.backup()
    return made


def later(home: Home) -> Ran:
    """A backup that runs an hour from now, so that no recorded time is too young to be trusted."""
    with Archive.open(home.config, Access.WRITE, now=lambda: time.time_ns() + HOUR_NS) as archive:
        return ran(backup.backup(archive))


def states(home: Home) -> dict[bytes, str]:
    """Name → state of every entry."""
    return {bytes(name): str(state) for name, state in home.ask("SELECT name, state FROM entries")}  # type: ignore[arg-type]


def scanned(result: Ran) -> Scanned:
    """The one library's figures."""
    (found,) = (event for event in result.events if isinstance(event, Scanned))
    return found


def phases(result: Ran) -> set[str]:
    """What a run did, by its phases."""
    return {event.name for event in result.events if isinstance(event, Phase)}


def test_a_file_that_is_gone_is_said_and_its_copy_stays(home: Home) -> None:
    """Nothing is ever removed: a deletion by mistake is found before it spreads."""
    (home.base / "music/notes.txt").unlink()

    result = home.scan()

    assert [b"notes.txt"] == [each.path for each in result.found(FindingKind.GONE)]
    assert "gone" == states(home)[b"notes.txt"]
    assert (home.place() / "music/notes.txt").exists()


def test_what_is_newly_excluded_is_not_gone(home: Home) -> None:
    """A line in the config is no deletion."""
    config = Path(home.config_path)
    config.write_text(config.read_text().replace("[library.music]", '[library.music]\nexclude = ["Nina/**"]'))

    result = home.scan()

    assert {b"cover.jpg": "excluded", b"back.jpg": "excluded", b"notes.txt": "present"} == states(home)
    assert [] == result.found(FindingKind.GONE)
    assert ExitCode.INCOMPLETE == result.code


def test_a_folder_that_cannot_be_listed_makes_nothing_gone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unreadable today is not deleted today; the run is incomplete and goes on."""
    scandir = os.scandir

    def refuse(path: object) -> object:
        if isinstance(path, bytes) and path.endswith(b"/Nina"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", refuse)

    result = home.scan()

    assert (ExitCode.INCOMPLETE, [b"Nina"]) == (
        result.code,
        [each.path for each in result.found(FindingKind.UNREADABLE)],
    )
    assert {"present"} == set(states(home).values())
    assert not scanned(result).complete


def test_a_disk_mounted_inside_a_library_that_is_away_makes_nothing_gone(tmp_path: Path) -> None:
    """Its empty mount point is listed completely, and still says nothing about the music on that disk."""
    with disk(tmp_path, "nas") as nas:
        home = Home(tmp_path)
        home.write("notes.txt", b"notes")
        inside = home.base / "music" / "nas"
        inside.mkdir()
        subprocess.run(["mount", "--bind", nas.mount_point, inside], check=True)
        try:
            home.write("nas/album/cover.jpg", b"cover")
            shutil.rmtree(inside / "lost+found", ignore_errors=True)
            assert ExitCode.DONE == home.backup().code
        finally:
            subprocess.run(["umount", inside], check=True)

        result = home.backup()

        assert ExitCode.INCOMPLETE == result.code
        assert [b"nas"] == [each.path for each in result.found(FindingKind.NOT_SEEN)]
        assert [] == result.found(FindingKind.GONE)
        assert "present" == states(home)[b"cover.jpg"]


def test_a_library_copied_to_a_new_disk_is_not_read_again_at_once(tmp_path: Path) -> None:
    """Every inode and ctime differ, every size and mtime is equal: a terabyte need not be read today."""
    home = Home(tmp_path)
    for number in range(30):
        home.write(f"album/{number:02}.jpg", b"picture %d" % number)
    later(home)
    later(home)
    (home.base / "music").rename(home.base / "old")
    shutil.copytree(home.base / "old", home.base / "new", symlinks=True)
    setup.library_adopt(home.config_path, "music", os.fsencode(home.base / "new"))

    result = later(home)

    assert (30, 0, 0) == (scanned(result).touched, scanned(result).new, scanned(result).gone)
    assert not {"read", "copy"} & phases(result)
    assert 30 == len(states(home))


def test_a_few_touched_files_are_read_again(tmp_path: Path) -> None:
    """A rename or chmod of one file is no new disk: its bytes are looked at."""
    home = Home(tmp_path)
    for number in range(30):
        home.write(f"album/{number:02}.jpg", b"picture %d" % number)
    later(home)
    os.chmod(home.base / "music/album/07.jpg", 0o600)

    result = later(home)

    assert (1, ExitCode.DONE) == (scanned(result).touched, result.code)
    assert "copy" in phases(result)
