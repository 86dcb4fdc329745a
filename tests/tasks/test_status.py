"""Status says how things are, and never better than that."""

from __future__ import annotations

import os
import shutil

from fonoteca.archive import Access
from fonoteca.catalogue import entries, journal, libraries, places
from fonoteca.core.copy import Level
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.core.judgement import Overall, judge
from fonoteca.core.policy import Policy
from fonoteca.core.status import Presence
from fonoteca.tasks.status import status
from support.remembered import NOW, Remembered


def now(memory):
    """The status, with counts kept as a writer leaves them."""
    with memory.open() as archive:
        return status(archive)


def place(memory, name="red"):
    """The status of one location."""
    return next(each for each in now(memory).locations if each.name == name)


def test_everything_copied_and_read_back_is_safe(tmp_path):
    """The one good word needs all of its conditions."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red", "blue"))
    memory.scanned()

    found = now(memory)

    assert found.wanted_copies == 2
    assert found.libraries[0].copies == ((2, 1),)
    assert judge(found).overall is Overall.SAFE


def test_a_library_that_nobody_scanned_is_not_safe(tmp_path):
    """What was never looked at may hold anything."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red", "blue"))

    assert judge(now(memory)).overall is Overall.INCOMPLETE


def test_locations_on_one_file_system_count_as_one_copy(tmp_path):
    """One dead disk takes both."""
    memory = Remembered(tmp_path, {"red": "uuid:1", "blue": "uuid:1"})
    memory.add(b"a.flac", at=("red", "blue"))

    found = now(memory)

    assert (found.wanted_copies, found.libraries[0].copies) == (1, ((1, 1),))
    assert found.warnings == ("blue and red lie on one file system: together they count as one copy.",)


def test_a_location_beside_its_library_holds_no_copy(tmp_path):
    """The disk that dies takes the original and the copy."""
    memory = Remembered(tmp_path)
    places.put(
        memory.connection,
        "red",
        "red",
        memory.places["red"].identity.__class__(
            memory.places["red"].identity.id, memory.places["red"].identity.nonce, memory.own_file_system
        ),
        memory.places["red"].traits,
        NOW,
    )
    memory.add(b"a.flac", at=("red", "blue"))

    found = now(memory)

    assert (found.wanted_copies, found.libraries[0].copies) == (1, ((1, 1),))


def test_a_mount_inside_the_library_counts_as_its_own_disk(tmp_path):
    """A copy on the disk that holds the original is none, also where that disk is mounted inside the library."""
    memory = Remembered(tmp_path)
    memory.add(b"box/a.flac", at=("red", "blue"))
    libraries.put_folder(memory.connection, memory.library.id, b"box", "uuid:red")

    assert now(memory).libraries[0].copies == ((1, 1),)


def test_an_older_content_is_no_copy_of_the_present_one(tmp_path):
    """After an edit the location lacks the new bytes, though something good stands there."""
    memory = Remembered(tmp_path)
    old = entries.put_content(memory.connection, memory_content(b"old"))
    entry = memory.add(b"a.flac", at=("blue",))
    memory.copy("red", entry, old, b"music/a.flac")

    red = place(memory)

    assert (red.copies, red.bytes, red.missing) == (1, 3, 1)
    assert place(memory, "blue").missing == 0


def memory_content(data):
    """The content of some bytes."""
    from support.remembered import content_of

    return content_of(data)


