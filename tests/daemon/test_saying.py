"""The log: a line an event, urgent ones marked, a thousand like ones a few lines and a count, and no secret."""

from __future__ import annotations

from typing import Any

from fonoteca.core.copy import Level
from fonoteca.core.event import Advanced, Copied
from fonoteca.core.finding import Finding, FindingKind
from fonoteca.daemon.flood import SECOND_NS, SHOWN, Flood
from fonoteca.daemon.saying import DEBUG, INFO, WARNING, Voice, tell
from fonoteca.daemon.work import Scan
from fonoteca.daemon.worker import Outcome

NOW = 1_700_000_000 * SECOND_NS


class Log:
    """A voice, what it said, and the hands of its clock."""

    def __init__(self, **more: Any) -> None:
        self.lines: list[str] = []
        self.json: list[tuple[str, dict[str, Any]]] = []
        self.now = NOW
        self.voice = Voice(self.lines.append, lambda: self.now, **more)

    def as_json(self) -> Log:
        """It writes JSON instead."""
        self.voice.line = lambda kind, values: self.json.append((kind, dict(values)))
        return self


def damaged(number: int) -> Finding:
    """A copy that is wrong."""
    return Finding(FindingKind.DAMAGED, "expected one, found two", "music", "red", b"%d.flac" % number, True)


def test_a_thousand_like_lines_are_a_few_and_a_count() -> None:
    """The one line that matters is not lost among them."""
    log = Log()
    for number in range(1000):
        outcome = Outcome(Scan("test"), NOW, findings=[damaged(number)], found=1)
        tell(log.voice, outcome)
    log.voice.say("The catalogue is full.", WARNING)
    log.now += 61 * SECOND_NS
    log.voice.count()
    log.voice.count()

    assert SHOWN == sum("Damaged copies: music/" in line for line in log.lines)
    assert ["995 more like this: Damaged copies (red)\n"] == [
        line for line in log.lines if "more like" in line and "Damaged" in line
    ]
    assert "The catalogue is full.\n" in log.lines


def test_sentences_are_alike_but_for_their_numbers() -> None:
    """Whoever tags all day makes no flood of `copied 1 file`."""
    log = Log()
    for number in range(100):
        log.voice.say(f"New music: copied {number:,} files to red.")

    assert SHOWN == len(log.lines)


def test_after_a_while_it_is_said_again() -> None:
    """What goes on is not silent for ever."""
    flood = Flood()
    admitted = [
        second
        for second in range(180)
        if flood.admits("kind", NOW + second * SECOND_NS) or flood.over(NOW + second * SECOND_NS)
    ]

    assert 3 * SHOWN <= len(admitted) <= 3 * SHOWN + 3


def test_a_clock_that_jumps_back_ends_the_silence() -> None:
    """A year of nothing but a count would be a log that lies."""
    flood = Flood()
    for _ in range(SHOWN + 3):
        flood.admits("kind", NOW)

    assert [("kind", 3)] == flood.over(NOW - 365 * 86_400 * SECOND_NS)
    assert flood.admits("kind", NOW - 365 * 86_400 * SECOND_NS)


def test_the_journal_is_told_the_priority() -> None:
    """`journalctl -p warning` shows what is wrong, and each line of it."""
    log = Log(prefixed=True)
    log.voice.say("one\ntwo", WARNING)

    assert ["<4>one\n<4>two\n"] == log.lines


def test_what_is_less_urgent_is_not_said() -> None:
    """Each level has the ones above it."""
    log = Log(least=WARNING)
    log.voice.say("fine", INFO)
    log.voice.event(Copied("red", "music", b"a", 1, Level.MEDIA, "sent"))
    log.voice.say("wrong", WARNING)

    assert ["wrong\n"] == log.lines


def test_debug_says_each_thing() -> None:
    """Without limit, on one line whatever the name is, and without the small steps of progress."""
    log = Log(least=DEBUG)
    for _ in range(100):
        log.voice.event(Copied("red", "music", b"a\nb \x1b[2J.flac", 1, Level.MEDIA, "sent"))
        log.voice.event(Advanced(1, 1))

    assert 100 == len(log.lines)
    assert (
        r"copied location=red library=music path=a\nb \x1b[2J.flac size=1 level=media how=sent" + "\n"
        == log.lines[0]
    )


def test_a_json_line_has_the_values_of_a_finding() -> None:
    """A program filters by what it is, not by our words for it."""
    log = Log().as_json()
    tell(log.voice, Outcome(Scan("test"), NOW, findings=[damaged(1)], found=1))
    kind, values = log.json[0]

    assert ("said", 4, "2023-11-14T22:13:20Z") == (kind, values["priority"], values["time"])
    assert ("damaged", "red", "1.flac") == tuple(
        values["finding"][name] for name in ("kind", "location", "path")
    )


def test_a_json_line_counts_too() -> None:
    """The count is a value."""
    log = Log().as_json()
    for number in range(SHOWN + 7):
        log.voice.say(f"{number} of many")
    log.voice.count(all_of_it=True)

    assert 7 == log.json[-1][1]["count"]
