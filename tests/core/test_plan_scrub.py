"""The order in which copies are read again, and how far a budget reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from fonoteca.core.copy import Level
from fonoteca.core.plan.scrub import Purse, Turn, Urgency, turn, wait_for
from fonoteca.core.policy import Budget


@dataclass(frozen=True)
class Shelved:
    """A copy as a scrub sees it."""

    number: int
    size: int
    good: bool = True
    level: int = int(Level.BYTES)
    verified_ns: int | None = 0
    arrived_ns: int = 0

    @property
    def turn(self) -> Turn:
        """When it is read."""
        return turn(
            good=self.good, level=self.level, verified_ns=self.verified_ns, arrived_ns=self.arrived_ns
        )

    @property
    def urgency(self) -> Urgency:
        """Its class."""
        return self.turn.urgency


shelves = st.lists(
    st.tuples(
        st.integers(1, 1000), st.booleans(), st.sampled_from(list(Level)), st.none() | st.integers(0, 99)
    ),
    max_size=40,
).map(lambda rows: [Shelved(number, *row) for number, row in enumerate(rows)])


def run(shelf: list[Shelved], budget: Budget, now: int) -> tuple[list[Shelved], list[Shelved]]:
    """One scrub: what it read, in its order, and the shelf afterwards. What failed goes on failing."""
    read = list(Purse(budget, lambda: 0.0).take(sorted(shelf, key=lambda each: each.turn)))
    numbers = {each.number for each in read if each.good}
    after = [
        replace(each, level=int(Level.BYTES), verified_ns=now) if each.number in numbers else each
        for each in shelf
    ]
    return read, after


@given(shelves)
def test_failed_ones_come_first_then_new_ones_then_the_oldest(shelf):
    """What is most likely to be lost is looked at before the night is over."""
    read, _ = run(shelf, Budget(), 1000)

    assert sorted(shelf, key=lambda each: each.turn) == read
    assert [each.urgency for each in read] == sorted(each.urgency for each in read)
    dates = [each.verified_ns for each in read if each.urgency is Urgency.KNOWN]
    assert dates == sorted(dates)


@given(shelves, st.integers(200, 5000))
def test_everything_is_read_within_the_total_divided_by_the_budget(shelf, most):
    """A random sample of the same size leaves some copies unread for years; this order leaves none."""
    total = sum(each.size for each in shelf if each.good)
    seen = set()

    for night in range(ceil(total / most)):
        read, shelf = run(shelf, Budget(bytes=most), 1000 + night)
        seen |= {each.number for each in read}

    assert {each.number for each in shelf if each.good} <= seen


@given(shelves, st.integers(1, 5000))
def test_failed_ones_are_read_in_every_run(shelf, most):
    """Damage that nobody repaired yet is not forgotten, and costs the others nothing."""
    read, _ = run(shelf, Budget(bytes=most), 1000)

    assert {each.number for each in shelf if not each.good} <= {each.number for each in read}


def test_failed_ones_get_at_most_half_of_the_time():
    """A dying disk whose every copy fails must not keep the healthy one from being read."""
    shelf = [Shelved(0, 1, good=False)] * 50 + [Shelved(1, 1)] * 50
    purse = Purse(Budget(seconds=20), lambda: float(purse.files))

    read = list(purse.take(shelf))

    assert [0] * 10 + [1] * 10 == [each.number for each in read]
    assert 40 == purse.skipped


def test_what_was_not_there_is_not_charged():
    """Files that were written since the last scan can't be compared; they must not use up every night."""
    purse = Purse(Budget(bytes=10), lambda: 0.0)
    (read,) = purse.take([Shelved(0, 10)])

    purse.give_back(read)

    assert not purse.is_empty


def test_a_rate_is_kept_by_waiting():
    """Half a second too early at 50 MB/s is 25 MB."""
    assert 0.5 == wait_for(75_000_000, 1.0, 50_000_000)
    assert 0.0 == wait_for(75_000_000, 9.0, 50_000_000)
    assert 0.0 == wait_for(75_000_000, 0.0, None)
