"""A restore drill: what would come back if it had to."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.archive import Access, Archive
from fonoteca.core.finding import FindingKind
from fonoteca.core.pattern import matches, pattern
from fonoteca.core.report import ExitCode
from fonoteca.tasks.drill import drill, literal
from support.archives import Home, Ran, flip_byte, ran


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive with odd names, backed up."""
    made = Home(tmp_path)
    made.fill()
    made.write(b"odd/[x]*?.jpg", b"brackets")
    made.backup()
    return made


def drilled(home: Home, files: int = 200) -> Ran:
    """A drill of so many draws."""
    with Archive.open(home.config, Access.WRITE) as archive:
        return ran(drill(archive, Random(4), files=files))


def test_a_sample_comes_back(home: Home) -> None:
    """With any name, and nothing is left of it afterwards."""
    before = set(os.listdir(home.catalogue.parent))

    result = drilled(home)

    assert (ExitCode.DONE, {"written"}) == (result.code, set(result.restored.values()))
    assert b"odd/[x]*?.jpg" in result.restored
    assert before == set(os.listdir(home.catalogue.parent))


def test_a_damaged_copy_is_found(home: Home) -> None:
    """Though the library itself could stand in for it this time."""
    flip_byte(home.place() / "music/Nina Simone/cover.jpg")

    result = drilled(home)

    assert [b"Nina Simone/cover.jpg"] == [each.path for each in result.found(FindingKind.DAMAGED)]
    assert ExitCode.REPAIRABLE == result.code


def test_what_does_not_come_back_is_found(home: Home) -> None:
    """Its only copy is damaged, and the library is gone: that is what a drill is for."""
    flip_byte(home.place() / "music/Nina Simone/cover.jpg")
    (home.base / "music/Nina Simone/cover.jpg").unlink()

    result = drilled(home)

    assert b"Nina Simone/cover.jpg" in {each.path for each in result.found(FindingKind.NOT_RESTORED)}


def test_an_archive_without_copies_has_nothing_to_drill(tmp_path: Path) -> None:
    """And says so."""
    assert "nothing yet" in drilled(Home(tmp_path)).said


@given(st.binary(min_size=1, max_size=12).filter(lambda path: b"\0" not in path and path.strip(b"/") == path))
def test_a_literal_pattern_means_its_own_path(path: bytes) -> None:
    """Brackets, stars and bytes that are no text are letters like others."""
    assert matches(pattern(literal(path)), path)
    assert not matches(pattern(literal(path)), path + b"x")
