"""Asking again, and telling one object that cannot be read from a place that does not answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fonoteca.core.place import Key
from fonoteca.errors import Away, Broken, Lost
from fonoteca.locations.patience import About, Patience

QUICK = Patience(sleep=lambda _: None)


def answers() -> None:
    """The place is well."""


def is_lost() -> None:
    """The place is not."""
    raise Lost("nas", "cut")


def is_away() -> None:
    """Another place is there."""
    raise Away("nas", "its marker changed")


@pytest.mark.parametrize(
    ("check", "expected"), [(answers, Broken), (is_lost, Lost), (is_away, Away), (None, Lost)]
)
def test_one_object_is_broken_only_where_the_place_answers_for_others(
    check: Callable[[], None] | None, expected: type[Exception]
):
    """A finding about a file must not come from a cable that was pulled, nor may one bad sector end a whole run."""
    with pytest.raises(expected) as caught:
        QUICK.ask(is_lost, About("nas", Key(b"music/a"), check))

    assert expected is type(caught.value)


def test_a_place_that_comes_back_in_the_middle_accuses_no_file():
    """It has to answer before the last try too: what was lost with all others is not broken."""
    told = iter([is_lost, answers])

    with pytest.raises(Lost):
        QUICK.ask(is_lost, About("nas", Key(b"music/a"), lambda: next(told)()))