def test_a_location_is_as_good_as_its_weakest_copy(tmp_path):
    """One copy that was only looked at, and the place is not verified at bytes."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red",), level=Level.MEDIA, verified_ns=NOW - 5)
    memory.add(b"b.flac", at=("red",), level=Level.SIZE, verified_ns=NOW - 9)

    red = place(memory)

    assert (red.level, red.never_verified) == (Level.SIZE, 1)
    assert (red.oldest_verified_ns, red.last_verified_ns) == (NOW - 9, NOW - 5)


def test_damage_is_counted_apart_from_what_can_be_repaired(tmp_path):
    """4 or 5: whether hope is left decides what a person does next."""
    memory = Remembered(tmp_path)
    memory.damage("red", memory.add(b"a.flac", at=("red", "blue")), "missing")
    lost = memory.add(b"b.flac", at=("red",))
    entries.set_state(memory.connection, lost, "gone", NOW)
    memory.damage("red", lost)

    red = place(memory)

    assert (red.damaged, red.vanished, red.lost, red.missing) == (2, 1, 1, 0)
    assert judge(now(memory)).overall is Overall.LOST


def test_a_location_that_is_not_there_is_away(tmp_path):
    """Nothing read from it now could be true."""
    memory = Remembered(tmp_path)
    shutil.rmtree(tmp_path / "red")

    red = place(memory)

    assert (red.presence, red.excused, red.free_bytes) == (Presence.AWAY, False, None)


def test_a_removable_location_is_excused_for_a_while(tmp_path):
    """A drive on a shelf is normal, a drive on a shelf for a year is not."""
    memory = Remembered(tmp_path, removable=("red", "blue"))
    shutil.rmtree(tmp_path / "red")
    shutil.rmtree(tmp_path / "blue")
    places.seen(memory.connection, memory.places["red"].id, NOW - 5, "red")
    places.seen(memory.connection, memory.places["blue"].id, NOW - 400 * 86400 * 10**9, "blue")

    assert (place(memory).excused, place(memory, "blue").excused) == (True, False)


def test_another_location_in_its_place_is_away(tmp_path):
    """Two drives swapped must not be taken for one another."""
    memory = Remembered(tmp_path)
    os.rename(tmp_path / "red", tmp_path / "x")
    os.rename(tmp_path / "blue", tmp_path / "red")

    assert place(memory).presence is Presence.AWAY


def test_a_location_without_a_row_says_how_to_set_it_up(tmp_path):
    """A config written by hand names places that nobody knows yet."""
    memory = Remembered(tmp_path)
    places.forget(memory.connection, memory.places["red"].id)
    memory.add(b"a.flac", at=("blue",))

    red = place(memory)

    assert (red.presence, red.missing) == (Presence.REFUSES, 1)
    assert "fonoteca location adopt red" in red.reason


def test_an_empty_folder_without_a_row_is_to_be_added(tmp_path):
    """There is nothing to believe at it, so adopting it would be the wrong advice."""
    memory = Remembered(tmp_path)
    places.forget(memory.connection, memory.places["red"].id)
    shutil.rmtree(tmp_path / "red")

    assert "fonoteca location add red" in place(memory).reason


def test_a_library_on_another_disk_is_away(tmp_path):
    """An empty mount point is not an empty library."""
    memory = Remembered(tmp_path)
    libraries.place(memory.connection, memory.library.id, os.fsencode(memory.music), "uuid:lost")

    (library,) = now(memory).libraries

    assert not library.present
    assert "uuid:lost" in library.reason


def test_held_gone_and_unreadable_are_said(tmp_path):
    """Each asks for something else from a person."""
    memory = Remembered(tmp_path)
    for number, state in enumerate(("present", "held", "gone", "excluded")):
        entries.set_state(memory.connection, memory.add(b"%d.flac" % number), state, NOW)
    journal.note(memory.connection, Finding(FindingKind.UNREADABLE, "no", "music", path=b"x"), NOW)

    (library,) = now(memory).libraries

    assert (library.entries, library.tracks, library.held, library.gone) == (2, 2, 1, 1)
    assert library.unreadable == 1


def test_open_findings_that_no_number_tells_are_warnings(tmp_path):
    """A rolled-back manifest is not a missing copy, and must not be kept quiet."""
    memory = Remembered(tmp_path)
    journal.note(memory.connection, Finding(FindingKind.ROLLED_BACK, "older", location="red"), NOW)
    journal.note(memory.connection, Finding(FindingKind.EXTRA, "a file", location="red"), NOW)

    assert now(memory).warnings == ("red: rolled back: older.",)


def test_the_policy_of_the_config_is_what_is_wanted(tmp_path):
    """A person who asks for three copies and has two is not safe."""
    memory = Remembered(tmp_path, policy=Policy(copies=3))
    memory.add(b"a.flac", at=("red", "blue"))
    memory.scanned()

    found = now(memory)

    assert found.wanted_copies == 3
    assert found.libraries[0].below(3) == 1


def test_a_forgotten_library_asks_for_no_copies(tmp_path):
    """What a person took out of the config is no longer missing anywhere."""
    memory = Remembered(tmp_path)
    other = libraries.add(memory.connection, "b" * 32, "old", b"/old", "uuid:x", NOW)
    memory.library, keep = other, memory.library
    memory.add(b"a.flac")
    memory.library = keep

    assert place(memory).missing == 0


def test_status_works_beside_a_writer(tmp_path):
    """Asking how things are must not wait for a backup of hours."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red",))
    memory.connection.close()

    with memory.open(Access.WRITE) as writer:
        writer.catalogue.execute("BEGIN IMMEDIATE")
        found = now(memory)
        writer.catalogue.execute("ROLLBACK")

    assert found.libraries[0].entries == 1
