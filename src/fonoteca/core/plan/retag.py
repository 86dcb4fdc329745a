"""Whether old tags may come back into a file, and how; the first rule that holds decides.

The sound is never touched: only where both contents have one payload digest may the earlier bytes, whose tags are
exact to the last bit, take the present file's place.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from fonoteca.core.retag import Change, TagSet, differences


class How(Enum):
    """What is to be done."""

    NOTHING = auto()
    """Its tags are what they were."""
    BYTES = auto()
    """The earlier content is put back whole."""


class Facts(NamedTuple):
    """What is known of one file and of what it was."""

    now: TagSet | None
    then: TagSet | None
    payload_now: str | None
    payload_then: str | None
    is_present: bool
    """Its file stands in the library and is not held."""
    is_kept: bool
    """What it is now stands at a location, read back."""
    has_source: bool
    """A good copy of what it was can be read here."""


class Choice(NamedTuple):
    """`how`, or `why` not (with what helps)."""

    how: How | None
    changes: tuple[Change, ...] = ()
    why: str = ""


def choose(facts: Facts) -> Choice:
    """What to do with one file."""
    if facts.then is None or facts.now is None:
        # Without both there is nothing to compare, and nobody could see what he is about to do.
        when = "then" if facts.then is None else "now"
        return Choice(
            None, why=f"what its tags are {when} was not read; `fonoteca versions` lists its earlier contents"
        )
    changes = differences(facts.now, facts.then)
    if not changes:
        return Choice(How.NOTHING)
    if not facts.is_present:
        return Choice(None, changes, "it is held, or not in the library: `fonoteca show` says why")
    if not facts.is_kept:
        # What would be replaced must not be lost.
        return Choice(None, changes, "what it is now is at no location yet: run `fonoteca backup` first")
    if facts.payload_now is None or facts.payload_then is None:
        return Choice(
            None,
            changes,
            "nothing tells its sound from its tags, so nobody could prove that the sound stays the same",
        )
    if facts.payload_now != facts.payload_then:
        return Choice(
            None,
            changes,
            "its sound was another one then, so these tags may not belong to it; `fonoteca restore --version` brings "
            "that content back",
        )
    if not facts.has_source:
        return Choice(
            None, changes, "no good copy of what it was then is here: connect a location that keeps one"
        )
    return Choice(How.BYTES, changes)
