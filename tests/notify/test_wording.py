"""Plain words: what, where, whether anything is lost, what to do, with the exact command."""

from __future__ import annotations

import pytest

from fonoteca.core.judgement import judge
from fonoteca.core.notice import News, Topic, Trouble, Turn
from fonoteca.core.status import ArchiveStatus
from fonoteca.notify.wording import Message, message, report

NOW = 1_700_000_000 * 10**9
DAMAGE = Trouble(
    "k",
    Topic.DAMAGE,
    "3 copies are damaged or missing at red.",
    "No: good copies are known.",
    "fonoteca backup red",
)
FULL = Trouble("full", Topic.FULL, "red is full.", "No.", "fonoteca backup red")


def said(*news: News, samples: dict[str, list[str]] | None = None) -> Message:
    """What is sent of these."""
    return message(news, samples or {}, machine="attic", now_ns=NOW)


def news(trouble: Trouble, turn: Turn = Turn.BEGAN) -> News:
    """One thing that stands."""
    return News(trouble.key, trouble.topic, turn, trouble.sentence, trouble, NOW - 86_400 * 10**9)


def test_a_message_says_all_that_a_person_asks() -> None:
    """What, which files, is anything lost, what to do."""
    found = said(news(DAMAGE), samples={"k": ["music/a.flac at red: expected one, found two"]})

    assert found == Message(
        "fonoteca on attic: Damage found",
        "Damage found\n"
        "3 copies are damaged or missing at red.\n"
        "  music/a.flac at red: expected one, found two\n"
        "Is anything lost? No: good copies are known.\n"
        "What to do:  fonoteca backup red\n",
    )


def test_a_bad_day_is_one_message() -> None:
    """The most pressing first."""
    found = said(news(FULL), news(DAMAGE))

    assert "fonoteca on attic: Damage found, and 1 thing more" == found.title
    assert found.body.index("Damage found") < found.body.index("A location is full")


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (Turn.BEGAN, "A location is full"),
        (Turn.WORSE, "A location is full: it got worse"),
        (Turn.LASTS, "A location is full: it lasts"),
        (Turn.ENDED, "A location is full: it is over"),
    ],
)
def test_a_title_says_why_it_comes_now(turn: Turn, expected: str) -> None:
    """A reminder looks like one."""
    one = News("full", Topic.FULL, turn, "red is full.", None if turn is Turn.ENDED else FULL, NOW)

    assert f"fonoteca on attic: {expected}" == said(one).title


def test_names_cannot_write_into_the_message() -> None:
    """A file's name is anybody's text."""
    bad = Trouble("k", Topic.FAILED, "The scan failed: a\nWhat to do:  rm -rf /\x1b[2J", "No.")

    assert "\nWhat to do:  rm" not in said(news(bad)).body
    assert "\x1b" not in said(news(bad)).body


@pytest.mark.parametrize("topic", Topic)
def test_every_topic_has_its_words(topic: Topic) -> None:
    """None comes without a title."""
    assert said(News("k", topic, Turn.HAPPENED, "…")).title


def test_a_report_says_the_word_and_its_reasons() -> None:
    """The same as `status`."""
    now = ArchiveStatus(NOW, 2)

    assert report(now).startswith(f"Archive: {judge(now).overall.value}.\n  There is no library yet.")
