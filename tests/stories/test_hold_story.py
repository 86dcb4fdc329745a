"""Ana's music folder is emptied by mistake; she is asked, looks, and has it back, or says that it was meant."""

from __future__ import annotations

import pytest

from support.stories import Person


@pytest.fixture
def ana(tmp_path):
    """Five covers, protected, and then all of them gone."""
    found = Person(tmp_path)
    for number in range(5):
        found.puts(f"Nina/{number}.jpg", b"cover %d" % number)
    assert found.types("protect", found.music, "--to", found.home / "red").code == 0
    for path in found.music.rglob("*.jpg"):
        path.unlink()
    return found


def copies(person):
    """What stands at her location."""
    return sorted(path.name for path in (person.home / "red").glob("Music/Nina/*.jpg"))


def test_a_mistake_is_held_listed_and_undone(ana):
    """Four commands, each of which says the next one."""
    told = ana.types("backup")
    (hold, summary) = ana.types("hold", "list", "--json").lines
    listed = ana.types("hold", "list")
    asked = ana.types("status")
    planned = ana.types("hold", "reject", hold["id"])
    assert f"fonoteca hold reject {hold['id']} --apply " in planned.out
    before = list(ana.music.rglob("*.jpg"))
    done = ana.types("hold", "reject", hold["id"], "--apply")

    assert (told.code, listed.code, asked.code, planned.code, done.code) == (7, 0, 7, 0, 0)
    assert ("hold", "Music", 5, "summary") == (
        hold["type"],
        hold["library"],
        hold["entries"],
        summary["type"],
    )
    assert f"fonoteca hold accept {hold['id']}" in told.out + told.err
    assert "fonoteca hold list" in told.out
    assert all(f"fonoteca hold accept {hold['id']}" in each.out for each in (listed, asked))
    assert [] == before
    assert [b"cover %d" % number for number in range(5)] == [
        path.read_bytes() for path in sorted(ana.music.rglob("*.jpg"))
    ]
    assert ana.types("backup").code == 0
    assert len(copies(ana)) == 5


def test_what_was_meant_is_accepted_and_kept_as_versions(ana):
    """She did clear the folder out: the mirror follows, and the bytes stay for a year."""
    ana.types("backup")
    hold = ana.types("hold", "list", "--json").lines[0]["id"]
    accepted = ana.types("hold", "accept", hold)
    again = ana.types("hold", "accept", hold)
    after = ana.types("backup")

    assert (accepted.code, again.code, after.code) == (0, 2, 0)
    assert "has ended" in again.err
    assert "retired: 5 files gone from the library, kept as versions" in after.out
    assert [] == copies(ana)
    assert len(list((ana.home / "red").glob(".fonoteca/versions/*/*"))) == 5
