"""Findings that are over."""

from __future__ import annotations

from pathlib import Path

from fonoteca.core.finding import FindingKind
from support.archives import OLD, Home

SECOND = 1_000_000_000


def still_open(home: Home) -> list[str]:
    """Return the kinds of findings that are not closed."""
    return [
        str(kind) for (kind,) in home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL ORDER BY id")
    ]


def test_tags_that_cannot_be_read_are_over_when_the_file_is_another(tmp_path: Path) -> None:
    """Replaced by a better rip, or gone back to bytes that were read before."""
    home = Home(tmp_path)
    home.write("a.flac", b"fLaC" + bytes(50))
    home.scan()
    inside = [FindingKind.TAGS_UNREADABLE.value, FindingKind.DAMAGED_INSIDE.value]
    assert inside == still_open(home)
    home.scan()
    assert inside == still_open(home)
    (tmp_path / "music/a.flac").unlink()
    home.scan()

    assert [FindingKind.GONE.value] == still_open(home)


def test_something_in_the_way_of_a_copy_is_over_when_nothing_wants_the_name_any_more(tmp_path: Path) -> None:
    """The library's file was removed: nobody tries to copy it, so nothing is in its way."""
    home = Home(tmp_path)
    (home.place() / "music").mkdir()
    (home.place() / "music/a.jpg").write_bytes(b"another")
    path = home.write("a.jpg", b"mine")
    home.backup()
    assert [FindingKind.DIFFERS.value] == still_open(home)
    path.unlink()
    home.backup()

    assert [FindingKind.GONE.value] == still_open(home)


def test_something_in_the_way_at_a_location_that_took_no_part_is_not_over(tmp_path: Path) -> None:
    """What nobody looked at is as it was."""
    home = Home(tmp_path, ("red", "blue"))
    (home.place() / "music").mkdir()
    (home.place() / "music/a.jpg").write_bytes(b"another")
    home.write("a.jpg", b"mine")
    home.backup()
    home.place().rename(tmp_path / "away")
    home.backup()

    assert [FindingKind.DIFFERS.value] == still_open(home)


def test_a_file_that_is_gone_stays_told(tmp_path: Path) -> None:
    """Only what is back is over."""
    home = Home(tmp_path)
    path = home.write("a.jpg", b"x")
    home.write("b.jpg", b"y")
    home.backup()
    path.unlink()
    home.backup()
    home.write("b.jpg", b"z", mtime_ns=OLD + SECOND)
    home.backup()

    assert [FindingKind.GONE.value] == still_open(home)
