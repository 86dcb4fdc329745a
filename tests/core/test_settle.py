"""When a folder may be looked at: nothing is lost, nothing is read while it is being written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.pattern import join
from fonoteca.core.settle import LASTING_S, PATIENCE_S, TOGETHER_S, Settling
from fonoteca.core.spots import Spot

SETTLE_S = 10.0
NAMES = st.sampled_from([b"1.flac", b"2.flac", None])
FOLDERS = st.sampled_from([b"", b"a", b"a/b"])
EVENTS = st.lists(st.tuples(st.floats(0, 30), FOLDERS, NAMES, st.booleans()), max_size=30)


def played(events: list[tuple[float, bytes, bytes | None, bool]]) -> tuple[Settling, float]:
    """All events in their order, each so many seconds after the one before."""
    settling, now = Settling(SETTLE_S), 0.0
    for wait, folder, name, whole in events:
        now += wait
        settling.notice("music", folder, name, now, whole=whole)
    return settling, now


@given(EVENTS)
def test_all_that_was_noticed_is_due_once_it_rests(
    events: list[tuple[float, bytes, bytes | None, bool]],
) -> None:
    """What a watch told is never lost, and is told once."""
    settling, now = played(events)

    taken = settling.take(now + SETTLE_S)

    assert {folder for _, folder, _, _ in events} == {spot.path for spot in taken.get("music", [])}
    assert ({}, None) == (settling.take(now + SETTLE_S), settling.next_due)


@given(EVENTS)
def test_a_folder_is_whole_when_any_event_said_so(
    events: list[tuple[float, bytes, bytes | None, bool]],
) -> None:
    """A tree that came in is not forgotten because a file in it was written afterwards."""
    settling, now = played(events)

    taken = settling.take(now + SETTLE_S).get("music", [])

    assert {folder for _, folder, _, whole in events if whole} == {spot.path for spot in taken if spot.whole}


@given(EVENTS, st.floats(0, 60))
def test_nothing_is_due_before_it_was_said_to_be(
    events: list[tuple[float, bytes, bytes | None, bool]], wait: float
) -> None:
    """Whoever sleeps until `next_due` misses nothing and wakes for something."""
    settling, now = played(events)
    said = settling.next_due
    if said is None:
        assert {} == settling.take(now + wait)
        return

    assert (now + wait >= said) == bool(settling.take(now + wait))


@given(EVENTS)
def test_a_file_that_was_written_just_now_does_not_rest(
    events: list[tuple[float, bytes, bytes | None, bool]],
) -> None:
    """Half a track is not a track."""
    settling, now = played(events)
    last: dict[bytes, float] = {}
    told = 0.0
    for wait, folder, name, _ in events:
        told += wait
        if name is not None:
            last[join(folder, name)] = told

    settling.take(now)

    for path, when in last.items():
        assert (now >= when + SETTLE_S) == settling.rests("music", path, now)


def test_neighbours_of_a_file_that_is_being_written_are_not_kept_waiting() -> None:
    """A recording that runs for hours holds up nothing but itself."""
    settling = Settling(SETTLE_S)
    settling.notice("music", b"a", b"done.flac", 0.0)
    for second in range(int(PATIENCE_S) + 1):
        settling.notice("music", b"a", b"running.flac", float(second))

    assert {"music": [Spot(b"a", whole=False)]} == settling.take(PATIENCE_S)
    assert (True, False) == tuple(
        settling.rests("music", b"a/" + name, PATIENCE_S) for name in (b"done.flac", b"running.flac")
    )
    assert {"music": [Spot(b"a", whole=False)]} == settling.take(PATIENCE_S + SETTLE_S)


def test_both_ends_of_a_move_are_looked_at_together() -> None:
    """Else the one would show a loss, and the other one a find."""
    settling = Settling(SETTLE_S)
    settling.notice("music", b"from", b"1.flac", 0.0)
    settling.notice("music", b"to", b"1.flac", TOGETHER_S)

    assert {} == settling.take(SETTLE_S)
    assert SETTLE_S + TOGETHER_S == settling.next_due
    assert [Spot(b"from", False), Spot(b"to", False)] == settling.take(SETTLE_S + TOGETHER_S)["music"]


def test_what_was_given_back_is_due_at_once() -> None:
    """A run that gave way, or found the archive locked, is made up for without another wait."""
    settling = Settling(SETTLE_S)
    settling.notice("music", b"a", b"1.flac", 0.0)
    taken = settling.take(SETTLE_S)

    settling.give_back(taken, SETTLE_S)

    assert taken == settling.take(SETTLE_S)


def test_what_was_given_back_does_not_make_a_writer_rest() -> None:
    """The folder is due; the file that was touched meanwhile is still left alone."""
    settling = Settling(SETTLE_S)
    settling.notice("music", b"a", b"1.flac", 0.0)
    taken = settling.take(SETTLE_S)
    settling.notice("music", b"a", b"2.flac", SETTLE_S)

    settling.give_back(taken, SETTLE_S)

    assert not settling.rests("music", b"a/2.flac", SETTLE_S + 1)


def test_a_file_that_is_written_for_an_hour_is_reported_once() -> None:
    """A person hears of what never comes to rest."""
    settling = Settling(SETTLE_S)
    for second in range(0, int(LASTING_S) + 5, 5):
        settling.notice("music", b"a", b"1.flac", float(second))
        settling.take(float(second))
    now = LASTING_S + 4

    assert [("music", b"a/1.flac")] == settling.lasting(now)
    assert [] == settling.lasting(now)
