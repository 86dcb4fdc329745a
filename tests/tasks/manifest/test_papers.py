"""SHA256SUMS and VERIFY.txt: written for everyone, never over what somebody else wrote there."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from fonoteca.core.finding import FindingKind
from fonoteca.tasks.manifest import papers
from support.archives import Home


def aside(home: Home) -> list[bytes]:
    """Return what lies in quarantine."""
    return [path.read_bytes() for path in home.place().glob(".fonoteca/quarantine/*/*")]


@pytest.mark.parametrize("name", ["SHA256SUMS", "VERIFY.txt"])
def test_what_stood_under_the_name_is_kept_and_said_once(tmp_path: Path, name: str) -> None:
    """Sums of ten years are worth more than ours; they are no damage either."""
    home = Home(tmp_path)
    (home.place() / name).write_bytes(b"my own")
    home.write("a.jpg", b"x")
    first = home.backup()
    home.write("b.jpg", b"y")
    second = home.backup()

    assert ([name.encode()], 0) == ([each.path for each in first.found(FindingKind.PUT_ASIDE)], first.code)
    assert ([], 0) == (second.found(), second.code)
    assert [b"my own"] == aside(home)


def test_our_own_are_written_anew_and_not_kept(tmp_path: Path) -> None:
    """A quarantine full of old sums would hide what matters in it."""
    home = Home(tmp_path)
    for number in range(3):
        home.write(f"{number}.jpg", b"x")
        home.backup()

    assert 3 == len((home.place() / "SHA256SUMS").read_bytes().splitlines())
    assert [] == aside(home)


def test_our_own_is_known_again_after_a_run_that_died_while_writing_it(tmp_path: Path, monkeypatch) -> None:
    """The digest is told before the file gets its name."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    home.write("b.jpg", b"y")

    def die(*told):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(papers, "raise_first", die)  # it stands, and nobody was told
        home.backup()
    home.write("c.jpg", b"z")
    ended = home.backup()

    assert [] == ended.found()
    assert [] == aside(home)


def test_a_name_that_is_taken_by_a_folder_ends_nothing(tmp_path: Path) -> None:
    """The copies stand; only the list of them cannot be written, and is once the folder is gone."""
    home = Home(tmp_path)
    (home.place() / "SHA256SUMS").mkdir()
    home.write("a.jpg", b"x")
    first = home.backup()
    (home.place() / "SHA256SUMS").rmdir()
    second = home.backup()

    assert [] == first.failed
    assert [b"SHA256SUMS"] == [each.path for each in first.found(FindingKind.DIFFERS)]
    assert [] == second.found()
    assert b"music/a.jpg" in (home.place() / "SHA256SUMS").read_bytes()
    assert [] == home.ask("SELECT kind FROM findings WHERE closed_ns IS NULL")


def test_a_damaged_memory_of_what_we_wrote_loses_nothing(tmp_path: Path) -> None:
    """Then nothing there is known to be ours, so all of it is kept."""
    home = Home(tmp_path)
    home.write("a.jpg", b"x")
    home.backup()
    before = (home.place() / "SHA256SUMS").read_bytes()
    (home.place() / ".fonoteca/papers.json").write_bytes(b'["what"')
    home.write("b.jpg", b"y")

    assert 0 == home.backup().code
    assert before in aside(home)
