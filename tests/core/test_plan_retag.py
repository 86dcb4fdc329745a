"""Whether old tags may come back: a test a rule."""

from __future__ import annotations

import pytest

from fonoteca.core.plan.retag import Facts, How, choose
from fonoteca.core.retag import Change, TagSet

NOW, THEN = TagSet({"TITLE": ("Wrong",)}), TagSet({"TITLE": ("Right",)})
FACTS = Facts(NOW, THEN, "flac/1:00", "flac/1:00", is_present=True, is_kept=True, has_source=True)


def test_the_earlier_bytes_come_back_where_the_sound_is_one() -> None:
    """Exact in every format."""
    assert (How.BYTES, (Change("TITLE", ("Wrong",), ("Right",)),), "") == choose(FACTS)


def test_equal_tags_leave_nothing_to_do() -> None:
    """Padding is no tag; nor is anything else asked then."""
    assert How.NOTHING is choose(FACTS._replace(then=NOW, is_kept=False, payload_now=None)).how


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"then": None}, "its tags are then was not read"),
        ({"now": None}, "its tags are now was not read"),
        ({"is_present": False}, "held, or not in the library"),
        ({"is_kept": False}, "`fonoteca backup` first"),
        ({"payload_now": None}, "nobody could prove"),
        ({"payload_then": None}, "nobody could prove"),
        ({"payload_then": "flac/1:11"}, "its sound was another one then"),
        ({"has_source": False}, "no good copy of what it was"),
    ],
)
def test_each_doubt_leaves_the_file_alone(changed, said) -> None:
    """With the reason, and what helps."""
    choice = choose(FACTS._replace(**changed))

    assert choice.how is None
    assert said in choice.why
