"""What `status` counts is kept, and never older than what it counts."""

from __future__ import annotations

import pytest

from fonoteca.catalogue import copies, entries, libraries, places, tallies
from fonoteca.core.copy import Level
from fonoteca.core.entry import FileStat
from fonoteca.core.schedule import DAY_NS, Age
from support.remembered import NOW, Remembered


@pytest.fixture
def memory(tmp_path):
    """A catalogue with three entries, counted."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red", "blue"))
    memory.add(b"b.flac", at=("red",), level=Level.SIZE)
    memory.add(b"cover.jpg")
    tallies.refresh(memory.connection)
    return memory


def kept(memory):
    """How many buckets are kept."""
    return memory.connection.execute("SELECT count(*) FROM tallies").fetchone()[0]


def anew(memory):
    """The counts, all counted again."""
    memory.connection.execute("DELETE FROM tallies")
    return tallies.count(memory.connection)


def test_entries_are_counted_by_where_they_stand(memory):
    """Missing copies and copies apart both come from this."""
    red, blue = memory.places["red"].id, memory.places["blue"].id

    found = {key[3:]: tally.entries for key, tally in tallies.count(memory.connection).entries.items()}

    assert found == {
        ("track", frozenset({red, blue})): 1,
        ("track", frozenset({red})): 1,
        ("companion", frozenset()): 1,
    }


def test_a_place_is_as_good_as_its_weakest_copy(memory):
    """An average would overstate."""
    place = tallies.count(memory.connection).copies[memory.places["red"].id]

    assert (place.copies, place.bytes, place.level, place.unread) == (2, 12, Level.SIZE, 1)


def test_ages_are_kept_by_day(memory):
    """A forecast needs to know how much was read when, and nothing of each file."""
    memory.add(b"old.flac", at=("red",), verified_ns=NOW - 9 * DAY_NS)
    tallies.refresh(memory.connection)

    place = tallies.count(memory.connection).copies[memory.places["red"].id]

    assert {NOW // DAY_NS: Age(NOW, 1, 6), NOW // DAY_NS - 9: Age(NOW - 9 * DAY_NS, 1, 8)} == place.ages


def _gone(memory):
    entries.set_state(memory.connection, 1, "gone", NOW)


def _edited(memory):
    content = entries.put_content(memory.connection, memory_content())
    entries.accept(
        memory.connection, 1, content, FileStat(3, 1, 1, 1), trusted=True, read_ns=NOW, verdict="replaced"
    )


def memory_content():
    """Bytes that nothing else has."""
    from support.remembered import content_of

    return content_of(b"new")


def _verified(memory):
    copies.verified(memory.connection, [(int(Level.MEDIA), NOW + 1, memory.places["red"].id, 1)])


def _damaged(memory):
    memory.damage("red", 1)


def _version(memory):
    copies.add_version(
        memory.connection, memory.places["red"].id, 1, 1, b"v", NOW, "superseded", NOW, 4, NOW, 1
    )


def _place_forgotten(memory):
    places.forget(memory.connection, memory.places["red"].id)


def _library_forgotten(memory):
    libraries.forget(memory.connection, memory.library.id)


def _remounted(memory):
    libraries.put_folder(memory.connection, memory.library.id, b"", "uuid:other")


@pytest.mark.parametrize(
    "change",
    [
        _gone,
        _edited,
        _verified,
        _damaged,
        _version,
        _place_forgotten,
        _library_forgotten,
        _remounted,
        lambda memory: memory.add(b"d.flac", at=("blue",)),
    ],
)
def test_every_change_drops_what_was_counted(memory, change):
    """A count that outlives its change would say that damaged music is safe."""
    change(memory)

    assert kept(memory) == 0
    assert tallies.count(memory.connection) == anew(memory)


def test_what_did_not_change_is_not_counted_again(memory):
    """A small change among a million entries costs what the change costs."""
    mtime_ns = entries.by_id(memory.connection, 1).mtime_ns
    entries.confirm(memory.connection, 1, FileStat(6, mtime_ns, 2, 2), trusted=True, now_ns=NOW)

    assert (kept(memory), tallies.refresh(memory.connection)) == (1, 0)


def test_a_reader_counts_what_nobody_kept(memory):
    """A run that was killed leaves nothing counted, and status is right all the same."""
    before = tallies.count(memory.connection)

    assert anew(memory) == before


def test_closing_the_archive_keeps_the_counts(memory):
    """The next status is quick without anybody thinking of it."""
    from fonoteca.archive import Access

    memory.damage("red", 1)
    memory.connection.close()
    with memory.open(Access.WRITE):
        pass

    with memory.open() as archive:
        assert archive.catalogue.execute("SELECT count(*) FROM tallies").fetchone() == (1,)


def test_damage_with_another_good_copy_is_not_lost(tmp_path):
    """It can be repaired from there."""
    memory = Remembered(tmp_path)
    entry = memory.add(b"a.flac", at=("red", "blue"))
    entries.set_state(memory.connection, entry, "gone", NOW)
    memory.damage("red", entry)

    assert tallies.lost(memory.connection, memory.places["red"].id) == 0


def test_damage_with_the_library_entry_present_is_not_lost(tmp_path):
    """The original is the best source there is."""
    memory = Remembered(tmp_path)
    memory.damage("red", memory.add(b"a.flac", at=("red",)))

    assert tallies.lost(memory.connection, memory.places["red"].id) == 0


@pytest.mark.parametrize("state", ["gone", "held"])
def test_damage_without_any_other_source_is_lost(tmp_path, state):
    """A copy that was only looked at, and a library file that differs, repair nothing."""
    memory = Remembered(tmp_path)
    entry = memory.add(b"a.flac", at=("red", "blue"), level=Level.SIZE)
    entries.set_state(memory.connection, entry, state, NOW)
    memory.damage("red", entry, "missing")

    assert tallies.lost(memory.connection, memory.places["red"].id) == 1


def test_the_same_content_under_another_name_can_repair(tmp_path):
    """Bytes are bytes, whatever they are called."""
    memory = Remembered(tmp_path)
    entry = memory.add(b"a.flac", b"same", at=("red",))
    memory.add(b"b.flac", b"same")
    entries.set_state(memory.connection, entry, "gone", NOW)
    memory.damage("red", entry)

    assert tallies.lost(memory.connection, memory.places["red"].id) == 0


def spread(tmp_path):
    """A catalogue whose entries 1, 1025 and 1026 stand at both places, counted: two ranges of numbers."""
    memory = Remembered(tmp_path)
    memory.add(b"a.flac", at=("red", "blue"))
    memory.add(b"gone.flac")
    memory.connection.execute("UPDATE entries SET id = 1024, state = 'gone' WHERE id = 2")
    memory.add(b"b.flac", at=("red", "blue"))
    memory.add(b"c.flac", at=("red", "blue"))
    tallies.refresh(memory.connection)
    return memory


def ranges(memory, *places):
    """Where something may be lacking at these places."""
    numbers = [memory.places[name].id for name in places]
    return list(tallies.lacking(memory.connection, memory.library.id, numbers))


def test_nothing_is_looked_for_where_every_entry_has_its_copies(tmp_path):
    """A run without changes asks the kept counts, not each of 100,000 entries."""
    memory = spread(tmp_path)

    assert [] == ranges(memory, "red", "blue")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE copies SET state = 'missing' WHERE entry = {0}",
        "DELETE FROM copies WHERE entry = {0}",
        "UPDATE copies SET mtime_ns = mtime_ns + 1 WHERE entry = {0}",
        "UPDATE entries SET mtime_ns = mtime_ns + 1 WHERE id = {0}",
        "UPDATE entries SET content = (SELECT max(id) FROM contents) WHERE id = {0}",
    ],
)
@pytest.mark.parametrize("counted", [True, False])
def test_an_entry_that_lacks_a_copy_is_in_a_range(tmp_path, change, counted):
    """Whether or not somebody has counted since: what is left out here is never copied."""
    memory = spread(tmp_path)
    memory.connection.execute(change.format(1025))
    if counted:
        tallies.refresh(memory.connection)

    assert [(1024, 2047)] == ranges(memory, "red", "blue")


def test_a_new_place_lacks_everything(tmp_path):
    """All ranges in one: read in the order of the library."""
    memory = spread(tmp_path)
    numbers = [memory.places["red"].id, 99]

    assert [(0, 2047)] == list(tallies.lacking(memory.connection, memory.library.id, numbers))
