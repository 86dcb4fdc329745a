"""What dies together is not two copies, and a person is told so."""

from __future__ import annotations

from fonoteca.core.sharing import shared


def test_separate_disks_need_no_word():
    """A warning that comes always is read by nobody."""
    told = list(shared({"music": "uuid:1"}, {"red": "uuid:2", "blue": "uuid:3"}))

    assert told == []


def test_a_location_beside_its_library_is_named_with_it():
    """A copy on the disk that dies is gone with the original."""
    (told,) = shared({"music": "uuid:1", "old": "uuid:9"}, {"red": "uuid:1"})

    assert told.startswith("red lies on the same file system as music:")


def test_three_on_one_disk_are_one_sentence():
    """Pairs of pairs would bury the point."""
    (told,) = shared({}, {"a": "uuid:1", "b": "uuid:1", "c": "uuid:1"})

    assert told == "a, b and c lie on one file system: together they count as one copy."
