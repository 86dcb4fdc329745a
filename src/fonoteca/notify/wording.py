"""The words of a notice: what, where, whether anything is lost, what to do, with the exact command.

A message carries everything that is to be told at one time, so that a bad day is one message and not twelve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fonoteca.core.judgement import judge
from fonoteca.core.notice import News, Topic, Turn
from fonoteca.core.status import ArchiveStatus
from fonoteca.render.words import ago, counted, files, level, safe, size, when

_HEADS = {
    Topic.DAMAGE: "Damage found",
    Topic.REPAIRED: "Damage repaired",
    Topic.HOLD: "Held: your word is needed",
    Topic.FULL: "A location is full",
    Topic.UNSEEN: "Not seen for too long",
    Topic.OVERDUE: "Verification is overdue",
    Topic.BELOW: "Too few copies",
    Topic.FAILED: "A run failed",
    Topic.PROTECTED: "Your music is fully protected for the first time",
    Topic.REPORT: "Report",
    Topic.TEST: "A test: notices arrive",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    title: str
    body: str


def message(
    news: Sequence[News], samples: Mapping[str, Sequence[str]], *, machine: str, now_ns: int
) -> Message:
    """All of the news in one message, the most pressing first. `samples`: lines about single files, by key."""
    ordered = sorted(news, key=_urgency)
    heads = list(dict.fromkeys(_head(each) for each in ordered))
    title = (
        heads[0] if len(heads) == 1 else f"{heads[0]}, and {counted(len(heads) - 1, 'thing', 'things')} more"
    )
    sections = ["\n".join(_section(each, samples.get(each.key, ()), now_ns)) for each in ordered]
    return Message(f"fonoteca on {machine}: {title}", "\n\n".join(sections) + "\n")


def _urgency(news: News) -> tuple[bool, int]:
    order = [Topic.DAMAGE, Topic.HOLD, Topic.FULL, Topic.FAILED, Topic.BELOW, Topic.UNSEEN, Topic.OVERDUE]
    return news.trouble is None, order.index(news.topic) if news.topic in order else len(order)


def _head(news: News) -> str:
    head = _HEADS[news.topic]
    match news.turn:
        case Turn.WORSE:
            return f"{head}: it got worse"
        case Turn.LASTS:
            return f"{head}: it lasts"
        case Turn.ENDED if news.topic is not Topic.REPAIRED:
            return f"{head}: it is over"
        case _:
            return head


def _section(news: News, samples: Sequence[str], now_ns: int) -> Iterator[str]:
    yield _head(news)
    if news.trouble is None:
        over = "It is over. It was: " if news.turn is Turn.ENDED else ""
        yield over + "\n".join(safe(line) for line in news.sentence.splitlines())
        return
    yield safe(news.sentence)
    yield from (f"  {line}" for line in samples)
    if news.since_ns is not None and news.turn is not Turn.BEGAN:
        yield f"Since {when(news.since_ns, now_ns)}."
    yield f"Is anything lost? {news.trouble.lost}"
    if news.trouble.remedy:
        yield f"What to do:  {safe(news.trouble.remedy)}"
    else:
        yield "What to do:  fonoteca status    # says more"


def report(status: ArchiveStatus) -> str:
    """What a weekly report says: the word with its reasons, and each library and location in a line."""
    verdict = judge(status)
    lines = [f"Archive: {verdict.overall.value}."]
    for reason in verdict.reasons:
        lines.append(f"  {reason.sentence}" + (f"  → {reason.remedy}" if reason.remedy else ""))
    for library in status.libraries:
        scanned = ago(library.last_scan_ns, status.time_ns)
        lines.append(
            f"{library.name}: {files(library.entries)}, {size(library.bytes)}, last looked at {scanned}."
        )
    for place in status.locations:
        checked = ago(place.oldest_verified_ns, status.time_ns)
        how = f", {level(place.level)}, oldest check {checked}" if place.copies else ""
        lines.append(f"{place.name}: {counted(place.copies, 'copy', 'copies')}, {size(place.bytes)}{how}.")
    return "\n".join(lines)
