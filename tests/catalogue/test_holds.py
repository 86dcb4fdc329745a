"""Holds in the catalogue: what counts once, what a manifest says of them, and which word is the last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fonoteca.catalogue import database, entries, holds, libraries
from fonoteca.core.entry import Content, FileStat
from fonoteca.core.guard import WINDOW_NS, GuardKind, Incident, Trip
from fonoteca.core.manifest.decode import decode
from fonoteca.core.manifest.encode import encode
from fonoteca.core.manifest.lines import Held, HoldState
from support.remembered import NOW, Remembered

BAD = Content(b"b" * 32, 5, b"b" * 16)
STAT = FileStat(5, 1, 2, 3)
UNPROVEN = GuardKind.UNPROVEN


@pytest.fixture
def memory(tmp_path):
    """A library of three entries, each with a copy."""
    found = Remembered(tmp_path)
    for number in range(3):
        found.add(b"%d.flac" % number, at=("red",))
    return found


def note(memory, entry=1, content=BAD, now_ns=NOW, kind=UNPROVEN):
    """The entry was read as `content`."""
    holds.note_incident(memory.connection, entry, kind, content, STAT, trusted=True, now_ns=now_ns)


def counted(memory, now_ns=NOW):
    """What counts."""
    return list(holds.incidents(memory.connection, memory.library.id, now_ns))


def test_the_same_bytes_count_from_when_they_were_first_seen(memory):
    """A held file is read by every run; that makes it neither two nor young."""
    note(memory)
    note(memory, now_ns=NOW + 5)

    assert [Incident(UNPROVEN, 1, NOW)] == counted(memory, NOW + 5)


def test_what_is_older_than_the_window_counts_no_more(memory):
    """What stayed under the limit for a week is accepted."""
    note(memory)

    assert [] == counted(memory, NOW + WINDOW_NS)


def test_what_is_gone_counts_while_it_is_gone(memory):
    """A folder that comes back was never removed."""
    entries.set_state(memory.connection, 2, "gone", NOW)
    before = counted(memory)
    entries.set_state(memory.connection, 2, "present", NOW + 1)

    assert [Incident(GuardKind.REMOVED, 2, NOW)] == before
    assert [] == counted(memory)


def test_a_library_is_as_large_as_before_what_went_since(memory):
    """Half of a library is half of what it was."""
    entries.set_state(memory.connection, 2, "gone", NOW)
    entries.set_state(memory.connection, 3, "held", NOW)

    assert 3 == holds.size_of(memory.connection, memory.library.id, NOW)
    assert 2 == holds.size_of(memory.connection, memory.library.id, NOW + WINDOW_NS)


def test_a_location_is_told_each_state_once(memory):
    """The beginning and the end are a line each."""
    red = memory.places["red"].id
    holds.begin(memory.connection, "removed-1", memory.library.id, Trip(GuardKind.REMOVED, 3, 3), NOW)
    begun = holds.untold(memory.connection, red, memory.library.id)
    holds.told(memory.connection, red, begun)
    between = holds.untold(memory.connection, red, memory.library.id)
    holds.end(memory.connection, "removed-1", HoldState.ACCEPTED, NOW + 1)
    ended = holds.untold(memory.connection, red, memory.library.id)

    assert [HoldState.OPEN] == [each.state for each in begun]
    assert [] == between
    assert [HoldState.ACCEPTED] == [each.state for each in ended]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_end_is_the_last_word_whatever_is_read_first(memory, order):
    """Two places that tell the same hold differently: one of them lagged behind."""
    detail = {"entries": 3, "of": 3, "since": "2026-05-01T18:30:00Z"}
    lines = [
        Held("removed-1", "removed", HoldState.OPEN, NOW, detail=detail),
        Held("removed-1", "removed", HoldState.REJECTED, NOW + 1, detail=detail),
    ]
    for number in order:
        holds.take_line(memory.connection, memory.places["red"].id, memory.library.id, lines[number])

    (found,) = holds.every(memory.connection)
    assert (HoldState.REJECTED, NOW + 1) == (found.state, found.ended_ns)


def test_a_hold_of_a_newer_version_stops_nothing_that_we_know(memory):
    """It is passed over, not misread."""
    line = Held("x-1", "of another kind", HoldState.OPEN, NOW)
    holds.take_line(memory.connection, memory.places["red"].id, memory.library.id, line)

    assert [] == holds.every(memory.connection)


@given(
    st.sampled_from(GuardKind),
    st.integers(0, 2**62 - 1),
    st.integers(0, 2**62 - 1),
    st.integers(0, 2_000_000_000_000_000_000),
    st.sampled_from(HoldState),
)
def test_a_hold_comes_back_from_its_line_as_it_was(kind, count, total, since_ns, state):
    """What a lost catalogue knew is what the location tells."""
    connection = database.scratch(":memory:")
    library = libraries.add(connection, "a" * 32, "music", b"/music", "uuid:x", NOW)
    ended_ns = None if state is HoldState.OPEN else since_ns + 7
    told = holds.Hold("removed-1", library.id, "music", kind, since_ns, count, total, state, ended_ns)
    connection.execute("PRAGMA foreign_keys = OFF")  # the location that told it is not needed here
    line = decode(encode(holds.line_of(told)))
    assert isinstance(line, Held)
    holds.take_line(connection, 1, library.id, line)

    assert [told] == holds.every(connection)
    connection.close()
